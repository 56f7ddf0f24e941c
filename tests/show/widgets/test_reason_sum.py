"""The widget of lists as sums over purchases, static half: what a reader without scripts gets."""

import numpy as np
import pytest
from bs4 import BeautifulSoup

from shoprec.show.widgets import reason_sum
from shoprec.show.widgets.reason_sum import Sums

BOUGHT = [("茶", "Tea"), ("牛奶", "Milk")]
LISTED = [("糖", "Sugar"), ("饼干", "Biscuits"), ("蜂蜜", "Honey"), ("米", "Rice")]
PARTS = np.array([[0.1, 0.3], [0.5, 0.0], [0.25, 0.25], [0.0, 0.0]])


def home(**changes) -> Sums:
    return Sums(("甲家", "Home A"), BOUGHT, LISTED, PARTS)._replace(**changes)


def soup_of(*homes: Sums, n: int = 5) -> BeautifulSoup:
    return BeautifulSoup(reason_sum([*homes], n).data, "html.parser")


def english(tags) -> list[str]:
    return [tag.select_one("[lang=en]").text for tag in tags]


def test_it_starts_with_the_largest_sums_and_says_what_of():
    items = soup_of(home()).select(".list li")
    assert english(items) == ["Biscuits", "Honey", "Sugar"]  # equal sums as they came; what has no part is not listed
    assert [item.b.text for item in items] == ["0.500", "0.500", "0.400"]
    why = items[2].select_one(".why")
    assert english([why]) == ["Milk"]
    assert [part for part in why.text.split() if part[0].isdigit()] == ["0.300", "0.100"]
    assert len(soup_of(home(), n=2).select(".list li")) == 2


def test_tables_hold_every_part_of_every_household():
    soup = soup_of(home(), home(name=("乙家", "Home B"), parts=2 * PARTS))
    tables = soup.select("table")
    assert [table.caption.select_one("[lang=en]").text.partition(":")[0] for table in tables] == ["Home A", "Home B"]
    for table, parts in zip(tables, (PARTS, 2 * PARTS), strict=True):
        assert english(table.select("thead th")) == ["Product", "Tea", "Milk"]
        assert english(table.select("tbody th")) == [en for _, en in LISTED]
        cells = [[float(cell.text or 0) for cell in row.select("td")] for row in table.select("tbody tr")]
        np.testing.assert_allclose(cells, parts)


def test_each_household_has_its_boxes_and_only_the_first_shows_them():
    panes = soup_of(home(), home(purchases=[("水", "Water")], parts=PARTS[:, :1])).select("fieldset")
    assert [len(pane.select("input[type=checkbox][checked]")) for pane in panes] == [2, 1]
    assert [pane.has_attr("hidden") for pane in panes] == [False, True]


def test_names_are_escaped():
    spoiled = home(
        name=("<b>x</b>", "<b>x</b>"), purchases=[("<b>x", "<b>x"), BOUGHT[1]], products=[("<b>x", "<b>x"), *LISTED[1:]]
    )
    assert "<b>x" not in reason_sum([spoiled]).data


@pytest.mark.parametrize(
    ("homes", "message"),
    [
        ([], "no household"),
        ([home(products=LISTED[1:])], r"shape \(3, 2\)"),
        ([home(parts=-PARTS)], "negative"),
        ([home(parts=PARTS * np.nan)], "negative"),
        ([home(purchases=[("茶", None), BOUGHT[1]])], "name in both languages"),
        ([home(name=(1, "Home"))], "name in both languages"),
    ],
)
def test_what_does_not_fit_is_refused(homes, message):
    with pytest.raises(ValueError, match=message):
        reason_sum(homes)
