"""What makes a class's weights runs chapter 5 up to where its networks are trained, and no further."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from class_weights import CHAPTER, until_trained
from notebook_cache import read_notebook


def test_it_runs_up_to_the_training() -> None:
    cells = until_trained(read_notebook(CHAPTER)).cells
    assert "taught(" in cells[-1].source
    assert sum("taught(" in cell.source for cell in cells) == 1
    assert not any("tasks_at(purchases)" in cell.source for cell in cells[-5:])
    assert any("tasks_at(purchases)" in cell.source for cell in cells)


def test_text_is_left_out_and_a_notebook_without_training_refused() -> None:
    cells = [new_markdown_cell("text"), new_code_cell("a = 1"), new_code_cell("taught(1)"), new_code_cell("b = 2")]
    assert [cell.source for cell in until_trained(new_notebook(cells=cells)).cells] == ["a = 1", "taught(1)"]
    with pytest.raises(ValueError, match="no cell"):
        until_trained(new_notebook(cells=cells[:2]))
