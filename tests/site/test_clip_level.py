"""The clip level in a browser: on a page of its own, and in the built chapter."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from printed import number
from widget_page import insert_later, show

from shoprec.show.widgets import clip_explorer

LEVELS = [1.0, 5.0, 20.0, np.inf]


def moments(seed):
    rng = np.random.default_rng(seed)
    names = [("倾向", "IPS"), ("</script><b>x</b>",) * 2, ("双稳健", "DR")]
    rows = [(level, *name, rng.normal(), *rng.random(2)) for name in names for level in LEVELS]
    return pd.DataFrame(rows, columns=["clip", "name_zh", "name_en", "bias", "spread", "coverage"])


def agrees(element, frame, at):
    """Compare what a reader sees with the table that was passed."""
    chosen = frame[frame["clip"] == LEVELS[at]]
    for column in ("bias", "spread"):
        seen = [number(text) for text in element.locator(f".now td.{column}").all_inner_texts()]
        assert seen == pytest.approx(chosen[column].tolist(), abs=0.006)
    rmse = np.hypot(chosen["bias"], chosen["spread"])
    assert [float(t) for t in element.locator(".now td.rmse").all_inner_texts()] == pytest.approx(rmse, abs=0.006)
    reach = float(element.get_attribute("data-reach"))
    ranges = element.locator(".range").evaluate_all("all => all.map(r => [r.x.baseVal.value, r.width.baseVal.value])")
    for (x, width), row in zip(ranges, chosen.itertuples(), strict=True):
        assert (x + width / 2 - 120) / 120 * reach == pytest.approx(row.bias, abs=0.02)
        assert width / 240 * reach == pytest.approx(1.96 * row.spread, abs=0.05)
    expect(element.locator("output")).to_have_text("∞" if LEVELS[at] == np.inf else f"{LEVELS[at]:g}")
    best = chosen["name_en"].iloc[int(np.argmin(rmse))]
    expect(element.locator(".best[lang=en]")).to_have_text(best)


def test_keys_move_the_level(page):
    frame = moments(1)
    show(page, clip_explorer(frame, 5.0), lang="en")
    element, slider = page.locator("clip-level"), page.get_by_role("slider", name="Largest weight M", exact=True)
    agrees(element, frame, 3)
    slider.focus()
    for key, at in [("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("End", 3), ("ArrowLeft", 2)]:
        page.keyboard.press(key)
        agrees(element, frame, at)
    expect(slider).to_be_focused()
    expect(slider).to_have_attribute("aria-valuetext", "20")


def test_mouse(page):
    frame = moments(2)
    show(page, clip_explorer(frame, 5.0))
    box = page.get_by_role("slider").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] - 20, box["y"], steps=5)
    page.mouse.up()
    agrees(page.locator("clip-level"), frame, 0)


def test_two_on_a_page_are_independent(page):
    one, two = moments(1), moments(2)
    show(page, clip_explorer(one, 5.0), clip_explorer(two, 5.0, clip=5))
    elements = page.locator("clip-level")
    elements.nth(1).get_by_role("slider").fill("0")
    agrees(elements.nth(0), one, 3)
    agrees(elements.nth(1), two, 0)


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    frame = moments(1)
    insert_later(page, clip_explorer(frame, 5.0))
    page.get_by_role("slider").fill("1")
    agrees(page.locator("clip-level"), frame, 1)


def test_without_script_it_is_tables(page):
    frame = moments(1)
    show(page, clip_explorer(frame, 5.0, clip=20), script=False)
    seen = [number(text) for text in page.locator(".now td.bias").all_inner_texts()]
    assert seen == pytest.approx(frame.loc[frame["clip"] == 20, "bias"].tolist(), abs=0.006)
    expect(page.locator("input")).to_be_hidden()
    page.locator("summary").click()
    expect(page.locator("table.all")).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/06_applications/advertising.html")
    element = page.locator("clip-level").first
    expect(element, "chapter 6.3 shows the clip level").to_be_visible()
    slider, spread = element.get_by_role("slider"), element.locator("td.spread").first
    slider.focus()
    page.keyboard.press("Home")
    tight = float(spread.inner_text())
    page.keyboard.press("End")
    assert float(spread.inner_text()) > 5 * tight
