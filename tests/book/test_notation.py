"""The page of symbols: the same in both languages, each symbol once, and each where its link says."""

import re
from collections import Counter
from functools import cache
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).parents[2] / "book"
ROW = re.compile(r"^\| (\$.+?\$) \| (.+) \|$", re.MULTILINE)
LINK = re.compile(r"\{ref\}`([\d.]+) <([\w-]+)>`")
FORMULA = re.compile(r"\$\$(.+?)\$\$|\$([^$\n]+)\$", re.DOTALL)
PAGES = [*BOOK.glob("0*/*.ipynb"), *BOOK.glob("0*.ipynb")]


@cache
def text(path: Path, lang: str) -> str:
    cells = nbformat.read(path, as_version=4).cells
    others = {"zh": "lang-en", "en": "lang-zh"}[lang]
    return "\n\n".join(
        cell.source for cell in cells if cell.cell_type == "markdown" and others not in cell.metadata.get("tags", ())
    )


@cache
def page_of(label: str) -> Path:
    """Return the page with a label."""
    [page] = [path for path in PAGES if f"({label})=\n" in text(path, "en")]
    return page


@cache
def formulas(page: Path) -> str:
    """Return all formulas of a page."""
    return "\n".join(display or inline for display, inline in FORMULA.findall(text(page, "en")))


def entries(lang: str) -> list[tuple[str, tuple[tuple[str, str], ...]]]:
    """Return each symbol with the chapters that its meanings name and the labels that they lead to."""
    rows = ROW.findall(text(BOOK / "notation.ipynb", lang))
    return [(symbol, tuple(LINK.findall(meanings))) for symbol, meanings in rows]


def occurs(symbol: str, formulas: str) -> bool:
    """Whether a symbol stands in formulas, and not as a part of a longer one."""
    return bool(re.search(rf"(?<![A-Za-z\\]){re.escape(symbol)}(?!\w)", formulas))


def test_both_languages_list_the_same_symbols() -> None:
    assert entries("zh") == entries("en")
    assert len(entries("en")) >= 50


def test_each_symbol_is_listed_once() -> None:
    assert [symbol for symbol, n in Counter(symbol for symbol, _ in entries("en")).items() if n > 1] == []


@pytest.mark.parametrize(("cell", "links"), entries("en"), ids=[cell for cell, _ in entries("en")])
def test_symbols_occur_where_they_are_said_to(cell: str, links: tuple[tuple[str, str], ...]) -> None:
    assert links, f"{cell} leads nowhere"
    for number, label in links:
        assert re.search(rf"^# {re.escape(number)} ", text(page_of(label), "en"), flags=re.MULTILINE)
        missing = [symbol for symbol in cell.strip("$").split(", ") if not occurs(symbol, formulas(page_of(label)))]
        assert not missing, f"{missing} are not in {page_of(label).name}, which has {label}"


@pytest.mark.parametrize(("symbol", "found"), [("p_i", True), ("p", False), ("q", False)])
def test_occurs_tells_a_symbol_from_a_part_of_a_name(symbol: str, found: bool) -> None:
    assert occurs(symbol, r"\operatorname{sup} p_i + p_{ij}") is found
