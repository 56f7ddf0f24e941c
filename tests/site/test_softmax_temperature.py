"""The softmax widget in a browser: on a page of its own, and in the built chapter."""

import numpy as np
import pytest
from playwright.sync_api import expect
from printed import number
from scipy import special, stats
from widget_page import insert_later, show

from shoprec.show.widgets import softmax_temperature

DIMS = (4, 16, 64)


def scores(seed):
    rng = np.random.default_rng(seed)
    return {d: (rng.normal(size=5) * np.sqrt(d)).round(3) for d in DIMS}


def widgets(*seeds):
    names = [(f"商品 {i}", f"Product {i}") for i in range(4)] + [("</script><b>x</b>",) * 2]
    return [softmax_temperature(names, scores(seed), d=16) for seed in seeds]


def agrees(widget, seed, temperature, d, scaled):
    """Compare what a reader sees with the formula."""
    s = scores(seed)[d]
    w = special.softmax(s / temperature / (np.sqrt(d) if scaled else 1))
    assert [float(t) for t in widget.locator(".weight").all_inner_texts()] == pytest.approx(w, abs=0.0011)
    assert [number(t) for t in widget.locator("td.product").all_inner_texts()] == pytest.approx(s, abs=0.006)
    expected = {
        ".entropy": stats.entropy(w),
        ".largest": w.max(),
        ".norm": np.linalg.norm(np.diag(w) - np.outer(w, w)),
    }
    for selector, value in expected.items():
        assert float(widget.locator(selector).inner_text()) == pytest.approx(value, abs=0.006)
    bars = widget.locator(".bar i").evaluate_all("bars => bars.map(bar => parseFloat(bar.style.width))")
    assert bars == pytest.approx(100 * w, abs=0.06)
    expect(widget.locator(".temperature-value")).to_have_text(f"{temperature:.2f}")
    expect(widget.locator(".dimension-value")).to_have_text(str(d))


def test_keys_move_temperature_dimension_and_switch(page):
    show(page, *widgets(1), lang="en")
    widget = page.locator("softmax-temperature")
    agrees(widget, 1, 1.0, 16, True)
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="Temperature T")).to_be_focused()
    page.keyboard.press("Home")
    agrees(widget, 1, 0.1, 16, True)
    page.keyboard.press("End")
    agrees(widget, 1, 10.0, 16, True)
    page.keyboard.press("Tab")
    expect(page.get_by_role("slider", name="Dimension d")).to_be_focused()
    page.keyboard.press("ArrowRight")
    agrees(widget, 1, 10.0, 64, True)
    page.keyboard.press("Tab")
    expect(page.get_by_role("checkbox", name="Divide by √d")).to_be_focused()
    page.keyboard.press("Space")
    agrees(widget, 1, 10.0, 64, False)
    page.keyboard.press("Space")
    agrees(widget, 1, 10.0, 64, True)


@pytest.mark.parametrize("exponent", [-1, -0.5, -0.02, 0, 0.3, 0.98])
def test_every_temperature_agrees_with_python(page, exponent):
    show(page, *widgets(2))
    widget = page.locator("softmax-temperature")
    for at, d in enumerate(DIMS):
        widget.locator(".dimension").fill(str(at))
        widget.locator(".temperature").fill(str(exponent))
        agrees(widget, 2, 10**exponent, d, True)
        widget.locator(".scaled").uncheck()
        agrees(widget, 2, 10**exponent, d, False)
        widget.locator(".scaled").check()


def test_mouse(page):
    show(page, *widgets(1))
    widget, slider = page.locator("softmax-temperature"), page.get_by_role("slider", name="温度 T")
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 20, box["y"], steps=5)
    page.mouse.up()
    agrees(widget, 1, 0.1, 16, True)
    page.get_by_text("除以").click()
    agrees(widget, 1, 0.1, 16, False)


def test_two_on_a_page_are_independent(page):
    show(page, *widgets(1, 2, 1))
    three = page.locator("softmax-temperature")
    three.nth(1).locator(".temperature").fill("1")
    three.nth(2).locator(".dimension").fill("0")
    for widget, seed, temperature, d in zip(three.all(), (1, 2, 1), (1, 10, 1), (16, 16, 4), strict=True):
        agrees(widget, seed, temperature, d, True)


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    insert_later(page, *widgets(1))
    page.locator(".temperature").fill("-1")
    agrees(page.locator("softmax-temperature"), 1, 0.1, 16, True)


def test_without_script_it_is_a_table(page):
    show(page, *widgets(1), script=False)
    agrees_statically = page.locator("softmax-temperature")
    w = special.softmax(scores(1)[16] / 4)
    shown = [float(t) for t in agrees_statically.locator(".weight").all_inner_texts()]
    assert shown == pytest.approx(w, abs=0.0006)
    for control in page.locator("input").all():
        expect(control).to_be_hidden()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/04_mathematics/attention.html")
    widget = page.locator("softmax-temperature").first
    expect(widget, "chapter 4.1 shows the widget").to_be_visible()
    largest = widget.locator(".largest")
    widget.locator(".temperature").focus()
    page.keyboard.press("Home")
    cold = float(largest.inner_text())
    page.keyboard.press("End")
    assert float(largest.inner_text()) < cold
    for hidden, other in [("zh", "en"), ("en", "zh")]:
        if lang == other:
            expect(widget.locator(f"tbody tr >> nth=0 >> [lang={hidden}]")).to_be_hidden()
        shown = lang if lang != "both" else other
        expect(widget.locator(f"tbody tr >> nth=0 >> [lang={shown}]")).to_be_visible()
