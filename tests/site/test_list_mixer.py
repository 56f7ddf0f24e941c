"""The list mixer in a browser: on a page of its own, and in the built chapter."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.applications.diversity import calibrate, intra_list_diversity, miscalibration, mmr, shared_prefix
from shoprec.show.widgets import list_mixer

K = 6


def tables(seed, n=20):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"name_zh": [f"商品 {i}" for i in range(n)], "name_en": [f"Product {i}" for i in range(n)]})
    frame["relevance"] = np.sort(rng.random(n))[::-1]
    frame["path"] = [tuple(int(c) for c in row) for row in rng.integers(3, size=(n, 3))]
    frame["bought"] = rng.random(n) < 0.3
    frame.loc[3, ["name_zh", "name_en"]] = "</script><b>x</b>"
    groups = pd.DataFrame({"name_zh": list("甲乙丙"), "name_en": list("abc"), "share": rng.dirichlet(np.ones(3))})
    return frame, groups


def chosen_by(frame, groups, rule, weight):
    x, paths = frame["relevance"].to_numpy(), np.array(frame["path"].tolist())
    if rule == "mmr":
        return mmr(x, shared_prefix(paths), weight, K).tolist()
    return calibrate(x, paths[:, 0], groups["share"], weight, K).tolist()


def items(element):
    rows = element.locator(".list tbody tr:visible")
    return [int(item) for item in rows.evaluate_all("rows => rows.map(row => row.dataset.item)")]


def test_every_weight_agrees_with_python(page):
    frame, groups = tables(1)
    show(page, list_mixer(frame, groups, k=K), lang="en")
    element, paths = page.locator("list-mixer"), np.array(frame["path"].tolist())
    for rule, words in (("calibrate", "Like the household's mix"), ("mmr", "Unlike each other (MMR)")):
        page.get_by_role("button", name=words).click()
        for weight in (0, 0.05, 0.21, 0.5, 0.83, 1):
            page.get_by_role("slider").fill(str(weight))
            chosen = chosen_by(frame, groups, rule, weight)
            assert items(element) == chosen
            mix = np.bincount(paths[chosen, 0], minlength=3) / K
            values = element.locator(".mix .value").all_text_contents()
            assert values == [f"{100 * share:.0f}" for share in mix]
            said = {
                "new": str(sum(i >= K for i in chosen)),
                "ild": f"{intra_list_diversity(shared_prefix(paths[chosen])):.2f}",
                "off": f"{miscalibration(groups['share'], mix):.2f}",
                "hits": str(frame["bought"].iloc[chosen].sum()),
            }
            for name, text in said.items():
                expect(element.locator(f".status .{name}:visible")).to_have_text(text)
            bars = element.locator(".mix .shown").evaluate_all("all => all.map(b => parseFloat(b.style.width))")
            assert bars == pytest.approx((100 * mix).tolist(), abs=0.01)


def test_keys_move_the_weight_and_choose_the_rule(page):
    frame, groups = tables(2)
    show(page, list_mixer(frame, groups, k=K), lang="zh")
    element, slider = page.locator("list-mixer"), page.get_by_role("slider", name="构成的权重 λ", exact=True)
    slider.focus()
    for key, weight in [("Home", 0.0), ("End", 1.0), ("ArrowLeft", 0.99), ("Home", 0.0), ("ArrowRight", 0.01)]:
        page.keyboard.press(key)
        expect(element.locator("output")).to_have_text(f"{weight:.2f}")
        assert items(element) == chosen_by(frame, groups, "mmr", weight)
    expect(slider).to_be_focused()
    page.get_by_role("button").nth(1).focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("button").nth(1)).to_have_attribute("aria-pressed", "true")
    expect(page.get_by_role("button").nth(0)).to_have_attribute("aria-pressed", "false")
    assert items(element) == chosen_by(frame, groups, "calibrate", 0.01)


def test_two_on_a_page_are_independent(page):
    one, two = tables(1), tables(2)
    show(page, list_mixer(*one, k=K), list_mixer(*two, k=K, rule="calibrate"))
    elements = page.locator("list-mixer")
    elements.nth(1).get_by_role("slider").fill("1")
    assert items(elements.nth(0)) == chosen_by(*one, "mmr", 0.3)
    assert items(elements.nth(1)) == chosen_by(*two, "calibrate", 1)


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    frame, groups = tables(1)
    insert_later(page, list_mixer(frame, groups, k=K))
    page.get_by_role("slider").fill("1")
    assert items(page.locator("list-mixer")) == chosen_by(frame, groups, "mmr", 1)


def test_without_script_it_is_two_tables(page):
    frame, groups = tables(1)
    show(page, list_mixer(frame, groups, k=K), script=False)
    assert items(page.locator("list-mixer")) == chosen_by(frame, groups, "mmr", 0.3)
    expect(page.locator("input")).to_be_hidden()
    expect(page.locator("button").first).to_be_hidden()
    expect(page.locator(".mix")).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_small_phone_needs_no_scrolling(page, lang):
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, list_mixer(*tables(1), k=K), lang=lang)
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/06_applications/content.html")
    element = page.locator("list-mixer").first
    expect(element, "chapter 6.2 shows the list mixer").to_be_visible()
    element.get_by_role("slider").fill("0")
    expect(element.locator(".list tbody tr:visible")).to_have_count(10)
    assert items(element) == list(range(10))
