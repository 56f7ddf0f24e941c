"""Guesses at intervals in a browser: on a page of its own, and in the built chapter."""

import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.typesetting import signed
from shoprec.show.widgets import fusion_switch

CHOICES = {
    "added": (("加什么", "Added"), {"text": ("文字", "Text"), "price": ("价格", "Price")}),
    "fusion": (("怎么合", "Fusion"), {"early": ("早期", "Early"), "late": ("晚期", "Late")}),
    "read": (("读什么", "Read"), {"own": ("当天的", "As known"), "leak": ("来的那周", "Week of the visit")}),
}
# gain, low, high: of October, of November, and of both
NUMBERS = {
    ("text", "early", "own"): [(0.001, -0.001, 0.003), (0.003, 0.001, 0.005), (0.002, -0.001, 0.005)],
    ("text", "late", "own"): [(-0.003, -0.005, -0.001), (-0.002, -0.003, -0.001), (-0.0025, -0.004, -0.0005)],
    ("price", "early", "own"): [(0.0, -0.001, 0.001)] * 3,
    ("price", "early", "leak"): [(0.005, 0.002, 0.008), (0.001, -0.002, 0.004), (0.003, 0.001, 0.006)],
}
MONTHS = ("2017-10-01", "2017-11-01", "all")


def output():
    rows = [(*key, cut, *row) for key, rows in NUMBERS.items() for cut, row in zip(MONTHS, rows, strict=True)]
    return fusion_switch(pd.DataFrame(rows, columns=[*CHOICES, "cut", "gain", "low", "high"]), CHOICES)


def choose(where, name):
    where.locator("label", has_text=name).click()


def values(element):
    return element.locator(".lanes .value").all_inner_texts()


def checked(element):
    return element.locator("fieldset input:checked").evaluate_all(
        "all => all.map(i => i.parentNode.querySelector('[lang=en]').textContent)"
    )


def test_a_guess_shows_the_setting_and_counts(page):
    show(page, output(), lang="en")
    element, status = page.locator("fusion-switch"), page.get_by_role("status")
    expect(element.locator(".dot:visible")).to_have_count(0)
    assert values(element) == ["?"] * 3
    expect(page.get_by_role("radio", name="Week of the visit")).to_be_disabled()
    page.get_by_role("button", name="Above zero").click()
    expect(element.locator(".dot:visible")).to_have_count(3)
    assert values(element) == ["+0.0010", "+0.0030 ▲", "+0.0020"]
    expect(status).to_contain_text(signed("Text · Early · As known: +0.0020 [-0.0010, +0.0050], across zero."))
    expect(status).to_contain_text("You guessed “above zero”: not so.")
    expect(status).to_contain_text("of 2 intervals, 1 above zero, 0 below")
    expect(status).to_contain_text("Seen: 1 of 4 settings; guessed right: 0; above zero: 0.")
    page.get_by_role("button", name="Across zero").dispatch_event("click")  # too late
    expect(status).to_contain_text("guessed right: 0")
    expect(page.get_by_role("button", name="Above zero")).to_have_attribute("aria-pressed", "true")
    expect(page.locator("button[data-right]")).to_have_attribute("value", "0")


def test_each_setting_is_guessed_anew_and_remembered(page):
    show(page, output(), lang="en")
    element, status = page.locator("fusion-switch"), page.get_by_role("status")
    page.get_by_role("button", name="Across zero").click()
    choose(page, "Late")
    expect(status).to_contain_text("Text · Late · As known: no guess yet.")
    assert values(element) == ["?"] * 3
    expect(element.locator(".dot:visible")).to_have_count(0)
    page.get_by_role("button", name="Below zero").click()
    assert values(element) == [signed(text) for text in ("-0.0030 ▼", "-0.0020 ▼", "-0.0025 ▼")]
    expect(status).to_contain_text("of 2 intervals, 0 above zero, 2 below")
    choose(page, "Early")
    assert values(element) == ["+0.0010", "+0.0030 ▲", "+0.0020"]
    expect(page.get_by_role("button", name="Across zero")).to_have_attribute("aria-pressed", "true")
    choose(page, "Price")
    choose(page, "Week of the visit")
    page.get_by_role("button", name="Above zero").click()
    expect(status).to_contain_text("Seen: 3 of 4 settings; guessed right: 3; above zero: 1.")


