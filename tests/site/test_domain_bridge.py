"""A list in a new department, in a browser: on a page of its own, and in the built chapter."""

import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.typesetting import signed
from shoprec.show.widgets import domain_bridge

TARGETS = {"d": ("饮料", "Drinks"), "p": ("果蔬", "Produce")}
STEPS = {"d": (0, 1, 5, 20), "p": (0, 2)}


def gain(target, n):
    """Above zero, across it, and below it in turn."""
    middle = 0.02 - 0.01 * STEPS[target].index(n)
    return middle, middle - 0.012, middle + 0.012


def output(word="商品"):
    rows = [
        (target, n, kind, place, f"{word} {target}{n}{place}{kind}", f"Item {target}{n}{place}{kind}", place == 2)
        for target, known in STEPS.items()
        for n in known
        for kind in ("without", "with")
        for place in (1, 2, 3)
    ]
    lists = pd.DataFrame(rows, columns=["target", "known", "kind", "place", "name_zh", "name_en", "bought"])
    gains = [(target, n, *gain(target, n)) for target, known in STEPS.items() for n in known]
    return domain_bridge(lists, pd.DataFrame(gains, columns=["target", "known", "gain", "low", "high"]), TARGETS)


def lists_of(element):
    """Read what is shown: the products of both lists, in English."""
    return {kind: element.locator(f".panel .{kind} li [lang=en]").all_text_contents() for kind in ("without", "with")}


def expected(target, n):
    return {kind: [f"Item {target}{n}{place}{kind}" for place in (1, 2, 3)] for kind in ("without", "with")}


def middle_of(element, part):
    """Where a mark stands on the track, from 0 to 1."""
    track, mark = element.locator(".track").bounding_box(), element.locator(part).bounding_box()
    return (mark["x"] + mark["width"] / 2 - track["x"]) / track["width"]


def test_keys_change_lists_meter_and_line(page):
    show(page, output(), lang="en")
    page.emulate_media(reduced_motion="reduce")
    element, slider = page.locator("domain-bridge"), page.get_by_role("slider", name="Baskets known there")
    assert lists_of(element) == expected("d", 0)
    largest = max(abs(end) for target, known in STEPS.items() for n in known for end in gain(target, n))
    for key, n in [("End", 20), ("ArrowLeft", 5), ("Home", 0), ("ArrowRight", 1)]:
        slider.press(key)
        assert lists_of(element) == expected("d", n)
        expect(element.locator("output")).to_have_text(str(n))
        expect(slider).to_have_attribute("aria-valuetext", str(n))
        mean, low, high = gain("d", n)
        said = "above zero" if low > 0 else "below zero" if high < 0 else "across zero"
        line = f"{n} baskets known: the bridge gains {mean:+.3f} [{low:+.3f}, {high:+.3f}] in NDCG@10 on average, "
        expect(page.locator("p[role=status]")).to_contain_text(signed(f"{line}its interval {said}."))
        assert middle_of(element, ".dot") == pytest.approx(0.5 + mean / largest / 2, abs=0.01)
        assert middle_of(element, ".bar") == pytest.approx(0.5 + mean / largest / 2, abs=0.01)


def test_the_mouse_drags_the_slider(page):
    show(page, output(), lang="zh")
    slider = page.get_by_role("slider", name="在那里已知几篮")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + 3, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] - 3, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    assert lists_of(page.locator("domain-bridge")) == expected("d", 20)
    expect(page.locator("p[role=status]")).to_contain_text("已知 20 篮")


def test_a_department_has_its_own_numbers_of_baskets(page):
    show(page, output(), lang="both")
    element = page.locator("domain-bridge")
    element.get_by_role("slider").press("End")
    for select in element.locator("select").all():
        select.select_option(index=1)
        assert lists_of(element) == expected("p", 2)  # the last one there is
        assert [s.evaluate("s => s.selectedIndex") for s in element.locator("select").all()] == [1, 1]
    expect(element.locator("details:visible")).to_have_count(1)
    expect(element.locator("details:visible summary")).to_contain_text("Produce")
    element.locator("select").first.select_option(index=0)
    assert lists_of(element) == expected("d", 1)


def test_two_on_a_page_are_independent(page):
    show(page, output(), output("货品"))
    elements = page.locator("domain-bridge")
    elements.nth(1).get_by_role("slider").press("End")
    assert lists_of(elements.nth(0)) == expected("d", 0)
    assert lists_of(elements.nth(1)) == expected("d", 20)


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    insert_later(page, output())
    page.get_by_role("slider").press("End")
    assert lists_of(page.locator("domain-bridge")) == expected("d", 20)


def test_without_script_it_is_a_table_for_each_department(page):
    show(page, output(), script=False)
    element = page.locator("domain-bridge")
    expect(element.locator("details:visible")).to_have_count(2)
    for part in ("input", ".panels", ".status", "select", ".meter"):
        expect(element.locator(part).first).to_be_hidden()
    element.locator("summary").first.click()
    expect(element.locator("table").first).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_small_phone_needs_no_scrolling(page, lang):
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, output(), lang=lang)
    page.locator("summary:visible").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/08_trends/cross_domain.html")
    element = page.locator("domain-bridge").first
    expect(element, "section 8.2 has a list in a new department").to_be_visible()
    before = lists_of(element)
    element.get_by_role("slider").press("End")
    after = lists_of(element)
    assert before["without"] != after["without"]
    expect(element.locator(".panel .with li")).to_have_count(len(before["with"]))
