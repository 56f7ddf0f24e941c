"""The neighbour finder in a browser: on a page of its own, and in the built chapter."""

import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import neighbour_finder


def table(n=4):
    """Products whose neighbours, scores and shared ones differ; a long and a hostile name among them."""
    rows = []
    for p in range(n):
        for kind, first in (("behaviour", p + 1), ("text", p + 3)):
            for rank in range(4):
                other = (first + rank) % 9
                rows.append((p, f"商品 {p}", f"Product {p}", kind, other, f"邻居 {other}", f"Neighbour {other}"))
    names = ["product", "product_zh", "product_en", "kind", "neighbour", "name_zh", "name_en"]
    frame = pd.DataFrame(rows, columns=names)
    frame["score"] = [1 - 0.05 * i / (1 + i % 3) for i in range(len(frame))]
    frame["score"] = frame["score"].clip(0)
    frame.loc[2, ["name_zh", "name_en"]] = "</script><b>Whole-grain crackers, family size, store brand</b>"
    return frame


def shown(finder):
    """Read what a reader sees: for each visible list its rows of mark, name and score."""
    return finder.locator(".sides table").evaluate_all(
        """tables => tables.filter(t => t.checkVisibility()).map(t => [...t.rows].map(row => [
            row.cells[0].textContent, row.querySelector("[lang=en]").textContent, row.cells[2].textContent]))"""
    )


def expected(frame, product):
    group = frame[frame["product"] == product]
    lists = [group[group["kind"] == kind] for kind in ("behaviour", "text")]
    common = set(lists[0]["neighbour"]) & set(lists[1]["neighbour"])
    return [
        [["●" * (row.neighbour in common), row.name_en, f"{row.score:.2f}"] for row in rows.itertuples()]
        for rows in lists
    ]


def test_keys_choose(page):
    frame = table()
    show(page, neighbour_finder(frame), lang="en")
    finder, select = page.locator("neighbour-finder"), page.locator(".choice > [lang=en] select")
    assert shown(finder) == expected(frame, 0)
    page.keyboard.press("Tab")
    expect(select).to_be_focused()
    assert select.evaluate("s => getComputedStyle(s).outlineStyle") == "solid"
    for key, product in [("ArrowDown", 1), ("ArrowDown", 2), ("ArrowUp", 1), ("End", 3), ("Home", 0)]:
        page.keyboard.press(key)
        expect(finder.locator(".status .name[lang=en]")).to_have_text(f"Product {product}")
        assert shown(finder) == expected(frame, product)


@pytest.mark.parametrize(("lang", "name"), [("zh", "商品"), ("en", "Product")])
def test_choosing_in_one_language_moves_both(page, lang, name):
    frame = table()
    show(page, neighbour_finder(frame), lang=lang)
    page.locator(f".choice > [lang={lang}] select").select_option(f"{name} 2")
    assert shown(page.locator("neighbour-finder")) == expected(frame, 2)
    assert page.locator("select").evaluate_all("all => all.map(s => s.selectedIndex)") == [2, 2]


def test_live_line_says_what_is_shared(page):
    frame = table()
    show(page, neighbour_finder(frame), lang="en")
    page.locator(".choice > [lang=en] select").select_option("Product 3")
    shared = sum(row[0] == "●" for row in expected(frame, 3)[0])
    line = page.get_by_role("status").locator("> [lang=en]")
    expect(line).to_have_text(f"Product 3: {shared} in both lists (●).")


def test_two_on_a_page_are_independent(page):
    one, two = table(), table(3)
    show(page, neighbour_finder(one), neighbour_finder(two))
    finders = page.locator("neighbour-finder")
    finders.nth(1).locator(".choice > [lang=zh] select").select_option("商品 2")
    assert shown(finders.nth(0)) == expected(one, 0)
    assert shown(finders.nth(1)) == expected(two, 2)


def test_output_inserted_later_works(page):
    frame = table()
    insert_later(page, neighbour_finder(frame))
    page.locator(".choice > [lang=zh] select").select_option("商品 1")
    assert shown(page.locator("neighbour-finder")) == expected(frame, 1)


def test_without_script_summaries_open_every_product(page):
    frame = table()
    show(page, neighbour_finder(frame), script=False, lang="en")
    expect(page.locator("select").first).to_be_hidden()
    assert shown(page.locator("neighbour-finder")) == expected(frame, 0)
    page.locator("summary").nth(2).focus()
    page.keyboard.press("Enter")
    assert shown(page.locator("neighbour-finder")) == expected(frame, 0) + expected(frame, 2)


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/03_algorithms/collaborative_filtering.html")
    finder = page.locator("neighbour-finder").first
    expect(finder, "chapter 3.2 shows the finder").to_be_visible()
    reader = "en" if lang == "en" else "zh"
    select = finder.locator(f".choice > [lang={reader}] select")
    before = shown(finder)
    select.focus()
    page.keyboard.press("ArrowDown")
    second = finder.locator("summary").nth(1).locator(f"[lang={reader}]").text_content()
    expect(finder.locator(f".status .name[lang={reader}]")).to_have_text(second)
    after = shown(finder)
    assert len(before) == len(after) == 2
    assert before != after
    for hidden, other in [("zh", "en"), ("en", "zh")]:
        if lang == other:
            expect(finder.locator(f".status > [lang={hidden}]")).to_be_hidden()
