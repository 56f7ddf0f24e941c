"""Figures and tables in two languages: one style, colours that the colour-blind can tell apart, one font."""

import html
import importlib.util
import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import seaborn as sns
from cycler import cycler
from IPython import get_ipython
from IPython.core.pylabtools import print_figure
from IPython.display import HTML
from matplotlib import font_manager
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyArrowPatch, FancyBboxPatch
from matplotlib_inline.backend_inline import set_matplotlib_formats

from shoprec.show.typesetting import typeset, typeset_html
from shoprec.words import Pair, chosen, label, spans

_WRITTEN = re.compile(">[^<>]+<(?=/text>)")
_LABEL = re.compile(r">([^<>]*) \| ([^<>]*)<(?=/text>)")

#: Colours by Okabe and Ito (2008), but a red that readers call red, told apart with every common kind of colour
#: blindness; greys for what is beside them.
BLUE, ORANGE, GREEN, PINK, SKY, RED, YELLOW, GREY, FAINT = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#CC3311", "#F0E442", "#767676", "#cccccc",
)  # fmt: skip

MODEL_NAMES: dict[str, Pair] = {
    "popularity": ("热门榜", "Popularity"),
    "frequency": ("个人频次", "Personal frequency"),
    "item_knn": ("物品近邻", "ItemKNN"),
    "user_knn": ("用户近邻", "UserKNN"),
    "content": ("商品文本", "Content (TF-IDF)"),
    "transformer": ("Transformer", "Transformer"),
    "behaviour": ("行为项", "Behaviour term"),
    "two_terms": ("两项混合", "Two-term hybrid"),
    "rank_fusion": ("倒数排名融合", "Rank fusion"),
    "hybrid": ("加权混合", "Weighted hybrid"),
    "random": ("随机", "Random"),
    "encoder": ("文本编码器", "Text encoder (MiniLM)"),
    "decoder": ("语言模型重排", "Language model re-ranks"),
}


def use_style() -> None:
    """Set Matplotlib up for the book. Needs no font on the machine: Noto Sans SC comes from a package.

    In a notebook, figures become SVG whose text is text.
    """
    spec = importlib.util.find_spec("zhplot")
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("the font comes from the package zhplot: pip install zhplot")
    font = Path(spec.origin).parent / "fonts" / "NotoSansSC-Regular.ttf"
    font_manager.fontManager.addfont(font)
    plt.rcdefaults()
    plt.rcParams.update({
        # Noto first: a label with 𝑘 or √ falls back through this list character by character.
        "font.family": [font_manager.FontProperties(fname=font).get_name(), "DejaVu Sans", "STIXGeneral", "sans-serif"],
        "font.sans-serif": ["DejaVu Sans"],
        "font.size": 10, "axes.titlesize": 11, "axes.titlelocation": "left", "axes.labelpad": 7,
        "axes.prop_cycle": cycler(color=[BLUE, ORANGE, GREEN, PINK, SKY, RED]),
        "axes.spines.top": False, "axes.spines.right": False,
        "axes.grid": True, "grid.color": "#e6e6e6", "grid.linewidth": 0.8, "axes.axisbelow": True,
        "figure.figsize": (7.5, 3.6), "figure.dpi": 110, "savefig.dpi": 180, "figure.constrained_layout.use": True,
        "legend.frameon": False, "lines.linewidth": 2,
        "svg.fonttype": "none", "svg.hashsalt": "shoprec",
    })  # fmt: skip
    if shell := get_ipython():
        plt.switch_backend(plt.get_backend())  # now, as it sets the hook that the next line takes away:
        plt.uninstall_repl_displayhook()  # it would draw each figure once more, in pixels that nobody sees
        set_matplotlib_formats("svg")
        shell.display_formatter.formatters["image/svg+xml"].for_type(Figure, draw_svg)


def draw_svg(figure: Figure) -> str:
    """Draw a figure with its labels as text, in the reader's language if one is chosen; again, it makes the same file.

    Examples
    --------
    >>> use_style()
    >>> _, axis = plt.subplots()
    >>> _ = axis.set(title="召回率 | Recall@10")
    >>> ">召回率 | Recall@10</text>" in draw_svg(axis.figure)
    True
    """
    drawn = print_figure(figure, "svg", dpi=180, metadata={"Date": None})
    svg = _WRITTEN.sub(lambda found: typeset(found[0]), drawn)
    half = chosen()
    return svg if half is None else _LABEL.sub(lambda found: f">{found[1 + half]}<", svg)


