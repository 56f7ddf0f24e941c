"""What pictures are drawn with: a sheet that is measured in points, boxes, arrows, vectors and words.

A point on the sheet is a point of type, and ``y`` runs down from the top: a word of size 10 is about 10 high. Colours
keep their meaning in all pictures: blue is what a network computes, orange what a household bought, green what it is to
buy next, grey what stands beside it, red what is wrong or forbidden.
"""

from typing import Any

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle, FancyArrowPatch, FancyBboxPatch, Rectangle

from shoprec.formulas.arrays import Floats
from shoprec.show.plotting import GREY
from shoprec.words import Pair, label

#: What may be written: a pair, or what is the same in both languages.
Words = Pair | str
Point = tuple[float, float]

SMALL, NORMAL, LARGE = 9.5, 10.5, 12.0
#: How strongly a tinted box is coloured: black and white words stay legible on it, on light pages and dark ones.
TINT = 0.22


def sheet(width: float, height: float) -> tuple[Figure, Axes]:
    """An empty sheet of a size in points.

    Examples
    --------
    >>> figure, axis = sheet(200, 100)
    >>> axis.get_xlim(), axis.get_ylim()
    ((np.float64(0.0), np.float64(200.0)), (np.float64(100.0), np.float64(0.0)))
    """
    figure = plt.figure(figsize=(width / 72, height / 72))
    figure.set_layout_engine("none")
    axis = figure.add_axes((0, 0, 1, 1))
    axis.set(xlim=(0, width), ylim=(height, 0))
    axis.axis("off")
    axis.set_gid("sheet")  # tells the site that it is a picture
    return figure, axis


def write(
    axis: Axes, x: float, y: float, words: Words, size: float = NORMAL, color: str = "black", **look: Any
) -> None:
    """Write one line with its middle at a point; ``ha="left"`` begins it there.

    In a run, a line is written in both languages, and a page shows one of them: so lines leave the sheet as large as it
    is, and stand on a base that is the same for all letters.
    """
    text = words if isinstance(words, str) else label(words)
    place = {"ha": "center", "va": "baseline", "rotation_mode": "anchor"} | look
    down, right = (0.0, 0.36 * size) if "rotation" in look else (0.36 * size, 0.0)
    axis.text(x + right, y + down, text, fontsize=size, color=color, in_layout=False, **place)


def box(
    axis: Axes,
    x: float,
    y: float,
    width: float,
    height: float,
    words: Words = "",
    color: str = GREY,
    *,
    size: float = NORMAL,
    tint: float = TINT,
    dashed: bool = False,
    ink: str = "black",
) -> None:
    """A rounded box from its upper left corner, tinted and outlined in a colour, with a line in its middle."""
    shape, line = f"round,pad=0,rounding_size={min(5, height / 4)}", "--" if dashed else "-"
    axis.add_patch(FancyBboxPatch((x, y), width, height, shape, fc=(color, tint), ec=color, lw=1.2, ls=line))
    if words:
        write(axis, x + width / 2, y + height / 2, words, size, ink)


def arrow(axis: Axes, start: Point, end: Point, color: str = GREY, width: float = 1.3) -> None:
    """An arrow between two points."""
    look: dict[str, Any] = {"arrowstyle": "-|>", "mutation_scale": 9, "joinstyle": "miter", "color": color, "lw": width}
    axis.add_patch(FancyArrowPatch(start, end, shrinkA=0, shrinkB=0, **look))


def path(axis: Axes, *points: Point, color: str = GREY, width: float = 1.3, arrow_at_end: bool = True) -> None:
    """A line from point to point, with an arrow at its end."""
    axis.plot(*zip(*(points[:-1] if arrow_at_end else points), strict=True), color=color, lw=width)
    if arrow_at_end:
        arrow(axis, points[-2], points[-1], color, width)


def sign(axis: Axes, x: float, y: float, words: str = "+", color: str = GREY, radius: float = 8.5) -> None:
    """A sign in a circle, where two things meet."""
    axis.add_patch(Circle((x, y), radius, fc="white", ec=color, lw=1.3, zorder=3))
    write(axis, x, y, words, 11, color, zorder=4)


def vector(
    axis: Axes, x: float, y: float, width: float, height: float, color: str, n: int = 4, tint: float = 0.35
) -> None:
    """A row of cells, which stands for a vector."""
    for i in range(n):
        axis.add_patch(Rectangle((x + i * width / n, y), width / n, height, fc=(color, tint), ec=color, lw=0.8))


def grid(axis: Axes, x: float, y: float, side: float, matrix: Floats, most: float, color: str) -> None:
    """A matrix as cells, the more coloured the closer to ``most``, in a frame of the same colour."""
    cells = np.minimum(np.abs(matrix) / most, 1)
    for (row, column), alpha in np.ndenumerate(cells):
        corner = x + side * column, y + side * row
        axis.add_patch(Rectangle(corner, side, side, fc=(color, round(alpha, 2)), ec="none"))
    height, width = cells.shape
    axis.add_patch(Rectangle((x, y), side * width, side * height, fc="none", ec=color, lw=1.2))


def step(axis: Axes, y: float, number: int, words: Words, x: float = 4) -> None:
    """The heading of a step: its number in a ring, and what happens."""
    axis.add_patch(Circle((x + 8, y), 8, fc="none", ec=GREY, lw=1.2))
    write(axis, x + 8, y, str(number), 10)
    write(axis, x + 22, y, words, NORMAL, ha="left")