def test_what_is_not_recorded_cannot_be_chosen(page):
    show(page, output(), lang="en")
    element = page.locator("fusion-switch")
    choose(page, "Price")
    expect(page.get_by_role("radio", name="Late")).to_be_disabled()
    choose(page, "Week of the visit")
    assert checked(element) == ["Price", "Early", "Week of the visit"]
    choose(page, "Text")  # which has no leak: the choices below give way
    assert checked(element) == ["Text", "Early", "As known"]
    expect(page.get_by_role("radio", name="Week of the visit")).to_be_disabled()
    expect(page.get_by_role("radio", name="Late")).to_be_enabled()


def test_keys_alone_are_enough(page):
    show(page, output(), lang="en")
    page.keyboard.press("Tab")
    expect(page.get_by_role("radio", name="Text")).to_be_focused()
    page.keyboard.press("ArrowRight")
    expect(page.get_by_role("radio", name="Price")).to_be_checked()
    page.keyboard.press("Enter")  # sends no form
    for _ in range(20):
        if (
            page.evaluate("document.activeElement.value") == "0"
            and page.evaluate("document.activeElement.type") == "button"
        ):
            break
        page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Across zero")).to_be_focused()
    page.keyboard.press("Space")
    expect(page.get_by_role("status")).to_contain_text("guessed right: 1")
    expect(page.get_by_role("button", name="Across zero")).to_be_focused()


def test_markers_lie_where_the_numbers_say(page):
    show(page, output())
    element = page.locator("fusion-switch")
    page.get_by_role("button", name="跨过零").click()
    places = element.locator(".lanes li").evaluate_all(
        """all => all.map(lane => {
          const track = lane.querySelector(".track").getBoundingClientRect();
          const at = (x) => 2 * (x - track.left) / track.width - 1;
          const bar = lane.querySelector(".bar").getBoundingClientRect();
          const dot = lane.querySelector(".dot").getBoundingClientRect();
          return [(at(dot.left) + at(dot.right)) / 2, at(bar.left), at(bar.right)];
        })"""
    )
    for seen, row in zip(places, NUMBERS["text", "early", "own"], strict=True):
        assert seen == pytest.approx([x / 0.008 for x in row], abs=0.01)


def test_two_on_a_page_are_independent(page):
    show(page, output(), output(), lang="en")
    one, two = page.locator("fusion-switch").nth(0), page.locator("fusion-switch").nth(1)
    choose(two, "Price")
    two.get_by_role("button", name="Across zero").click()
    assert checked(one) == ["Text", "Early", "As known"]
    assert values(one) == ["?"] * 3
    assert values(two) == ["+0.0000"] * 3


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    insert_later(page, output())
    element = page.locator("fusion-switch")
    element.locator("button").nth(1).click()
    assert values(element) == ["+0.0010", "+0.0030 ▲", "+0.0020"]


def test_without_script_it_is_a_table(page):
    show(page, output(), script=False)
    element = page.locator("fusion-switch")
    for part in ("form", ".lanes", ".axis", ".status"):
        expect(element.locator(part)).to_be_hidden()
    element.locator("summary").click()
    expect(element.locator("tbody tr:visible")).to_have_count(len(NUMBERS))


def test_on_paper_the_table_is_unfolded(page):
    show(page, output())
    page.emulate_media(media="print")
    element = page.locator("fusion-switch")
    for part in ("form", ".lanes", ".axis", ".status"):
        expect(element.locator(part)).to_be_hidden()
    assert element.evaluate("e => e.querySelector('tbody').checkVisibility({contentVisibilityAuto: true})")


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_small_phone_needs_no_scrolling(page, lang):
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, output(), lang=lang)
    page.locator("button:visible").first.click()
    page.locator("summary:visible").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/08_trends/multimodal.html")
    element = page.locator("fusion-switch").first
    expect(element, "section 8.3 has switches").to_be_visible()
    rows = element.locator("tbody tr")
    expect(rows).to_have_count(15)  # all that the record compares with the history
    expect(element.locator(".lanes li")).to_have_count(7)
    seen = set()
    for row in range(15):
        for place, value in enumerate(rows.nth(row).get_attribute("data-at").split()):
            element.locator("fieldset").nth(place).locator(f"input[value='{value}']").dispatch_event("click")
        element.locator("button[value='0']").dispatch_event("click")
        pooled = rows.nth(row).locator("td").last
        assert pooled.text_content().startswith(values(element)[-1].removesuffix(" ▲").removesuffix(" ▼"))
        if pooled.get_attribute("data-side") != "0":
            seen.add(rows.nth(row).get_attribute("data-at"))
    assert len(seen) == 2, "the two leaks alone lie on one side of zero"
    words = {"zh": "猜中 13 种，在零之上的有 2 种", "en": "guessed right: 13; above zero: 2"}
    for one in ("zh", "en") if lang == "both" else (lang,):
        expect(element.locator(".status")).to_contain_text(words[one])
