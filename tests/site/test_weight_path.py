"""The weight path in a browser: on a page of its own, and in the built chapter."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.formulas.fusion import crossings
from shoprec.show.widgets import weight_explorer


def candidates(seed, n=8):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n, 2)), columns=["first", "second"])
    frame["name_zh"] = [f"商品 {i}" for i in range(n)]
    frame["name_en"] = [f"Product {i}" for i in range(n)]
    frame["bought"] = rng.random(n) < 0.3
    frame.loc[3, ["name_zh", "name_en"]] = "</script><b>x</b>"
    return frame


def widget(frame, **options):
    return weight_explorer(frame, ("口味", "taste"), ("行为", "behaviour"), **options)


def items(element):
    rows = element.locator(".ranking tbody tr")
    return [int(item) for item in rows.evaluate_all("rows => rows.map(row => row.dataset.item)")]


def ranked(frame, w):
    return np.argsort(-(w * frame["first"] + (1 - w) * frame["second"]).to_numpy(), kind="stable").tolist()


def angle(element, selector):
    """Direction that is drawn, in degrees."""
    return element.locator(selector).evaluate(
        """path => {
            const m = path.transform.baseVal.consolidate().matrix;
            return -Math.atan2(m.b, m.a) * 180 / Math.PI;
        }"""
    )


def test_keys_move_the_weight(page):
    frame = candidates(1)
    show(page, widget(frame), lang="en")
    element, slider = page.locator("weight-path"), page.get_by_role("slider", name="Weight w", exact=True)
    slider.focus()
    for key, w in [("Home", 0.0), ("End", 1.0), ("ArrowLeft", 0.999), ("Home", 0.0), ("ArrowRight", 0.001)]:
        page.keyboard.press(key)
        expect(element.locator("output")).to_have_text(f"{w:.3f}")
        assert items(element) == ranked(frame, w)
        assert angle(element, ".direction") == pytest.approx(np.degrees(np.arctan2(1 - w, w)), abs=0.01)
    expect(slider).to_be_focused()


def test_every_weight_agrees_with_python(page):
    frame = candidates(2)
    show(page, widget(frame))
    element = page.locator("weight-path")
    for w in (0, 0.07, 0.29, 0.5, 0.58, 0.83, 1):
        page.get_by_role("slider").fill(str(w))
        assert items(element) == ranked(frame, w)
        passed = str((crossings(frame["first"], frame["second"])[0] <= w).sum())
        expect(element.locator(".passed").first).to_have_text(passed)
        best = element.locator("svg.plane g").nth(ranked(frame, w)[0]).locator("circle")
        level = element.locator(".level").evaluate(
            "path => { const m = path.transform.baseVal.consolidate().matrix; return [m.e, m.f] }"
        )
        assert level == pytest.approx([float(best.get_attribute(c)) for c in ("cx", "cy")], abs=0.1)


def test_buttons_jump_from_swap_to_swap(page):
    frame = candidates(1)
    w, rises, falls = crossings(frame["first"], frame["second"])
    edges = np.concatenate([[0], w, [1]])
    show(page, widget(frame, w=0), lang="en")
    element = page.locator("weight-path")
    on, back = page.get_by_role("button", name="Next swap"), page.get_by_role("button", name="Previous swap")
    on.focus()
    for m in range(len(w)):
        page.keyboard.press("Enter")
        middle = (edges[m + 1] + edges[m + 2]) / 2
        assert items(element) == ranked(frame, middle)
        one, two = frame["name_en"][rises[m]], frame["name_en"][falls[m]]
        expect(element.locator(".last:visible")).to_have_text(f"w = {w[m]:.4f}: {one} and {two} change places.")
        marked = element.locator("svg.ranks g[data-swap]").evaluate_all("all => all.map(g => +g.dataset.item)")
        assert sorted(marked) == sorted([rises[m], falls[m]])
    on.click()  # there is none left
    assert items(element) == ranked(frame, 1)
    for m in reversed(range(len(w))):
        back.click()
        assert items(element) == ranked(frame, (edges[m] + edges[m + 1]) / 2)
    back.click()
    assert items(element) == ranked(frame, 0)


def test_mouse_moves_the_weight_and_clears_the_swap(page):
    frame = candidates(1)
    show(page, widget(frame))
    page.get_by_role("button").nth(1).click()
    expect(page.locator("g[data-swap]").first).to_be_attached()
    slider = page.get_by_role("slider", name="权重 w", exact=True)
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 20, box["y"], steps=5)
    page.mouse.up()
    expect(slider).to_have_value("1")
    assert items(page.locator("weight-path")) == ranked(frame, 1)
    expect(page.locator("g[data-swap]")).to_have_count(0)
    expect(page.locator(".last:visible")).to_have_count(0)


def test_two_on_a_page_are_independent(page):
    one, two = candidates(1), candidates(2)
    show(page, widget(one), widget(two))
    elements = page.locator("weight-path")
    elements.nth(1).get_by_role("slider").fill("0")
    assert items(elements.nth(0)) == ranked(one, 0.5)
    assert items(elements.nth(1)) == ranked(two, 0)


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    frame = candidates(1)
    insert_later(page, widget(frame))
    page.get_by_role("slider").fill("0")
    assert items(page.locator("weight-path")) == ranked(frame, 0)


def test_without_script_it_is_tables_and_drawings(page):
    frame = candidates(1)
    show(page, widget(frame), script=False)
    assert items(page.locator("weight-path")) == ranked(frame, 0.5)
    expect(page.locator("svg")).to_have_count(2)
    expect(page.locator("input")).to_be_hidden()
    expect(page.locator("button").first).to_be_hidden()
    page.locator("summary").click()
    expect(page.locator(".swaps")).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/04_mathematics/hybrid_score.html")
    element = page.locator("weight-path").first
    expect(element, "chapter 4.3 shows the weight path").to_be_visible()
    data = dict(
        element.locator(".ranking tbody tr").evaluate_all(
            "rows => rows.map(row => [row.dataset.item, [+row.dataset.first, +row.dataset.second]])"
        )
    )
    frame = pd.DataFrame([data[str(i)] for i in range(len(data))], columns=["first", "second"])
    element.get_by_role("slider").focus()
    for key, w in [("Home", 0), ("End", 1)]:
        page.keyboard.press(key)
        expect(element.locator("output")).to_have_text(f"{w:.3f}")
        assert items(element) == ranked(frame, w)
