"""What makes a class's weights runs each chapter up to where its last network is trained, and no further."""

import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from class_weights import BOOK, TRAINS, until_trained
from notebook_cache import code_cells, read_notebook


@pytest.mark.parametrize(("chapter", "trains"), TRAINS.items())
def test_it_runs_up_to_the_training(chapter: str, trains: str) -> None:
    cells = until_trained(read_notebook(BOOK / chapter), trains).cells
    assert trains in cells[-1].source
    assert any("taught(" in cell.source for cell in cells)
    assert any("tasks_at(" in cell.source for cell in cells)
    after = code_cells(read_notebook(BOOK / chapter))[len(cells) :]
    assert after
    assert not any("taught(" in cell.source or "fit_network(" in cell.source for cell in after)


def test_text_is_left_out_and_a_notebook_without_training_refused() -> None:
    cells = [new_markdown_cell("text"), *map(new_code_cell, ("a = 1", "taught(1)", "taught(2)", "b = 2"))]
    kept = until_trained(new_notebook(cells=cells), "taught(").cells
    assert [cell.source for cell in kept] == ["a = 1", "taught(1)", "taught(2)"]
    with pytest.raises(ValueError, match="no cell"):
        until_trained(new_notebook(cells=cells[:2]), "taught(")
