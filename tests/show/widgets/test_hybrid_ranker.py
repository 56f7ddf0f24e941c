"""The widget's static half: what a reader without scripts gets."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import hybrid_slider

LABELS = (("个人购买频次", "personal frequency"), ("近邻", "neighbours"))


@pytest.fixture
def candidates():
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "name_zh": [f"商品 {i}" for i in range(20)],
            "name_en": [f"Product {i}" for i in range(20)],
            "first": rng.random(20),
            "second": rng.random(20),
            "bought": rng.random(20) < 0.3,
        },
        index=rng.permutation(20),
    )


def rows(output):
    return BeautifulSoup(output.data, "html.parser").select("tbody tr")


def test_rows_stand_in_the_order_of_the_hybrid_score(candidates):
    hybrid = 0.3 * candidates["first"] + 0.7 * candidates["second"]
    expected = candidates.loc[hybrid.sort_values(ascending=False).index]
    found = rows(hybrid_slider(candidates, *LABELS, w=0.3, top=15))
    assert [row.select_one("[lang=zh]").text for row in found] == expected["name_zh"].tolist()
    assert [row.select_one("[lang=en]").text for row in found] == expected["name_en"].tolist()
    assert [int(row.select_one(".rank").text) for row in found] == list(range(1, 21))
    assert [row.select_one(".hybrid").text for row in found] == [f"{s:.3f}" for s in hybrid[expected.index]]
    assert ["✓" in row.text for row in found] == expected["bought"].tolist()
    assert [row.has_attr("hidden") for row in found] == [False] * 15 + [True] * 5


def test_attributes_hold_the_exact_scores(candidates):
    found = rows(hybrid_slider(candidates, *LABELS, w=1))
    assert [float(row["data-first"]) for row in found] == sorted(candidates["first"], reverse=True)


def test_ties_keep_the_given_order():
    tied = pd.DataFrame({"name_zh": list("甲乙丙"), "name_en": list("abc"), "first": 0.5, "second": 0.5})
    assert [row.select_one("[lang=en]").text for row in rows(hybrid_slider(tied, *LABELS))] == list("abc")


def test_status_line_counts_the_hits(candidates):
    hybrid = (candidates["first"] + candidates["second"]) / 2
    best = candidates.loc[hybrid.sort_values(ascending=False).index]
    status = BeautifulSoup(hybrid_slider(candidates, *LABELS, k=5).data, "html.parser").select_one(".status")
    hits, bought = best["bought"].head(5).sum(), best["bought"].sum()
    assert [b.text for b in status.select(".hits")] == [str(hits)] * 2
    assert f"Hits in the top 5: {hits} (candidates bought: {bought})." in status.text
    assert [b.text for b in status.select(".top")] == [best["name_zh"].iloc[0], best["name_en"].iloc[0]]


def test_without_bought_there_is_neither_column_nor_count(candidates):
    soup = BeautifulSoup(hybrid_slider(candidates.drop(columns="bought"), *LABELS).data, "html.parser")
    assert not soup.select(".hits")
    assert "Bought" not in soup.select_one("thead").text
    assert len(soup.select("thead th")) == len(soup.select("tbody tr")[0].find_all(["th", "td"])) == 6


def test_the_candidates_are_left_alone(candidates):
    before = candidates.copy()
    hybrid_slider(candidates, *LABELS)
    pd.testing.assert_frame_equal(candidates, before)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            {"candidates": pd.DataFrame({"name_zh": ["甲"], "first": [1.0]})},
            r"lack the columns \['name_en', 'second'\]",
        ),
        ({"w": 1.01}, "between 0 and 1"),
        ({"w": float("nan")}, "between 0 and 1"),
        ({"top": 0}, "at least 1"),
        ({"k": 0}, "at least 1"),
        ({"first_label": "近邻"}, "a label is a pair"),
        ({"second_label": ("近邻",)}, "a label is a pair"),
    ],
)
def test_bad_arguments_are_named(candidates, change, message):
    arguments = {"candidates": candidates, "first_label": LABELS[0], "second_label": LABELS[1]}
    with pytest.raises(ValueError, match=message):
        hybrid_slider(**(arguments | change))


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("first", np.inf, "finite"),
        ("second", np.nan, "finite"),
        ("name_zh", None, "name in both languages"),
        ("bought", "yes", "true or false"),
    ],
)
def test_bad_values_are_named(candidates, column, value, message):
    candidates = candidates.astype({column: object})
    candidates.iloc[3, candidates.columns.get_loc(column)] = value
    with pytest.raises(ValueError, match=message):
        hybrid_slider(candidates, *LABELS)


def test_no_candidates(candidates):
    with pytest.raises(ValueError, match="empty"):
        hybrid_slider(candidates.iloc[:0], *LABELS)
