"""A semantic id written code by code, by mouse and keyboard."""

import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import code_walk

COLUMNS = ["path", "n", "probability", "name_zh", "name_en"]


def output(word="茶"):
    rows = [
        ((2,), 12, 0.5, word, "Tea"),
        ((5,), 30, 0.25, "奶", "Milk"),
        ((2, 1), 3, 0.375, f"绿{word}", "Green tea"),
        ((2, 7), 1, 0.125, f"红{word}", "Black tea"),
        ((2, 1, 0), 1, 0.25, f"龙井{word}", "Longjing"),
        ((25,), 3, 0.125, "面包", "Bread"),
    ]
    return code_walk(pd.DataFrame(rows, columns=COLUMNS), 100)


def offered(element):
    return [button.get_attribute("data-path") for button in element.locator(".steps button").all()]


def test_the_keyboard_writes_a_product_and_goes_back(page):
    show(page, output(), lang="en")
    element, line = page.locator("code-walk"), page.locator("p[role=status]")
    assert offered(element) == ["2", "5", "25"]
    element.locator(".steps button").first.press("Enter")
    assert offered(element) == ["2 1", "2 7"]
    expect(line).to_contain_text("Written: 2. Left: 12, probability together 50.00%, mostly: Tea")
    expect(element.locator(".steps button").first).to_be_focused()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(line).to_contain_text("Written: 2 · 7. Left: 1, probability together 12.50%. That is: Black tea.")
    assert offered(element) == []
    expect(element.get_by_role("button", name="The most probable")).to_be_disabled()
    expect(element.get_by_role("button", name="One back")).to_be_focused()
    page.keyboard.press("Enter")
    assert offered(element) == ["2 1", "2 7"]


def test_the_most_probable_all_the_way(page):
    show(page, output(), lang="zh")
    page.get_by_role("button", name="一路取最可能的").click()
    expect(page.locator("p[role=status]")).to_contain_text(
        "已写：2 · 1 · 0。还剩 1 件，合计概率 25.00%。就是它：龙井茶"
    )


def test_two_on_a_page_are_independent(page):
    show(page, output(), output("茗"))
    elements = page.locator("code-walk")
    elements.nth(1).locator(".steps button").first.click()
    assert offered(elements.nth(0)) == ["2", "5", "25"]
    assert offered(elements.nth(1)) == ["2 1", "2 7"]


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    insert_later(page, output())
    page.locator("code-walk .steps button").first.click()
    assert offered(page.locator("code-walk")) == ["2 1", "2 7"]


def test_without_script_it_is_a_table(page):
    show(page, output(), script=False)
    element = page.locator("code-walk")
    for part in (".steps", ".status", ".moves"):
        expect(element.locator(part)).to_be_hidden()
    element.locator("summary").click()
    expect(element.locator("tbody tr")).to_have_count(6)


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_small_phone_needs_no_scrolling(page, lang):
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, output(), lang=lang)
    page.locator("summary:visible").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/08_trends/scale.html")
    element = page.locator("code-walk").first
    expect(element, "section 8.1.7 has a tree to walk").to_be_visible()
    element.locator(".best").click()
    assert offered(element) == []
