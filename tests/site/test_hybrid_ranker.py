"""The hybrid slider in a browser: on a page of its own, and in the built chapter."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import hybrid_slider

TOP, K = 8, 5


def candidates(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.random((20, 2)).round(2), columns=["first", "second"])
    frame["name_zh"] = [f"商品 {i}" for i in range(20)]
    frame["name_en"] = [f"Product {i}" for i in range(20)]
    frame["bought"] = rng.random(20) < 0.3
    frame.loc[3, ["name_zh", "name_en"]] = "</script><b>x</b>"
    return frame


def widgets(*frames):
    labels = ("个人购买频次", "personal frequency"), ("近邻", "neighbours")
    return [hybrid_slider(frame, *labels, top=TOP, k=K) for frame in frames]


def table(ranker):
    """Read the rows a reader sees: rank, name, hybrid score, move, bought."""
    return ranker.locator("tbody tr").evaluate_all(
        """rows => rows.filter(row => row.checkVisibility()).map(row => [
            +row.querySelector(".rank").textContent, row.querySelector("th [lang=en]").textContent,
            row.querySelector(".hybrid").textContent, row.querySelector(".move").textContent,
            row.cells.length > 6 && row.cells[6].textContent === "✓"])"""
    )


def ranked(frame, w, start=None):
    """Compute what the table should show at weight ``w``; ties keep the order at the start."""
    start = frame if start is None else start
    scored = start.assign(hybrid=w * start["first"] + (1 - w) * start["second"])
    return scored.sort_values("hybrid", ascending=False, kind="stable")


def expected(frame, w):
    start = ranked(frame, 0.5)
    place = {name: i for i, name in enumerate(start.index)}
    moved = (place[name] - i for i, name in enumerate(ranked(frame, w, start).index))
    moves = [f"▲{m}" if m > 0 else f"▼{-m}" if m < 0 else "–" for m in moved]
    shown = ranked(frame, w, start).head(TOP).itertuples()
    return [[i, row.name_en, f"{row.hybrid:.3f}", moves[i - 1], row.bought] for i, row in enumerate(shown, 1)]


def close(found, wanted):
    """Compare tables; the scores may differ in the rounding of the last digit."""
    assert [row[:2] + row[3:] for row in found] == [row[:2] + row[3:] for row in wanted]
    assert [float(row[2]) for row in found] == pytest.approx([float(row[2]) for row in wanted], abs=0.0011)


def test_keys_rank_anew(page):
    frame = candidates(1)
    show(page, *widgets(frame), lang="en")
    ranker, slider = (
        page.locator("hybrid-ranker"),
        page.get_by_role("slider", name="Hybrid weight w", exact=True),
    )
    close(table(ranker), expected(frame, 0.5))
    slider.focus()
    for key, w in [
        ("ArrowRight", 0.51),
        ("ArrowLeft", 0.5),
        ("Home", 0.0),
        ("End", 1.0),
        ("ArrowLeft", 0.99),
    ]:
        page.keyboard.press(key)
        expect(ranker.locator("output")).to_have_text(f"{w:.2f}")
        close(table(ranker), expected(frame, w))
    expect(slider).to_be_focused()


def test_every_weight_agrees_with_python(page):
    frame = candidates(2)
    show(page, *widgets(frame))
    ranker, slider = page.locator("hybrid-ranker"), page.get_by_role("slider")
    for w in (0, 0.07, 0.29, 0.5, 0.58, 0.83, 1):
        slider.fill(str(w))
        close(table(ranker), expected(frame, w))
    slider.fill("0.5")
    assert {row[3] for row in table(ranker)} == {"–"}


def test_mouse_moves_the_weight(page):
    frame = candidates(1)
    show(page, *widgets(frame))
    slider = page.get_by_role("slider", name="混合权重 w", exact=True)
    box = slider.bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] + 20, box["y"], steps=5)
    page.mouse.up()
    expect(slider).to_have_value("1")
    close(table(page.locator("hybrid-ranker")), expected(frame, 1))


def test_live_line_says_what_is_on_top(page):
    frame = candidates(1)
    show(page, *widgets(frame), lang="en")
    status, slider = page.get_by_role("status").filter(has_text="Top"), page.get_by_role("slider")
    for w in (0, 1):
        slider.fill(str(w))
        best = ranked(frame, w, ranked(frame, 0.5))
        hits, bought = best["bought"].head(K).sum(), best["bought"].sum()
        line = f"Top: {best['name_en'].iloc[0]}. Hits in the top {K}: {hits} (candidates bought: {bought})."
        expect(status.locator("> [lang=en]")).to_have_text(line)
    assert page.locator("output").get_attribute("aria-live") == "off", "only one region speaks"


def test_unchanged_line_is_not_announced_again(page):
    one = candidates(1).head(1)
    show(page, *widgets(one))
    page.evaluate(
        """() => {
            window.changes = 0;
            const watch = new MutationObserver(list => window.changes += list.length);
            watch.observe(document.querySelector("[role=status]"), {subtree: true, childList: true});
        }"""
    )
    page.get_by_role("slider").fill("0.9")
    expect(page.locator("output")).to_have_text("0.90")
    assert page.evaluate("window.changes") == 0


def test_two_on_a_page_are_independent(page):
    one, two = candidates(1), candidates(2)
    show(page, *widgets(one, two, one))
    rankers = page.locator("hybrid-ranker")
    rankers.nth(1).get_by_role("slider").fill("0")
    rankers.nth(2).get_by_role("slider").fill("1")
    for ranker, frame, w in zip(rankers.all(), (one, two, one), (0.5, 0, 1), strict=True):
        close(table(ranker), expected(frame, w))


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    frame = candidates(1)
    insert_later(page, *widgets(frame))
    page.get_by_role("slider").fill("0")
    close(table(page.locator("hybrid-ranker")), expected(frame, 0))


def test_without_script_it_is_a_table(page):
    frame = candidates(1)
    show(page, *widgets(frame), script=False)
    close(table(page.locator("hybrid-ranker")), expected(frame, 0.5))
    expect(page.locator("input")).to_be_hidden()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/05_project.html")
    ranker = page.locator("hybrid-ranker").first
    expect(ranker, "chapter 5 shows the slider").to_be_visible()
    slider, rows = ranker.get_by_role("slider"), ranker.locator("tbody tr")
    data = rows.evaluate_all("rows => rows.map(row => [+row.dataset.first, +row.dataset.second])")
    slider.focus()
    for key, w in [("Home", 0), ("End", 1)]:
        page.keyboard.press(key)
        expect(ranker.locator("output")).to_have_text(f"{w:.2f}")
        shown = rows.evaluate_all("rows => rows.map(row => [+row.dataset.first, +row.dataset.second])")
        assert shown == sorted(data, key=lambda pair: -pair[1 - w]), "sorted is stable, as the table is"
    for hidden, other in [("zh", "en"), ("en", "zh")]:
        if lang == other:
            expect(ranker.locator(f"tbody tr >> nth=0 >> [lang={hidden}]")).to_be_hidden()
        expect(ranker.locator(f"tbody tr >> nth=0 >> [lang={lang if lang != 'both' else other}]")).to_be_visible()
