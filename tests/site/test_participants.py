"""Participants' notebooks as they are handed out: they run to their end once all is written, and say what isn't.

One chapter is run here. For every one: ``EVERY_CHAPTER=1 pytest tests/site/test_participants.py``, half an hour.
"""

import os
from pathlib import Path

import nbformat
import pytest
from exercise_cells import BOOK, CHECKED, posed
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode

from shoprec.exercises.checking import NOT_WRITTEN, RIGHT

PAGES = [*BOOK.glob("[0-9]*.ipynb"), *BOOK.glob("[0-9]*/*.ipynb")]
EVERY = [path.relative_to(BOOK).with_suffix("").as_posix() for path in PAGES if posed(path)]
LIGHT = "08_trends/explanations"
CHAPTERS = sorted(EVERY) if os.environ.get("EVERY_CHAPTER") else [LIGHT]
by_chapter = pytest.mark.parametrize("chapter", CHAPTERS)
by_lang = pytest.mark.parametrize("lang", ["zh", "en"])


def tagged(notebook: NotebookNode, tag: str) -> list[NotebookNode]:
    return [cell for cell in notebook.cells if tag in cell.metadata.get("tags", ())]


def handed_out(build: Path, lang: str, chapter: str) -> NotebookNode:
    """A chapter's notebook for participants, with nothing run."""
    notebook = nbformat.read(build / "notebooks" / lang / f"{chapter}.ipynb", as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return notebook


def guess(notebook: NotebookNode) -> None:
    """Write a guess wherever the notebook waits for one."""
    for cell in tagged(notebook, "pause"):
        assert "my_guess = ..." in cell.source
        cell.source = cell.source.replace("my_guess = ...", 'my_guess = "the second"')


def solve(notebook: NotebookNode, chapter: str) -> int:
    """Write the book's answers in place of the starters, and return how many."""
    answers = {one.label: one.solution for one in posed(BOOK / f"{chapter}.ipynb")}
    starters, checks = tagged(notebook, "starter"), tagged(notebook, "check")
    for starter, check in zip(starters, checks, strict=True):
        starter.source = f"from shoprec.exercises import check\n{answers[CHECKED.search(check.source)['label']]}"
    return len(starters)


def run(notebook: NotebookNode, folder: Path) -> None:
    NotebookClient(notebook, timeout=900, resources={"metadata": {"path": str(folder)}}).execute()


def said(cell: NotebookNode) -> str:
    return "".join(output.get("text", "") + output.get("data", {}).get("text/plain", "") for output in cell.outputs)


@by_chapter
def test_it_runs_to_its_end_with_all_written_in(build: Path, tmp_path: Path, chapter: str) -> None:
    notebook = handed_out(build, "en", chapter)
    guess(notebook)
    assert solve(notebook, chapter) == len(posed(BOOK / f"{chapter}.ipynb"))
    run(notebook, tmp_path)
    assert all(RIGHT[1] in said(cell) and NOT_WRITTEN[1] not in said(cell) for cell in tagged(notebook, "check"))


@by_lang
def test_it_halts_at_its_first_question(build: Path, tmp_path: Path, lang: str) -> None:
    notebook = handed_out(build, lang, LIGHT)
    first = tagged(notebook, "pause")[0]
    with pytest.raises(CellExecutionError, match="⏸"):
        run(notebook, tmp_path)
    assert first.outputs[-1]["traceback"][0].startswith("⏸ ")
    after = notebook.cells[notebook.cells.index(first) + 1 :]
    assert not any(cell.get("execution_count") for cell in after)


def test_checks_say_what_is_not_written(build: Path, tmp_path: Path) -> None:
    notebook = handed_out(build, "zh", LIGHT)
    guess(notebook)
    run(notebook, tmp_path)
    for cell in tagged(notebook, "check"):
        assert NOT_WRITTEN[0] in said(cell)
        assert NOT_WRITTEN[1] not in said(cell)
