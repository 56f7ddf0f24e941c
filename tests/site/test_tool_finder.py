"""The table of tools in a browser: a task, wishes, keys, phones, no scripts, and the built chapter."""

import pytest
from playwright.sync_api import Page, expect
from widget_page import insert_later, show

from shoprec.experiments.toolbox import TOOLS
from shoprec.show.widgets import tool_finder
from shoprec.show.widgets.tool_finder import WISHES, wishes_met

OUTPUT = tool_finder(TOOLS)


def left(page: Page) -> list[str]:
    """Read which tools a reader sees."""
    return page.locator("tool-finder tbody tr").evaluate_all(
        "rows => rows.filter(row => row.checkVisibility()).map(row => row.cells[0].textContent)"
    )


def fitting(task: str = "", *wishes: str) -> list[str]:
    return [n for n, t in TOOLS.items() if (not task or task in t.tasks) and {*wishes} <= {*wishes_met(t)}]


def test_a_task_and_wishes_leave_those_that_fit(page: Page) -> None:
    show(page, OUTPUT, lang="en")
    status = page.get_by_role("status").locator("[lang=en]")
    expect(status).to_have_text(f"{len(TOOLS)} tools fit")
    page.get_by_text("Ranking", exact=True).first.click()
    assert left(page) == fitting("ranking")
    page.get_by_role("checkbox", name="Kept up").check()
    page.get_by_role("checkbox", name="Fine without a GPU").check()
    assert left(page) == fitting("ranking", "fresh", "cpu")
    expect(status).to_have_text(f"{len(fitting('ranking', 'fresh', 'cpu'))} tools fit")
    page.get_by_role("checkbox", name="Kept up").uncheck()
    page.get_by_text("All", exact=True).click()
    assert left(page) == fitting("", "cpu")


@pytest.mark.parametrize("wish", WISHES)
def test_each_wish_by_itself(page: Page, wish: str) -> None:
    show(page, OUTPUT, lang="zh")
    page.locator(f"tool-finder [value={wish}]").check()
    assert left(page) == fitting("", wish)


def test_keys_filter_and_stay_in_the_table(page: Page) -> None:
    """In JupyterLab they would be commands of the notebook."""
    show(page, OUTPUT, lang="en")
    page.evaluate("document.addEventListener('keydown', event => document.title += event.key)")
    page.get_by_role("radio", checked=True).press("ArrowRight")
    assert left(page) == fitting("candidates")
    box = page.get_by_role("checkbox", name="MIT or BSD licence")
    box.press("Space")
    expect(box).to_be_checked()
    assert left(page) == fitting("candidates", "mit")
    expect(page).to_have_title("t")


def test_output_inserted_later_works(page: Page) -> None:
    insert_later(page, OUTPUT)
    page.locator("tool-finder [value=beside]").check()
    assert left(page) == fitting("", "beside")


def test_two_on_a_page_are_independent(page: Page) -> None:
    show(page, OUTPUT, OUTPUT, lang="en")
    page.locator("tool-finder").nth(1).locator("[value=mit]").check()
    first = page.locator("tool-finder").first.locator("tbody tr:visible")
    expect(first).to_have_count(len(TOOLS))


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_phone_scrolls_the_table_and_not_the_page(page: Page, lang: str) -> None:
    page.set_viewport_size({"width": 320, "height": 700})
    show(page, OUTPUT, lang=lang)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    box = page.locator("tool-finder .table-scroll")
    box.focus()
    page.keyboard.press("End")
    name = page.locator("tool-finder tbody th").first
    box.evaluate("box => box.scrollLeft = 300")
    assert name.bounding_box()["x"] >= 0


def test_without_scripts_it_is_a_plain_table(page: Page) -> None:
    show(page, OUTPUT, lang="en", script=False)
    assert left(page) == [*TOOLS]
    expect(page.locator("tool-finder .filter")).to_be_hidden()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page: Page, site_url: str, lang: str) -> None:
    page.goto(f"{site_url}/{lang}/07_tools.html")
    expect(page.locator("tool-finder"), "chapter 7 has a table to filter").to_be_visible()
    page.locator("tool-finder [value=wheel]").check()
    assert left(page) == fitting("", "wheel")
