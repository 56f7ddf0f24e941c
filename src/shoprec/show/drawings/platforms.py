"""Picture of section 6.4.1: two platforms, keys that link their accounts or don't, and the history that is joined."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shoprec.show.drawings.canvas import LARGE, NORMAL, SMALL, Words, arrow, box, sheet, sign, write
from shoprec.show.plotting import FAINT, GREEN, GREY, ORANGE, RED

#: A row: key on A, key on B, colour of A's baskets, how many on A and on B, the link's colour, and what it is.
_ROWS: tuple[tuple[str, str, str, int, int, str, Words], ...] = (
    ("7301", "7301", ORANGE, 5, 3, GREEN, ("链接正确", "right link")),
    ("4418", "4478", ORANGE, 4, 2, GREY, ("漏链", "missed link")),
    ("2065", "2065", RED, 5, 2, RED, ("错链：陌生人", "wrong: a stranger")),
)
_SIDE, _GAP = 166, 128


def draw_platforms() -> Figure:
    """Accounts of two platforms with their keys, the three fates of a link, and what a right one joins.

    Examples
    --------
    >>> len(draw_platforms().axes)
    1
    """
    figure, axis = sheet(470, 326)
    right = 5 + _SIDE + _GAP
    write(axis, 5 + _SIDE / 2, 14, ("平台 A", "Platform A"), LARGE)
    write(axis, right + _SIDE / 2, 14, ("平台 B：要在这里推荐", "Platform B: recommends"), LARGE)
    for row, (key, other_key, color, n_a, n_b, link, words) in enumerate(_ROWS):
        top = 32 + 48 * row
        _account(axis, 5, top, key, color, n_a)
        _account(axis, right, top, other_key, ORANGE, n_b)
        middle = top + 17
        style = ":" if link == GREY else "-"
        axis.plot([5 + _SIDE + 3, right - 3], [middle, middle], color=link, lw=2, ls=style)
        write(axis, 5 + _SIDE + _GAP / 2, middle - 11, words, SMALL, RED if link == RED else "black")
    _joined(axis, 196)
    return figure


def _account(axis: Axes, x: float, y: float, key: str, color: str, n: int) -> None:
    """An account: its key, and a square for each basket."""
    box(axis, x, y, _SIDE, 34, "", GREY, tint=0.06)
    write(axis, x + 8, y + 17, (f"键 {key}", f"key {key}"), NORMAL, ha="left")
    for i in range(n):
        _basket(axis, x + 76 + 17 * i, y + 11, color)


def _basket(axis: Axes, x: float, y: float, color: str, strength: float = 0.85) -> None:
    axis.add_patch(Rectangle((x, y), 12, 12, fc=(color, strength), ec=color, lw=0.8))


def _joined(axis: Axes, top: float) -> None:
    """The first household's history at B: its baskets there in full, those at A at a discount, and the list."""
    axis.plot([5, 465], [top - 8, top - 8], color=FAINT, lw=0.8)
    write(
        axis,
        5,
        top + 8,
        ("链接正确的那一户，在平台 B 看来", "the household of the right link, as B sees it"),
        SMALL,
        GREY,
        ha="left",
    )
    y = top + 34
    for i in range(3):
        _basket(axis, 28 + 17 * i, y, ORANGE)
    write(axis, 51, y + 34, ("B 的购物，各算 1", "B: each counts 1"), SMALL)
    sign(axis, 104, y + 6)
    for i in range(5):
        _basket(axis, 124 + 17 * i, y, ORANGE, 0.25)
    write(axis, 166, y + 34, ("A 的购物，各算 𝑤", "A: each counts 𝑤"), SMALL)
    arrow(axis, (224, y + 6), (264, y + 6), width=2)
    box(axis, 270, y - 13, 190, 38, ("B 的推荐列表", "the list at B"), GREEN, size=NORMAL)
    write(axis, 365, y + 40, ("𝑤 = 0：不链接；𝑤 = 1：当成一家", "𝑤 = 0: not linked; 𝑤 = 1: as one"), SMALL)
    _basket(axis, 28, top + 100, RED)
    write(axis, 48, top + 106, ("另一户的购物", "baskets of another household"), SMALL, ha="left")
