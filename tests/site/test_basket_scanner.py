"""The scanning of a basket in a browser: on a page of its own, and in the built chapter."""

import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import basket_scanner


def tables(households=(41, 7), n_scans=3):
    rows = [
        (household, n, rank, (rank + n * (household % 5 + 1)) % 11, (rank + n + household) % 3 == 0)
        for household in households
        for n in range(n_scans + 1)
        for rank in range(1, 6)
    ]
    lists = pd.DataFrame(rows, columns=["household", "n", "rank", "item", "bought"])
    lists["name_zh"] = [f"商品 {i}" for i in lists["item"]]
    lists["name_en"] = [f"Product {i}" for i in lists["item"]]
    lists.loc[lists["item"] == 3, ["name_zh", "name_en"]] = "</script><b>x</b>"
    scans = [
        (household, n, f"已扫 {n}", f"Scanned {n} of {household}", 0.5 + n, 4.0 + n)
        for household in households
        for n in range(1, n_scans + 1)
    ]
    columns = ["household", "n", "name_zh", "name_en", "cached_ms", "full_ms"]
    return lists, pd.DataFrame(scans, columns=columns)


def shown(element):
    """Read what a reader sees: name, change and mark of each place."""
    return element.locator(".list tbody tr").evaluate_all(
        """rows => rows.map(row => [row.querySelector("th [lang=en]").textContent, row.cells[2].textContent,
            row.cells[3].textContent])"""
    )


def expected(lists, household, n):
    own = lists[lists["household"] == household]
    before = own[own["n"] == n - 1].set_index("item")["rank"]
    rows = []
    for row in own[own["n"] == n].sort_values("rank").itertuples():
        old = before.get(row.item)
        moved = "＋" if old is None else "▲" if old > row.rank else "▼" if old < row.rank else ""
        rows.append([row.name_en, moved if n else "", "✓" * row.bought])
    return rows


def receipt(element):
    return element.locator(".receipt li [lang=en]").all_text_contents()


def test_keys_scan_take_back_and_begin_again(page):
    lists, scans = tables()
    show(page, basket_scanner(lists, scans), lang="en")
    element = page.locator("basket-scanner")
    scan, back, again = (page.get_by_role("button", name=n) for n in ("Scan the next", "Take one back", "Start over"))
    assert shown(element) == expected(lists, 41, 0)
    expect(back).to_be_disabled()
    scan.focus()
    for n in (1, 2, 3):
        page.keyboard.press("Enter")
        assert shown(element) == expected(lists, 41, n)
        assert receipt(element) == [f"Scanned {i} of 41" for i in range(1, n + 1)]
        assert element.locator("output").all_text_contents() == [f"{0.5 + n:.2f}", f"{4.0 + n:.2f}"]
    expect(scan).to_be_disabled()
    expect(back).to_be_focused()  # the keyboard isn't lost with the button
    hits = sum(row[2] == "✓" for row in expected(lists, 41, 3))
    line = page.get_by_role("status").locator("> [lang=en]")
    expect(line).to_have_text(
        f"Household 41: 3 scanned; of the 5 products listed, {hits} are in the rest of the basket (✓)."
    )
    page.keyboard.press("Space")
    assert shown(element) == expected(lists, 41, 2)
    again.click()
    assert shown(element) == expected(lists, 41, 0)
    assert receipt(element) == []
    expect(again).to_be_disabled()
    expect(scan).to_be_focused()


def test_another_household_begins_with_an_empty_basket(page):
    lists, scans = tables()
    show(page, basket_scanner(lists, scans), lang="zh")
    element = page.locator("basket-scanner")
    page.get_by_role("button", name="扫下一件").click()
    page.get_by_role("combobox").select_option("7")
    assert shown(element) == expected(lists, 7, 0)
    assert receipt(element) == []
    page.get_by_role("button", name="扫下一件").click()
    assert shown(element) == expected(lists, 7, 1)
    assert element.locator("select").evaluate_all("all => all.map(one => one.value)") == ["7", "7"]


def test_the_longer_time_has_the_longer_bar(page):
    show(page, basket_scanner(*tables()), lang="en")
    page.get_by_role("button", name="Scan the next").click()
    page.wait_for_timeout(400)  # the bars grow
    short, long = page.locator(".track i").evaluate_all("bars => bars.map(bar => bar.getBoundingClientRect().width)")
    assert 0 < short < long


def test_two_on_a_page_are_independent(page):
    one, two = tables(), tables((3,))
    show(page, basket_scanner(*one), basket_scanner(*two))
    elements = page.locator("basket-scanner")
    elements.nth(1).locator(".scan").click()
    assert shown(elements.nth(0)) == expected(one[0], 41, 0)
    assert shown(elements.nth(1)) == expected(two[0], 3, 1)


def test_output_inserted_later_works(page):
    lists, scans = tables()
    insert_later(page, basket_scanner(lists, scans))
    page.locator(".scan").click()
    assert shown(page.locator("basket-scanner")) == expected(lists, 41, 1)


def test_without_script_the_lists_are_there(page):
    lists, scans = tables()
    show(page, basket_scanner(lists, scans), script=False, lang="en")
    for part in (".buttons", ".choice", ".side"):
        expect(page.locator(part).first).to_be_hidden()
    assert shown(page.locator("basket-scanner")) == expected(lists, 41, 0)
    page.locator("summary").nth(1).click()
    expect(page.locator(".ranks").nth(1)).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/08_trends/real_time.html")
    element = page.locator("basket-scanner").first
    expect(element, "chapter 8.4 shows the scanning of a basket").to_be_visible()
    before = shown(element)
    element.locator(".scan").focus()
    page.keyboard.press("Enter")
    assert shown(element) != before
    assert len(shown(element)) == len(before) == 10
    assert element.locator(".receipt li").count() == 1
