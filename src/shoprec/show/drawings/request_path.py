"""Picture of section 8.4.1: the way of a request from the till to the list, with what is kept and where it waits."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shoprec.show.drawings.canvas import LARGE, SMALL, Words, arrow, box, path, sheet, write
from shoprec.show.plotting import BLUE, GREEN, GREY, ORANGE, RED

#: The stations of a request: the words in the box, its colour, and what is said below it.
_STATIONS: tuple[tuple[Words, str, Words], ...] = (
    (("排队", "queue"), RED, ("多久，看有多忙", "how long? by load")),
    (("核对", "validate"), GREY, ("格式与上限", "schema, limits")),
    (("读新的一次", "read the scan"), BLUE, ("只读新购买", "the new one alone")),
    (("打分", "score"), BLUE, ("全部商品", "all products")),
    (("取前十", "top ten"), GREEN, ("返回列表", "the list")),
)
_WIDTH, _GAP, _LEFT, _TOP = 80, 14, 8, 74


def draw_request_path() -> Figure:
    """A scan's way through queue, check, network and list, and the cache beside it.

    Examples
    --------
    >>> len(draw_request_path().axes)
    1
    """
    figure, axis = sheet(470, 222)
    write(axis, 235, 14, ("一次扫码，从收银台到列表", "one scan, from the till to the list"), LARGE)
    _basket(axis, 8, 36)
    path(axis, (112, 44), (_LEFT + _WIDTH / 2, 44), (_LEFT + _WIDTH / 2, _TOP), arrow_at_end=True)
    for i, (words, color, below) in enumerate(_STATIONS):
        x = _LEFT + i * (_WIDTH + _GAP)
        box(axis, x, _TOP, _WIDTH, 34, words, color, size=SMALL)
        write(axis, x + _WIDTH / 2, _TOP + 47, below, 8.5, GREY)
        if i:
            arrow(axis, (x - _GAP + 1, _TOP + 17), (x - 1, _TOP + 17))
    _cache(axis, 150)
    return figure


def _basket(axis: Axes, x: float, y: float) -> None:
    """The products scanned so far: those before in pale, the new one in full colour."""
    for i in range(6):
        color = (ORANGE, 0.85 if i == 5 else 0.25)
        axis.add_patch(Rectangle((x + 114 + 17 * i, y), 12, 12, fc=color, ec=ORANGE, lw=0.8))
    write(axis, x + 226, y + 6, ("篮子，最后一件刚扫", "the basket; the last one is new"), SMALL, ha="left")


def _cache(axis: Axes, top: float) -> None:
    """Keys and values of what has been read before, which the new purchase looks at."""
    left, middle = _LEFT + 8, _LEFT + 2 * (_WIDTH + _GAP) + _WIDTH / 2
    box(axis, left, top, 452, 66, "", GREY, tint=0.06, dashed=True)
    words = "缓存：读过的购买，各有键和值", "the cache: key and value of each purchase read"
    write(axis, left + 10, top + 14, words, SMALL, ha="left")
    for i in range(12):
        fresh = i == 11
        for row in range(2):
            place = left + 14 + 19 * i, top + 28 + 17 * row
            axis.add_patch(Rectangle(place, 13, 13, fc=(BLUE, 0.85 if fresh else 0.25), ec=BLUE, lw=0.8))
    write(axis, left + 252, top + 35, ("键", "keys"), SMALL, ha="left")
    write(axis, left + 252, top + 52, ("值", "values"), SMALL, ha="left")
    write(axis, left + 300, top + 44, ("旧的不变，新的添上", "old ones stay, one joins"), SMALL, ha="left")
    arrow(axis, (middle, top), (middle, _TOP + 54), BLUE)
