"""A list with personalisation on and off, worked by mouse and keyboard."""

import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import profile_switch

GROUPS = {"q1": ("最少的四分之一", "The lowest quarter"), "q4": ("最多的四分之一", "The highest quarter")}


def output(word="商品"):
    rows = [
        (group, kind, place, f"{word} {group}{kind}{place}", f"Item {group}{kind}{place}", place <= bought)
        for group, hits in {"q1": (2, 1), "q4": (3, 0)}.items()
        for kind, bought in zip(("on", "off"), hits, strict=True)
        for place in (1, 2, 3)
    ]
    lists = pd.DataFrame(rows, columns=["group", "kind", "place", "name_zh", "name_en", "bought"])
    costs = [(group, *name, 0.05 * i, 0.04 * i, 0.07 * i) for i, (group, name) in enumerate(GROUPS.items(), start=1)]
    return profile_switch(lists, pd.DataFrame(costs, columns=["group", "group_zh", "group_en", "cost", "low", "high"]))


def shown(element):
    return element.locator(".list li [lang=en]").all_text_contents()


def expected(group, kind):
    return [f"Item {group}{kind}{place}" for place in (1, 2, 3)]


def test_the_keyboard_switches_off_and_on(page):
    show(page, output(), lang="en")
    element, switch = page.locator("profile-switch"), page.get_by_role("switch", name="Personalisation")
    expect(switch).to_be_checked()
    assert shown(element) == expected("q1", "on")
    switch.press("Space")
    expect(switch).not_to_be_checked()
    assert shown(element) == expected("q1", "off")
    line = page.locator("p[role=status]")
    expect(line).to_contain_text("Personalisation off: of 3 products, 1 are in the next basket")
    expect(line).to_contain_text("costs 0.050 [0.040, 0.070]")
    switch.press("Space")
    assert shown(element) == expected("q1", "on")
    expect(line).to_contain_text("Personalisation on: of 3 products, 2 are in the next basket")


def test_the_mouse_switches_and_a_group_keeps_the_switch(page):
    show(page, output(), lang="zh")
    element = page.locator("profile-switch")
    element.locator(".switch label").click()
    assert shown(element) == expected("q1", "off")
    element.locator("select:visible").select_option(index=1)
    assert shown(element) == expected("q4", "off")
    expect(page.locator("p[role=status]")).to_contain_text("个性化：关。3 件里，下一篮有 0 件")
    expect(page.locator("p[role=status]")).to_contain_text("0.100 [0.080, 0.140]")


def test_both_languages_choose_together(page):
    show(page, output(), lang="both")
    element = page.locator("profile-switch")
    for i, select in [(1, 0), (0, 1)]:
        element.locator("select").nth(select).select_option(index=i)
        assert [s.evaluate("s => s.selectedIndex") for s in element.locator("select").all()] == [i, i]
        assert shown(element) == expected([*GROUPS][i], "on")


def test_two_on_a_page_are_independent(page):
    show(page, output(), output("货品"))
    elements = page.locator("profile-switch")
    elements.nth(1).get_by_role("switch").press("Space")
    assert shown(elements.nth(0)) == expected("q1", "on")
    assert shown(elements.nth(1)) == expected("q1", "off")


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    insert_later(page, output())
    page.get_by_role("switch").press("Space")
    assert shown(page.locator("profile-switch")) == expected("q1", "off")


def test_without_script_it_is_a_table(page):
    show(page, output(), script=False)
    element = page.locator("profile-switch")
    for part in ("input", ".list", ".status", "select"):
        expect(element.locator(part).first).to_be_hidden()
    element.locator("summary").click()
    expect(element.locator("table")).to_be_visible()
    expect(element.locator("tbody tr")).to_have_count(len(GROUPS))


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_small_phone_needs_no_scrolling(page, lang):
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, output(), lang=lang)
    page.locator("summary:visible").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/08_trends/fairness.html")
    element = page.locator("profile-switch").first
    expect(element, "section 8.5.3 has a switch").to_be_visible()
    before = shown(element)
    element.get_by_role("switch").press("Space")
    assert shown(element) != before
