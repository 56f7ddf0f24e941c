"""pytest --nbmake runs each notebook once: a cached successful run counts, a new one fills the cache."""

import sys
from collections.abc import Generator
from pathlib import Path

import nbmake.pytest_items
import pytest
from nbmake.nb_result import NotebookResult

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

from notebook_cache import find_run, read_notebook, store_run

cached_paths: set[Path] = set()


class CachedRun(nbmake.pytest_items.NotebookRun):
    """A notebook run that looks into the cache first."""

    def execute(self) -> NotebookResult:
        """Return the cached run, or run the notebook and keep the result if it succeeded."""
        cached = find_run(read_notebook(self.filename))
        if cached is not None:
            cached_paths.add(self.filename)
            return NotebookResult(nb=cached, error=None)
        result = super().execute()
        if result.error is None:
            store_run(result.nb, self.filename)
        else:
            result.error.trace = f"cell {result.error.failing_cell_index + 1}\n{result.error.trace}"
        return result


nbmake.pytest_items.NotebookRun = CachedRun


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
