"""What a self-check is made of: an exercise has parts, and each part a judge that says what is wrong with an answer.

A judge returns if an answer is right, and raises ``Mistake`` with one sentence in both languages if it isn't. It looks
at values and properties on inputs of its own, never at the text of an answer.
"""

from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from shoprec.words import Line, Pair

Judge = Callable[[Any], None]
NOT_WRITTEN = ("还没有写。", "not yet written.")
RIGHT = ("对了。", "right.")


class Mistake(Exception):
    """What is wrong with an answer, said in both languages without giving the right one away."""

    def __init__(self, zh: str, en: str, *values: Any) -> None:
        halves = ([value[i] if isinstance(value, tuple) else value for value in values] for i in (0, 1))
        self.said: Pair = (zh.format(*next(halves)), en.format(*next(halves)))
        super().__init__(self.said[1])


class NotWritten(Exception):
    """The answer is still the starter's."""


def require(holds: Any, zh: str, en: str, *values: Any) -> None:
    """Raise a mistake unless something holds.

    Examples
    --------
    >>> require(2 > 1, "太小", "too small")
    >>> require(0 > 1, "{} 太小", "{} is too small", 0)
    Traceback (most recent call last):
    shoprec.exercises.checking.Mistake: 0 is too small
    """
    if not holds:
        raise Mistake(zh, en, *values)


def number(value: Any) -> float:
    """An answer as a number; not what only looks like one.

    Examples
    --------
    >>> number(1 / 4)
    0.25
    >>> number("1/4")
    Traceback (most recent call last):
    shoprec.exercises.checking.Mistake: it should be a number, without quotation marks; it is the text '1/4'
    """
    quoted = (
        "应该是一个数，不加引号；现在是文字 {}",
        "it should be a number, without quotation marks; it is the text {}",
    )
    require(not isinstance(value, str), *quoted, repr(value))
    try:
        given = np.asarray(value, dtype=float)
    except (TypeError, ValueError):
        given = np.empty(0)
    require(given.size == 1, "应该是一个数，现在是 {}", "it should be one number, but is {}", _kind(value))
    require(np.isfinite(given).all(), "得到的是 {}，不是有限的数", "it is {}, not a finite number", given.item())
    return float(given.item())


def array(value: Any, shape: tuple[int, ...]) -> np.ndarray:
    """An answer as an array of numbers of the shape that is expected; sparse ones are filled.

    Examples
    --------
    >>> array([[1, 2]], (1, 2))
    array([[1., 2.]])
    >>> array([1, 2], (1, 2))
    Traceback (most recent call last):
    shoprec.exercises.checking.Mistake: expected is an array of shape (1, 2), but this one has (2,)
    """
    try:
        given = np.asarray(value.toarray() if hasattr(value, "toarray") else value, dtype=float)
    except (TypeError, ValueError):
        raise Mistake("应该是数组，现在是 {}", "it should be an array, but is {}", _kind(value)) from None
    wanted = "应该是形状为 {} 的数组，现在的形状是 {}", "expected is an array of shape {}, but this one has {}"
    require(given.shape == shape, *wanted, str(shape), str(given.shape))
    missing = "数组里有 {} 个不是有限的数（NaN 或无穷）", "{} entries of the array are NaN or infinite"
    require(np.isfinite(given).all(), *missing, int((~np.isfinite(given)).sum()))
    return given


@dataclass(frozen=True)
class Written:
    """A function of the reader's, called by a judge: what it raises becomes a mistake, in one sentence."""

    function: Any

    def __call__(self, *arguments: Any) -> Any:
        """Call it with copies; it returns ``...`` as long as it isn't written."""
        require(
            callable(self.function), "应该是函数，现在是 {}", "it should be a function, but is {}", _kind(self.function)
        )
        try:
            value = self.function(*deepcopy(arguments))
        except NotImplementedError:
            raise NotWritten from None
        except Exception as error:
            at = "运行时出错，{}：{}", "it raised an error, {}: {}"
            raise Mistake(*at, type(error).__name__, str(error) or ("没有说明", "no message")) from None
        if value is ...:
            raise NotWritten
        require(value is not None, "什么也没有返回，是不是忘了写 return？", "it returned nothing; is a return missing?")
        return value


@dataclass(frozen=True)
class Report:
    """What a check found, a line for each part; it is true if all parts are right."""

    passed: bool
    lines: tuple[Line, ...]

    def __bool__(self) -> bool:
        return self.passed

    def __repr__(self) -> str:
        return "\n".join(map(repr, self.lines))

    def _repr_html_(self) -> str:
        return "".join(line._repr_html_() for line in self.lines)


@dataclass(frozen=True)
class Exercise:
    """An exercise by its label; its parts have the names of what the starter defines, in the same order."""

    label: str
    parts: dict[str, Judge] = field(default_factory=dict)

    def value(self, judge: Judge) -> Judge:
        """Add the part that a judge is named after, whose answer is a value; for use as a decorator."""
        self.parts[judge.__name__] = judge
        return judge

    def function(self, judge: Judge) -> Judge:
        """Add a part whose answer is a function; the judge can call it without fear."""
        self.parts[judge.__name__] = lambda answer: judge(Written(answer))
        return judge

    def number(self, name: str, right: float, slips: dict[float, Pair], otherwise: Pair) -> None:
        """Add a part whose answer is a number, right to a hundredth; known slips have a sentence of their own."""

        def judge(answer: Any) -> None:
            given = number(answer)
            if not np.isclose(given, right, rtol=0.01, atol=1e-6):
                known = (said for slip, said in slips.items() if np.isclose(given, slip, rtol=0.01, atol=1e-6))
                raise Mistake(*next(known, otherwise))

        self.parts[name] = judge

    def choice(self, name: str, right: str, **others: Pair) -> None:
        """Add a part whose answer is one of several words; for each wrong one, why it isn't right."""
        words = ", ".join(f'"{word}"' for word in sorted([right, *others]))

        def judge(answer: Any) -> None:
            wanted = "应该是 {} 之一，现在是 {}", "it should be one of {}, but is {}"
            require(isinstance(answer, str) and answer in (right, *others), *wanted, words, repr(answer))
            if answer != right:
                raise Mistake(*others[answer])

        self.parts[name] = judge

    def judge(self, *answers: Any) -> Report:
        """Judge the answers to all parts, each by itself."""
        if len(answers) != len(self.parts):
            names = ", ".join(self.parts)
            return Report(False, (Line(f"✗ 要检查的是 {names}", f"✗ what is to be checked is {names}"),))
        marks, lines = zip(*map(self._line, self.parts.items(), answers), strict=True)
        return Report(all(marks), lines)

    def _line(self, part: tuple[str, Judge], answer: Any) -> tuple[bool, Line]:
        name, judge = part
        right, mark, said = False, "✗", NOT_WRITTEN
        try:
            if answer is ...:
                raise NotWritten
            judge(answer)
            right, mark, said = True, "✓", RIGHT
        except NotWritten:
            mark = "○"
        except Mistake as mistake:
            said = mistake.said
        except Exception as error:  # an answer of a kind that the judge didn't think of
            shown = f"{type(error).__name__}: {error}"
            said = f"自查读不懂这个答案，{shown}", f"the check can't make sense of this answer, {shown}"
        return right, Line(f"{mark} {name}：{said[0]}", f"{mark} {name}: {said[1]}")


def _kind(value: Any) -> Pair | str:
    """What an answer is, for a sentence."""
    return ("函数", "a function") if callable(value) else type(value).__name__
