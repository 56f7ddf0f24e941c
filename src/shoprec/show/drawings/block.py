"""Pictures of section 4.1.2: the Transformer block as it is right, and as the source writes it."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.show.drawings.canvas import LARGE, SMALL, Words, arrow, box, path, sheet, sign, write
from shoprec.show.plotting import BLUE, GREEN, GREY, RED, SKY

_FAULTS: tuple[Words, ...] = (
    ("没有前馈层", "no feed-forward layer"),
    ("每一块都再加一遍位置", "positions again in every block"),
    ("两个归一化并排，再相加", "two norms side by side, added"),
    ("𝐻 从未用到", "𝐻 is never used"),
)


def draw_blocks() -> Figure:
    """The pre-norm block beside the source's formula.

    Examples
    --------
    >>> len(draw_blocks().axes)
    1
    """
    figure, axis = sheet(470, 404)
    _right(axis, 128)
    _literal(axis, 354)
    return figure


def _part(axis: Axes, x: float, y: float, words: Words, color: str, width: float = 96) -> None:
    box(axis, x - width / 2, y - 12, width, 24, words, color)


def _right(axis: Axes, x: float) -> None:
    """Norm, attention, plus what came in; norm, feed-forward, plus what came in."""
    write(axis, x - 14, 12, ("正确的块（前归一化）", "The right block (pre-norm)"), LARGE)
    write(axis, x, 40, ("输入 𝑋，位置已加过一次", "input 𝑋, positions added once"))
    box(axis, x - 102, 66, 176, 276, tint=0.07)
    arrow(axis, (x, 50), (x, 95))
    halves: tuple[tuple[float, Words, Words, str], ...] = (
        (80, "LN₁", ("多头注意力", "attention"), BLUE),
        (212, "LN₂", ("前馈层", "feed-forward"), GREEN),
    )
    for top, norm, words, color in halves:
        path(axis, (x, top), (x - 74, top), (x - 74, top + 112), (x - 9, top + 112), color="black", width=2)
        write(axis, x - 84, top + 56, ("残差", "residual"), SMALL, rotation=90)
        _part(axis, x, top + 28, norm, GREY)
        arrow(axis, (x, top + 40), (x, top + 55))
        _part(axis, x, top + 68, words, color)
        arrow(axis, (x, top + 80), (x, top + 103))
        sign(axis, x, top + 112, color="black")
    arrow(axis, (x, 201), (x, 227))
    arrow(axis, (x, 333), (x, 368))
    write(axis, x, 379, ("输出 𝑍，给下一块", "output 𝑍, for the next block"))


def _literal(axis: Axes, x: float) -> None:
    """Two branches that don't follow each other, and no feed-forward layer."""
    write(axis, x, 12, ("原文的式子", "The formula of the source"), LARGE)
    write(axis, x, 40, "𝐸")
    box(axis, x + 62, 28, 46, 24, "𝐻", RED, tint=0, dashed=True, ink=RED)
    box(axis, x - 110, 66, 220, 190, tint=0.07)
    axis.plot([x, x], [50, 80], color=GREY, lw=1.3)
    for side, words, color in ((-1, ("多头注意力", "attention"), BLUE), (1, ("位置", "positions"), SKY)):
        middle, edge = x + 46 * side, x + 100 * side
        path(axis, (x, 80), (middle, 80), (middle, 95))
        path(axis, (middle, 80), (edge, 80), (edge, 148), (middle + 9 * side, 148), color="black", width=2)
        _part(axis, middle, 108, words, color, 84)
        arrow(axis, (middle, 120), (middle, 139))
        sign(axis, middle, 148, color="black")
        arrow(axis, (middle, 157), (middle, 175))
        _part(axis, middle, 188, "LN", GREY, 84)
        path(axis, (middle, 200), (middle, 230), (x + 9 * side, 230), color=RED)
    sign(axis, x, 230, color=RED)
    arrow(axis, (x, 239), (x, 276))
    for row, fault in enumerate(_FAULTS):
        write(axis, x - 96, 302 + 20 * row, "×", color=RED)
        write(axis, x - 84, 302 + 20 * row, fault, color=RED, ha="left")
