"""Pictures of section 4.1.1: who may read whom, and what heads divide."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shoprec.formulas.arrays import Mask
from shoprec.formulas.attention import attention_weights, causal_mask, split_heads
from shoprec.show.drawings.canvas import LARGE, SMALL, Words, box, grid, sheet, step, write
from shoprec.show.drawings.shop import WINDOW
from shoprec.show.plotting import BLUE, FAINT, GREEN, GREY, ORANGE, PINK, RED
from shoprec.words import Pair

_SIDE = 24  # of a mask's cell
_COLORS = (BLUE, ORANGE, GREEN, PINK)


def draw_masks() -> Figure:
    """Who reads whom among six purchases, with the causal mask and without one.

    Examples
    --------
    >>> len(draw_masks().axes)
    1
    """
    figure, axis = sheet(470, 262)
    names: list[Words] = [purchase.product.name for purchase in WINDOW]
    covered: list[Words] = [*names[:3], "[MASK]", *names[4:]]
    everything = np.ones((len(names), len(names)), dtype=bool)
    causal = (
        ("因果：只看自己和之前", "Causal: itself and before"),
        ("学的是：接下来买什么？", "It learns: what comes next?"),
    )
    cloze = (
        ("双向（完形）：前后都看", "Bidirectional: both ways"),
        ("学的是：盖住的是什么？", "It learns: what is covered?"),
    )
    for left, rows, may, (title, task) in ((78, names, causal_mask(6), causal), (318, covered, everything, cloze)):
        middle = left + 3 * _SIDE
        write(axis, middle, 12, title, LARGE)
        write(axis, middle, 36, ("被读的购买", "the purchase that is read"), SMALL, GREY)
        _who_reads(axis, left, rows, may)
        write(axis, middle, 240, task)
    return figure


def _who_reads(axis: Axes, left: float, names: Sequence[Words], may: Mask, asked: int = 3) -> None:
    """A matrix: the purchase of a row reads those of its coloured columns; one row stands out."""
    for row, name in enumerate(names):
        y = 64 + _SIDE * row
        write(axis, left + _SIDE * (row + 0.5), 54, str(row + 1), SMALL, GREY)
        numbered = f"{name} {row + 1}" if isinstance(name, str) else (f"{name[0]} {row + 1}", f"{name[1]} {row + 1}")
        write(axis, left - 6, y + _SIDE / 2, numbered, SMALL, ha="right")
        for column, seen in enumerate(may[row]):
            x = left + _SIDE * column
            if seen:
                shade = 0.85 if row == asked else 0.35
                axis.add_patch(Rectangle((x, y), _SIDE, _SIDE, fc=BLUE, ec="none", alpha=shade))
            else:
                write(axis, x + _SIDE / 2, y + _SIDE / 2, "−∞", SMALL, GREY)
            axis.add_patch(Rectangle((x, y), _SIDE, _SIDE, fc="none", ec=FAINT, lw=0.8))


def draw_heads(x: npt.ArrayLike, names: Sequence[Pair], n_heads: int = 4) -> Figure:
    """Heads as bands of features: each attends to all rows, with the weights that its features give.

    Parameters
    ----------
    x : array of float, shape (n, d)
        Vectors of products; queries, keys and values alike.
    names : sequence of pairs
        What the products are called.
    n_heads : int
        At most four.

    Examples
    --------
    >>> len(draw_heads(np.eye(3, 8), [("茶", "Tea"), ("酱", "Jam"), ("面包", "Rye")]).axes)
    1
    """
    vectors = np.asarray(x, dtype=float)
    n, d = vectors.shape
    heads, largest = split_heads(vectors, n_heads), np.abs(vectors).max()
    weights = attention_weights(heads, heads)
    matrices, outputs = 132 + 12 * n, 180 + 23 * n
    figure, axis = sheet(470, outputs + 12 * n + 6)
    step(
        axis,
        12,
        1,
        (f"{n} 件商品，各 {d} 个特征，分成 {n_heads} 条", f"{n} products, their {d} features in {n_heads} bands"),
    )
    step(
        axis,
        matrices - 44,
        2,
        (f"每个头算一次注意力，都看得到全部 {n} 行", f"Each head attends by itself, to all {n} rows"),
    )
    step(
        axis,
        outputs - 20,
        3,
        (f"输出并排拼回 {n} × {d}，再乘 𝑊ᴼ", f"Outputs side by side, {n} × {d} again, then times 𝑊ᴼ"),
    )
    for row, name in enumerate(names):
        write(axis, 108, 58 + 12 * row, (name[0], name[1]), SMALL, ha="right")
    for head, color in enumerate(_COLORS[:n_heads]):
        width = 12 * d // n_heads
        left, title = 116 + width * head, (f"头 {head + 1}", f"head {head + 1}")
        write(axis, left + 4 * head + width / 2, 40, title, SMALL)
        grid(axis, left + 4 * head, 52, 12, heads[head], largest, color)
        middle, others = 56 + 116 * head, weights[head][~np.eye(n, dtype=bool)]
        write(axis, middle, matrices - 14, title, SMALL)
        grid(axis, middle - 5.5 * n, matrices - 4, 11, weights[head], others.max(), color)
        grid(axis, left, outputs, 12, weights[head] @ heads[head], largest, color)
    _not_like_this(axis, n, n_heads)
    return figure


def _not_like_this(axis: Axes, n: int, n_heads: int) -> None:
    """The sequence cut into stretches, crossed out."""
    left, top, width, height = 366, 62, 96, 9 * n
    write(axis, left + width / 2, 40, ("不是把序列切成几段", "not the sequence"), SMALL, RED)
    for head, color in enumerate(_COLORS[:n_heads]):
        part = height / n_heads
        box(axis, left, top + part * head, width, part - 3, color=color)
    for start, end in ((top - 4, top + height), (top + height, top - 4)):
        axis.plot([left - 4, left + width + 4], [start, end], color=RED, lw=2)
