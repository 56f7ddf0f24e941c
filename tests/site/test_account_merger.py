"""The merging of accounts in a browser: on a page of its own, and in the built chapter."""

import pandas as pd
import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import account_merger

STEPS = (0, 2, 9)


def table(users=(41, 7)):
    rows = []
    for user in users:
        for link in ("right", "wrong"):
            for at, n in enumerate(STEPS):
                shift = at * (user % 5 + 2 * (link == "wrong"))
                rows += [(user, link, n, rank, (rank + shift) % 11) for rank in range(1, 5)]
    frame = pd.DataFrame(rows, columns=["household", "link", "n", "rank", "item"])
    frame["name_zh"] = [f"商品 {i}" for i in frame["item"]]
    frame["name_en"] = [f"Product {i}" for i in frame["item"]]
    frame.loc[frame["item"] == 3, ["name_zh", "name_en"]] = "</script><b>x</b>"
    return frame.assign(bought=frame["item"] % 3 == 0)


def shown(element):
    """Read what a reader sees: name, change and mark of each place."""
    return element.locator(".list tbody tr").evaluate_all(
        """rows => rows.map(row => [row.querySelector("th [lang=en]").textContent, row.cells[2].textContent,
            row.cells[3].textContent])"""
    )


def expected(frame, user, n, link="right"):
    own = frame[(frame["household"] == user) & (frame["link"] == link)]
    before = own[own["n"] == 0].set_index("item")["rank"]
    rows = []
    for row in own[own["n"] == n].sort_values("rank").itertuples():
        old = before.get(row.item)
        moved = "＋" if old is None else "▲" if old > row.rank else "▼" if old < row.rank else ""
        rows.append([row.name_en, moved, "✓" * row.bought])
    return rows


def test_keys_join_baskets(page):
    frame = table()
    show(page, account_merger(frame), lang="en")
    element, slider = page.locator("account-merger"), page.get_by_role("slider")
    assert shown(element) == expected(frame, 41, 0)
    slider.focus()
    for key, n in [("ArrowRight", 2), ("End", 9), ("Home", 0), ("ArrowRight", 2)]:
        page.keyboard.press(key)
        expect(element.locator("output")).to_have_text(str(n))
        assert shown(element) == expected(frame, 41, n)
    hits = sum(row[2] == "✓" for row in expected(frame, 41, 2))
    line = page.get_by_role("status").locator("> [lang=en]")
    expect(line).to_have_text(
        f"Household 41: 2 baskets have joined; of the 4 products, {hits} are in the real next basket (✓)."
    )


def test_a_stranger_and_another_household(page):
    frame = table()
    show(page, account_merger(frame), lang="zh")
    element = page.locator("account-merger")
    page.get_by_role("slider").fill("2")
    page.get_by_role("checkbox").check()
    assert shown(element) == expected(frame, 41, 9, "wrong")
    page.get_by_role("combobox").select_option("7")
    assert shown(element) == expected(frame, 7, 9, "wrong")
    page.get_by_role("checkbox").press("Space")
    assert shown(element) == expected(frame, 7, 9)


def test_two_on_a_page_are_independent(page):
    one, two = table(), table((3,))
    show(page, account_merger(one), account_merger(two))
    elements = page.locator("account-merger")
    elements.nth(1).get_by_role("slider").fill("1")
    assert shown(elements.nth(0)) == expected(one, 41, 0)
    assert shown(elements.nth(1)) == expected(two, 3, 2)


def test_output_inserted_later_works(page):
    frame = table()
    insert_later(page, account_merger(frame))
    page.get_by_role("slider").fill("1")
    assert shown(page.locator("account-merger")) == expected(frame, 41, 2)


def test_without_script_the_ranks_are_there(page):
    frame = table()
    show(page, account_merger(frame), script=False, lang="en")
    expect(page.locator(".choice")).to_be_hidden()
    assert shown(page.locator("account-merger")) == expected(frame, 41, 0)
    page.locator("summary").nth(1).click()
    expect(page.locator(".ranks").nth(1)).to_be_visible()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/06_applications/cross_platform.html")
    element = page.locator("account-merger").first
    expect(element, "chapter 6.4 shows the merging of accounts").to_be_visible()
    before = shown(element)
    element.get_by_role("slider").focus()
    page.keyboard.press("End")
    assert shown(element) != before
    assert len(shown(element)) == len(before) == 10
