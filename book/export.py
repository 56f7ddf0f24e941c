"""Write the book as plain notebooks, each in one language, for people to run.

Usage: python book/export.py [--lang zh|en] [--solutions closed|none|open] [--outputs] [--out FOLDER]

Outputs come from the cached run of each notebook; without them, nothing needs to have been run. What the three
ways with solutions are, ``_ext/plain_notebook.py`` tells.
"""

import argparse
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

BOOK = Path(__file__).resolve().parent
BUILD = BOOK / "_build"
LANGUAGES = ("zh", "en")
SOLUTIONS = ("closed", "none", "open")


def folder_of(lang: str, outputs: bool) -> Path:
    """Return the folder of one language's editions."""
    return BUILD / "notebooks" / f"{lang}{'-outputs' * outputs}"


def run_sphinx(lang: str, outputs: bool, builds: dict[Path, tuple[str, ...]]) -> None:
    """Build one language into some folders, each with options of its own; any warning is an error."""
    doctrees = BUILD / "doctrees" / (lang if outputs else f"{lang}-plain")
    runs: list[str | Path] = []
    for folder, options in builds.items():
        runs += ["--", "-q", "-W", "--keep-going", "-d", doctrees, *options, BOOK, folder]
    settings = {"BOOK_LANG": lang, "BOOK_OUTPUTS": str(int(outputs))}
    command = [sys.executable, BOOK / "_ext" / "several_builds.py", *runs[1:]]
    done = subprocess.run(command, env=os.environ | settings, check=False)
    if done.returncode:  # else the next build would take these pages as read, and not warn again
        shutil.rmtree(doctrees, ignore_errors=True)
    done.check_returncode()


def editions(*solutions: str) -> tuple[str, ...]:
    """Return Sphinx's options for notebooks of some editions."""
    return "-b", "notebook", "-D", f"book_solutions={','.join(solutions)}"


def export(lang: str, solutions: str = "closed", outputs: bool = False) -> Path:
    """Write every page of one language, and return the folder."""
    folder = folder_of(lang, outputs)
    run_sphinx(lang, outputs, {folder: editions(solutions)})
    return folder / solutions


def publish(folder: Path, target: Path) -> list[Path]:
    """Replace a folder by the notebooks of another, and return them."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(folder, target, ignore=lambda _, names: [name for name in names if name.startswith("_")])
    return sorted(target.rglob("*.ipynb"))


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the notebooks that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lang", choices=LANGUAGES, help="both, if not given")
    parser.add_argument("--solutions", choices=SOLUTIONS, default="closed")
    parser.add_argument("--outputs", action="store_true", help="with the outputs of the cached runs")
    parser.add_argument("--out", type=Path, default=BUILD / "exported", help="folder to write to, replaced")
    options = parser.parse_args(arguments)
    for lang in [options.lang] if options.lang else LANGUAGES:
        for path in publish(export(lang, options.solutions, options.outputs), options.out / lang):
            print(path)


if __name__ == "__main__":
    main()
