"""Picture of section 4.3.1: the two terms of the hybrid score."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.formulas.fusion import hybrid_score
from shoprec.show.drawings.canvas import LARGE, SMALL, Words, arrow, box, sheet, write
from shoprec.show.drawings.shop import BANANAS, MILK
from shoprec.show.plotting import BLUE, GREEN, GREY, ORANGE

#: A household with a taste for bananas, which has bought milk more often; the second term counts product by product.
USER, BEHAVIOUR = (1, 2), (1, 3)
ITEMS, CODES = ((3, 1), (1, 1)), ((1, 0), (0, 1))
W1, W2 = 0.4, 0.6

_TASTE, _MIDDLE, _BOUGHT = 100, 235, 376


def draw_two_terms() -> Figure:
    """Taste and behaviour of a household, each an inner product, weighted and added: two products by hand.

    Examples
    --------
    >>> len(draw_two_terms().axes)
    1
    """
    figure, axis = sheet(470, 368)
    write(axis, _TASTE, 12, ("口味", "Taste"), LARGE)
    write(axis, _BOUGHT, 12, ("行为：买过几次", "Behaviour: times bought"), LARGE)
    box(axis, 4, 28, 462, 42, tint=0.07)
    write(axis, _MIDDLE, 49, ("家庭", "household"))
    _vector(axis, _TASTE, 49, "𝐮", USER, BLUE)
    _vector(axis, _BOUGHT, 49, "𝐛", BEHAVIOUR, ORANGE)
    scores = hybrid_score(USER, ITEMS, CODES, BEHAVIOUR, W1, W2)
    for row, product in enumerate((BANANAS, MILK)):
        _product(axis, 80 + 132 * row, product.name, row, float(scores[row]))
    write(axis, _MIDDLE, 354, ("牛奶在前：行为压过了口味", "Milk comes first: behaviour outweighs taste"))
    return figure


def _vector(axis: Axes, x: float, y: float, name: str, values: Sequence[float], color: str) -> None:
    """A vector's entries in cells, with its name before them."""
    write(axis, x - 44, y, name)
    for i, value in enumerate(values):
        box(axis, x - 30 + 31 * i, y - 12, 29, 24, f"{value:g}", color)


def _product(axis: Axes, y: float, name: Words, row: int, score: float) -> None:
    """Both inner products of one product, weighted and added up."""
    box(axis, 4, y, 462, 122, tint=0.07)
    write(axis, _MIDDLE, y + 22, name)
    for x, left, right, symbol, weight, color in (
        (_TASTE, USER, ITEMS[row], "𝐯", f"𝑤₁ = {W1}", BLUE),
        (_BOUGHT, BEHAVIOUR, CODES[row], "𝐜", f"𝑤₂ = {W2}", ORANGE),
    ):
        toward = 1 if x < _MIDDLE else -1
        _vector(axis, x, y + 22, symbol, right, color)
        write(axis, x, y + 53, " + ".join(f"{a} × {b}" for a, b in zip(left, right, strict=True)), SMALL, GREY)
        box(axis, x - 20, y + 74, 40, 28, f"{np.dot(left, right)}", color)
        arrow(axis, (x + 21 * toward, y + 88), (_MIDDLE - 32 * toward, y + 88), color, 2)
        write(axis, (x + _MIDDLE) / 2 - 6 * toward, y + 76, weight, SMALL)
    box(axis, _MIDDLE - 30, y + 72, 60, 32, f"{score:.1f}", GREEN, size=LARGE)
