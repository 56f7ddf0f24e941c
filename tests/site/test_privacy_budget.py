"""The privacy budget in a browser: on a page of its own, and in the built chapter."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from printed import number
from widget_page import insert_later, show

from shoprec.show.widgets import privacy_budget

LEVELS = [0.5, 2.0, 8.0, np.inf]


def made(seed=0):
    rng = np.random.default_rng(seed)
    names = [("茶", "Tea"), ("</script><b>x</b>",) * 2]
    board = [(e, *rng.random(3), *rng.random(3)) for e in LEVELS]
    columns = ["epsilon", "ndcg", "ndcg_low", "ndcg_high", "auc", "auc_low", "auc_high"]
    rows = [(e, *name, *rng.normal(size=2)) for name in names for e in LEVELS]
    gradient = pd.DataFrame(rows, columns=["epsilon", "name_zh", "name_en", "clean", "noisy"])
    return pd.DataFrame(board, columns=columns), gradient


def agrees(element, frames, at):
    """Compare what a reader sees with the tables that were passed."""
    board, gradient = frames
    row = board.iloc[at]
    expect(element.locator("output")).to_have_text("∞" if LEVELS[at] == np.inf else f"{LEVELS[at]:g}")
    expect(element.locator(".ndcg").last).to_have_text(f"{row.ndcg:.3f} [{row.ndcg_low:.3f}, {row.ndcg_high:.3f}]")
    expect(element.locator(".auc").first).to_have_text(f"{row.auc:.3f} [{row.auc_low:.3f}, {row.auc_high:.3f}]")
    chosen = gradient[gradient["epsilon"] == LEVELS[at]]
    seen = [number(text) for text in element.locator(".value").all_inner_texts()]
    assert seen == pytest.approx(chosen["noisy"].tolist(), abs=0.006)
    widths = element.locator(".noisy").evaluate_all("all => all.map(r => r.width.baseVal.value)")
    assert widths == pytest.approx([60 * min(abs(x), 2) for x in chosen["noisy"]], abs=0.05)


def test_keys_move_epsilon(page):
    frames = made()
    show(page, privacy_budget(*frames), lang="en")
    element, slider = page.locator("privacy-budget"), page.get_by_role("slider", name="Privacy budget ε", exact=True)
    agrees(element, frames, 3)
    slider.focus()
    for key, at in [("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("End", 3), ("ArrowLeft", 2)]:
        page.keyboard.press(key)
        agrees(element, frames, at)
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "8")


def test_two_on_a_page_are_independent(page):
    one, two = made(1), made(2)
    show(page, privacy_budget(*one), privacy_budget(*two))
    elements = page.locator("privacy-budget")
    elements.nth(1).get_by_role("slider").fill("0")
    agrees(elements.nth(0), one, 3)
    agrees(elements.nth(1), two, 0)


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    frames = made()
    insert_later(page, privacy_budget(*frames))
    page.get_by_role("slider").fill("1")
    agrees(page.locator("privacy-budget"), frames, 1)


def test_without_script_it_is_tables(page):
    show(page, privacy_budget(*made()), script=False)
    expect(page.locator("input")).to_be_hidden()
    page.locator("summary").click()
    expect(page.locator("table.all")).to_be_visible()
    expect(page.locator(".all tbody tr")).to_have_count(len(LEVELS))


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_a_small_phone_needs_no_scrolling(page, lang):
    page.set_viewport_size({"width": 320, "height": 640})
    show(page, privacy_budget(*made()), lang=lang)
    page.locator("summary:visible").click()
    assert page.evaluate("document.documentElement.scrollWidth") <= 320


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/08_trends/privacy.html")
    element = page.locator("privacy-budget").first
    expect(element, "section 8.5.1 has a slider").to_be_visible()
    before = element.locator(".ndcg").first.text_content()
    element.get_by_role("slider").focus()
    page.keyboard.press("Home")
    assert element.locator(".ndcg").first.text_content() != before
