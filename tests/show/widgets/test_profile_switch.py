"""The widget of a list with personalisation on and off, static half: what a reader without scripts gets."""

import pandas as pd
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import profile_switch

GROUPS = {"q1": ("最少的四分之一", "The lowest quarter"), "q4": ("最多的四分之一", "The highest quarter")}


def tables():
    rows = [
        (group, kind, place, f"商品 {place}{kind}{group}", f"Product {place}{kind}{group}", place == 2 and kind == "on")
        for group in GROUPS
        for kind in ("on", "off")
        for place in (1, 2, 3)
    ]
    lists = pd.DataFrame(rows, columns=["group", "kind", "place", "name_zh", "name_en", "bought"])
    costs = [(group, *name, 0.05 * i, 0.04 * i, 0.07 * i) for i, (group, name) in enumerate(GROUPS.items(), start=1)]
    return lists, pd.DataFrame(costs, columns=["group", "group_zh", "group_en", "cost", "low", "high"])


def test_a_table_holds_all_lists_and_costs():
    lists, costs = tables()
    soup = BeautifulSoup(profile_switch(lists.sample(frac=1, random_state=0), costs).data, "html.parser")
    rows = soup.select("tbody tr")
    assert [row.th.select_one("[lang=en]").text for row in rows] == [en for _, en in GROUPS.values()]
    for i, (row, group) in enumerate(zip(rows, GROUPS, strict=True), start=1):
        assert row.select_one(".cost").text == f"{0.05 * i:.3f} [{0.04 * i:.3f}, {0.07 * i:.3f}]"
        for kind in ("on", "off"):
            shown = [item.select_one("[lang=en]").text for item in row.select(f"td.{kind} li")]
            assert shown == [f"Product {place}{kind}{group}" for place in (1, 2, 3)]
            assert ["✓" in item.text for item in row.select(f"td.{kind} li")] == [False, kind == "on", False]


def test_it_starts_with_the_first_group_switched_on():
    soup = BeautifulSoup(profile_switch(*tables()).data, "html.parser")
    box = soup.select_one("input[role=switch]")
    assert box.has_attr("checked")
    assert [item.select_one("[lang=zh]").text for item in soup.select(".list li")] == [
        f"商品 {place}onq1" for place in (1, 2, 3)
    ]
    assert soup.select_one(".status [lang=en] .hits").text == "1"
    assert soup.select_one(".status [lang=en] .cost").text == "0.050 [0.040, 0.070]"


def test_names_are_escaped_and_tables_left_alone():
    lists, costs = tables()
    lists.loc[0, ["name_zh", "name_en"]] = "</script><b>x</b>"
    costs.loc[0, ["group_zh", "group_en"]] = "<b>x</b>"
    before = lists.copy(), costs.copy()
    assert "<b>x" not in profile_switch(lists, costs).data
    pd.testing.assert_frame_equal(lists, before[0])
    pd.testing.assert_frame_equal(costs, before[1])


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda lists, costs: (lists.drop(columns="bought"), costs), r"lists lack the columns \['bought'\]"),
        (lambda lists, costs: (lists, costs.drop(columns="low")), r"costs lack the columns \['low'\]"),
        (lambda lists, costs: (lists.assign(name_en=None), costs), "name in both languages"),
        (lambda lists, costs: (lists, costs.assign(group_zh=3)), "name in both languages"),
        (lambda lists, costs: (lists, costs.assign(low=1.0)), "must lie in its interval"),
        (lambda lists, costs: (lists, pd.concat([costs, costs])), "one row for each group"),
        (lambda lists, costs: (lists, costs[:0]), "one row for each group"),
        (lambda lists, costs: (lists[lists["kind"] == "on"], costs), "two lists"),
        (lambda lists, costs: (lists, costs[:1]), "two lists"),
        (lambda lists, costs: (lists[1:], costs), "run from 1"),
        (lambda lists, costs: (lists[~((lists["group"] == "q1") & (lists["place"] == 3))], costs), "equally long"),
    ],
)
def test_what_does_not_fit_is_refused(spoil, message):
    with pytest.raises(ValueError, match=message):
        profile_switch(*spoil(*tables()))
