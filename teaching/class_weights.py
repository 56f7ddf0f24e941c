"""Train chapter 5's networks once, for a class that is to load them: weights, and a record of the training.

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

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "book" / "_ext")]

from notebook_cache import code_cells, read_notebook  # noqa: E402

CHAPTER = ROOT / "book" / "05_project.ipynb"
TRAINS = "taught("  # in the cell after which there is nothing to be run any more


def until_trained(notebook: NotebookNode) -> NotebookNode:
    """Return a notebook's code up to the cell that trains.

    Raises
    ------
    ValueError
        If none does.
    """
    cells = code_cells(notebook)
    last = next((number for number, cell in enumerate(cells) if TRAINS in cell.source), None)
    if last is None:
        raise ValueError(f"no cell of {CHAPTER.name} calls {TRAINS}…)")
    notebook.cells = cells[: last + 1]
    return notebook


def main(arguments: Sequence[str] | None = None) -> None:
    """Train, and say what was written."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=ROOT / "workshop" / "weights", help="folder to write to")
    out = parser.parse_args(arguments).out.resolve()
    os.environ["SHOPREC_CLASS"] = str(out)  # the kernel inherits it
    notebook = until_trained(read_notebook(CHAPTER))
    NotebookClient(notebook, timeout=None, resources={"metadata": {"path": str(CHAPTER.parent)}}).execute()
    for file in sorted(out.iterdir()):
        print(f"{file}  {file.stat().st_size / 1e6:.1f} MB")


if __name__ == "__main__":
    main()
