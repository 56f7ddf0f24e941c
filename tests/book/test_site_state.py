"""A site is built anew exactly when something that it is made of has changed, or the site itself."""

import os
import sys
from pathlib import Path

import pytest

from site_state import consists_of, made_of

PAGES = ("zh/index.html", "en/index.html")
SOURCES = (
    "README.md",
    "constraints.txt",
    "book/index.ipynb",
    "book/_ext/quiz.py",
    "book/_static/images/shop.svg",
    "src/shoprec/words.py",
    "recorded/scale.json",
    ".jupyter_cache/executed/1f/base.ipynb",
)
NO_SOURCES = (
    "book/_build/html/index.html",
    "book/_locale/zh_CN/LC_MESSAGES/sphinx.mo",
    "src/shoprec/__pycache__/words.pyc",
    "src/shoprec.egg-info/PKG-INFO",
    ".jupyter_cache/global.db",
    "tests/test_tasks.py",
    "workshop/en.zip",
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    for name in (*SOURCES, *NO_SOURCES, *(f"site/{page}" for page in PAGES)):
        write(tmp_path / name, name)
    return tmp_path


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf8")


@pytest.mark.parametrize("name", SOURCES)
def test_what_pages_are_made_of_counts(root: Path, name: str) -> None:
    before = made_of(root)
    assert made_of(root) == before
    write(root / name, "changed")
    changed = made_of(root)
    assert changed != before
    (root / name).unlink()
    assert made_of(root) not in {before, changed}


def test_a_new_file_and_a_new_name_count(root: Path) -> None:
    before = made_of(root)
    write(root / "book/new.ipynb", "")
    added = made_of(root)
    (root / "book/new.ipynb").rename(root / "book/other.ipynb")
    assert len({before, added, made_of(root)}) == 3


@pytest.mark.parametrize("name", NO_SOURCES)
def test_what_pages_are_not_made_of_does_not(root: Path, name: str) -> None:
    before = made_of(root)
    write(root / name, "changed")
    assert made_of(root) == before


def test_settings_and_packages_count(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = made_of(root, {"PATH": "/bin"})
    assert made_of(root, {"PATH": "/usr/bin"}) == plain
    assert made_of(root, {"BOOK_BASE_URL": "https://example.org"}) != plain
    monkeypatch.setattr("site_state.distributions", lambda: [])
    assert made_of(root, {}) != plain
    monkeypatch.undo()
    monkeypatch.setattr(sys, "version", "3.99")
    assert made_of(root, {}) != plain


def test_a_site_that_lacks_a_page_or_has_another_is_not_the_same(root: Path) -> None:
    site = root / "site"
    before, times = consists_of(site), (site / PAGES[0]).stat()
    write(site / PAGES[0], "Z" * len(f"site/{PAGES[0]}"))
    edited = consists_of(site)
    write(site / PAGES[0], f"site/{PAGES[0]}")
    os.utime(site / PAGES[0], ns=(times.st_atime_ns, times.st_mtime_ns))
    assert consists_of(site) == before != edited
    (site / PAGES[1]).unlink()
    assert consists_of(site) != before
    assert consists_of(root / "nowhere") != before
