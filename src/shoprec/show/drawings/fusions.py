"""Picture of section 8.3.1: early and late fusion, and what a placebo exchanges."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.show.drawings.canvas import NORMAL, SMALL, Words, arrow, box, path, sheet, sign, step, vector, write
from shoprec.show.plotting import BLUE, FAINT, GREEN, GREY, ORANGE, RED

#: What is fused: its name, its colour, and how many columns are drawn for it.
_SOURCES: tuple[tuple[Words, str, int], ...] = (
    (("购买历史", "history"), ORANGE, 5),
    (("文字", "text"), GREY, 2),
    (("价格", "price"), GREY, 3),
    (("陈列海报", "promotion"), GREY, 3),
)
_ROW = 30


def draw_fusions() -> Figure:
    """Columns side by side before one ranker; a ranker for each and scores that are added; products exchanged.

    Examples
    --------
    >>> len(draw_fusions().axes)
    1
    """
    figure, axis = sheet(470, 430)
    step(axis, 14, 1, ("早期融合：特征并排，一个排序器", "Early fusion: columns side by side, one ranker"))
    _early(axis, 34)
    axis.plot([8, 462], [166, 166], color=FAINT, lw=0.8)
    step(axis, 184, 2, ("晚期融合：各自排序，得分再加权", "Late fusion: each ranks alone, scores are weighted"))
    _late(axis, 204)
    axis.plot([8, 462], [336, 336], color=FAINT, lw=0.8)
    step(axis, 354, 3, ("安慰剂：热门程度相近的商品互换", "Placebo: exchanged among equally popular products"))
    _placebo(axis, 374)
    return figure


def _early(axis: Axes, top: float) -> None:
    x = 118.0
    for row, (name, color, n) in enumerate(_SOURCES):
        y = top + _ROW * row + 12
        _source(axis, y, name, color)
        vector(axis, x, y - 7, 13 * n, 14, color, n)
        path(axis, (x + 13 * n + 3, y), (266, y), color=GREY, arrow_at_end=False)
    axis.plot([266, 266], [top + 12, top + 3 * _ROW + 12], color=GREY, lw=1.3)
    middle = top + 1.5 * _ROW + 12
    arrow(axis, (266, middle), (292, middle), width=2)
    box(axis, 296, middle - 20, 84, 40, ("一个排序器", "one ranker"), BLUE)
    arrow(axis, (384, middle), (404, middle), width=2)
    _list(axis, middle)


def _late(axis: Axes, top: float) -> None:
    middle = top + 1.5 * _ROW + 12
    for row, (name, color, n) in enumerate(_SOURCES):
        y = top + _ROW * row + 12
        _source(axis, y, name, color)
        vector(axis, 118, y - 7, 13 * n, 14, color, n)
        arrow(axis, (118 + 13 * n + 3, y), (196, y))
        box(axis, 200, y - 11, 62, 22, ("排序器", "ranker"), BLUE, size=SMALL)
        weight = "1" if row == 0 else f"𝑤{'₁₂₃'[row - 1]}"
        write(axis, 284, y + (-9 if y < middle else 9), weight, SMALL, GREY)
        arrow(axis, (266, y), (336, middle + (y - middle) * 0.18))
    sign(axis, 347, middle)
    arrow(axis, (359, middle), (404, middle), width=2)
    _list(axis, middle)


def _placebo(axis: Axes, top: float) -> None:
    for i, (left, color) in enumerate(((60, GREY), (190, RED))):
        words = (("商品甲", "product A"), ("商品乙", "product B"))
        for row in range(2):
            y = top + 12 + 28 * row
            box(axis, left, y - 10, 66, 20, words[row], GREEN, size=SMALL, tint=0.12)
            box(axis, left + 70, y - 10, 40, 20, "BA"[row] if i else "AB"[row], color, size=SMALL)
    arrow(axis, (174, top + 26), (187, top + 26), RED, 2)
    write(axis, 312, top + 6, ("历史不变，模态换人", "history stays, the rest moves"), SMALL, ha="left")
    write(axis, 312, top + 22, ("换了还有的好处", "a gain that remains"), SMALL, GREY, ha="left")
    write(axis, 312, top + 38, ("不是这种模态的", "isn't the modality's"), SMALL, GREY, ha="left")


def _source(axis: Axes, y: float, name: Words, color: str) -> None:
    box(axis, 8, y - 11, 100, 22, name, color, size=NORMAL, tint=0.12)


def _list(axis: Axes, middle: float) -> None:
    for place in range(4):
        box(axis, 408, middle - 30 + 15.5 * place, 54, 12, "", GREEN, tint=0.35 - 0.07 * place)
