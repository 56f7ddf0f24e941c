"""Picture of section 6.2.5: one step of a re-ranking that takes off what a product shares with those chosen."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shoprec.applications.diversity import mmr, shared_prefix
from shoprec.show.drawings.canvas import LARGE, SMALL, Words, box, path, sheet, write
from shoprec.show.plotting import BLUE, GREEN, GREY, RED

#: Candidates, best first: name, relevance, and codes of department, category and type.
CANDIDATES: tuple[tuple[Words, float, tuple[int, int, int]], ...] = (
    (("全脂牛奶", "Whole milk"), 1.0, (0, 0, 0)),
    (("另一种全脂牛奶", "Other whole milk"), 0.9, (0, 0, 0)),
    (("切达奶酪", "Cheddar"), 0.6, (0, 1, 0)),
    (("香蕉", "Bananas"), 0.5, (1, 0, 0)),
)
WEIGHT = 0.5
_NAME, _BAR, _SHARED, _VALUE, _SIDE = 118, 128, 240, 352, 80


def values() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Relevance, similarity to the first, and what each candidate is worth as the second."""
    x = np.array([relevance for _, relevance, _ in CANDIDATES])
    shared = shared_prefix([path for *_, path in CANDIDATES])[0]
    return x, shared, (1 - WEIGHT) * x - WEIGHT * shared


def draw_reranking() -> Figure:
    """The second choice: each candidate's relevance, less its similarity to what was chosen.

    Examples
    --------
    >>> len(draw_reranking().axes)
    1
    """
    figure, axis = sheet(470, 306)
    x, shared, value = values()
    first, second = mmr(x, shared_prefix([path for *_, path in CANDIDATES]), WEIGHT, k=2)
    heads: tuple[tuple[float, Words, str], ...] = (
        (_BAR, ("相关性 𝑥", "relevance 𝑥"), BLUE), (_SHARED, ("与已选的相似度", "like those chosen"), RED),
        (_VALUE, (f"{1 - WEIGHT:g}𝑥 − {WEIGHT:g} 相似度", f"{1 - WEIGHT:g}𝑥 − {WEIGHT:g} alike"), GREEN),
    )  # fmt: skip
    for left, words, color in heads:
        write(axis, left, 14, words, SMALL, color, ha="left")
    for row, (name, *_) in enumerate(CANDIDATES):
        y = 48 + 38 * row
        if row == second:
            box(axis, 2, y - 17, 466, 34, color=GREEN, tint=0.1)
        write(axis, _NAME, y, name, SMALL, GREY if row == first else "black", ha="right")
        _bar(axis, _BAR, y, x[row], BLUE)
        if row == first:
            write(axis, _SHARED, y, ("已经选上", "chosen already"), SMALL, GREY, ha="left")
        else:
            _bar(axis, _SHARED, y, shared[row], RED)
            write(axis, _VALUE, y, f"{value[row]:.2f}".replace("-", "−"), LARGE, GREEN, ha="left")
    write(axis, 66, 232, ("推荐列表", "the list"), LARGE)
    for place, row in enumerate((first, second)):
        left = 132 + 172 * place
        write(axis, left, 232, f"{place + 1}", LARGE, ha="left")
        box(axis, left + 14, 216, 140, 32, CANDIDATES[row][0], GREEN if place else GREY)
    path(axis, (440, 180), (440, 200), (388, 200), (388, 214), color=GREEN, width=2)
    words = (
        "第二位不是第二相关的，而是与牛奶最不像、又够相关的",
        "second is not the second most relevant, but what adds most",
    )
    write(axis, 235, 280, words, SMALL)
    return figure


def _bar(axis: Axes, x: float, y: float, share: float, color: str) -> None:
    """A number from 0 to 1 as a bar, with the number behind it."""
    axis.add_patch(Rectangle((x, y - 6), _SIDE, 12, fc="none", ec=GREY, lw=0.6))
    axis.add_patch(Rectangle((x, y - 6), _SIDE * share, 12, fc=color, ec="none", alpha=0.7))
    write(axis, x + _SIDE + 4, y, f"{share:.2g}", SMALL, ha="left")
