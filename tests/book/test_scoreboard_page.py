"""The scoreboard's page runs with a recording, one that is out of date, and none; then it says how to make one."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell
from recordings import made_up, write

from notebook_cache import code_cells, read_notebook
from shoprec.experiments.records import Record

BOOK = Path(__file__).parents[2] / "book"
OLD = "With an earlier version of the code."


def shown(folder: Path) -> tuple[str, int]:
    """Run the page on the recordings of a folder; return the HTML that it shows, and how many figures."""
    notebook = read_notebook(BOOK / "scoreboard.ipynb")
    place = (
        f"from pathlib import Path\nfrom shoprec.experiments import records\nrecords.RECORDED = Path({str(folder)!r})"
    )
    notebook.cells = [new_code_cell(place), *code_cells(notebook)]
    NotebookClient(notebook).execute()
    outputs = [output.data for cell in notebook.cells for output in cell.outputs]
    return "".join(data.get("text/html", "") for data in outputs), sum("image/svg+xml" in data for data in outputs)


RECORD = made_up(["Popularity", "UserKNN"])


@pytest.mark.parametrize("change", [lambda record: record, lambda record: replace(record, current=False)])
def test_with_a_recording(tmp_path: Path, change: Callable[[Record], Record]) -> None:
    record = change(RECORD)
    write(record, tmp_path)
    html, figures = shown(tmp_path)
    assert "<score-board" in html
    assert "make record run=leaderboard" in html
    assert (OLD in html) is not record.current
    assert figures == 1


def test_without_one(tmp_path: Path) -> None:
    html, figures = shown(tmp_path)
    assert "Not recorded yet: make record run=leaderboard records it." in html
    assert "还没有录制" in html
    assert "<score-board" not in html
    assert figures == 0
