"""Train the networks of chapters 3.1 and 5 once, for a class that is to load them: weights, and records of training.

Usage: python teaching/class_weights.py [--out FOLDER]

Participants unpack the folder and set the variable SHOPREC_CLASS to it before they start JupyterLab. What is there is
loaded; what isn't, their notebook trains.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from nbclient import NotebookClient
from nbformat import NotebookNode

BOOK = Path(__file__).resolve().parents[1] / "book"
sys.path[:0] = [str(BOOK / "_ext")]

from notebook_cache import code_cells, read_notebook  # noqa: E402

#: Chapters, and what the cell that trains the last network of each contains.
TRAINS = {"03_algorithms/transformer.ipynb": "fit_network(name, base", "05_project.ipynb": "taught("}


def until_trained(notebook: NotebookNode, trains: str) -> NotebookNode:
    """Return a notebook's code up to the last cell that contains some text.

    Raises
    ------
    ValueError
        If none does.
    """
    cells = code_cells(notebook)
    numbers = [number for number, cell in enumerate(cells) if trains in cell.source]
    if not numbers:
        raise ValueError(f"no cell contains {trains!r}")
    notebook.cells = cells[: numbers[-1] + 1]
    return notebook


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=BOOK.parent / "workshop" / "weights", help="folder to write to")
    out = parser.parse_args(arguments).out.resolve()
    os.environ["SHOPREC_CLASS"] = str(out)  # the kernels inherit it
    for chapter, trains in TRAINS.items():
        path = BOOK / chapter
        notebook = until_trained(read_notebook(path), trains)
        NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(path.parent)}}).execute()
    for file in sorted(out.iterdir()):
        print(f"{file}  {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
