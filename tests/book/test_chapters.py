"""The form of a chapter: every one that teaches has exercises with solutions and a quiz; all together judge the source.

Chapter 9 answers questions and chapter 10 says what to read: they teach nothing of their own that one could practise.
"""

import re
from pathlib import Path

import nbformat
import pytest

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = [
    path
    for path in sorted([*BOOK.glob("[0-9]*.ipynb"), *BOOK.glob("[0-9]*/*.ipynb")])
    if path.stem != "index" and ".ipynb_checkpoints" not in path.parts
]
#: Sections of the source with a claim that can be measured or an error that can be shown, as far as chapters exist.
JUDGED = {"abstract", "1", "2.2", "3.1.1", "3.2.2", "3.3", "3.3.1", "4.1.2", "4.2", "4.3.1"}
JUDGED |= {"5.1", "5.2.1", "5.2.2", "5.2.3", "5.2.4"}
JUDGED |= {"6.1", "6.2", "6.3", "6.4"}
JUDGED |= {"9.1", "9.2", "9.3", "9.4", "10.4", "10.6"}
TEACHING = [path for path in CHAPTERS if path.stem not in {"09_faq", "10_reading"}]
ASKING = [path for path in CHAPTERS if path.stem != "10_reading"]


def text(path: Path, lang: str = "en") -> str:
    cells = nbformat.read(path, as_version=4).cells
    return "\n\n".join(cell.source for cell in cells if f"lang-{lang}" in cell.metadata.get("tags", ()))


def by(paths: list[Path]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("path", paths, ids=lambda path: str(path.relative_to(BOOK)))


def test_there_are_chapters() -> None:
    assert len(CHAPTERS) >= 13


@by(TEACHING)
def test_at_least_four_exercises_with_solutions(path: Path) -> None:
    source = text(path)
    exercises = re.findall(r"\{exercise\}[^\n]*\n:label: (\S+)", source)
    solutions = re.findall(r"\{solution(?:-start)?\} (\S+)", source)
    assert len(exercises) >= 4
    assert sorted(exercises) == sorted(solutions)


@by(ASKING)
def test_at_least_five_questions_with_one_right_answer_each(path: Path) -> None:
    questions = re.split(r"^:::\{quiz\}", text(path), flags=re.MULTILINE)[1:]
    assert len(questions) >= 5
    for question in questions:
        body = question.split("\n:::")[0]
        options = re.split(r"^- \[", body, flags=re.MULTILINE)[1:]
        assert len(options) >= 3, body
        assert sum(option.startswith("x]") for option in options) == 1, body
        assert all("\n\n  " in option for option in options), f"an answer without its reason:{body}"


@by(CHAPTERS)
def test_results_are_guarded(path: Path) -> None:
    """A chapter asserts what its claims rest on."""
    code = [cell.source for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "code"]
    n_claims = text(path).count(":::{claim}")
    assert n_claims >= 1
    assert sum(source.count("assert ") for source in code) >= 2 * n_claims


def test_the_source_is_judged_section_by_section() -> None:
    found = {s for path in CHAPTERS for s in re.findall(r"^:section: (\S+)", text(path), flags=re.MULTILINE)}
    assert found >= JUDGED
