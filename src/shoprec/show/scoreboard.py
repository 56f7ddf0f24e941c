"""A recording put into words and pictures: when it was made, and all its models in one figure."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

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
    values = about["date"], about["device"], round(about["seconds"] / 60), versions, f"make record run={record.name}"
    zh = "录制于 {}，{}，共用一个核 {} 分钟，{}；重新录制：{}".format(*values)
    en = "Recorded on {}, {}, {} minutes of a core, with {}; renew with {}".format(*values)
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
    lines = [model_named(name) for name in board.index]
    names = [label(line.name) for line in lines]
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 0.34 * len(board) + 1.6), width_ratios=[0.9, 1])
    pooled = board["all"].assign(model=names, family=[label(FAMILIES[line.family]) for line in lines])
    ends = pooled.melt(["model", "family"])  # of three values, the median and the range
    look = {"linestyle": "none", "markersize": 6, "capsize": 0.3, "err_kws": {"linewidth": 1.6}}
    look |= {"palette": {label(FAMILIES[key]): colour for key, colour in COLOURS.items()}}
    sns.pointplot(ends, x="value", y="model", hue="family", estimator="median", errorbar=("pi", 100), ax=left, **look)
    left.set(xlabel="NDCG@10", ylabel="", title="各月平均 | Mean of the months")
    left.grid(visible=True, axis="y")
    handles, families = left.get_legend_handles_labels()
    left.get_legend().remove()
    figure.legend(handles, families, loc="outside lower center", ncols=4, fontsize=8)  # else its dots would be models
    months = board[cuts_of(board)].xs("mean", axis=1, level=1)
    sns.heatmap(
        months, annot=True, fmt=".3f", cmap="Blues", vmin=0, cbar=False, ax=right, linewidths=1, annot_kws={"size": 8}
    )
    right.set(xlabel="", ylabel="", title="按月 | By month", yticks=[])
    right.set_xticklabels([label(month(cut)) for cut in cuts_of(board)], rotation=0, fontsize=7)
    right.tick_params(length=0)
    right.grid(visible=False)
    return left, right
