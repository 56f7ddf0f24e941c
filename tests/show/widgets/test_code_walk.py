"""The widget of writing a semantic id code by code, static half: what a reader without scripts gets."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import code_walk

COLUMNS = ["path", "n", "probability", "name_zh", "name_en"]


def tree():
    rows = [
        ((5,), 30, 0.25, "奶", "Milk"),
        ((2,), 12, 0.5, "茶", "Tea"),
        ((2, 7), 1, 0.125, "红茶", "Black tea"),
        ((2, 1), 3, 0.375, "绿茶", "Green tea"),
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_a_table_holds_all_prefixes_the_shortest_and_most_probable_first():
    soup = BeautifulSoup(code_walk(tree(), 100).data, "html.parser")
    rows = soup.select("tbody tr")
    assert [row["data-path"] for row in rows] == ["2", "5", "2 1", "2 7"]
    assert [row.select_one("[lang=en]").text for row in rows] == ["Tea", "Milk", "Green tea", "Black tea"]
    assert [row.select_one(".p").text for row in rows] == ["50.00%", "25.00%", "37.50%", "12.50%"]
    assert [int(row["data-n"]) for row in rows] == [12, 30, 3, 1]


def test_it_starts_before_the_first_code():
    soup = BeautifulSoup(code_walk(tree(), 100).data, "html.parser")
    assert [button["data-path"] for button in soup.select(".steps button")] == ["2", "5"]
    assert soup.select_one(".status [lang=zh] .n").text == "100"
    assert soup.select_one(".back").has_attr("disabled")


def test_names_are_escaped_and_the_table_left_alone():
    nodes = tree()
    nodes.loc[0, ["name_zh", "name_en"]] = "</script><b>x</b>"
    before = nodes.copy()
    assert "<b>x" not in code_walk(nodes, 100).data
    pd.testing.assert_frame_equal(nodes, before)


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda nodes: nodes.drop(columns="n"), r"lack the columns \['n'\]"),
        (lambda nodes: nodes[:0], "one row"),
        (lambda nodes: pd.concat([nodes, nodes]), "one row"),
        (lambda nodes: nodes.assign(name_zh=None), "name in both languages"),
        (lambda nodes: nodes[nodes["path"] != (2,)], "without the one before"),
        (lambda nodes: nodes.assign(n=101), "more is left"),
        (lambda nodes: nodes.assign(probability=[0.25, 0.1, 0.1, 0.3]), "more is left"),
    ],
)
def test_what_does_not_fit_is_refused(spoil, message):
    with pytest.raises(ValueError, match=message):
        code_walk(spoil(tree()), 100)
