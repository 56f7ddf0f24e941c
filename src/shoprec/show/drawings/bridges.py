"""Picture of section 8.2.1: three bridges from what a household bought to a department that it is new to."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shoprec.show.drawings.canvas import LARGE, NORMAL, SMALL, Words, arrow, box, sheet, write
from shoprec.show.plotting import BLUE, FAINT, GREEN, GREY, ORANGE, RED

#: A bridge: its name, what stands in its middle, and what it says.
_BRIDGES: tuple[tuple[Words, Words, str], ...] = (
    (("文字", "words"), ("说明里的词相同", "shared words"), BLUE),
    (("同购", "co-purchase"), ("别家两样都买", "others buy both"), GREY),
    (("家庭", "households"), ("买得像的别家", "others alike"), GREY),
)
_ROW, _TOP = 62, 42


def draw_bridges() -> Figure:
    """A household's purchases in the source, three bridges, the hidden target, and the household as its own witness.

    Examples
    --------
    >>> len(draw_bridges().axes)
    1
    """
    figure, axis = sheet(470, 322)
    write(axis, 62, 14, ("源：别的部门", "Source: the others"), NORMAL, ha="center")
    write(axis, 402, 14, ("目标：这一部门", "Target: this one"), NORMAL)
    _household(axis)
    for row, (name, middle, color) in enumerate(_BRIDGES):
        y = _TOP + _ROW * row + 22
        arrow(axis, (118, y), (164, y), width=2)
        box(axis, 168, y - 19, 134, 38, "", color, tint=0.12)
        write(axis, 235, y - 7, name, NORMAL)
        write(axis, 235, y + 9, middle, SMALL, GREY)
        arrow(axis, (306, y), (344, y), width=2)
    _own_witness(axis, _TOP + 3 * _ROW + 10)
    return figure


def _household(axis: Axes) -> None:
    """What the household bought in the source, and what it bought in the target, which is hidden."""
    bottom = 3 * _ROW - 16
    box(axis, 8, _TOP, 106, bottom, "", ORANGE, tint=0.08)
    write(axis, 61, _TOP + 16, ("这户买过的", "what it bought"), SMALL)
    for i in range(15):
        axis.add_patch(_square(26 + 24 * (i % 3), _TOP + 34 + 25 * (i // 3), ORANGE))
    box(axis, 348, _TOP, 114, bottom, "", GREEN, tint=0.08)
    write(axis, 405, _TOP + 16, ("这户买过的：藏起来", "bought, but hidden"), SMALL)
    for i in range(6):
        axis.add_patch(_square(368 + 29 * (i % 3), _TOP + 34 + 25 * (i // 3), GREY, hidden=True))
    write(axis, 405, _TOP + 104, ("要排序的商品", "products to rank"), SMALL)
    for i in range(3):
        axis.add_patch(_square(368 + 29 * i, _TOP + 122, GREEN))


def _own_witness(axis: Axes, top: float) -> None:
    """The trap: among the others is the household itself, with its hidden purchases."""
    axis.plot([8, 462], [top, top], color=FAINT, lw=0.8)
    write(
        axis,
        235,
        top + 22,
        ("陷阱：“别家”里混进了这户自己", "The trap: one of the others is the household"),
        LARGE,
        RED,
    )
    words = (
        "它最像自己，于是它藏起来的购买又被读了出来",
        "most like itself, it lends its own hidden purchases",
    )
    write(axis, 235, top + 46, words, NORMAL)
    words = (
        "所以核对时把它从证人里去掉，还借一户陌生人的历史来比",
        "so it is no witness, and a stranger's history is the control",
    )
    write(axis, 235, top + 70, words, SMALL, GREY)


def _square(x: float, y: float, color: str, hidden: bool = False) -> Rectangle:
    return Rectangle((x, y), 15, 15, fc="none" if hidden else (color, 0.8), ec=color, lw=0.9, ls=":" if hidden else "-")
