"""The guess in a browser: on a page of its own, and in the built chapters."""

import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import guess_order

NAMES = {"a": ("甲", "Alpha"), "b": ("乙", "Bravo"), "c": ("丙", "Charlie"), "d": ("丁</script>", "Delta</script>")}
SCORES = {"a": 0.1, "b": 0.4, "c": 0.3, "d": 0.3}  # measured: b, then c and d, then a


def guess(page):
    return page.locator("rank-guess li .name [lang=en]").all_text_contents()


def places(page):
    """Read what the answer says of b, c, d and a."""
    return page.locator("rank-guess td.guess").all_text_contents()


def test_keys_and_buttons_move_a_model(page):
    show(page, guess_order(SCORES, NAMES), lang="en")
    down = page.get_by_role("button", name="Move Alpha down")
    down.focus()
    for key, order in [("Enter", "BACD"), ("ArrowDown", "BCAD"), ("ArrowDown", "BCDA"), ("ArrowDown", "BCDA")]:
        page.keyboard.press(key)
        assert "".join(name[0] for name in guess(page)) == order
        expect(down).to_be_focused()
    expect(page.locator(".moved")).to_contain_text("Alpha")
    expect(page.locator(".moved")).to_contain_text("4 / 4")
    page.get_by_role("button", name="Move Delta", exact=False).first.click()  # up
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    assert "".join(name[0] for name in guess(page)) == "DBCA"


def test_the_answer_compares(page):
    show(page, guess_order(SCORES, NAMES), lang="en")
    distance = page.locator(".distance > [lang=en]")
    expect(distance).to_be_hidden()
    page.locator("summary").focus()
    page.keyboard.press("Enter")
    expect(distance).to_have_text("Swaps of neighbours from your order to the measured one: 3, of at most 5.")
    assert places(page) == ["2", "3", "4", "1"]
    for _ in range(3):
        page.get_by_role("button", name="Move Alpha down").click()
    expect(distance).to_contain_text(": 0, of")
    assert places(page) == ["1 ✓", "2 ✓", "3 ✓", "4 ✓"]
    page.get_by_role("button", name="Move Delta", exact=False).first.click()  # c and d are level: still no swap
    expect(page.locator(".moved")).to_contain_text("2 / 4")
    expect(distance).to_contain_text(": 0, of")
    page.get_by_role("button", name="Move Delta", exact=False).first.click()
    expect(distance).to_contain_text(": 1, of")


def test_output_inserted_later_works_and_two_are_independent(page):
    insert_later(page, guess_order(SCORES, NAMES))
    page.evaluate("document.querySelector('div').append(document.querySelector('rank-guess').cloneNode(true))")
    page.locator("rank-guess").nth(1).locator("button.down").first.click()
    assert "".join(name[0] for name in guess(page)) == "ABCDBACD"


def test_without_script_there_is_a_list_and_the_answer(page):
    show(page, guess_order(SCORES, NAMES), script=False, lang="en")
    expect(page.locator("rank-guess button").first).to_be_hidden()
    expect(page.locator("rank-guess .hint")).to_be_hidden()
    expect(page.locator("rank-guess li").first).to_be_visible()
    page.locator("summary").click()
    expect(page.locator("td.score").first).to_be_visible()
    expect(page.locator("td.guess").first).to_be_hidden()
    expect(page.locator(".distance")).to_be_hidden()


CHAPTERS = [
    "01_background",
    "02_core_concepts",
    "03_algorithms/collaborative_filtering",
    "03_algorithms/hybrid",
    "05_project",
]


@pytest.mark.parametrize("chapter", CHAPTERS)
def test_in_the_chapters(page, site_url, chapter):
    page.goto(f"{site_url}/en/{chapter}.html")
    widget = page.locator("rank-guess")
    expect(widget, f"{chapter} asks for a guess").to_have_count(1)
    before = guess(page)
    widget.locator("button.down").first.focus()
    page.keyboard.press("ArrowDown")
    expect(widget.locator("li .name [lang=en]")).to_have_text([before[1], before[0], *before[2:]])
    expect(widget.locator("li .name [lang=zh]").first).to_be_hidden()
    widget.locator("summary").click()
    expect(widget.locator("tbody tr")).to_have_count(len(before))
    expect(widget.locator("td.guess").first).to_be_visible()
