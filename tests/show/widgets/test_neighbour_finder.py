"""The neighbour finder's static half: what a reader without scripts gets."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import neighbour_finder


@pytest.fixture
def neighbours():
    rng = np.random.default_rng(0)
    rows = [
        (p, f"商品 {p}", f"Product {p}", kind, n, f"商品 {n}", f"Product {n}", s)
        for p in (7, 3, 9)
        for kind in ("behaviour", "text")
        for n, s in zip(rng.choice(12, size=4, replace=False), np.sort(rng.random(4))[::-1], strict=True)
    ]
    names = ["product", "product_zh", "product_en", "kind", "neighbour", "name_zh", "name_en", "score"]
    return pd.DataFrame(rows, columns=names)


def soup(table):
    return BeautifulSoup(neighbour_finder(table).data, "html.parser")


def test_all_products_are_there_in_order_and_the_first_is_open(neighbours):
    details = soup(neighbours).select("details")
    assert [d.select_one("summary [lang=en]").text for d in details] == ["Product 7", "Product 3", "Product 9"]
    assert [d.has_attr("open") for d in details] == [True, False, False]
    for lang in ("zh", "en"):
        options = [o.text for o in soup(neighbours).select(f".choice > [lang={lang}] option")]
        assert options == [d.select_one(f"summary [lang={lang}]").text for d in details]


def test_lists_scores_and_marks(neighbours):
    for detail, product in zip(soup(neighbours).select("details"), (7, 3, 9), strict=True):
        group = neighbours[neighbours["product"] == product]
        lists = dict(list(group.groupby("kind")))
        common = set(lists["behaviour"]["neighbour"]) & set(lists["text"]["neighbour"])
        assert int(detail["data-shared"]) == len(common)
        for table, kind in zip(detail.select("table"), ("behaviour", "text"), strict=True):
            rows = table.select("tbody tr")
            assert [r.select_one("th [lang=en]").text for r in rows] == lists[kind]["name_en"].tolist()
            assert [r.select_one("th [lang=zh]").text for r in rows] == lists[kind]["name_zh"].tolist()
            assert [r.select_one(".score").text for r in rows] == [f"{s:.2f}" for s in lists[kind]["score"]]
            marked = ["●" in r.select_one(".mark").text for r in rows]
            assert marked == lists[kind]["neighbour"].isin(common).tolist()


def test_status_line_counts_what_is_shared(neighbours):
    found = soup(neighbours)
    assert {b.text for b in found.select(".status .count")} == {found.select_one("details")["data-shared"]}
    assert [b.text for b in found.select(".status .name")] == ["商品 7", "Product 7"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: t.drop(columns=["score", "kind"]), r"lack the columns \['kind', 'score'\]"),
        (lambda t: t.iloc[:0], "empty"),
        (lambda t: t.assign(name_en=None), "both languages"),
        (lambda t: t.assign(score=1.2), "between 0 and 1"),
        (lambda t: t.assign(score=np.nan), "between 0 and 1"),
        (lambda t: t.assign(kind="taste"), "kind is one of"),
        (lambda t: t[t["kind"] == "text"], "both kinds"),
    ],
)
def test_bad_tables_are_named(neighbours, change, message):
    with pytest.raises(ValueError, match=message):
        neighbour_finder(change(neighbours))
