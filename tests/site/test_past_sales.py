"""Past sales to drag, in a browser: on a page of its own, and in the built chapter."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import past_sales

STEPS = (0, 3, 10, 50)
MODELS = {"words": ("文本", "Words"), "knn": ("近邻", "Neighbours"), "mix": ("混合", "Hybrid")}


def table(seed=0):
    rng = np.random.default_rng(seed)
    rows = [
        (p, f"商品 {p}", f"Product {p}", model, n, rng.random(), rng.integers(6), 5 + p)
        for p in range(3)
        for model in MODELS
        for n in STEPS
    ]
    columns = ["product", "name_zh", "name_en", "model", "sales", "place", "listed", "buyers"]
    frame = pd.DataFrame(rows, columns=columns)
    frame.loc[frame["product"] == 1, ["name_zh", "name_en"]] = "</script><b>x</b>"
    frame.loc[(frame["product"] == 0) & (frame["model"] == "knn"), "place"] = [0.1, 0.2, 0.3, 0.9]
    frame.loc[(frame["product"] == 0) & (frame["model"] == "words"), "place"] = 0.5
    frame.loc[(frame["product"] == 2) & (frame["model"] == "knn"), "place"] = 0.0
    return frame


def output(frame):
    return past_sales(frame, MODELS, level=["words"], rivals=("words", "knn"))


def lanes(element):
    """Read what is drawn: each marker's place in per cent, its number, and how many lists have the product."""
    return element.locator(".lanes li").evaluate_all(
        """lanes => lanes.map(lane => [parseFloat(lane.querySelector(".dot").style.left),
            lane.querySelector(".value").textContent, lane.querySelector(".listed").textContent])"""
    )


def expected(frame, product, sales):
    rows = frame[(frame["product"] == product) & (frame["sales"] == sales)].set_index("model").loc[list(MODELS)]
    percent = [f"{100 * place:.0f}" for place in rows["place"]]
    return [[float(p), f"{p}%", f"{listed} / {5 + product}"] for p, listed in zip(percent, rows["listed"], strict=True)]


def test_nothing_that_moves_is_seen_before_the_guess(page):
    frame = table()
    show(page, output(frame), lang="en")
    element, slider = page.locator("past-sales"), page.get_by_role("slider", name="Past sales")
    shown = [True, False, False]
    for _ in STEPS:
        for part in (".dot", ".value", ".listed"):
            assert [lane.locator(part).is_visible() for lane in element.locator(".lanes li").all()] == shown
        assert "Neighbours has it" not in page.locator("p[role=status]").inner_text()
        expect(element.locator(".was")).to_have_count(0)
        slider.press("ArrowRight")
    slider.press("ArrowLeft")
    page.get_by_role("button", name="Check my guess").click()
    expect(page.get_by_role("button")).to_have_count(0)
    expect(slider).to_be_focused()
    assert all(lane.locator(".dot").is_visible() for lane in element.locator(".lanes li").all())
    expect(page.locator("p[role=status]")).to_contain_text("You guessed 10; Neighbours is ahead from 50 on.")


def test_keys_move_every_marker_and_the_line_tells(page):
    frame = table()
    show(page, output(frame), lang="zh")
    element, slider = page.locator("past-sales"), page.get_by_role("slider", name="以前卖出过几次")
    page.get_by_role("button", name="对答案").press("Enter")
    assert lanes(element) == expected(frame, 0, 0)
    for key, at in [("End", 3), ("ArrowLeft", 2), ("Home", 0), ("ArrowRight", 1)]:
        slider.press(key)
        n = STEPS[at]
        expect(element.locator("output")).to_have_text(str(n))
        expect(slider).to_have_attribute("aria-valuetext", str(n))
        assert lanes(element) == expected(frame, 0, n)
        assert element.locator(".lanes li").first.locator(".was").count() == at
    (_, words, listed), (_, knn, _), _ = expected(frame, 0, 3)
    line = page.locator("p[role=status]").inner_text()
    assert f"卖出过 3 次。12 月有 5 次首次购买：文本把它排在 {words} 的商品前面" in line
    assert f"有 {listed.split()[0]} 次在前 100 件里；近邻把它排在 {knn} 的商品前面" in line
    assert "你猜 0 次；从 50 次起，近邻更靠前。" in line


def test_a_choice_of_product_changes_tracks_line_and_table(page):
    frame = table()
    show(page, output(frame), lang="both")
    element = page.locator("past-sales")
    page.get_by_role("button").click()
    page.get_by_role("slider").fill("2")
    for select in element.locator("select").all():
        select.select_option(index=2)
        assert lanes(element) == expected(frame, 2, 10)
        assert [s.evaluate("s => s.selectedIndex") for s in element.locator("select").all()] == [2, 2]
    expect(page.locator("p[role=status]")).to_contain_text("Neighbours never gets ahead.")
    expect(element.locator("details:visible")).to_have_count(1)
    expect(element.locator("details:visible summary")).to_contain_text("Product 2")
    element.locator("select").first.select_option(index=1)
    assert lanes(element) == expected(frame, 1, 10)


def test_two_on_a_page_are_independent(page):
    one, two = table(1), table(2)
    show(page, output(one), output(two))
    elements = page.locator("past-sales")
    elements.nth(1).get_by_role("slider").fill("3")
    elements.nth(1).get_by_role("button").click()
    assert lanes(elements.nth(0)) == expected(one, 0, 0)
    assert lanes(elements.nth(1)) == expected(two, 0, 50)
    expect(elements.nth(0).get_by_role("button")).to_be_visible()


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    frame = table()
    insert_later(page, output(frame))
    page.get_by_role("slider").fill("3")
    assert lanes(page.locator("past-sales")) == expected(frame, 0, 50)


def test_without_script_it_is_a_table_for_each_product(page):
    show(page, output(table()), script=False)
    element = page.locator("past-sales")
    expect(element.locator("details:visible")).to_have_count(3)
    for part in ("input", "button", ".lanes", ".status", "select"):
        expect(element.locator(part).first).to_be_hidden()
    element.locator("summary").first.click()
    expect(element.locator("table").first).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_small_phone_needs_no_scrolling(page, lang):
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, output(table()), lang=lang)
    page.get_by_role("button").click()
    page.locator("summary:visible").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/06_applications/products.html")
    element = page.locator("past-sales").first
    expect(element, "chapter 6.1 has past sales to drag").to_be_visible()
    element.get_by_role("button").click()
    before = lanes(element)
    element.get_by_role("slider").press("End")
    after = lanes(element)
    assert before[:2] == after[:2]  # words don't depend on sales
    assert all(late[0] > early[0] for early, late in zip(before[2:], after[2:], strict=True))
