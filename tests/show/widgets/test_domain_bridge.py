"""The widget of a household's list in a new department, static half: what a reader without scripts gets."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.typesetting import signed
from shoprec.show.widgets import domain_bridge

TARGETS = {"d": ("饮料", "Drinks"), "p": ("果蔬", "Produce")}
STEPS = {"d": (0, 1, 5), "p": (0, 2)}


def tables():
    rows = [
        (target, n, kind, place, f"商品 {n}{place}{kind}", f"Product {n}{place}{kind}", place == 2 and kind == "with")
        for target, known in STEPS.items()
        for n in known
        for kind in ("without", "with")
        for place in (1, 2, 3)
    ]
    lists = pd.DataFrame(rows, columns=["target", "known", "kind", "place", "name_zh", "name_en", "bought"])
    gains = [(t, n, 0.02 - n / 100, 0.01 - n / 100, 0.03 - n / 100) for t, known in STEPS.items() for n in known]
    return lists, pd.DataFrame(gains, columns=["target", "known", "gain", "low", "high"])


def test_each_department_has_a_table_of_all_its_lists():
    lists, gains = tables()
    soup = BeautifulSoup(domain_bridge(lists.sample(frac=1, random_state=0), gains[::-1], TARGETS).data, "html.parser")
    assert [d.summary.select_one("[lang=en]:last-of-type").text for d in soup.select("details")] == [
        "Drinks",
        "Produce",
    ]
    for details, target in zip(soup.select("details"), TARGETS, strict=True):
        rows = details.select("tbody tr")
        assert [int(row.th.text) for row in rows] == list(STEPS[target])
        for row, n in zip(rows, STEPS[target], strict=True):
            for kind in ("without", "with"):
                shown = [item.select_one("[lang=en]").text for item in row.select(f"td.{kind} li")]
                assert shown == [f"Product {n}{place}{kind}" for place in (1, 2, 3)]
                marked = ["✓" in item.text for item in row.select(f"td.{kind} li")]
                assert marked == [False, kind == "with", False]
            low, mean, high = 0.01 - n / 100, 0.02 - n / 100, 0.03 - n / 100
            assert row.select_one(".gain").text == signed(f"{mean:+.3f} [{low:+.3f}, {high:+.3f}]")
    assert [d.has_attr("data-shown") for d in soup.select("details")] == [True, False]


def test_zero_is_in_the_middle_and_the_largest_end_at_the_edge():
    lists, gains = tables()
    soup = BeautifulSoup(domain_bridge(lists, gains, TARGETS).data, "html.parser")
    first, *_, fifth = soup.select("details")[0].select("tbody tr")
    assert first["style"] == "--gain:75.0%;--low:62.5%;--high:87.5%"  # the largest is 0.04, below zero
    assert fifth["style"] == "--gain:12.5%;--low:0.0%;--high:25.0%"
    assert soup.select_one(".track")["style"] == first["style"]


@pytest.mark.parametrize(
    ("low", "high", "zh", "en"),
    [
        (0.001, 0.03, "在零之上", "above zero"),
        (-0.02, -0.01, "在零之下", "below zero"),
        (-0.02, 0.01, "跨过零", "across zero"),
    ],
)
def test_the_line_says_where_the_interval_lies(low, high, zh, en):
    lists, gains = tables()
    gains.loc[0, ["gain", "low", "high"]] = (low + high) / 2, low, high
    soup = BeautifulSoup(domain_bridge(lists, gains, TARGETS).data, "html.parser")
    assert soup.select_one(".status [lang=zh] .said").text == zh
    assert soup.select_one(".status [lang=en] .said").text == en


def test_names_are_escaped_and_tables_left_alone():
    lists, gains = tables()
    lists.loc[0, ["name_zh", "name_en"]] = "</script><b>x</b>"
    before = lists.copy(), gains.copy()
    assert "<b>x" not in domain_bridge(lists, gains, TARGETS).data
    pd.testing.assert_frame_equal(lists, before[0])
    pd.testing.assert_frame_equal(gains, before[1])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda lists, gains: (lists.drop(columns="bought"), gains), r"lists lack the columns \['bought'\]"),
        (lambda lists, gains: (lists, gains.drop(columns="low")), r"gains lack the columns \['low'\]"),
        (lambda lists, gains: (lists.assign(name_en=None), gains), "name in both languages"),
        (lambda lists, gains: (lists, gains.assign(low=1.0)), "must lie in its interval"),
        (lambda lists, gains: (lists, pd.concat([gains, gains])), "has two gains"),
        (lambda lists, gains: (lists[lists["known"] != 5], gains), "two lists"),
        (lambda lists, gains: (lists, gains[gains["target"] == "d"]), "two lists"),
        (lambda lists, gains: (lists[1:], gains), "equally long"),
        (lambda lists, gains: (lists.assign(place=1), gains), "equally long"),
    ],
)
def test_bad_tables_are_named(spoil, message):
    with pytest.raises(ValueError, match=message):
        domain_bridge(*spoil(*tables()), TARGETS)


def test_a_department_is_needed():
    with pytest.raises(ValueError, match="targets are empty"):
        domain_bridge(*tables(), {})
