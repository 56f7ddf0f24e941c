"""The guess's static half: what a reader without scripts gets, and what the script reads."""

import numpy as np
import pandas as pd
import pytest
from bs4 import BeautifulSoup
from scipy.stats import kendalltau

from shoprec.show.widgets import guess_order

NAMES = {"a": ("甲", "Delta"), "b": ("乙", "alpha"), "c": ("丙", "Bravo"), "d": ("丁", "Charlie")}
SCORES = {"a": 0.2, "b": 0.1234, "c": 0.3, "d": -0.1}


def soup_of(scores=SCORES, **options):
    return BeautifulSoup(guess_order(scores, NAMES, **options).data, "html.parser")


def test_the_list_tells_nothing_of_the_order():
    for scores in (SCORES, {name: -score for name, score in SCORES.items()}):
        items = soup_of(scores).select("ol > li")
        assert [item.select_one(".name [lang=en]").text for item in items] == ["alpha", "Bravo", "Charlie", "Delta"]


def test_the_answer_is_folded_and_in_the_measured_order():
    details = soup_of().select_one("details")
    assert not details.has_attr("open")
    rows = [[cell.text for cell in row.select("td")] for row in details.select("tbody tr")]
    assert [row.select_one("th [lang=zh]").text for row in details.select("tbody tr")] == ["丙", "甲", "乙", "丁"]
    assert rows == [["1", "0.300", "2"], ["2", "0.200", "4"], ["3", "0.123", "1"], ["4", "−0.100", "3"]]


def test_items_point_at_their_rows():
    soup = soup_of(pd.Series(SCORES))  # a column of a leaderboard is as good as a mapping
    rows = soup.select("tbody tr")
    for item in soup.select("li"):
        assert rows[int(item["data-place"])].th.text == item.select_one(".name").text
        assert float(item["data-score"]) == SCORES[{pair[0]: key for key, pair in NAMES.items()}[item.span.span.text]]


@pytest.mark.parametrize("seed", range(5))
def test_distance_is_kendalls(seed):
    score = np.random.default_rng(seed).permutation(4)
    distance = soup_of(dict(zip("abcd", map(float, score), strict=True))).select_one(".distance [lang=en]").text
    alphabetical = score[[1, 2, 3, 0]]
    tau = kendalltau(range(4, 0, -1), alphabetical).statistic
    assert distance == f"Swaps of neighbours from your order to the measured one: {3 * (1 - tau):.0f}, of at most 6."


def test_equal_scores_need_no_swap():
    soup = soup_of({"a": 0.5, "b": 0.1, "c": 0.1, "d": 0.1})
    assert [b.text for b in soup.select(".swaps")] == ["3", "3"]
    assert "of at most 3." in soup.select_one(".distance [lang=en]").text


def test_question_and_format_can_be_chosen():
    soup = soup_of(question=("谁<b>？", "Who<b>?"), spec="+.1%")
    assert [q.text for q in soup.select(".asked span")] == ["谁<b>？", "Who<b>?"]
    assert soup.select_one("td.score").text == "+30.0%"


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ({}, "not 0"),
        ({"a": 1.0}, "not 1"),
        ({"a": 1.0, "b": np.nan}, "finite"),
        ({"a": 1.0, "x": 2.0}, r"no names for \['x'\]"),
    ],
)
def test_bad_arguments_are_named(scores, message):
    with pytest.raises(ValueError, match=message):
        guess_order(scores, NAMES)
