"""One run of each notebook, kept: the jupyter-cache that the tests fill and every site is rendered from."""

import copy
import hashlib
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]

# The only cell tags that change what a run does; all others are about how the cell looks.
EXECUTION_TAGS = {"raises-exception", "skip-execution"}


def cache_folder(root: Path = ROOT) -> Path:
    """Folder of the cache, named after the package and the pinned versions: a notebook's key ignores both."""
    digest = hashlib.sha256()
    sources = sorted(path for path in (root / "src").rglob("*") if "__pycache__" not in path.parts)
    for path in filter(Path.is_file, [*sources, root / "constraints.txt"]):
        digest.update(str(path.relative_to(root)).encode() + b"\0" + path.read_bytes() + b"\0")
    return root / ".jupyter_cache" / digest.hexdigest()[:12]


def open_cache() -> JupyterCacheAbstract:
    """Open the cache that belongs to the package as it is now, and create it if need be."""
    return get_cache(cache_folder())


def has_code(notebook: NotebookNode) -> bool:
    """Whether running the notebook would do anything."""
    return any(cell.cell_type == "code" for cell in notebook.cells)


def runnable(notebook: NotebookNode) -> NotebookNode:
    """Return a copy reduced to what decides a run: prose, captions and looks don't touch its key."""
    run = copy.deepcopy(notebook)
    run.cells = [cell for cell in run.cells if cell.cell_type == "code"]
    for cell in run.cells:
        tags = sorted(EXECUTION_TAGS & set(cell.metadata.get("tags", ())))
        cell.metadata = NotebookNode(tags=tags) if tags else NotebookNode()
    run.metadata = NotebookNode({k: v for k, v in run.metadata.items() if k == "widgets"})
    return run


def find_run(notebook: NotebookNode) -> NotebookNode | None:
    """Return the notebook with the outputs of its cached successful run, or None if there is no such run."""
    if not has_code(notebook):
        return notebook
    cache = open_cache()
    try:
        record = cache.match_cache_notebook(runnable(notebook))
    except KeyError:
        return None
    run = cache.get_cache_bundle(record.pk).nb
    filled = copy.deepcopy(notebook)
    if "widgets" in run.metadata:
        filled.metadata.widgets = run.metadata.widgets
    code_cells = (cell for cell in filled.cells if cell.cell_type == "code")
    for cell, executed in zip(code_cells, run.cells, strict=True):
        cell.outputs, cell.execution_count = executed.outputs, executed.execution_count
    return filled


def store_run(executed: NotebookNode, path: Path) -> None:
    """Keep the outputs of a run that has succeeded."""
    bundle = CacheBundleIn(runnable(executed), str(path))
    open_cache().cache_notebook_bundle(bundle, check_validity=False, overwrite=True)


def read_notebook(path: Path) -> NotebookNode:
    """Read a notebook in the format the book is written in."""
    return nbformat.read(path, as_version=4)