def show_table(
    frame: pd.DataFrame,
    columns: Mapping[str, Pair],
    index: Pair | None = None,
    names: Mapping[Any, Pair] | None = None,
    formats: Mapping[str, str] | None = None,
) -> HTML:
    """A table whose headings and names are in two languages.

    Parameters
    ----------
    frame : DataFrame
    columns : mapping
        Columns to show, in order, with their headings. A cell may be a (zh, en) pair itself.
    index : pair, optional
        Heading of the index; without it the index is left out.
    names : mapping, optional
        Bilingual names of the index's values.
    formats : mapping, optional
        Format specification by column, such as ``".3f"``.

    Raises
    ------
    ValueError
        If the frame lacks a column.

    Examples
    --------
    >>> table = show_table(pd.DataFrame({"n": [1234]}, index=["a"]), {"n": ("数量", "Count")}, formats={"n": ","})
    >>> "1,234" in table.data and 'lang="zh">数量' in table.data
    True
    """
    _check_columns(frame, columns)
    names, formats = names or {}, formats or {}
    left = {c: len(frame) > 0 and isinstance(frame[c].iloc[0], tuple) for c in columns}  # names; numbers go right
    head = _cell("th", index, scope="col", left=True) if index else ""
    head += "".join(_cell("th", title, scope="col", left=left[c]) for c, title in columns.items())
    rows = []
    for key, row in zip(frame.index, frame[list(columns)].itertuples(index=False), strict=True):
        first = _cell("th", names.get(key, key), scope="row", left=True) if index else ""
        cells = (_cell("td", v, formats.get(c, ""), left=left[c]) for c, v in zip(columns, row, strict=True))
        rows.append(f"<tr>{first}{''.join(cells)}</tr>")
    table = f'<table class="dataframe"><thead><tr>{head}</tr></thead><tbody>{"".join(rows)}</tbody></table>'
    return HTML(typeset_html(table))


def _check_columns(frame: pd.DataFrame, columns: Iterable[str], source: str = "") -> None:
    """Raise if the frame lacks one of the columns, or any row where a source says what to show."""
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(f"the table lacks the columns {missing}; it has {list(frame.columns)}{source}")
    if source and frame.empty:
        raise ValueError(f"the table has no rows{source}")


def _cell(tag: str, value: Any, spec: str = "", scope: str = "", left: bool = False) -> str:
    """One cell of a table: a bilingual pair, a dash for NaN, or a formatted value."""
    if isinstance(value, tuple):
        text = spans(value)
    elif isinstance(value, float) and np.isnan(value):
        text = "–"
    else:
        text = html.escape(format(value, spec))
    scope = scope and f' scope="{scope}"'
    return f'<{tag}{scope} style="text-align: {"left" if left else "right"}">{text}</{tag}>'


def plot_leaderboard(board: pd.DataFrame, names: Mapping[str, Pair] = MODEL_NAMES) -> Sequence[Axes]:
    """NDCG of each model with its interval, and apart for repeat and explore targets.

    Parameters
    ----------
    board : DataFrame
        From :func:`shoprec.evaluation.leaderboard`.
    names : mapping
        Bilingual names of its rows.

    Raises
    ------
    ValueError
        If the table is empty or lacks a column.
    """
    _check_columns(board, ("all", "low", "high", "repeat", "explore"), "; pass leaderboard(evaluations)")
    board = board.assign(model=[label(names.get(name, (name, name))) for name in board.index])
    figure, axes = plt.subplots(1, 3, figsize=(9, 0.38 * len(board) + 1.1), sharey=True, width_ratios=[2, 1.2, 1.2])
    look: dict[str, Any] = {"y": "model", "linestyle": "none", "markersize": 6, "clip_on": False}
    look["err_kws"] = {"linewidth": 1.5}
    ends = board.melt("model", ["low", "all", "high"])  # of three values, the median and the range
    sns.pointplot(ends, x="value", estimator="median", errorbar=("pi", 100), capsize=0.2, ax=axes[0], **look)
    sns.pointplot(board, x="repeat", color=GREEN, marker="s", ax=axes[1], **look)
    sns.pointplot(board, x="explore", color=RED, marker="D", ax=axes[2], **look)
    titles = [("全部", "All"), ("复购", "Repeat"), ("探索", "Explore")]
    for axis, title in zip(axes, titles, strict=True):
        axis.set(title=label(title), xlim=(0, None), xlabel="", ylabel="")
        axis.locator_params(axis="x", nbins=4)  # else the last figure of a panel and the first of the next are one
        axis.grid(visible=True, axis="y")
        axis.tick_params(left=False)
    figure.supxlabel("NDCG@10", fontsize=10)
    return axes


