"""``jupyter-book build`` reads the same settings as the book's own build, on a few pages that need no run."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from bs4 import BeautifulSoup

ROOT = Path(__file__).parents[2]
PAGES = ["errata", "bibliography", "glossary"]
TOC = "format: jb-book\nroot: errata\nchapters:\n- file: glossary\n- file: bibliography\n"
COMMAND = "from jupyter_book.cli.main import main; main()"


def test_jupyter_book_builds_the_book_without_warnings(tmp_path: Path) -> None:
    book = tmp_path / "book"
    shutil.copytree(ROOT / "book", book, ignore=shutil.ignore_patterns("*.ipynb", "_build", "[0-9]*"))
    for name in PAGES:
        shutil.copy(ROOT / "book" / f"{name}.ipynb", book)
    shutil.copy(ROOT / "_config.yml", tmp_path)
    (book / "_toc.yml").write_text(TOC)

    options = ["build", "book", "--config", "_config.yml", "--warningiserror", "--keep-going"]
    environment = os.environ | {"BOOK_OUTPUTS": "0"}
    done = subprocess.run(
        [sys.executable, "-c", COMMAND, *options], cwd=tmp_path, env=environment, capture_output=True, text=True
    )

    assert done.returncode == 0, done.stdout + done.stderr
    soup = BeautifulSoup((tmp_path / "_build" / "html" / "glossary.html").read_text("utf8"), "html.parser")
    assert soup.html["lang"] == "zh-CN"
    assert soup.h1.get_text().startswith("术语表")
    assert len(soup.select("link[rel=stylesheet]")) == 1
    assert not soup.select("script[src*=thebe], script[src*=togglebutton]")
