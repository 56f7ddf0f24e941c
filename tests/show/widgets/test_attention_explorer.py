"""The explorer's static half: what a reader without scripts gets."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import attention_explorer


def household(seed, n=6, heads=2):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"date": [f"11-{d:02}" for d in range(1, n + 1)]})
    frame["name_zh"], frame["name_en"] = [f"商品 {i}" for i in range(n)], [f"Product {i}" for i in range(n)]
    weights = np.tril(rng.random((heads, n, n)))
    return frame, weights / weights.sum(axis=2, keepdims=True)


@pytest.fixture
def households():
    return {"17": household(1), "23": household(2, n=4)}


def soup_of(households):
    return BeautifulSoup(attention_explorer(households).data, "html.parser")


def test_tables_hold_every_purchase_and_the_weights_of_the_last(households):
    tables = soup_of(households).select("table")
    assert [t.select_one("caption").text.split()[-1] for t in tables] == ["17", "23"]
    assert [("shown" in t["class"]) for t in tables] == [True, False]
    for table, (frame, weights) in zip(tables, households.values(), strict=True):
        rows = table.select("tbody tr")
        assert [row.select_one("[lang=zh]").text for row in rows] == frame["name_zh"].tolist()
        assert [row.select_one("[lang=en]").text for row in rows] == frame["name_en"].tolist()
        assert [row.select_one(".date").text for row in rows] == frame["date"].tolist()
        shown = [[float(cell.text) for cell in row.select(".weight")] for row in rows]
        np.testing.assert_allclose(shown, 100 * weights[:, -1].T, atol=0.051)
        assert [row.has_attr("data-query") for row in rows] == [False] * (len(rows) - 1) + [True]
        assert [box.has_attr("checked") for box in table.select("input")] == [False] * (len(rows) - 1) + [True]


def test_attributes_hold_all_weights(households):
    for table, (_, weights) in zip(soup_of(households).select("table"), households.values(), strict=True):
        found = np.array(table["data-weights"].split(","), dtype=int).reshape(weights.shape)
        np.testing.assert_allclose(found / 1000, weights, atol=0.00051)
        assert not np.triu(found, 1).any()


def test_status_line_names_the_most_attended(households):
    frame, weights = households["17"]
    most = weights[:, -1].argmax(axis=1)
    line = soup_of(households).select_one(".status > [lang=en]").text
    assert line == f"Product 5 attends most to: Head 1 → Product {most[0]}; Head 2 → Product {most[1]}."
    assert frame["name_zh"][most[1]] in soup_of(households).select_one(".status > [lang=zh]").text


def test_heads_can_be_named(households):
    soup = BeautifulSoup(attention_explorer(households, [("甲", "A<b>"), ("乙", "B")]).data, "html.parser")
    assert [th.text for th in soup.select_one("table").select(".head > [lang=en]")] == ["A<b>", "B"]
    assert "甲 → 商品" in soup.select_one(".status > [lang=zh]").text
    with pytest.raises(ValueError, match="names for 1 heads"):
        attention_explorer(households, [("甲", "A")])


def test_no_household_is_an_error():
    with pytest.raises(ValueError, match="no household"):
        attention_explorer({})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda f, w: (f.drop(columns="date"), w), r"lack the columns \['date'\]"),
        (lambda f, w: (f.iloc[:0], w), "no purchases"),
        (lambda f, w: (f, w[0]), r"shape \(6, 6\); for 6 purchases pass \(heads, 6, 6\)"),
        (lambda f, w: (f, w[:, :5, :5]), r"shape \(2, 5, 5\)"),
        (lambda f, w: (f, 2 * w), "add up to 1"),
        (lambda f, w: (f, w * np.nan), "add up to 1"),
        (lambda f, w: (f, -w), "negative"),
    ],
)
def test_bad_arguments_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        attention_explorer({"17": change(*household(1))})
