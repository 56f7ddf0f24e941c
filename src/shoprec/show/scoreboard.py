"""A recording put into words and pictures: when it was made, and all its models in one figure."""

import matplotlib.pyplot as plt
import pandas as pd
import seaborn as sns
from matplotlib.axes import Axes

from shoprec.experiments.lineup import FAMILIES, model_named
from shoprec.experiments.records import Record
from shoprec.experiments.summary import COSTS, SLICES
from shoprec.show.plotting import BLUE, GREEN, GREY, ORANGE, PINK, RED, SKY
from shoprec.words import Line, label

COLOURS = dict(zip(FAMILIES, (GREY, BLUE, SKY, PINK, GREEN, RED, ORANGE), strict=True))


def stamp(record: Record) -> Line:
    """When, where and from what a recording was made, and how to renew it.

    Examples
    --------
    >>> about = {"date": "2026-11-26", "device": "CPU", "python": "3.11.2", "versions": {"torch": "2.13.0"},
    ...          "seconds": 3600, "threads": 1}
    >>> stamp(Record("leaderboard", pd.DataFrame(), pd.DataFrame(), about, True)).en
    'Recorded on 2026-11-26, CPU, 60 minutes, with Python 3.11.2, torch 2.13.0; renew with `make record run=leaderboard`'
    """
    about = record.stamp
    versions = ", ".join(
        f"{name} {version}" for name, version in {"Python": about["python"], **about["versions"]}.items()
    )
    told = {
        **about,
        "minutes": round(about["seconds"] / 60),
        "with": versions,
        "command": f"make record run={record.name}",
    }
    zh = "录制于 {date}，{device}，用时 {minutes} 分钟，{with}；重新录制：`{command}`".format(**told)
    en = "Recorded on {date}, {device}, {minutes} minutes, with {with}; renew with `{command}`".format(**told)
    if not record.current:
        return Line(f"由较早版本的代码{zh}", f"With an earlier version of the code. {en}")
    return Line(zh, en)


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
    figure, (left, right) = plt.subplots(1, 2, figsize=(9.5, 0.34 * len(board) + 1.2), width_ratios=[1.2, 1])
    look = {"linestyle": "none", "markersize": 6, "capsize": 0.3, "err_kws": {"linewidth": 1.6}}
    pooled = board["all"][["low", "mean", "high"]].assign(
        model=names, family=[label(FAMILIES[m.family]) for m in lines]
    )
    ends = pooled.melt(["model", "family"])  # of three values, the median and the range
    palette = {label(FAMILIES[key]): colour for key, colour in COLOURS.items()}
    sns.pointplot(
        ends,
        x="value",
        y="model",
        hue="family",
        palette=palette,
        estimator="median",
        errorbar=("pi", 100),
        ax=left,
        **look,
    )
    left.set(xlabel="NDCG@10", ylabel="", title="六个月合计 | All months")
    left.grid(visible=True, axis="y")
    left.legend(loc="lower right", fontsize=8)
    months = board.loc[:, [key for key in board.columns.unique(0) if key not in {*SLICES, *COSTS}]]
    months = months.xs("mean", axis=1, level=1)
    sns.heatmap(months, annot=True, fmt=".3f", cmap="Blues", vmin=0, cbar=False, ax=right, annot_kws={"size": 8})
    right.set(xlabel="", ylabel="", title="按月 | By month", yticks=[])
    right.set_xticklabels([f"{(at := pd.Timestamp(cut)).month} 月 | {at:%b}" for cut in months], rotation=0)
    right.tick_params(length=0)
    return left, right
