"""One run of each notebook, kept: the jupyter-cache that the tests fill and every site is rendered from."""

import copy
import math
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

import nbformat
from filelock import FileLock
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from nbformat import NotebookNode
from nbformat.reader import NotJSONError

from fingerprint import ROOT, fingerprint

CACHE = ROOT / ".jupyter_cache"

# The only cell tags that change what a run does; all others are about how the cell looks.
EXECUTION_TAGS = {"raises-exception", "skip-execution"}


@contextmanager
def open_cache() -> Iterator[JupyterCacheAbstract]:
    """Open the cache, and create it if need be, for one process at a time: it isn't made for several."""
    CACHE.mkdir(exist_ok=True)
    with FileLock(CACHE / "lock"):
        yield get_cache(CACHE)


def code_cells(notebook: NotebookNode) -> list[NotebookNode]:
    """Return the cells that run."""
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def basis(notebook: NotebookNode) -> str:
    """Return a digest of what a run of the notebook rests on now."""
    return fingerprint([cell.source for cell in code_cells(notebook)])


def runnable(notebook: NotebookNode, basis: str) -> NotebookNode:
    """Return a copy reduced to what decides a run: prose, captions and looks don't touch its key.

    Of a notebook's own metadata the key holds the ``kernelspec`` alone: what the code runs on.
    """
    run = copy.deepcopy(notebook)
    run.cells = code_cells(run)
    for cell in run.cells:
        tags = sorted(EXECUTION_TAGS & set(cell.metadata.get("tags", ())))
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
    run.metadata = NotebookNode({k: v for k, v in run.metadata.items() if k == "widgets"})
    run.metadata.kernelspec = NotebookNode(name=basis, display_name="shoprec")
    return run


def find_run(notebook: NotebookNode) -> NotebookNode | None:
    """Return the notebook with the outputs of its cached successful run, or None if there is no such run."""
    if not code_cells(notebook):
        return notebook
    wanted = runnable(notebook, basis(notebook))
    with open_cache() as cache:
        try:
            run = cache.get_cache_bundle(cache.match_cache_notebook(wanted).pk).nb
        except (KeyError, NotJSONError):  # none, or one whose writing was cut short
            return None
    filled = copy.deepcopy(notebook)
    if "widgets" in run.metadata:
        filled.metadata.widgets = run.metadata.widgets
    for cell, executed in zip(code_cells(filled), run.cells, strict=True):
        cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
    return filled


@cache
def _run_of(path: Path) -> NotebookNode | None:
    return find_run(read_notebook(path))


def run_of(path: Path) -> NotebookNode | None:
    """Return :func:`find_run` of a notebook's file, for builds: they write it several times, and look it up once."""
    return copy.deepcopy(_run_of(path))


def store_run(executed: NotebookNode, path: Path, basis: str, seconds: float) -> None:
    """Keep the outputs of a run that has succeeded, what it rested on when it began, and how long it took."""
    bundle = CacheBundleIn(runnable(executed, basis), str(path), data={"seconds": seconds})
    with open_cache() as cache:
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def measured_seconds() -> dict[str, float]:
    """Return how long the last run of each notebook took, by its path."""
    with open_cache() as cache:
        records = sorted(cache.list_cache_records(), key=lambda record: record.pk)
    return {record.uri: record.data["seconds"] for record in records}


def length(path: Path, measured: dict[str, float]) -> tuple[float, int, int]:
    """Sort key of a notebook: the seconds of its last run, unknown ones first; the minutes that it says; its fits."""
    notebook = read_notebook(path)
    source = "\n".join(cell.source for cell in code_cells(notebook))
    minutes = notebook.metadata.get("chapter", {}).get("minutes_to_run", 0)
    return measured.get(str(path), math.inf) if source else 0, minutes, source.count(".fit(")


def longest_first(paths: list[Path], processes: int) -> list[Path]:
    """Order notebooks for processes that take two each and then the next one: the shortest wait behind the longest."""
    measured = measured_seconds()
    ordered = sorted(paths, key=lambda path: length(path, measured), reverse=True)
    first, rest = ordered[:processes], ordered[processes:]
    return [*first, *rest[-processes:], *rest[:-processes]]


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook in the format the book is written in."""
    return nbformat.read(path, as_version=4)
