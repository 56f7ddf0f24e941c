"""The scoreboard in a browser: sorted and filtered by mouse and keyboard, on phones, without scripts, in the book."""

import re
from dataclasses import replace

import pytest
from book_pages import VIEWS, soup
from playwright.sync_api import Locator, Page, expect
from recordings import made_up
from widget_page import insert_later, show

from shoprec.experiments.summary import scoreboard
from shoprec.show.widgets import score_board

RECORD = made_up(["UserKNN", "Popularity", "Transformer", "Hybrid", "EASE"], households=200)
MISSING = RECORD.households.query("model == 'EASE' and cut == '2017-08-01'").index
RECORD = replace(RECORD, households=RECORD.households.drop(MISSING))
OUTPUT = score_board(scoreboard(RECORD, n=20))


def column(page: Page, number: int) -> list[str]:
    """Read the cells of a column that a reader sees, from the top."""
    return page.locator("score-board tbody tr").evaluate_all(
        """(rows, number) => rows.filter(row => row.checkVisibility())
            .map(row => row.cells[number].innerText.trim().split("\\n")[0])""",
        number,
    )


def heading(page: Page, name: str) -> Locator:
    return page.get_by_role("columnheader").filter(has_text=name)


def test_a_heading_sorts_and_sorts_back(page: Page) -> None:
    show(page, OUTPUT, lang="en")
    expect(heading(page, "NDCG@10")).to_have_attribute("aria-sort", "descending")
    for name, number, orders in [("Jul", 4, ["descending", "ascending"]), ("Fit", 13, ["ascending", "descending"])]:
        for order in orders:
            heading(page, name).get_by_role("button").click()
            expect(heading(page, name)).to_have_attribute("aria-sort", order)
            expect(page.locator("[aria-sort]")).to_have_count(1)
            values = [float(text) for text in column(page, number)]
            assert values == sorted(values, reverse=order == "descending")


def test_keys_sort(page: Page) -> None:
    show(page, OUTPUT, lang="en")
    button = heading(page, "Model").get_by_role("button")
    for key, order in (("Enter", "ascending"), ("Space", "descending")):
        button.press(key)
        expect(heading(page, "Model")).to_have_attribute("aria-sort", order)
        names = column(page, 0)
        assert names == sorted(names, key=str.lower, reverse=order == "descending")
    expect(button).to_be_focused()


def test_names_are_sorted_as_the_reader_reads_them(page: Page) -> None:
    show(page, OUTPUT, lang="zh")
    heading(page, "模型").get_by_role("button").click()
    by_sound = ["EASE 自编码器", "加权混合", "普通 Transformer", "热门榜", "用户近邻"]
    assert sorted(column(page, 0)) == sorted(by_sound)
    assert [name for name in column(page, 0) if name[0] > "z"] == by_sound[1:]


@pytest.mark.parametrize("clicks", [1, 2])
def test_what_is_missing_comes_last_in_either_order(page: Page, clicks: int) -> None:
    show(page, OUTPUT, lang="en")
    for _ in range(clicks):
        heading(page, "Aug").get_by_role("button").click()
    assert column(page, 5)[-1] == "–"
    assert column(page, 5).count("–") == 1


def test_families_and_names_filter(page: Page) -> None:
    show(page, OUTPUT, lang="en")
    status = page.get_by_role("status").locator("[lang=en]")
    expect(status).to_have_text("5 models")
    page.get_by_text("Networks").first.click()
    expect(status).to_have_text("1 models")
    assert column(page, 0) == ["Plain Transformer"]
    page.keyboard.press("ArrowLeft")  # to the family before it
    expect(page.get_by_role("radio", checked=True)).to_have_value("factors")
    assert column(page, 0) == ["EASE"]
    page.get_by_text("All", exact=True).click()
    field = page.get_by_role("searchbox")
    for typed, wanted in (("KNN", ["UserKNN"]), ("热门", ["Popularity"]), ("nothing", [])):
        field.fill(typed)
        expect(status).to_have_text(f"{len(wanted)} models")
        assert column(page, 0) == wanted
    field.press("Enter")
    expect(field).to_have_value("nothing")  # the page is still there


def test_it_can_be_run_again(page: Page) -> None:
    insert_later(page, OUTPUT)
    expect(page.locator("score-board thead button")).to_have_count(len(RECORD.cells["cut"].unique()) + 10)
    heading(page, "Jul").get_by_role("button").click()
    expect(heading(page, "Jul")).to_have_attribute("aria-sort", "descending")


def test_keys_stay_in_the_table(page: Page) -> None:
    """In JupyterLab they would be commands of the notebook."""
    show(page, OUTPUT, lang="en")
    page.evaluate("document.addEventListener('keydown', event => document.title += event.key)")
    heading(page, "Jul").get_by_role("button").press("Enter")
    page.get_by_role("searchbox").press("a")
    expect(page).to_have_title("t")


@pytest.mark.parametrize("width", [320, 390])
def test_a_phone_scrolls_the_table_beside_the_names(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    show(page, OUTPUT, lang="en")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    name = page.locator("score-board tbody th").first
    before = name.bounding_box()
    heading(page, "Parameters").get_by_role("button").focus()
    box = page.locator("score-board .table-scroll")
    assert box.evaluate("box => box.scrollLeft") > 300
    assert name.bounding_box() == before
    heading(page, "Jul").get_by_role("button").focus()
    at = heading(page, "Jul").get_by_role("button").bounding_box()
    assert at["x"] >= before["x"] + before["width"] - 1


def test_without_scripts_it_is_a_plain_table(page: Page) -> None:
    show(page, OUTPUT, lang="en", script=False)
    assert len(column(page, 0)) == 5
    expect(page.locator("score-board button")).to_have_count(0)
    expect(page.locator("score-board .filter")).to_be_hidden()


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_shows_the_recording(page: Page, site_url: str, view: str) -> None:
    page.goto(f"{site_url}/{view}/scoreboard.html")
    expect(page.locator("article .line").first).to_contain_text("make record run=leaderboard")
    expect(page.locator("score-board thead button").first).to_be_visible()
    link = page.locator("score-board tbody a").first
    chapter = re.escape(str(link.get_attribute("href")))
    link.click()
    expect(page).to_have_url(re.compile(f"/{view}/{chapter}$"))
    expect(page.locator("article h1").first).to_be_visible()


def test_links_of_the_table_lead_to_pages(build) -> None:
    links = [link["href"] for link in soup(build / "en" / "scoreboard.html").select("score-board a")]
    assert all(link.partition("#")[0].endswith(".html") for link in links)
