"""A recording put into words and pictures: when it was made, and all its models in one figure."""

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes
from matplotlib.transforms import Transform, blended_transform_factory

from shoprec.experiments.lineup import FAMILIES, model_named, month
from shoprec.experiments.records import Record
from shoprec.experiments.summary import cuts_of
from shoprec.show.plotting import BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY
from shoprec.words import Line, label

COLOURS = dict(zip(FAMILIES, (GREY, BLUE, SKY, PINK, GREEN, RED, ORANGE), strict=True))


def stamp(record: Record) -> Line:
    """When, where and from what a recording was made, and how to renew it.

    Examples
    --------
    >>> about = {"date": "2026-11-26", "device": "CPU", "python": "3.11.2", "versions": {}, "seconds": 3600}
    >>> stamp(Record("leaderboard", pd.DataFrame(), pd.DataFrame(), about, True)).en
    'Recorded on 2026-11-26, CPU, 60 minutes of a core, with Python 3.11.2; renew with make record run=leaderboard'
    """
    about, old = record.stamp, not record.current
    versions = ", ".join(
        f"{name} {version}" for name, version in {"Python": about["python"], **about["versions"]}.items()
    )
    devices = record.cells.get("device", pd.Series(dtype=str))
    by_core = devices.str.lower().str.startswith("cpu").all()  # of those that say it
    values = about["date"], about["device"], round(about["seconds"] / 60), versions, f"make record run={record.name}"
    spent = ("共用一个核 {} 分钟", "{} minutes of a core") if by_core else ("共用 {} 分钟", "{} minutes")
    zh = f"录制于 {{}}，{{}}，{spent[0]}，{{}}；重新录制：{{}}".format(*values)
    en = f"Recorded on {{}}, {{}}, {spent[1]}, with {{}}; renew with {{}}".format(*values)
    return Line("此后代码有改动，这是旧版本的结果。" * old + zh, "With an earlier version of the code. " * old + en)


def plot_scoreboard(board: pd.DataFrame) -> tuple[Axes, Axes]:
    """Each model over all months with its interval, best first, and how it does in each month.

    Parameters
    ----------
    board : DataFrame
        From :func:`shoprec.experiments.summary.scoreboard`. Models that lack a month have no interval.

    Returns
    -------
    tuple of Axes
        The intervals, and the months.
    """
    rows = np.arange(len(board)) * 2 + 1.5  # the name of each model stands above its row
    size = 5.4, 0.4 * len(board) + 1.4
    figure, (left, right) = plt.subplots(1, 2, figsize=size, sharey=True, width_ratios=[1, 1.3])
    _draw_intervals(board, rows, left)
    _draw_months(board, right)
    for y, model in zip(rows, board.index, strict=True):
        name = right.text(0, y - 0.55, label(model_named(model).name), transform=_across(left, right), fontsize=8.5)
        name.set_in_layout(False)  # it may reach across both panels
    handles, families = left.get_legend_handles_labels()
    left.get_legend().remove()
    figure.legend(handles, families, loc="outside lower center", ncols=3, fontsize=8)  # else its dots would be models
    return left, right


def _across(left: Axes, right: Axes) -> Transform:
    """Places from the left edge of one panel on, at the rows of the other, which is drawn over it."""
    return blended_transform_factory(left.transAxes, right.transData)


def _draw_intervals(board: pd.DataFrame, rows: np.ndarray, axis: Axes) -> None:
    """The mean of the months, with its interval."""
    families = [label(FAMILIES[model_named(name).family]) for name in board.index]
    ends = board["all"].assign(row=rows, family=families).melt(["row", "family"])  # the median, and the range
    look = {"linestyle": "none", "markersize": 5, "capsize": 0.35, "err_kws": {"linewidth": 1.5}, "native_scale": True}
    look |= {"palette": {label(FAMILIES[key]): colour for key, colour in COLOURS.items()}, "orient": "y"}
    sns.pointplot(ends, x="value", y="row", hue="family", estimator="median", errorbar=("pi", 100), ax=axis, **look)
    axis.set(xlabel="NDCG@10", ylabel="", title="各月平均 | Mean of the months", yticks=[])
    axis.set_ylim(2 * len(board) + 0.2, 0)
    axis.locator_params(axis="x", nbins=4)
    axis.hlines(rows, *axis.get_xlim(), color="#e6e6e6", lw=0.8, zorder=0)
    axis.margins(x=0)


def _draw_months(board: pd.DataFrame, axis: Axes) -> None:
    """A heat map whose every other row is left out, for the names."""
    months = board[cuts_of(board)].xs("mean", axis=1, level=1)
    spread = pd.DataFrame(np.nan, index=range(2 * len(board)), columns=months.columns)
    spread.iloc[1::2] = months.to_numpy()
    look = {"cmap": "Blues", "vmin": 0, "cbar": False, "linewidths": 1, "annot_kws": {"size": 7.5}}
    sns.heatmap(spread, annot=True, fmt=".3f", ax=axis, **look)
    axis.set(xlabel="", ylabel="", title="按月 | By month", yticks=[])
    axis.set_xticks(np.arange(len(months.columns)) + 0.5)
    axis.set_xticklabels([label(month(str(cut))) for cut in months], rotation=0, fontsize=7)
    axis.tick_params(length=0)
    axis.grid(visible=False)
