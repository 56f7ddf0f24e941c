"""The home page's figure and cards, the glossary and the page of symbols, as readers meet them."""

from pathlib import Path

import pytest
from book_pages import VIEWS, soup
from playwright.sync_api import Page, expect

from leaderboard import Score, end_of_axis
from notebook_cache import find_run, read_notebook

BOOK = Path(__file__).parents[2] / "book"


def test_figure_shows_the_numbers_of_the_run(build: Path) -> None:
    run = find_run(read_notebook(BOOK / "05_project.ipynb"))
    [cell] = [cell for cell in run.cells if "leaderboard" in cell.metadata.get("tags", ())]
    rows = soup(build / "en" / "index.html").select(".leaderboard tbody tr")
    assert len(rows) >= 5
    for row in rows:
        *_, value = row.select("td")
        assert f">{value.get_text()}</td>" in cell.outputs[-1].data["text/html"]


@pytest.mark.parametrize(("view", "shown"), [("zh", "个人频次"), ("en", "Personal frequency")])
def test_figure_speaks_the_language(page: Page, site_url: str, view: str, shown: str) -> None:
    page.goto(f"{site_url}/{view}/index.html")
    expect(page.locator(".leaderboard .counted th")).to_have_text(shown, use_inner_text=True)


@pytest.mark.parametrize(("high", "end"), [(0.249, 0.25), (0.25, 0.3), (0.251, 0.3), (0.15, 0.2)])
def test_axis_ends_beyond_all_intervals(high: float, end: float) -> None:
    """An interval that ends on a mark isn't drawn to the edge of the page."""
    assert end_of_axis([Score("甲", "a", 0.1, 0.05, high)]) == pytest.approx(end)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("width", [320, 390, 1280])
def test_figure_is_drawn_within_the_page(page: Page, site_url: str, view: str, width: int) -> None:
    """Each dot lies on its line, left of the number, and nothing is cut off."""
    page.set_viewport_size({"width": width, "height": 900})
    page.goto(f"{site_url}/{view}/index.html")
    cut = page.locator(".leaderboard").evaluate("box => box.scrollWidth - box.clientWidth")
    assert cut <= 0
    drawings = page.locator(".leaderboard tbody td:nth-child(2)").evaluate_all(
        """cells => cells.map(cell => {
            const [line, dot] = ["::before", "::after"].map(part => getComputedStyle(cell, part));
            const left = parseFloat(line.left), at = parseFloat(dot.left);
            return [left, at, left + parseFloat(line.width), cell.clientWidth];
        })"""
    )
    assert all(0 < low < at < high <= most for low, at, high, most in drawings)


def test_cards_are_links_as_a_whole(page: Page, site_url: str) -> None:
    page.goto(f"{site_url}/en/index.html")
    card = page.locator(".cards > li").last
    address = card.locator("a").get_attribute("href")
    card.locator(".facts").click(force=True)  # the link lies above it
    page.wait_for_url(f"{site_url}/en/{address}")
    expect(page.locator("article .facts")).to_be_visible()


@pytest.mark.parametrize("name", ["index", "05_project", "glossary", "notation"])
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_pages_describe_themselves(build: Path, lang: str, name: str) -> None:
    head = soup(build / lang / f"{name}.html").head
    description = head.select_one("meta[name=description]")["content"]
    assert len(description) >= {"zh": 20, "en": 50}[lang]
    assert head.select_one("meta[property='og:description']")["content"] == description
    assert head.title.string


@pytest.mark.parametrize(("view", "query"), [("zh", "半衰期"), ("en", "half-life"), ("both", "半衰期")])
def test_search_finds_the_glossary_once(page: Page, site_url: str, view: str, query: str) -> None:
    page.goto(f"{site_url}/{view}/search.html?q={query}")
    expect(page.locator("#search-results li").first).to_be_visible()
    expect(page.locator("#search-results li a[href*='glossary.html']")).to_have_count(1)


def test_terms_stand_beside_their_translation(build: Path) -> None:
    rows = soup(build / "both" / "glossary.html").select("article .parallel:has(dl)")
    assert len(rows) >= 60
    for row in rows:
        zh, en = (column.dt.find(string=True).strip() for column in row.select("[lang]"))
        assert zh == en or f"({zh})" in row.get_text()
