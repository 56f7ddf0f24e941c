"""The merging of accounts, its static half: what a reader without scripts gets."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import account_merger

STEPS = (0, 1, 5)


@pytest.fixture
def lists():
    rng = np.random.default_rng(0)
    bought = {u: set(rng.choice(12, size=4, replace=False).tolist()) for u in (41, 7)}
    rows = []
    for user in (41, 7):
        start = rng.choice(12, size=5, replace=False)
        for link in ("right", "wrong"):
            for n in STEPS:
                items = start if n == 0 else rng.choice(12, size=5, replace=False)
                rows += [
                    (user, link, n, r, int(i), f"商品 {i}", f"Product {i}", int(i) in bought[user])
                    for r, i in enumerate(items, 1)
                ]
    return pd.DataFrame(rows, columns=["household", "link", "n", "rank", "item", "name_zh", "name_en", "bought"])


def soup(table):
    return BeautifulSoup(account_merger(table).data, "html.parser")


def test_it_begins_with_the_first_household_without_a_link(lists):
    found = soup(lists)
    start = lists[(lists["household"] == 41) & (lists["n"] == 0) & (lists["link"] == "right")]
    rows = found.select(".list tbody tr")
    assert [row.select_one("th [lang=en]").text for row in rows] == start["name_en"].tolist()
    assert [row.select_one("th [lang=zh]").text for row in rows] == start["name_zh"].tolist()
    assert [row.has_attr("data-bought") for row in rows] == start["bought"].tolist()
    assert {b.text for b in found.select(".hits")} == {str(start["bought"].sum())}
    assert [option.text for option in found.select("option")] == ["41", "7"]
    assert found.select_one("input[type=range]")["max"] == "2"


def test_every_list_is_in_the_tables(lists):
    for table, user in zip(soup(lists).select(".ranks"), (41, 7), strict=True):
        heads = [th.text for th in table.select("thead tr:nth-of-type(2) th")][1:]
        assert heads == [str(n) for n in STEPS] * 2
        for column, (link, n) in enumerate([(link, n) for link in ("right", "wrong") for n in STEPS]):
            places = {}
            for row in table.select("tbody tr"):
                place = row.select("td")[1 + column].text
                if place != "–":
                    places[int(place)] = row.select_one("th [lang=en]").text
            one = lists[(lists["household"] == user) & (lists["link"] == link) & (lists["n"] == n)]
            assert places == dict(zip(one["rank"], one["name_en"], strict=True))


def test_the_table_is_left_alone(lists):
    before = lists.copy()
    account_merger(lists)
    pd.testing.assert_frame_equal(lists, before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns=["n", "rank"]), r"lack the columns \['n', 'rank'\]"),
        (lambda t: t.iloc[:0], "empty"),
        (lambda t: t.assign(link="perhaps"), "link is one of"),
        (lambda t: t.assign(bought="yes"), "true or false"),
        (lambda t: t.assign(name_zh=None), "both languages"),
        (lambda t: t.iloc[1:], "lacks a list"),
        (lambda t: t[t["link"] == "right"], "lacks a list"),
        (lambda t: t[t["n"] > 0], "without a link"),
        (lambda t: t.assign(item=t["item"] + 20 * ((t["link"] == "wrong") & (t["n"] == 0))), "the same for both"),
    ],
)
def test_bad_tables_are_named(lists, change, message):
    with pytest.raises(ValueError, match=message):
        account_merger(change(lists))
