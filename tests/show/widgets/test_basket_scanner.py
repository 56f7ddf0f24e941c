"""The scanning of a basket, its static half: what a reader without scripts gets."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import basket_scanner

LISTS = [
    (household, n, rank, (rank + n * household) % 9, (rank + n + household) % 3 == 0)
    for household in (41, 7)
    for n in range(4)
    for rank in range(1, 6)
]
SCANS = [
    (household, n, f"已扫 {n}", f"Scanned {n} & {household}", 0.5 + n, 4.0 + n)
    for household in (41, 7)
    for n in (1, 2, 3)
]


@pytest.fixture
def lists():
    frame = pd.DataFrame(LISTS, columns=["household", "n", "rank", "item", "bought"])
    return frame.assign(
        name_zh=[f"商品 {i}" for i in frame["item"]], name_en=[f"<b>Product</b> {i}" for i in frame["item"]]
    )


@pytest.fixture
def scans():
    return pd.DataFrame(SCANS, columns=["household", "n", "name_zh", "name_en", "cached_ms", "full_ms"])


def soup(lists, scans):
    return BeautifulSoup(basket_scanner(lists, scans).data, "html.parser")


def test_it_begins_before_the_first_scan_of_the_first_household(lists, scans):
    found = soup(lists, scans)
    start = lists[(lists["household"] == 41) & (lists["n"] == 0)]
    rows = found.select(".list tbody tr")
    assert [row.select_one("th [lang=en]").text for row in rows] == start["name_en"].tolist()
    assert [row.has_attr("data-bought") for row in rows] == start["bought"].tolist()
    assert {b.text for b in found.select(".hits")} == {str(start["bought"].sum())}
    assert [option.text for option in found.select("select")[0].select("option")] == ["41", "7"]
    assert [button.has_attr("disabled") for button in found.select("button")] == [False, True, True]
    assert [output.text for output in found.select("output")] == ["–", "–"]


def test_every_list_and_every_scan_is_in_the_tables(lists, scans):
    for details, household in zip(soup(lists, scans).select("details"), (41, 7), strict=True):
        own = scans[scans["household"] == household]
        lines = details.select(".scans li")
        assert [line.select_one("[lang=en]").text for line in lines] == own["name_en"].tolist()
        assert [float(line["data-cached_ms"]) for line in lines] == own["cached_ms"].tolist()
        assert [float(line["data-full_ms"]) for line in lines] == own["full_ms"].tolist()
        for n in range(4):
            places = {}
            for row in details.select(".ranks tbody tr"):
                cell = row.select("td")[n]
                if cell.text != "–":
                    places[int(cell.text.split()[0])] = (
                        row.select_one("th [lang=en]").text,
                        cell.has_attr("data-bought"),
                    )
            one = lists[(lists["household"] == household) & (lists["n"] == n)]
            assert places == dict(zip(one["rank"], zip(one["name_en"], one["bought"], strict=True), strict=True))


def test_the_tables_are_left_alone(lists, scans):
    before = lists.copy(), scans.copy()
    basket_scanner(lists, scans)
    pd.testing.assert_frame_equal(lists, before[0])
    pd.testing.assert_frame_equal(scans, before[1])


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t, s: (t.drop(columns="rank"), s), r"lists lack the columns \['rank'\]"),
        (lambda t, s: (t, s.drop(columns="full_ms")), r"scans lack the columns \['full_ms'\]"),
        (lambda t, s: (t.iloc[:0], s), "lists are empty"),
        (lambda t, s: (t, s.iloc[:0]), "scans are empty"),
        (lambda t, s: (t.assign(bought="yes"), s), "true or false"),
        (lambda t, s: (t.assign(name_en=None), s), "lists needs a name in both"),
        (lambda t, s: (t, s.assign(name_zh=None)), "scans needs a name in both"),
        (lambda t, s: (t, s.assign(cached_ms=0.0)), "positive"),
        (lambda t, s: (t, s.assign(full_ms=float("nan"))), "positive"),
        (lambda t, s: (t.iloc[1:], s), "lacks a list"),
        (lambda t, s: (t[t["n"] != 2], s), "lacks a list"),
        (lambda t, s: (t, s[s["n"] != 1]), "lacks a scan"),
        (lambda t, s: (t, s[s["household"] == 41]), "lacks a scan"),
    ],
)
def test_bad_tables_are_named(lists, scans, change, message):
    with pytest.raises(ValueError, match=message):
        basket_scanner(*change(lists, scans))