def plot_training(logs: Mapping[str, pd.DataFrame], names: Mapping[str, Pair] = MODEL_NAMES) -> Sequence[Axes]:
    """Loss and validation score by epoch, with the epoch whose weights were kept.

    Parameters
    ----------
    logs : mapping of name to DataFrame
        Columns ``loss`` and ``validation``, one row per epoch, as from :func:`shoprec.training.loop.train`.
    names : mapping
        Bilingual names of the logs.

    Raises
    ------
    ValueError
        If a log is empty or lacks a column.
    """
    for log in logs.values():
        _check_columns(log, ("loss", "validation"), "; pass what train(...) returns")
    _, axes = plt.subplots(1, 2, figsize=(8.5, 3.2))
    for name, log in logs.items():
        best = int(np.argmax(log["validation"]))
        for axis, column in zip(axes, ("loss", "validation"), strict=True):
            axis.plot(log.index + 1, log[column], "o-", ms=4, label=label(names.get(name, (name, name))))
            axis.plot(best + 1, log[column].iloc[best], "*", ms=14, color=axis.lines[-1].get_color())
    axes[0].set(title="训练损失 | Training loss", xlabel="轮 | Epoch")
    axes[1].set(title="验证集 NDCG@10 | Validation NDCG@10", xlabel="轮 | Epoch")
    axes[1].legend()
    return axes


def plot_pipeline(stages: Sequence[Mapping[str, Any]], back: Pair) -> Axes:
    """The stages of a pipeline as cards in a row, with what each hands on and what can go wrong in it.

    Parameters
    ----------
    stages : sequence of mappings
        ``title``, ``unit`` and ``risk`` are pairs, ``value`` is the number that leaves the stage, as text.
    back : pair
        What flows from the last stage back to the first.

    Raises
    ------
    ValueError
        If there is no stage, or one lacks a part.
    """
    lacking = [i for i, stage in enumerate(stages) if not {"title", "unit", "risk", "value"} <= stage.keys()]
    if not stages or lacking:
        raise ValueError(f"of {len(stages)} stages, {lacking} lack a part; give each a title, unit, risk and value")
    width, gap, colors = 1.0, 0.22, [BLUE, SKY, GREEN, ORANGE, PINK]
    _, axis = plt.subplots(figsize=(1.9 * len(stages), 3.5))
    for i, stage in enumerate(stages):
        x, color = i * (width + gap), colors[i % len(colors)]
        middle = x + width / 2
        corners = "round,pad=0,rounding_size=0.06"
        axis.add_patch(FancyBboxPatch((x, 0.0), width, 1.2, boxstyle=corners, fc="white", ec=color, lw=1.5))
        axis.add_patch(FancyBboxPatch((x, 0.84), width, 0.36, boxstyle=corners, fc=color, ec="none", alpha=0.3))
        axis.text(middle, 0.56, stage["value"], ha="center", va="center", fontsize=19)
        texts = (("title", 1.01, 11.5, "black"), ("unit", 0.22, 9.5, GREY), ("risk", -0.15, 8.8, RED))
        for part, y, size, ink in texts:
            axis.text(middle, y, label(stage[part]), ha="center", va="center", fontsize=size, color=ink)
        if i:
            ends = (x - gap + 0.02, 0.56), (x - 0.02, 0.56)
            axis.add_patch(FancyArrowPatch(*ends, arrowstyle="-|>", mutation_scale=16, color=GREY, lw=2))
    first, last = width / 2, (len(stages) - 1) * (width + gap) + width / 2
    axis.plot([last, last, first], [-0.34, -0.5, -0.5], "--", color=RED, lw=1.5)
    axis.add_patch(FancyArrowPatch((first, -0.5), (first, -0.3), arrowstyle="-|>", mutation_scale=14, color=RED))
    axis.text((first + last) / 2, -0.63, label(back), ha="center", va="center", fontsize=11, color=RED)
    axis.set(xlim=(-0.06, last + width / 2 + 0.06), ylim=(-0.76, 1.26))
    axis.axis("off")
    return axis
