"""Picture of section 6.3: one log, read as another policy would have written it."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle

from shoprec.applications.off_policy import importance_weights, ips
from shoprec.show.drawings.canvas import LARGE, SMALL, Words, arrow, box, sheet, write
from shoprec.show.plotting import BLUE, GREEN, GREY, ORANGE

#: Three items, each shown four times by a policy that draws them at random, and how often each was clicked.
NAMES: tuple[Words, ...] = (("鞋", "Shoes"), ("帽子", "Hats"), ("雨伞", "Umbrellas"))
SHOWN, CLICKS = 4, (2, 1, 0)
TARGET = (1 / 2, 1 / 3, 1 / 6)
_WRITTEN = ("1/2", "1/3", "1/6")

_ITEM, _LOG, _WEIGHT, _AGAIN = 52, 160, 268, 384


def draw_reweighting() -> Figure:
    """A log of twelve impressions, the weight of each under another policy, and both click rates.

    Examples
    --------
    >>> len(draw_reweighting().axes)
    1
    """
    figure, axis = sheet(470, 318)
    heads: tuple[tuple[float, Words, Words], ...] = (
        (_LOG, ("随机策略的日志", "The log"), ("每件各 1/3", "each item 1/3")),
        (_WEIGHT, ("权重", "Weight"), ("新 ÷ 旧", "new ÷ old")),
        (_AGAIN, ("按新策略来读", "Read as the new"), ("圆越大，分量越重", "larger circles count more")),
    )
    for x, head, remark in heads:
        write(axis, x, 14, head, LARGE)
        write(axis, x, 34, remark, SMALL, GREY)
    item = np.repeat(np.arange(3), SHOWN)
    weight = importance_weights(np.array(TARGET)[item], np.full(len(item), 1 / 3))
    click = np.concatenate([np.arange(SHOWN) < n for n in CLICKS]).astype(float)
    for row in range(3):
        _item(axis, 52 + 66 * row, row, float(weight[row * SHOWN]))
    _rate(axis, _LOG, f"{int(click.sum())} / {len(click)} = {click.mean():.2f}", GREY)
    estimate = ips(click, weight).value
    _rate(axis, _AGAIN, f"{float((weight * click).sum()):g} / {len(click)} = {estimate:.2f}", BLUE)
    write(axis, _WEIGHT, 262, ("点击率", "click rate"))
    axis.add_patch(Circle((_LOG - 66, 302), 6, fc=GREEN, ec=GREEN))
    write(axis, _LOG - 54, 302, ("点击了", "clicked"), SMALL, ha="left")
    axis.add_patch(Circle((_LOG + 30, 302), 6, fc="none", ec=GREY, lw=1.3))
    write(axis, _LOG + 42, 302, ("展示了，没点击", "shown, not clicked"), SMALL, ha="left")
    return figure


def _item(axis: Axes, y: float, row: int, weight: float) -> None:
    """One item: how often it was shown and clicked, its weight, and the same circles in the weight's size."""
    box(axis, 4, y, 462, 58, tint=0.07)
    write(axis, _ITEM, y + 22, NAMES[row])
    write(axis, _ITEM, y + 42, (f"新策略 {_WRITTEN[row]}", f"new: {_WRITTEN[row]}"), SMALL, GREY)
    for x, size in ((_LOG, 1.0), (_AGAIN, weight)):
        for i in range(SHOWN):
            color = GREEN if i < CLICKS[row] else GREY
            place = (x + 32 * (i - (SHOWN - 1) / 2), y + 29)
            axis.add_patch(Circle(place, 11 * np.sqrt(size), fc=GREEN if i < CLICKS[row] else "none", ec=color, lw=1.3))
    box(axis, _WEIGHT - 24, y + 15, 48, 28, f"× {weight:g}", ORANGE)
    arrow(axis, (_LOG + 66, y + 29), (_WEIGHT - 26, y + 29))
    arrow(axis, (_WEIGHT + 26, y + 29), (_AGAIN - 66, y + 29))


def _rate(axis: Axes, x: float, words: str, color: str) -> None:
    box(axis, x - 58, 248, 116, 28, words, color)
