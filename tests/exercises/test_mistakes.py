"""Wrong answers, typical ones and absurd ones: what is wrong is said in both languages, and nothing is raised."""

from importlib import import_module

import numpy as np
import pytest
from exercise_cells import BOOK, posed, run
from mistakes import Wrong

from shoprec.exercises import MODULES, check, find

TYPICAL = [wrong for name in MODULES.values() for wrong in import_module(f"mistakes.{name}").WRONG]
SOLUTIONS = {one.label: (path, one.solution) for path in sorted(BOOK.glob("[0-9]*/*.ipynb")) for one in posed(path)}
SOLUTIONS |= {one.label: (path, one.solution) for path in sorted(BOOK.glob("[0-9]*.ipynb")) for one in posed(path)}
CHECKED = [label for label in SOLUTIONS if find(label)]


def answers(label: str, part: str, answer: object) -> list[object]:
    """What is passed to a check by a reader who has written one part only."""
    return [answer if name == part else ... for name in find(label).parts]


def told(label: str, part: str, answer: object) -> tuple[str, str]:
    report = check(label, *answers(label, part, answer))
    line = report.lines[[*find(label).parts].index(part)]
    assert not report
    return line.zh, line.en


@pytest.mark.parametrize("wrong", TYPICAL, ids=lambda wrong: f"{wrong.label}-{wrong.part}")
def test_a_typical_wrong_answer_is_told_what_is_wrong(wrong: Wrong) -> None:
    for _ in range(20):
        zh, en = told(wrong.label, wrong.part, wrong.answer)
        assert zh.startswith(f"✗ {wrong.part}：")
        assert wrong.zh in zh
        assert en.startswith(f"✗ {wrong.part}: ")
        assert wrong.en in en
        assert "can't make sense" not in en


@pytest.mark.parametrize("wrong", TYPICAL, ids=lambda wrong: f"{wrong.label}-{wrong.part}")
def test_what_is_told_is_not_the_answer(wrong: Wrong) -> None:
    path, solution = SOLUTIONS[wrong.label]
    right = run(path, f"from shoprec.exercises import check\n{solution}")[wrong.part]
    said = "".join(told(wrong.label, wrong.part, wrong.answer))
    if isinstance(right, int | float) and right not in (0, 1):
        assert f"{right:.2g}" not in said
    returned = [line.split("return ")[1] for line in solution.splitlines() if "return " in line]
    assert not any(line in said for line in returned)


def test_every_exercise_with_a_check_has_a_typical_wrong_answer() -> None:
    assert {wrong.label for wrong in TYPICAL} == {*CHECKED}


def fails(*arguments: object) -> object:
    raise IndexError("index 10 is out of bounds")


ABSURD = {
    "a function": lambda *arguments: 0.5, "a text": "many", "nan": float("nan"), "none": None, "list": [1, "a", None],
    "ragged": [[1], [1, 2]], "nothing": [], "object": object(), "set": {1, 2}, "complex": 1j,
}  # fmt: skip


@pytest.mark.parametrize("label", CHECKED)
def test_no_answer_raises(label: str) -> None:
    for part in find(label).parts:
        for answer in ABSURD.values():
            for given in (answer, lambda *arguments, answer=answer: answer):
                zh, en = told(label, part, given)
                assert zh.startswith("✗"), (part, answer)
                assert "can't make sense" not in en, (part, answer, en)


@pytest.mark.parametrize("label", CHECKED)
def test_an_error_of_the_readers_is_told_in_one_sentence(label: str) -> None:
    path, solution = SOLUTIONS[label]
    space = run(path, f"from shoprec.exercises import check\n{solution}")
    for part in find(label).parts:
        if callable(space[part]):
            zh, en = told(label, part, fails)
            assert zh == f"✗ {part}：运行时出错，IndexError：index 10 is out of bounds"
            assert en == f"✗ {part}: it raised an error, IndexError: index 10 is out of bounds"
            assert "return" in told(label, part, lambda *arguments: None)[0]
            assert "应该是函数" in told(label, part, 3)[0]


@pytest.mark.parametrize("label", CHECKED)
def test_the_wrong_number_of_answers_names_what_is_checked(label: str) -> None:
    report = check(label, *[...] * (len(find(label).parts) + 1))
    assert not report
    assert all(name in report.lines[0].en for name in find(label).parts)


def test_an_exercise_without_a_check_says_so() -> None:
    for label in ("ex-none-such", "ex-products-none-such", ""):
        assert f"There is no self-check for {label}" in check(label, 1).lines[0].en


def test_the_readers_arguments_are_the_readers() -> None:
    def careless(c: np.ndarray, e: np.ndarray) -> float:
        c -= 1e9
        return 1e15

    assert check("ex-products-difference", careless)
