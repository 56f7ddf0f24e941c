"""Picture of chapter 9: does this shop need a large model? Each answer rests on a finding of the run that draws it."""

from collections.abc import Mapping
from typing import NamedTuple

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from shoprec.show.drawings.canvas import NORMAL, SMALL, Words, arrow, box, sheet, write
from shoprec.show.plotting import BLUE, GREY, ORANGE
from shoprec.words import Pair


class Answer(NamedTuple):
    """A leaf: what to do, in which section it is shown, and by what kind of model (as a colour)."""

    words: Pair
    section: str
    color: str


#: By the name of the finding that an answer rests on; ``find`` rests on the check of its own section.
ANSWERS: dict[str, Answer] = {
    "borrow": Answer(("热门商品，或从别处借", "Bestsellers, or borrow"), "6.1.8 · 8.2", ORANGE),
    "neighbours": Answer(("近邻或 EASE", "Neighbours, or EASE"), "3.2", ORANGE),
    "count": Answer(("先统计他自己的购买", "Count their own purchases"), "1.3 · 3.2", ORANGE),
    "mix": Answer(("再加一个便宜的模型", "Then mix in a cheap model"), "3.3 · 5", ORANGE),
    "find": Answer(("小编码器", "A small encoder"), "6.1.2", BLUE),
    "rank": Answer(("先和计数比", "Compare with counting"), "6.1.4 · 6.1.5", BLUE),
    "write": Answer(("约束它，检验它", "Constrain it, test it"), "6.1.6 · 6.1.7", BLUE),
}
#: Asked from top to bottom; the first two lead aside when the answer is no.
QUESTIONS: tuple[tuple[Pair, Words, str], ...] = (
    (("这位顾客在这里买过吗？", "Has this customer bought here?"), ("没有", "no"), "borrow"),
    (("同样的东西会再买吗？", "Is the same bought again?"), ("很少", "hardly"), "neighbours"),
)
_LEFT, _WIDTH, _HIGH, _RIGHT, _LEAF = 5, 190, 34, 278, 197


def check_findings(holds: Mapping[str, bool]) -> None:
    """Raise unless each answer but ``find`` has a finding that holds.

    Examples
    --------
    >>> check_findings(dict.fromkeys(ANSWERS, True) | {"rank": False})
    Traceback (most recent call last):
    ValueError: this run doesn't bear out the tree's answer rank; draw another tree
    """
    for name in sorted(ANSWERS.keys() - {"find"}):
        if not holds.get(name, False):
            raise ValueError(f"this run doesn't bear out the tree's answer {name}; draw another tree")


def draw_need_tree(holds: Mapping[str, bool]) -> Figure:
    """Questions from top to bottom, and what to do at the end of each branch, with its section.

    Parameters
    ----------
    holds : mapping
        Whether the finding holds that an answer rests on, by its name in ``ANSWERS``.

    Raises
    ------
    ValueError
        If a finding is missing or doesn't hold.

    Examples
    --------
    >>> len(draw_need_tree(dict.fromkeys(ANSWERS, True)).axes)
    1
    """
    check_findings(holds)
    figure, axis = sheet(480, 404)
    for row, (words, aside, name) in enumerate(QUESTIONS):
        y = 8 + 74 * row
        _ask(axis, y, words)
        arrow(axis, (_LEFT + _WIDTH, y + _HIGH / 2), (_RIGHT - 1, y + _HIGH / 2))
        write(axis, (_LEFT + _WIDTH + _RIGHT) / 2, y + _HIGH / 2 - 9, aside, SMALL, GREY)
        _answer(axis, _RIGHT, y, _LEAF, ANSWERS[name])
        arrow(axis, (_LEFT + _WIDTH / 2, y + _HIGH), (_LEFT + _WIDTH / 2, y + 73))
        on = ("常常", "often") if row else ("买过", "yes")
        write(axis, _LEFT + _WIDTH / 2 + 8, y + 54, on, SMALL, GREY, ha="left")
    _answer(axis, _LEFT, 156, _WIDTH, ANSWERS["count"])
    arrow(axis, (_LEFT + _WIDTH, 173), (_RIGHT - 1, 173))
    words = ("再多一点", "for a little more")
    write(axis, (_LEFT + _WIDTH + _RIGHT) / 2, 164, words, SMALL, GREY)
    _answer(axis, _RIGHT, 156, _LEAF, ANSWERS["mix"])
    arrow(axis, (_LEFT + _WIDTH / 2, 190), (_LEFT + _WIDTH / 2, 229))
    _language(axis, 230)
    return figure


def _ask(axis: Axes, y: float, words: Pair) -> None:
    """A question."""
    box(axis, _LEFT, y, _WIDTH, _HIGH, words, GREY, size=NORMAL)


def _answer(axis: Axes, x: float, y: float, width: float, answer: Answer) -> None:
    """What to do, and below it the section, which has the measurement."""
    box(axis, x, y, width, _HIGH, color=answer.color)
    write(axis, x + width / 2, y + 11, answer.words, NORMAL)
    write(axis, x + width / 2, y + 25, f"§ {answer.section}", SMALL, GREY)


def _language(axis: Axes, y: float) -> None:
    """The last question, and the three things that a language model may be wanted for."""
    _ask(axis, y, ("任务本身要用语言吗？", "Is language part of the task?"))
    arrow(axis, (_LEFT + _WIDTH, y + _HIGH / 2), (_RIGHT - 1, y + _HIGH / 2))
    write(axis, (_LEFT + _WIDTH + _RIGHT) / 2, y + 8, ("不用", "no"), SMALL, GREY)
    box(axis, _RIGHT, y, _LEAF, _HIGH, ("用不着大模型", "No large model needed"), ORANGE)
    heads: tuple[tuple[Pair, str], ...] = (
        (("查找", "to find"), "find"), (("排序", "to rank"), "rank"), (("写", "to write"), "write"),
    )  # fmt: skip
    top, wide, gap = y + 104, 150, 10
    arrow(axis, (_LEFT + _WIDTH / 2, y + _HIGH), (_LEFT + _WIDTH / 2, y + 59))
    write(axis, _LEFT + _WIDTH / 2 + 8, y + 47, ("要用，用来……", "yes, and for what?"), SMALL, GREY, ha="left")
    axis.plot([_LEFT + wide / 2, _LEFT + 2.5 * wide + 2 * gap], [y + 60, y + 60], color=GREY, lw=1.3)
    for i, (words, name) in enumerate(heads):
        x = _LEFT + i * (wide + gap)
        arrow(axis, (x + wide / 2, y + 60), (x + wide / 2, top - 1))
        write(axis, x + wide / 2 + 8, y + 82, words, SMALL, GREY, ha="left")
        _answer(axis, x, top, wide, ANSWERS[name])
    words = ("橙：计数和近邻；蓝：语言模型", "orange: counting and neighbours; blue: language models")
    write(axis, _LEFT, top + 53, words, SMALL, GREY, ha="left")
