"""Pictures of section 3.1: a Transformer over purchases, and its pointing."""

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shoprec.show.drawings.canvas import SMALL, Words, arrow, box, path, sheet, step, vector, write
from shoprec.show.drawings.shop import (
    APPLES,
    BANANAS,
    CANDY,
    DRINK,
    MILK,
    N_EVENTS,
    N_PRODUCTS,
    NEXT,
    PIZZA,
    WINDOW,
    Product,
)
from shoprec.show.plotting import BLUE, GREEN, GREY, ORANGE, SKY
from shoprec.words import Pair

_TOKEN = 57  # width of a purchase
#: Left edges of the purchases, with a wider space between baskets.
_LEFT = [10 + i * (_TOKEN + 3) + 10 * (i > 0) + 10 * (i > 3) for i in range(6)]
_MIDDLE = [left + _TOKEN / 2 for left in _LEFT]
_BESIDE = _LEFT[-1] + _TOKEN + 12


def draw_transformer() -> Figure:
    """From the baskets of one household to a score for each product of the catalogue.

    Examples
    --------
    >>> len(draw_transformer().axes)
    1
    """
    figure, axis = sheet(470, 542)
    _baskets(axis, 12)
    _embeddings(axis, 98)
    _blocks(axis, 208)
    _scores(axis, 414)
    return figure


def _baskets(axis: Axes, y: float) -> None:
    step(axis, y, 1, ("一户的购买，一篮接一篮", "The purchases of a household, basket by basket"))
    for first, last in ((0, 0), (1, 3), (4, 5)):
        left, right = _LEFT[first] - 5, _LEFT[last] + _TOKEN + 5
        box(axis, left, y + 30, right - left, 34, color=GREY, tint=0, dashed=True)
        write(axis, (left + right) / 2, y + 21, WINDOW[first].date, SMALL, GREY)
    for left, purchase in zip(_LEFT, WINDOW, strict=True):
        box(axis, left, y + 36, _TOKEN, 22, purchase.product.name, ORANGE, size=SMALL)
    box(axis, _BESIDE, y + 30, 58, 34, "?", GREEN, size=14, dashed=True)
    write(axis, _BESIDE + 29, y + 21, ("下一篮", "Next basket"), SMALL, GREY)


def _embeddings(axis: Axes, y: float) -> None:
    step(axis, y, 2, ("每次购买变成一个向量：三个嵌入相加", "Each purchase becomes a vector: three embeddings, added"))
    for place, (left, purchase) in enumerate(zip(_LEFT, WINDOW, strict=True), start=1):
        gap = round(purchase.gap)
        rows: tuple[tuple[Pair, str], ...] = (
            (("商品", "product"), ORANGE),
            ((f"位置 {place}", f"place {place}"), SKY),
            ((f"隔 {gap} 天", f"gap {gap} d"), GREY),
        )
        for row, (words, color) in enumerate(rows):
            top = y + 18 + 26 * row
            box(axis, left, top, _TOKEN, 17, words, color, size=SMALL)
            if row:
                write(axis, left + _TOKEN / 2, top - 4.5, "+", SMALL, GREY)


def _blocks(axis: Axes, y: float) -> None:
    step(
        axis,
        y,
        3,
        ("Transformer 块：每次购买读自己和之前的", "Transformer blocks: each reads itself and what came before"),
    )
    seen, read = y + 42, y + 94
    box(axis, 5, y + 32, _BESIDE - 12, 106, color=BLUE, tint=0.08)
    for reader, x in enumerate(_MIDDLE):
        last = reader == len(_MIDDLE) - 1
        arrow(axis, (x, y + 16), (x, seen - 4))
        for source in _MIDDLE[: reader + 1]:
            axis.plot([source, x], [seen, read], color=BLUE, lw=2 if last else 1, alpha=1 if last else 0.3)
        axis.plot([x, x], [seen, read], "o", color=BLUE, ms=5)
        arrow(axis, (x, read + 4), (x, y + 111))
        box(axis, x - _TOKEN / 2, y + 112, _TOKEN, 17, color=BLUE)
        arrow(axis, (x, y + 129), (x, y + 161))
        vector(axis, x - _TOKEN / 2, y + 162, _TOKEN, 14, BLUE, tint=0.6 if last else 0.1)
    beside: dict[int, Pair] = {
        40: ("× 2 块", "× 2 blocks"), 76: ("注意力", "attention"), 120: ("前馈层", "feed-forward"),
        169: ("家庭向量 𝐡", "vector 𝐡"),
    }  # fmt: skip
    for down, words in beside.items():
        write(axis, _BESIDE, y + down, words, SMALL, BLUE if down > 50 else GREY, ha="left")


