"""Formulas are set when the book is built: pictures with words for screen readers, and errors that stop the build."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from playwright.sync_api import Page
from small_book import build as build_book

from formulas import MathJax, aligned
from side_by_side import merge_page

VIEWS = ("zh", "en", "both")


@pytest.fixture(scope="module")
def engine() -> Iterator[MathJax]:
    mathjax = MathJax()
    yield mathjax
    mathjax.engine.close()


def test_a_formula_is_a_picture_with_words(engine: MathJax) -> None:
    soup = BeautifulSoup(engine.set(r"\frac{a}{b}", display=False), "html.parser")
    assert soup.svg["aria-hidden"] == "true"
    assert soup.select("svg use")
    assert soup.select_one(".formula-mathml > math > mfrac").get_text() == "ab"


def test_the_glyphs_of_a_page_are_those_that_its_formulas_use(engine: MathJax) -> None:
    engine.set("z", display=False)  # of another page
    markup = engine.set("a+a", display=False) + engine.set("a", display=True)
    glyphs = BeautifulSoup(engine.glyphs(markup), "html.parser").select("defs > path")
    assert len(glyphs) == 2
    assert {f"#{glyph['id']}" for glyph in glyphs} == set(re.findall(r'xlink:href="([^"]+)"', markup))
    assert engine.glyphs("<p>no formula</p>") == ""


@pytest.mark.parametrize(
    ("tex", "problem"), [(r"\frac{a", "Missing close brace"), (r"\softmx x", r"Undefined control sequence \softmx")]
)
def test_what_tex_cannot_read_is_an_error(engine: MathJax, tex: str, problem: str) -> None:
    with pytest.raises(ValueError, match=re.escape(problem)):
        engine.set(tex, display=False)


def test_equations_with_a_blank_line_between_stand_below_each_other() -> None:
    assert aligned("a &= b") == "a &= b"
    assert aligned("a &= b \\\\ &= c") == r"\begin{split}a &= b \\ &= c\end{split}"
    assert aligned("a &= b\n\nc &= d") == r"\begin{aligned}a &= b\\c &= d\end{aligned}"


def test_side_by_side_has_the_glyphs_of_both_languages() -> None:
    page = '<html><head><title>t — b</title></head><body><svg id="formula-glyphs"><defs>{}</defs></svg></body></html>'
    both = BeautifulSoup(
        merge_page(page.format('<path id="a"/>'), page.format('<path id="a"/><path id="b"/>')), "html.parser"
    )
    assert [glyph["id"] for glyph in both.select("#formula-glyphs path")] == ["a", "b"]


def test_symbols_of_a_table_part_after_commas(tmp_path: Path) -> None:
    table = "# A\n\n| symbol | meaning |\n|---|---|\n| $\\pi(a, b), W^{1,2}, c$ | what $x, y$ are |\n"
    html = build_book(tmp_path, {"index.md": table}, "en", more=["formulas"], settings={"html_math_renderer": "built"})
    first, second = BeautifulSoup((html / "index.html").read_text("utf8"), "html.parser").select("tbody td")
    assert len(first.select(".formula > svg")) == 3
    assert len(second.select(".formula > svg")) == 1
    assert first.find_all(string=" ")


@pytest.mark.parametrize("view", VIEWS)
def test_the_site_has_formulas(build: Path, view: str) -> None:
    """That each is set is checked page by page."""
    assert sum(path.read_text("utf8").count('class="formula"') for path in (build / view).rglob("*.html")) > 500


def test_a_formula_has_the_size_of_the_text_and_scrolls_if_it_is_wide(page: Page, site_url: str) -> None:
    page.set_viewport_size({"width": 390, "height": 800})
    page.goto(f"{site_url}/en/04_mathematics/attention.html")
    height = page.evaluate(
        """() => {
            const formula = document.querySelector("p .formula svg");
            return formula.getBoundingClientRect().height / parseFloat(getComputedStyle(formula).fontSize);
        }"""
    )
    assert 0.4 < height < 2.5  # in the font's size
    wide = page.locator("div.math > .formula").evaluate_all(
        "all => all.filter(f => f.scrollWidth > f.clientWidth).map(f => getComputedStyle(f).overflowX)"
    )
    assert set(wide) <= {"auto"}
