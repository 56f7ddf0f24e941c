"""Every exercise has a starter, hints and a check; the starter is told as such, and the book's own answer passes."""

import re
from pathlib import Path

import pytest
from exercise_cells import BOOK, Posed, bound, code_of, posed, run

from shoprec.exercises import check, find
from shoprec.exercises.checking import NOT_WRITTEN, RIGHT

TIMES = {"zh": r"^（(容易|中等|较难)，\d+ 分钟）", "en": r"^\((Easy|Medium|Hard), \d+ minutes\) "}
HINTS = {"zh": ["提示 1", "提示 2"], "en": ["Hint 1", "Hint 2"]}
REPEATS = 20  # of a check: each draws inputs of its own


def name_of(path: Path) -> str:
    return path.relative_to(BOOK).with_suffix("").as_posix()


WITH_EXERCISES = [
    path for path in sorted(BOOK.glob("[0-9]*/*.ipynb")) + sorted(BOOK.glob("[0-9]*.ipynb")) if posed(path)
]
by_notebook = pytest.mark.parametrize("path", WITH_EXERCISES, ids=name_of)
by_exercise = pytest.mark.parametrize(
    ("path", "exercise"), [pytest.param(path, one, id=one.label) for path in WITH_EXERCISES for one in posed(path)]
)


@by_exercise
def test_an_exercise_says_what_it_takes_and_has_two_hints(path: Path, exercise: Posed) -> None:
    for lang, text in exercise.text.items():
        body = text.split("\n\n", 1)[1]
        assert re.match(TIMES[lang], body), body[:40]
        assert re.findall(r"^:::\{admonition\} (.*)\n:class: dropdown hint$", text, re.MULTILINE) == HINTS[lang]


@by_exercise
def test_what_the_starter_defines_is_what_is_checked(path: Path, exercise: Posed) -> None:
    found = find(exercise.label)
    assert found, f"{exercise.label} has no check"
    assert exercise.names == [*found.parts]
    assert {*exercise.names} == bound(exercise.starter)


@by_exercise
def test_an_unfilled_starter_is_told_as_such(path: Path, exercise: Posed) -> None:
    space = run(path, exercise.starter)
    report = check(exercise.label, *(space[name] for name in exercise.names))
    assert not report
    assert [line.zh for line in report.lines] == [f"○ {name}：{NOT_WRITTEN[0]}" for name in exercise.names]
    assert [line.en for line in report.lines] == [f"○ {name}: {NOT_WRITTEN[1]}" for name in exercise.names]


@by_exercise
def test_the_books_own_solution_passes(path: Path, exercise: Posed) -> None:
    assert exercise.solution, "no cell of the solution has `assert check(...)`"
    space = run(path, f"from shoprec.exercises import check\n{exercise.solution}")
    for _ in range(REPEATS):
        report = check(exercise.label, *(space[name] for name in exercise.names))
        assert report, report
        assert [line.en for line in report.lines] == [f"✓ {name}: {RIGHT[1]}" for name in exercise.names]


@by_notebook
def test_a_starter_overwrites_nothing_of_the_chapter(path: Path) -> None:
    chapter = {name for code in code_of(path, solutions=False) for name in bound(code)}
    starters = {name for exercise in posed(path) for name in exercise.names}
    assert chapter & starters == set()
    names = [name for exercise in posed(path) for name in exercise.names]
    assert len(names) == len({*names})


@by_exercise
def test_each_wrong_choice_has_its_reason_which_leaves_the_right_one_open(path: Path, exercise: Posed) -> None:
    space = run(path, f"from shoprec.exercises import check\n{exercise.solution}")
    answers = [space[name] for name in exercise.names]
    for at, right in enumerate(answers):
        if isinstance(right, str):
            asked = check(exercise.label, *answers[:at], "?", *answers[at + 1 :]).lines[at]
            others = {*re.findall(r'"(.+?)"', asked.en)} - {right}
            assert others
            for other in others:
                line = check(exercise.label, *answers[:at], other, *answers[at + 1 :]).lines[at]
                assert line.zh.startswith("✗")
                assert not {f'"{right}"', f"“{right}”"} & {*re.findall('["“].+?["”]', line.zh + line.en)}
