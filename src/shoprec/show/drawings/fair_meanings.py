"""Picture of section 8.5.3.1: three things that may be asked to be equal, of the same two groups."""

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from shoprec.show.drawings.canvas import NORMAL, SMALL, Words, sheet, write
from shoprec.show.plotting import BLUE, FAINT, GREY, ORANGE

#: A meaning: its name, what it compares, and two bars, each a part in grey below and a part in colour above.
_MEANINGS: tuple[tuple[Words, Words, tuple[tuple[float, float], ...]], ...] = (
    (("质量相等", "equal quality"), ("两组的列表命中一样多", "both groups are served alike"), ((0, 66), (0, 66))),
    (
        ("改进相等", "equal improvement"),
        ("比热门榜多得一样多", "both gain alike over popularity"),
        ((40, 34), (16, 34)),
    ),
    (("曝光相等", "equal exposure"), ("展示的份额等于购买的份额", "shown as much as bought"), ((0, 70), (0, 34))),
)
_GROUPS: tuple[Words, Words] = (("甲组", "group A"), ("乙组", "group B"))
_MAKERS: tuple[Words, Words] = (("全国品牌", "national"), ("自有品牌", "store brand"))
_ROW, _FLOOR = 118, 96


def draw_fair_meanings() -> Figure:
    """Three rows, one for each meaning, with two bars each; the third has a mark at what was bought.

    Examples
    --------
    >>> len(draw_fair_meanings().axes)
    1
    """
    figure, axis = sheet(470, 3 * _ROW + 8)
    for row, (name, words, bars) in enumerate(_MEANINGS):
        top = _ROW * row
        if row:
            axis.plot([8, 462], [top + 2, top + 2], color=FAINT, lw=0.8)
        write(axis, 118, top + 46, name, NORMAL)
        write(axis, 118, top + 68, words, SMALL, GREY)
        for place, (below, above) in enumerate(bars):
            _bar(axis, 268 + 98 * place, top + _FLOOR, below, above, (BLUE, ORANGE)[place])
            write(axis, 295 + 98 * place, top + _FLOOR + 11, (_GROUPS, _MAKERS)[row == 2][place], SMALL)
            if row == 2:  # what was bought, which exposure should match
                level = top + _FLOOR - above
                axis.plot([258 + 98 * place, 332 + 98 * place], [level, level], color=GREY, lw=1.5, ls="--")
        if row < 2:
            for place, (below, above) in enumerate(bars):
                level = top + _FLOOR - below - above
                axis.plot([268 + 98 * place, 322 + 98 * place], [level, level], color=GREY, lw=1.5)
    return figure


def _bar(axis: Axes, x: float, floor: float, below: float, above: float, color: str) -> None:
    """A bar that stands on the floor: what popularity gives in grey, and what comes on top in colour."""
    if below:
        axis.add_patch(Rectangle((x, floor - below), 54, below, fc=(GREY, 0.35), ec=GREY, lw=0.9))
    axis.add_patch(Rectangle((x, floor - below - above), 54, above, fc=(color, 0.7), ec=color, lw=0.9))
