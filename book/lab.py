"""Open the book in JupyterLab, in one language: copies to run, to break and to write in.

Usage: python book/lab.py [zh|en]

The copies are in notebooks/zh and notebooks/en, which git ignores. A copy that its reader has edited is kept for
good: where the book has changed since, the new page is put beside it, as NAME.new.ipynb.
"""

import os
import shutil
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "_ext"))

import nbformat
from export import LANGUAGES, export
from nbformat.reader import NotJSONError

from kernels import GIVE_BACK
from plain_notebook import digest

COPIES = Path(__file__).resolve().parents[1] / "notebooks"


def choose(given: list[str]) -> str:
    """Return the language that was given, or ask for it."""
    answer = given[0] if given else input("中文还是 English？ [zh/en] ").strip()
    if answer not in LANGUAGES:
        sys.exit(f"“{answer}” is no language of this book: make lab lang=zh, or make lab lang=en")
    return answer


def written(path: Path) -> tuple[str, str]:
    """Return the digest of a copy as the book wrote it, and as it is now; a file that can't be read was edited."""
    try:
        notebook = nbformat.read(path, as_version=4)
    except (NotJSONError, nbformat.ValidationError):
        return "", "unreadable"
    return notebook.metadata.get("book", {}).get("digest", ""), digest(notebook)


def refresh(fresh: Path, copy: Path) -> Path | None:
    """Bring a copy up to date and return what was written: the copy, a new file beside an edited one, or nothing."""
    if copy.exists():
        before, now = written(copy)
        if before == written(fresh)[0]:
            return None  # the book hasn't changed: edits and outputs stay
        if before != now:
            return refresh(fresh, copy.with_name(f"{copy.stem}.new.ipynb"))
    copy.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(fresh, copy)
    return copy


def update(lang: str, copies: Path = COPIES) -> Path:
    """Bring the copies of one language up to date, say what was put beside edited ones, and return their folder."""
    source = export(lang)
    for fresh in sorted(source.rglob("*.ipynb")):
        copy = copies / lang / fresh.relative_to(source)
        new = refresh(fresh, copy)
        if new not in (None, copy):
            print(f"you have edited {copy.relative_to(copies)}; the new version is beside it: {new.name}")
    return copies / lang


def main() -> None:
    """Open the copies."""
    from jupyterlab.labapp import main as jupyter_lab

    lang = choose(sys.argv[1:])
    update(lang)
    # Figures and lines of the reader's own runs are in the language; what their arrays took goes back to the system.
    os.environ |= GIVE_BACK | {"SHOPREC_LANGUAGE": lang}
    sys.argv[1:] = []
    jupyter_lab([f"--notebook-dir={COPIES}", f"--LabApp.default_url=/lab/tree/{lang}/index.ipynb"])


if __name__ == "__main__":
    main()
