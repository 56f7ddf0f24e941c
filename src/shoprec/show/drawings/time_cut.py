"""Picture of section 1.3: what is history, what is tuned on and what is tested on."""

from itertools import pairwise

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shoprec.show.drawings.canvas import LARGE, SMALL, Words, box, sheet, write
from shoprec.show.plotting import BLUE, FAINT, GREEN, GREY, ORANGE, SKY
from shoprec.tasks import TEST_CUT

_LEFT, _MONTH, _ROW = 62, 101, 24


def draw_time_cut(purchases: pd.DataFrame, cut: str | pd.Timestamp = TEST_CUT, n_households: int = 6) -> Figure:
    """Baskets of some households around a cut: history, tuning month, test month, and the first basket of each.

    Parameters
    ----------
    purchases : DataFrame
        Columns ``user``, ``basket`` and ``timestamp``.
    cut : date
        First of the test month; the month before is for tuning.
    n_households : int
        How many to show: the first by number that came 5 to 16 times in the four months around the cut.

    Examples
    --------
    >>> days = pd.to_datetime(["2017-09-05", "2017-10-02", "2017-10-20", "2017-11-03", "2017-11-07", "2017-12-24"])
    >>> table = pd.DataFrame({"user": 7, "basket": range(6), "timestamp": days})
    >>> len(draw_time_cut(table).axes)
    1
    """
    cut = pd.Timestamp(cut)
    edges = [cut + pd.DateOffset(months=months) for months in (-3, -2, -1, 0, 1)]
    households = _households(purchases, edges, n_households)
    bottom = 66 + _ROW * len(households)
    figure, axis = sheet(470, bottom + 136)
    _months(axis, edges, bottom)
    for row, (user, days) in enumerate(households.items()):
        _baskets(axis, 66 + _ROW * (row + 0.5), str(user), days, edges)
    _tasks(axis, bottom + 20)
    _dot(axis, 12, bottom + 122)
    write(axis, 24, bottom + 122, ("一次购物", "a basket"), SMALL, ha="left")
    _dot(axis, 122, bottom + 122)
    _ring(axis, 122, bottom + 122)
    write(axis, 134, bottom + 122, ("目标：当月的第一篮", "a target: first basket of the month"), SMALL, ha="left")
    return figure


def _households(purchases: pd.DataFrame, edges: list[pd.Timestamp], n: int) -> dict[object, pd.Series]:
    """The baskets of the first households that come neither rarely nor daily, by the days between two edges."""
    near = purchases[(purchases["timestamp"] >= edges[0]) & (purchases["timestamp"] < edges[-1])]
    near = near.drop_duplicates("basket")
    times = near.groupby("user").size()
    chosen = times[times.between(5, 16)].index[:n]
    return {user: near.loc[near["user"] == user, "timestamp"].sort_values() for user in chosen}


def _across(day: pd.Timestamp, edges: list[pd.Timestamp]) -> float:
    """Where a day lies: all months are equally wide."""
    month = max(i for i, edge in enumerate(edges[:-1]) if edge <= day)
    return _LEFT + _MONTH * (month + (day - edges[month]) / (edges[month + 1] - edges[month]))


def _months(axis: Axes, edges: list[pd.Timestamp], bottom: float) -> None:
    zones: tuple[tuple[Words, int, int, str], ...] = (
        (("历史", "History"), 0, 2, GREY),
        (("调参月", "Tuning month"), 2, 3, SKY),
        (("测试月", "Test month"), 3, 4, BLUE),
    )
    for words, first, last, color in zones:
        left, width = _LEFT + _MONTH * first, _MONTH * (last - first)
        axis.add_patch(Rectangle((left, 26), width, bottom - 26, fc=color, ec="none", alpha=0.15))
        write(axis, left + width / 2, 12, words, LARGE)
    for month, edge in enumerate(edges[:-1]):
        write(axis, _LEFT + _MONTH * (month + 0.5), 42, (f"{edge.month} 月", f"{edge:%b}"), SMALL, GREY)
    for month, color in ((2, SKY), (3, BLUE)):
        axis.plot([_LEFT + _MONTH * month] * 2, [26, bottom + 104], color=color, lw=2)


def _baskets(axis: Axes, y: float, user: str, days: pd.Series, edges: list[pd.Timestamp]) -> None:
    """One household's baskets; the first of a month that is asked about is its target."""
    write(axis, _LEFT - 8, y, (f"家庭 {user}", f"no. {user}"), SMALL, ha="right")
    axis.plot([_LEFT, _LEFT + 4 * _MONTH], [y, y], color=FAINT, lw=0.8)
    for day in days:
        _dot(axis, _across(day, edges), y)
    for start, end in pairwise(edges[2:]):
        later = days[(days >= start) & (days < end)]
        if len(later):
            _ring(axis, _across(later.iloc[0], edges), y)
        else:
            write(axis, _across(start, edges) + _MONTH / 2, y - 8, ("没来，不计", "no visit, no target"), SMALL, GREY)


def _dot(axis: Axes, x: float, y: float) -> None:
    axis.plot([x], [y], "o", color=ORANGE, ms=5, mew=0)


def _ring(axis: Axes, x: float, y: float) -> None:
    axis.plot([x], [y], "o", color=GREEN, ms=10, mfc="none", mew=2)


def _tasks(axis: Axes, y: float) -> None:
    """How far the catalogue, tuning and the test may look, and what they are asked."""
    rows: tuple[tuple[int, str, Words, Words], ...] = (
        (2, GREY, ("目录：1 月以来至少 20 户买过", "catalogue: what 20 households bought"), ""),
        (2, SKY, ("调参：从 1 月读到这里", "tuning reads up to here"), ("预测第一篮", "first basket?")),
        (3, BLUE, ("测试：从 1 月读到这里", "the test reads up to here"), ("预测第一篮", "first basket?")),
    )
    for row, (months, color, reads, asks) in enumerate(rows):
        top, right = y + 28 * row, _LEFT + _MONTH * months
        box(axis, 4, top, right - 4, 22, reads, color, size=SMALL)
        if asks:
            box(axis, right, top, _MONTH, 22, asks, GREEN, size=SMALL, dashed=True)