def _scores(axis: Axes, y: float) -> None:
    step(
        axis,
        y,
        4,
        (
            "一件商品一个分数：𝐡 与它的向量作内积，再加热门程度",
            "A score for each product: vector times 𝐡, plus popularity",
        ),
    )
    bus, shelf = y + 20, y + 34
    path(axis, (_MIDDLE[-1], y - 30), (_MIDDLE[-1], bus), (_MIDDLE[0], bus), color=BLUE, arrow_at_end=False)
    products: tuple[Words, ...] = (BANANAS.name, MILK.name, "…", *(product.name for product in NEXT.products))
    for column, (x, words) in enumerate(zip(_MIDDLE, products, strict=True)):
        bought = column > 2
        arrow(axis, (x, bus), (x, shelf - 1), BLUE)
        box(axis, x - _TOKEN / 2, shelf, _TOKEN, 22, words, GREEN if bought else GREY, size=SMALL)
        if bought:
            arrow(axis, (x, shelf + 50), (x, shelf + 23), GREEN)
    write(axis, _BESIDE, shelf + 11, (f"{N_PRODUCTS:,} 种", f"of {N_PRODUCTS:,}"), SMALL, GREY, ha="left")
    step(axis, y + 96, 5, ("训练：让它们得分更高", "Training: score these higher"))
    left = _LEFT[3] - 5
    box(axis, left, shelf + 50, _LEFT[5] + _TOKEN + 5 - left, 24, color=GREEN, dashed=True)
    write(
        axis,
        (left + _LEFT[5] + _TOKEN + 5) / 2,
        shelf + 62,
        (f"下一篮，{NEXT.date}", f"next basket, {NEXT.date}"),
        SMALL,
    )


def draw_pointing(half_life: float = 90) -> Figure:
    r"""How pointing lifts what a household bought: :math:`\log(1 + \sum e^r)` on top of a product's score.

    The numbers are those of a network that has learned nothing yet: popularity alone speaks for a product, and a
    purchase of age :math:`a` is pointed at with :math:`e^r = 2^{-a / \tau}`.

    Parameters
    ----------
    half_life : float
        :math:`\tau`, in days.

    Examples
    --------
    >>> len(draw_pointing().axes)
    1
    """
    figure, axis = sheet(470, 320)
    strength = [2 ** (-purchase.age / half_life) for purchase in WINDOW]
    rows = (BANANAS, MILK, PIZZA, DRINK, CANDY, APPLES)  # by their scores
    middle = {product: 74 + 34 * row for row, product in enumerate(rows)}
    _purchases(axis, strength, middle)
    step(axis, 12, 2, ("每件商品一个分数", "A score for each product"), x=202)
    for product, y in middle.items():
        _score(axis, product, y, sum(e for one, e in zip(WINDOW, strength, strict=True) if one.product == product))
    legend = (
        (BLUE, ("目录里的分数，这里只有热门程度", "score in the catalogue, here popularity alone")),
        (
            ORANGE,
            ("指向加上 log(1 + ∑ 𝑒ʳ)，对指来的箭头求和", "pointing adds log(1 + ∑ 𝑒ʳ), over the arrows"),
        ),
    )
    for row, (color, words) in enumerate(legend):
        axis.add_patch(Rectangle((4, 282 + 20 * row), 12, 12, fc=color, ec="none"))
        write(axis, 24, 288 + 20 * row, words, SMALL, ha="left")
    return figure


def _purchases(axis: Axes, strength: list[float], middle: Mapping[Product, float]) -> None:
    """The window, with an arrow from each purchase to its product, by age."""
    step(axis, 12, 1, ("窗口里的购买", "The window"))
    write(axis, 90, 46, ("几天前", "days ago"), SMALL, GREY)
    write(axis, 136, 46, "𝑒ʳ", SMALL, GREY)
    for row, (purchase, e) in enumerate(zip(WINDOW, strength, strict=True)):
        y = 74 + 34 * row
        box(axis, 4, y - 11, _TOKEN, 22, purchase.product.name, ORANGE, size=SMALL)
        write(axis, 90, y, f"{purchase.age:.0f}", SMALL)
        write(axis, 136, y, f"{e:.2f}", SMALL)
        arrow(axis, (152, y), (202, middle[purchase.product]), ORANGE, 2 * e)


def _score(axis: Axes, product: Product, y: float, pointed: float) -> None:
    """A product's score: the logarithm of its share of all purchases, and what pointing adds."""
    share = (product.sold + 1) / (N_EVENTS + N_PRODUCTS)
    base, added = 20 * (np.log(share) + 10), 20 * np.log1p(pointed)
    box(axis, 204, y - 11, _TOKEN, 22, product.name, GREY, size=SMALL)
    axis.add_patch(Rectangle((268, y - 8), base, 16, fc=BLUE, ec="none"))
    axis.add_patch(Rectangle((268 + base, y - 8), added, 16, fc=ORANGE, ec="none"))
    words: Words = f"∑ 𝑒ʳ = {pointed:.2f}" if pointed else ("窗口里没有", "not in the window")
    write(axis, 274 + base + added, y, words, SMALL, ha="left")
