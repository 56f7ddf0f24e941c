"""pytest runs each notebook once: a cached successful run counts, a new one fills the cache.

With ``-n auto`` as many run at once as there are cores, the longest first.
"""

import os
import time
from collections.abc import Generator
from pathlib import Path

import nbmake.pytest_items
import psutil
import pytest
from nbmake.nb_result import NotebookResult

from kernels import GIVE_BACK, ONE_THREAD
from notebook_cache import basis, find_run, longest_first, read_notebook, store_run

MEMORY = 3e9  # bytes: the most demanding chapter and the process that runs it

cached_paths: set[Path] = set()


class CachedRun(nbmake.pytest_items.NotebookRun):
    """A notebook run that looks into the cache first."""

    def execute(self) -> NotebookResult:
        """Return the cached run, or run the notebook and keep the result if it succeeded."""
        notebook = read_notebook(self.filename)
        cached = find_run(notebook)
        if cached is not None:
            cached_paths.add(self.filename)
            return NotebookResult(nb=cached, error=None)
        rests_on, start = basis(notebook), time.perf_counter()
        result = super().execute()
        if result.error is None:
            store_run(result.nb, self.filename, rests_on, time.perf_counter() - start)
        else:
            result.error.trace = f"cell {result.error.failing_cell_index + 1}\n{result.error.trace}"
        return result


nbmake.pytest_items.NotebookRun = CachedRun


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """Run as many processes as there are cores, as far as each has the memory for a chapter."""
    cores = yield
    return max(1, min(cores, int(psutil.virtual_memory().available / MEMORY)))


def pytest_configure(config: pytest.Config) -> None:
    """Collect notebooks, and give each of several processes one thread: together they fill the cores."""
    config.option.nbmake, config.option.nbmake_timeout = True, 600
    os.environ |= GIVE_BACK  # the kernels inherit it
    os.environ.pop("SHOPREC_LANGUAGE", None)  # a run serves all languages
    if config.getoption("numprocesses", None):
        os.environ |= ONE_THREAD


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the notebooks before all other tests: begun last, a long one would leave the other cores idle."""
    notebooks = {item.path: item for item in items if item.path.suffix == ".ipynb"}
    order = longest_first([*notebooks], int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", 1)))
    items[:] = [*map(notebooks.get, order), *(item for item in items if item.path not in notebooks)]


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note in the report that a notebook's cached run was used."""
    report = yield
    if report.when == "call" and item.path in cached_paths:
        report.user_properties.append(("notebook", "cached"))
    return report


def pytest_report_teststatus(report: pytest.TestReport) -> tuple[str, str, str] | None:
    """Count such notebooks as "cached" rather than "passed"."""
    if ("notebook", "cached") in getattr(report, "user_properties", ()) and report.passed and report.when == "call":
        return "cached", "c", "CACHED"
    return None
