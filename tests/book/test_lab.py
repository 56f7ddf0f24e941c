"""Copies for JupyterLab: up to date, and never over what a reader has written."""

import runpy
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

BOOK = Path(__file__).parents[2] / "book"
sys.path.insert(0, str(BOOK))  # lab.py imports its neighbours
lab = runpy.run_path(str(BOOK / "lab.py"))
refresh, digest = lab["refresh"], lab["digest"]


def write(path: Path, source: str) -> Path:
    """Write a notebook as the exporter does."""
    notebook = new_notebook(cells=[new_code_cell(source, id="cell-1")])
    notebook.metadata["book"] = {"digest": digest(notebook)}
    nbformat.write(notebook, path)
    return path


def change(path: Path, source: str = "", **values: object) -> None:
    """Change the first cell of a notebook, as a reader does."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells[0].update(values)
    notebook.cells[0].source = source or notebook.cells[0].source
    nbformat.write(notebook, path)


def source(path: Path) -> str:
    return nbformat.read(path, as_version=4).cells[0].source


@pytest.fixture
def fresh(tmp_path: Path) -> Path:
    return write(tmp_path / "fresh.ipynb", "x = 1")


@pytest.fixture
def copy(tmp_path: Path, fresh: Path) -> Path:
    copy = tmp_path / "copies" / "a.ipynb"
    assert refresh(fresh, copy) == copy
    return copy


def test_a_copy_that_was_run_keeps_its_outputs(fresh: Path, copy: Path) -> None:
    change(copy, outputs=[new_output("stream", text="1")], execution_count=1)
    assert refresh(fresh, copy) is None
    assert nbformat.read(copy, as_version=4).cells[0].outputs


def test_an_edited_copy_is_left_alone(fresh: Path, copy: Path) -> None:
    change(copy, "mine = 1")
    assert refresh(fresh, copy) is None
    assert source(copy) == "mine = 1"


def test_a_copy_follows_the_book(fresh: Path, copy: Path) -> None:
    change(copy, outputs=[new_output("stream", text="1")], execution_count=1)
    assert refresh(write(fresh, "x = 2"), copy) == copy
    assert source(copy) == "x = 2"


def test_the_new_version_comes_beside_an_edited_copy(fresh: Path, copy: Path) -> None:
    change(copy, "mine = 1")
    beside = copy.with_name("a.new.ipynb")
    assert refresh(write(fresh, "x = 2"), copy) == beside
    assert (source(copy), source(beside)) == ("mine = 1", "x = 2")
    assert refresh(fresh, copy) is None  # said once

    change(beside, "also mine")
    assert refresh(write(fresh, "x = 3"), copy) == copy.with_name("a.new.new.ipynb")
    assert (source(copy), source(beside)) == ("mine = 1", "also mine")


@pytest.mark.parametrize("text", ["", "not json", "{}"])
def test_what_the_book_did_not_write_is_left_alone(fresh: Path, copy: Path, text: str) -> None:
    copy.write_text(text)
    assert refresh(fresh, copy) == copy.with_name("a.new.ipynb")
    assert copy.read_text() == text


@pytest.mark.parametrize("given", [["de"], ["ZH"], [""]])
def test_an_unknown_language_is_refused_with_the_way_out(given: list[str]) -> None:
    with pytest.raises(SystemExit, match=r"make lab lang=zh"):
        lab["choose"](given)


def test_the_language_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("builtins.input", lambda prompt: "en ")
    assert lab["choose"]([]) == "en"
    assert lab["choose"](["zh"]) == "zh"


def test_git_ignores_the_copies() -> None:
    assert "/notebooks/" in (BOOK.parent / ".gitignore").read_text().split()
    assert lab["COPIES"] == BOOK.parent / "notebooks"
