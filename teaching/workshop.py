"""Build the notebooks that workshop participants get: one language, nothing run, no solutions.

Usage: python teaching/workshop.py [--with-solutions] [--out OUT]

Participants' copies go to workshop/zh and workshop/en, the teacher's, with solutions and outputs, to
workshop/zh-solutions and workshop/en-solutions. The book's exporter writes both.
"""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "book"))

from build import report_missing, run_notebooks  # noqa: E402
from export import LANGUAGES, export, publish  # noqa: E402


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the notebooks of both languages."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--with-solutions", action="store_true", help="build the teacher's copies")
    parser.add_argument("--out", type=Path, default=ROOT / "workshop", help="folder to write to")
    options = parser.parse_args(arguments)
    if options.with_solutions:
        run_notebooks()
    for lang in LANGUAGES:
        if options.with_solutions:
            folder, target = export(lang, "open", outputs=True), options.out / f"{lang}-solutions"
        else:
            folder, target = export(lang, "none"), options.out / lang
        for path in publish(folder, target):
            print(path)
    if options.with_solutions:
        report_missing()


if __name__ == "__main__":
    main()
