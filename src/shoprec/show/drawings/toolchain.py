"""Picture of section 7: the way from purchases to a list, and which library has a place at which station."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.show.drawings.canvas import LARGE, NORMAL, SMALL, Words, arrow, box, sheet, write
from shoprec.show.plotting import BLUE, FAINT, GREEN, GREY, ORANGE, PINK

#: A station: what happens, its colour, and the libraries that are used there.
_STATIONS: tuple[tuple[Words, str, tuple[str, ...]], ...] = (
    (("数据", "data"), GREY, ("pandas",)),
    (("召回", "candidates"), BLUE, ("implicit", "RecTools")),
    (("排序", "ranking"), ORANGE, ("LightGBM", "scikit-learn", "PyTorch")),
    (("文本", "text"), PINK, ("Transformers", "llama.cpp")),
    (("服务", "serving"), GREEN, ("FAISS",)),
)
_WIDTH, _GAP, _TOP = 84, 12, 34


def draw_toolchain() -> Figure:
    """Stations from left to right, their libraries below, and the judging that spans all of them.

    Examples
    --------
    >>> len(draw_toolchain().axes)
    1
    """
    figure, axis = sheet(480, 196)
    for i, (words, color, libraries) in enumerate(_STATIONS):
        x = 5 + i * (_WIDTH + _GAP)
        box(axis, x, _TOP, _WIDTH, 34, words, color, size=LARGE)
        if i:
            arrow(axis, (x - _GAP, _TOP + 17), (x - 1, _TOP + 17))
        for row, name in enumerate(libraries):
            write(axis, x + _WIDTH / 2, _TOP + 54 + 18 * row, name, NORMAL)
    write(
        axis,
        5,
        14,
        ("从购买到推荐列表，每一站用什么", "from purchases to a list: what is used where"),
        SMALL,
        GREY,
        ha="left",
    )
    _judging(axis)
    return figure


def _judging(axis: Axes) -> None:
    """Below all stations: none of the libraries decides how a list is judged."""
    y = _TOP + 118
    axis.plot([5, 5 + 5 * _WIDTH + 4 * _GAP], [y - 8, y - 8], color=FAINT, lw=0.8)
    words = ("评估：切分、指标、区间，都由你来定", "judging: the split, the metric and the interval are yours")
    box(axis, 5, y, 5 * _WIDTH + 4 * _GAP, 30, words, GREY, size=NORMAL)
