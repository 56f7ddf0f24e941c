"""Picture of section 8.1: a product's vector becomes codes, level after level, and the codes a path down a tree."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.show.drawings.canvas import LARGE, SMALL, arrow, box, path, sheet, sign, vector, write
from shoprec.show.plotting import BLUE, GREEN, GREY, RED

CODES = ("12", "40", "7", "0")
_TINTS = (0.6, 0.35, 0.2, 0.08)  # of what is left over
_ROWS = (66, 124, 182, 240)
_TREE = 343  # where the path runs down


def draw_semantic_id() -> Figure:
    """Residual quantisation on the left, the tree of all tuples on the right; a code that leads nowhere is crossed out.

    Examples
    --------
    >>> len(draw_semantic_id().axes)
    1
    """
    figure, axis = sheet(470, 306)
    box(axis, 8, 8, 92, 30, ("商品", "product"), GREEN)
    arrow(axis, (100, 23), (126, 23))
    vector(axis, 128, 14, 76, 18, BLUE, tint=_TINTS[0])
    write(axis, 212, 23, ("它的向量", "its vector"), SMALL, GREY, ha="left")
    for level, y in enumerate(_ROWS[:3]):
        _level(axis, level, y)
    box(axis, 8, _ROWS[3] - 15, 92, 30, ("还有同码的？", "codes shared?"), GREY, size=SMALL, tint=0.07)
    arrow(axis, (100, _ROWS[3]), (240, _ROWS[3]))
    write(axis, 170, _ROWS[3] + 14, ("末位编号，把它们分开", "a last code tells apart"), SMALL, GREY)
    for code, y in zip(CODES, _ROWS, strict=True):
        box(axis, 242, y - 13, 34, 26, code, BLUE, size=LARGE)
    write(axis, 259, 280, ("语义 ID", "semantic ID"), SMALL)
    _tree(axis)
    return figure


def _level(axis: Axes, level: int, y: float) -> None:
    """What is left over, less the nearest vector of the codebook."""
    first = 166 if level == 0 else 46
    path(axis, (first, 32 if level == 0 else _ROWS[level - 1] + 9), (first, y - 24), (46, y - 24), (46, y - 10))
    vector(axis, 8, y - 9, 76, 18, BLUE, tint=_TINTS[level])
    sign(axis, 98, y, "−")
    vector(axis, 112, y - 9, 76, 18, GREY, tint=0.35)
    arrow(axis, (190, y), (240, y))
    if level == 0:
        write(axis, 150, y + 18, ("码本里最近的", "nearest in the codebook"), SMALL, GREY)
    else:
        write(axis, 54, y - 20, ("剩下的", "what is left"), SMALL, GREY, ha="left")


def _tree(axis: Axes) -> None:
    """The path of the codes, what else there is beside it, and a code that no product has."""
    above = (_TREE, 23.0)
    write(axis, _TREE, 12, ("全部商品", "all products"), SMALL, GREY)
    for level, (code, y) in enumerate(zip(CODES, _ROWS, strict=True)):
        for aside, other in ((-44, None), (44, "✗" if level == 1 else None)):
            if level == 3 and aside < 0:
                continue
            color = RED if other else GREY
            axis.plot([above[0], _TREE + aside], [above[1] + 7, y - 11], color=color, lw=1, ls="--" if other else "-")
            box(axis, _TREE + aside - 13, y - 11, 26, 22, other or "", color, tint=0.07, dashed=bool(other), ink=RED)
        arrow(axis, (_TREE, above[1] + 7), (_TREE, y - 12), BLUE, 2.4)
        box(axis, _TREE - 15, y - 12, 30, 24, code, BLUE)
        above = (_TREE, y + 5.0)
    write(axis, _TREE + 61, _ROWS[1], ("没有商品", "no product"), SMALL, RED, ha="left")
    write(axis, _TREE, 280, ("唯一的一件", "one product"), SMALL, GREEN)
