"""Picture of section 3.3.1: a cascade, from the catalogue to a list of ten."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Polygon

from shoprec.show.drawings.canvas import LARGE, SMALL, TINT, Words, arrow, sheet, write
from shoprec.show.plotting import BLUE, GREEN, GREY, RED

_MIDDLE, _BESIDE = 152, 318
#: What a stage leaves: its place, width, rows and columns of dots, the targets among them, and what it is called.
_HEAPS: tuple[tuple[float, float, int, int, tuple[int, ...], Words], ...] = (
    (128, 190, 3, 38, (34, 90), ("几百件", "hundreds")),
    (220, 110, 2, 22, (9, 32), ("几十件", "tens")),
    (312, 64, 1, 10, (0, 3), ("推荐列表：10 件", "the list: 10")),
)
#: A stage: its upper edge, its widths above and below, its name, and what it can afford.
_STAGES: tuple[tuple[float, float, float, Words, Words], ...] = (
    (62, 300, 190, ("召回", "Retrieval"), ("便宜：全部商品都看", "cheap: looks at all")),
    (154, 190, 110, ("粗排", "First ranking"), ("轻巧的模型", "a light model")),
    (246, 110, 64, ("精排", "Final ranking"), ("贵：只看几十件", "costly: looks at tens")),
)


def draw_cascade(n_products: int) -> Figure:
    """Each stage sees fewer products and can afford more for each; what a stage drops doesn't come back.

    Parameters
    ----------
    n_products : int
        Products in the catalogue.

    Examples
    --------
    >>> len(draw_cascade(9000).axes)
    1
    """
    figure, axis = sheet(470, 352)
    catalogue: Words = f"目录：{n_products:,} 件", f"catalogue: {n_products:,}"
    for y, width, rows, columns, targets, words in ((24, 300, 5, 60, (83, 152, 236), catalogue), *_HEAPS):
        _heap(axis, y, width, rows, columns, targets)
        write(axis, _BESIDE, y, words, ha="left")
    for top, above, below, name, affords in _STAGES:
        left, right = _MIDDLE - above / 2, _MIDDLE + above / 2
        lower = (_MIDDLE + below / 2, top + 44), (_MIDDLE - below / 2, top + 44)
        axis.add_patch(Polygon([(left, top), (right, top), *lower], fc=BLUE, ec="none", alpha=TINT))
        write(axis, _MIDDLE, top + 22, name, LARGE)
        write(axis, _BESIDE, top + 22, affords, SMALL, GREY, ha="left")
    axis.plot([276], [128], "o", color=GREEN, ms=6)
    axis.plot([276], [128], "x", color=RED, ms=11, mew=2)
    write(axis, 276, 146, ("漏掉的找不回来", "missed for good"), SMALL, RED)
    axis.plot([12], [338], "o", color=GREEN, ms=6)
    write(axis, 22, 338, ("下一篮里的商品", "in the next basket"), SMALL, ha="left")
    arrow(axis, (456, 62), (456, 290), width=2)
    write(axis, 444, 176, ("每件商品花的算力渐多", "more computing per product"), SMALL, GREY, rotation=90)
    return figure


def _heap(axis: Axes, y: float, width: float, rows: int, columns: int, targets: tuple[int, ...]) -> None:
    """Products as dots, with targets among them."""
    across = [_MIDDLE + width / columns * (column - (columns - 1) / 2) for column in range(columns)]
    places = [(x, y + 6 * (row - (rows - 1) / 2)) for x in across for row in range(rows)]
    axis.plot(*zip(*places, strict=True), "o", color=GREY, ms=2.2, alpha=0.6, mew=0)
    axis.plot(*zip(*(places[target] for target in targets), strict=True), "o", color=GREEN, ms=6)
