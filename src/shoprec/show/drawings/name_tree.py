"""Picture of section 6.1: a shelf's names as a tree, whose likeliest token isn't on the way to the likeliest name."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.show.drawings.canvas import LARGE, SMALL, Point, Words, arrow, box, sheet, write
from shoprec.show.plotting import BLUE, GREEN, GREY, RED

#: What the decoder says first, and then, where the shelf lets it go on; the rest it gives to what the shelf hasn't.
FIRST = {"White": 0.5, "Banana": 0.2}
THEN = {"onions": 0.02, "s": 0.9}
MISSING = 0.9  #: of "bread" after "White", which isn't on this shelf

_CHINESE = {"White": "白", "Banana": "香", "bread": "面包", "onions": "洋葱", "s": "蕉"}

_LEFT, _MIDDLE, _RIGHT = 60, 213, 373


def draw_name_tree() -> Figure:
    """Two names of a shelf, token by token: the greedy choice takes the likelier first token, and the unlikelier name.

    Examples
    --------
    >>> len(draw_name_tree().axes)
    1
    """
    figure, axis = sheet(470, 306)
    box(axis, 8, 126, 104, 52, tint=0.07)
    write(axis, _LEFT, 143, ("提示词", "prompt"))
    write(axis, _LEFT, 162, ("下次买：", "next on the list:"), SMALL, GREY)
    _token(axis, _MIDDLE, 64, "White", FIRST["White"], BLUE, (112, 140))
    _token(axis, _MIDDLE, 232, "Banana", FIRST["Banana"], BLUE, (112, 164))
    _token(axis, _RIGHT, 30, "bread", MISSING, RED, (253, 60), dashed=True)
    _token(axis, _RIGHT, 106, "onions", THEN["onions"], BLUE, (253, 72))
    _token(axis, _RIGHT, 232, "s", THEN["s"], BLUE, (253, 232))
    write(axis, _RIGHT, 62, ("货架上没有，划掉", "not on the shelf: struck out"), SMALL, RED)
    for y, words, values, color in (
        (139, ("贪心说出的", "what greedy says"), (FIRST["White"], THEN["onions"]), GREY),
        (265, ("最可能的商品名", "the likeliest name"), (FIRST["Banana"], THEN["s"]), GREEN),
    ):
        _name(axis, y, words, *values, color)
    return figure


def _token(
    axis: Axes, x: float, y: float, token: str, p: float, color: str, start: Point, dashed: bool = False
) -> None:
    """A token with its probability, and the arrow that leads to it."""
    words = f"{_CHINESE[token]}  {p:g}", f"{token}  {p:g}"
    box(axis, x - 40, y - 16, 80, 32, words, color, size=LARGE, dashed=dashed)
    arrow(axis, start, (x - 42, y), color, 1 + 3 * p)


def _name(axis: Axes, y: float, words: Words, first: float, then: float, color: str) -> None:
    """What a name's tokens multiply to."""
    write(axis, _RIGHT, y, words, SMALL, color)
    write(axis, _RIGHT, y + 16, f"{first:g} × {then:g} = {first * then:.2g}")
