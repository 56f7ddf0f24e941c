"""The attention explorer in a browser: on a page of its own, and in the built chapter."""

import numpy as np
import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import attention_explorer

N, HEADS = 6, 2


def household(seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"date": [f"11-{d:02}" for d in range(1, N + 1)]})
    frame["name_zh"], frame["name_en"] = [f"商品 {i}" for i in range(N)], [f"Product {i}" for i in range(N)]
    frame.loc[1, ["name_zh", "name_en"]] = "</script><b>x</b>"
    weights = np.tril(rng.random((HEADS, N, N)))
    return frame, weights / weights.sum(axis=2, keepdims=True)


def widget(*seeds):
    return attention_explorer({str(100 + seed): household(seed) for seed in seeds})


def shown(explorer):
    """Read the weights a reader sees, and which purchases are marked and checked."""
    return explorer.locator("table").evaluate_all(
        """tables => tables.filter(t => t.checkVisibility()).map(t => [...t.tBodies[0].rows].map(row => [
            [...row.querySelectorAll(".weight")].map(cell => cell.textContent),
            [...row.querySelectorAll(".weight")].map(cell => cell.style.getPropertyValue("--part")),
            "query" in row.dataset, row.querySelector("input").checked]))"""
    )


def check(explorer, seed, query):
    """Compare with Python what the one visible table shows."""
    (rows,) = shown(explorer)
    parts = np.rint(1000 * household(seed)[1][:, query]).astype(int).T
    for i, (texts, bars, marked, checked) in enumerate(rows):
        assert texts == [f"{part / 10:.1f}" if part else "·" for part in parts[i]]
        assert [float(bar.rstrip("%")) for bar in bars] == [part / 10 for part in parts[i]]
        assert (marked, checked) == (i == query, i == query)


def test_arrow_keys_walk_through_the_purchases(page):
    show(page, widget(1, 2), lang="en")
    explorer = page.locator("attention-explorer")
    check(explorer, 1, N - 1)
    page.get_by_role("combobox", name="Household").focus()
    page.keyboard.press("Tab")
    expect(explorer.get_by_role("radio", name=f"Product {N - 1}")).to_be_focused()
    for key, query in [("ArrowUp", N - 2), ("ArrowUp", N - 3), ("ArrowDown", N - 2)]:
        page.keyboard.press(key)
        check(explorer, 1, query)
    expect(explorer.get_by_role("radio", name=f"Product {N - 2}")).to_be_focused()


def test_mouse_points_at_a_purchase(page):
    show(page, widget(1))
    explorer = page.locator("attention-explorer")
    for query in (2, 0, 4):
        explorer.locator("tbody tr").nth(query).hover()
        check(explorer, 1, query)
    explorer.get_by_text("商品 3", exact=True).last.click()
    check(explorer, 1, 3)


def test_another_household(page):
    show(page, widget(1, 2), lang="en")
    explorer = page.locator("attention-explorer")
    explorer.locator("tbody tr").nth(2).hover()
    explorer.get_by_role("combobox").select_option("102")
    check(explorer, 2, N - 1)
    explorer.get_by_role("combobox").select_option("101")
    check(explorer, 1, N - 1)


def test_live_line_names_the_most_attended(page):
    show(page, widget(1), lang="en")
    explorer = page.locator("attention-explorer")
    for query in (0, 4):
        explorer.locator("tbody tr").nth(query).hover()
        frame, weights = household(1)
        names = frame["name_en"][np.rint(1000 * weights[:, query]).argmax(axis=1)].tolist()
        line = f"Product {query} attends most to: Head 1 → {names[0]}; Head 2 → {names[1]}."
        expect(explorer.get_by_role("status").locator("> [lang=en]")).to_have_text(line)


def test_two_on_a_page_are_independent(page):
    show(page, widget(1), widget(2), widget(1))
    explorers = page.locator("attention-explorer")
    explorers.nth(1).locator("tbody tr").nth(1).hover()
    explorers.nth(2).locator("tbody tr").nth(3).hover()
    for i, (seed, query) in enumerate([(1, N - 1), (2, 1), (1, 3)]):
        check(explorers.nth(i), seed, query)


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    insert_later(page, widget(1))
    page.locator("tbody tr").nth(1).hover()
    check(page.locator("attention-explorer"), 1, 1)


def test_without_script_it_is_all_tables(page):
    show(page, widget(1, 2), script=False)
    assert len(shown(page.locator("attention-explorer"))) == 2
    expect(page.locator("caption").nth(1)).to_be_visible()
    expect(page.locator("input").first).to_be_hidden()
    expect(page.locator("select")).to_be_hidden()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/03_algorithms/transformer.html")
    explorer = page.locator("attention-explorer")
    expect(explorer, "chapter 3.1 shows the explorer").to_be_visible()
    table = explorer.locator("table.shown")
    rows = table.locator("tbody tr")
    n = rows.count()
    weights = np.array(table.get_attribute("data-weights").split(","), dtype=int).reshape(-1, n, n)
    rows.nth(n - 1).get_by_role("radio").focus()
    page.keyboard.press("ArrowUp")
    texts = rows.evaluate_all("rows => rows.map(r => [...r.querySelectorAll('.weight')].map(c => c.textContent))")
    assert texts == [[f"{part / 10:.1f}" if part else "·" for part in row] for row in weights[:, n - 2].T]
    expect(rows.nth(n - 2).get_by_role("radio")).to_be_checked()
    for hidden, other in [("zh", "en"), ("en", "zh")]:
        if lang == other:
            expect(rows.first.locator(f"[lang={hidden}]").first).to_be_hidden()
