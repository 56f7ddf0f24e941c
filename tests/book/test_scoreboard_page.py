"""The scoreboard's page runs with a recording, one that is out of date, and none; then it says how to make one."""

import shutil
from copy import deepcopy
from dataclasses import replace
from html import unescape
from pathlib import Path

import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell
from recordings import made_up, write

from notebook_cache import code_cells, read_notebook
from shoprec.experiments.language import ASKED
from shoprec.experiments.records import RECORDED

BOOK = Path(__file__).parents[2] / "book"
CASES = ("current", "old", "none")
OLD = "With an earlier version of the code."
READ_FROM = "from pathlib import Path; from shoprec.experiments import records; records.RECORDED = Path({!r})"

Shown = tuple[str, int]  # HTML, and how many figures


def shown(cells: list[NotebookNode]) -> Shown:
    outputs = [output.data for cell in cells for output in cell.outputs]
    return "".join(data.get("text/html", "") for data in outputs), sum("image/svg+xml" in data for data in outputs)


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Shown]:
    """Run the page's code once for each case, in one kernel."""
    notebook, record = read_notebook(BOOK / "scoreboard.ipynb"), made_up(["Popularity", "UserKNN"])
    page, folders = code_cells(notebook), {case: tmp_path_factory.mktemp(case) for case in CASES}
    write(record, folders["current"])
    write(replace(record, current=False), folders["old"])
    for study in ("judge", "prompts"):
        for ending in ("json", "parquet"):
            shutil.copy(RECORDED / f"{study}.{ending}", folders["current"])
    runs = {case: [new_code_cell(READ_FROM.format(str(folders[case]))), *deepcopy(page)] for case in CASES}
    notebook.cells = [cell for run in runs.values() for cell in run]
    NotebookClient(notebook).execute()
    return {case: shown(run) for case, run in runs.items()}


@pytest.mark.parametrize("case", ["current", "old"])
def test_with_a_recording(pages: dict[str, Shown], case: str) -> None:
    html, figures = pages[case]
    assert "<score-board" in html
    assert "make record run=leaderboard" in html
    assert (OLD in html) is (case == "old")
    assert figures == 1


def test_without_one(pages: dict[str, Shown]) -> None:
    html, figures = pages["none"]
    assert "Not recorded yet: make record run=leaderboard records it." in html
    assert "还没有录制" in html
    assert "<score-board" not in html
    assert figures == 0


def test_language_models_stand_in_a_table_of_their_own(pages: dict[str, Shown]) -> None:
    html, _ = pages["current"]
    assert html.count('<table class="dataframe"') == 1
    for way in ASKED:
        assert all(name in unescape(html) for name in way.name)
    assert "make record run=judge" in html
    assert "make record run=prompts" in html


@pytest.mark.parametrize("case", ["old", "none"])
def test_without_their_recordings_it_says_which(pages: dict[str, Shown], case: str) -> None:
    html, _ = pages[case]
    assert "Not recorded yet: make record run=judge and make record run=prompts record it." in html
    assert '<table class="dataframe"' not in html
