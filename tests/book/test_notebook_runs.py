"""Running notebooks: what a cached run rests on, several processes that store theirs, and what pytest reports."""

import re
import shutil
import subprocess
import sys
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import notebook_cache
from fingerprint import ROOT, fingerprint, package_digest, reached


def notebook(source: str = "1 + 1", **cell: object) -> nbformat.NotebookNode:
    return new_notebook(cells=[new_markdown_cell("text"), new_code_cell(source, **cell)])


def store(executed: nbformat.NotebookNode, name: str = "a.ipynb", seconds: float = 1) -> None:
    notebook_cache.store_run(executed, Path(name), notebook_cache.basis(executed), seconds)


class TestCache:
    @pytest.fixture(autouse=True)
    def own_cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(notebook_cache, "CACHE", tmp_path / "cache")

    def test_outputs_come_back(self) -> None:
        assert notebook_cache.find_run(notebook()) is None
        store(notebook(outputs=[new_output("stream", text="2")], execution_count=1))
        found = notebook_cache.find_run(notebook())
        assert found.cells[1].outputs[0].text == "2"
        assert found.cells[0].source == "text"

    def test_only_what_runs_counts(self) -> None:
        store(notebook())
        relabelled = notebook(metadata={"tags": ["hide-input"], "execution": {"iopub": "now"}})
        relabelled.cells[0].source = "other text"
        assert notebook_cache.find_run(relabelled)
        assert notebook_cache.find_run(notebook("1 + 2")) is None
        assert notebook_cache.find_run(notebook(metadata={"tags": ["skip-execution"]})) is None

    def test_without_code_there_is_nothing_to_run(self) -> None:
        assert notebook_cache.find_run(new_notebook(cells=[new_markdown_cell("text")]))

    def test_a_run_counts_for_the_package_it_began_with(self) -> None:
        notebook_cache.store_run(notebook(), Path("a.ipynb"), "before the package changed", 1)
        assert notebook_cache.find_run(notebook()) is None

    def test_a_run_cut_short_while_it_is_written_is_done_again(self) -> None:
        store(notebook())
        (file,) = notebook_cache.CACHE.rglob("*.ipynb")
        file.write_text(file.read_text("utf8")[:100], "utf8")
        assert notebook_cache.find_run(notebook()) is None
        store(notebook())
        assert notebook_cache.find_run(notebook())

    def test_the_longest_come_first_and_the_shortest_wait_behind_them(self, tmp_path: Path) -> None:
        paths = [tmp_path / f"{name}.ipynb" for name in "abcdef"]
        for n, path in enumerate(paths):
            nbformat.write(notebook(f"x = {n}\n" + "model.fit(x)\n" * n), path)
        order = [path.stem for path in notebook_cache.longest_first(paths, processes=2)]
        assert order == ["f", "e", "b", "a", "d", "c"], "no seconds are known: by the models that it fits"
        said = notebook("x = 0")
        said.metadata.chapter = {"minutes_to_run": 1}
        nbformat.write(said, paths[0])
        order = [path.stem for path in notebook_cache.longest_first(paths, processes=1)]
        assert order[0] == "a", "and before that by the minutes that it says it takes"
        nbformat.write(notebook("x = 0\n"), paths[0])
        for path, seconds in zip(paths, (3, 2, 1), strict=False):
            store(nbformat.read(path, 4), str(path), seconds)
        nbformat.write(new_notebook(), paths[5])
        order = [path.stem for path in notebook_cache.longest_first(paths, processes=1)]
        assert order == ["e", "f", "d", "a", "b", "c"], "unknown ones first, and last what has no code"
        assert [*notebook_cache.longest_first(paths[:1], processes=4)] == paths[:1]


def store_many(cache: Path, first: int) -> None:
    """Store runs in a process of its own; ``first`` to tell its notebooks from those of others, which share one."""
    notebook_cache.CACHE = cache
    for n in [*range(first, first + 10), 0]:
        store(notebook(str(n), outputs=[new_output("stream", text=str(n))]), f"{n}.ipynb")


def test_several_processes_store_their_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(notebook_cache, "CACHE", tmp_path / "cache")
    with ProcessPoolExecutor(4) as pool:
        list(pool.map(store_many, [notebook_cache.CACHE] * 4, range(100, 500, 100)))
    for n in [0, *(first + i for first in range(100, 500, 100) for i in range(10))]:
        assert notebook_cache.find_run(notebook(str(n))).cells[1].outputs[0].text == str(n)
    assert len(notebook_cache.measured_seconds()) == 41


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A package in which ``used`` imports ``deep`` within a function, and nothing imports ``other``."""
    files = {
        "constraints.txt": "numpy==2",
        "src/shoprec/__init__.py": "",
        "src/shoprec/used.py": '"""Doc."""\nSIZE = 1\ndef f():\n    from shoprec.room import deep\n',
        "src/shoprec/room/__init__.py": "",
        "src/shoprec/room/deep.py": "from importlib.resources import files\nx = files('shoprec.named')",
        "src/shoprec/room/names/table.csv": "a",
        "src/shoprec/named/__init__.py": "",
        "src/shoprec/other.py": "y = 1",
        "src/shoprec/show/__init__.py": "",
        "src/shoprec/show/widget.js": "1",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


CELLS = ["%matplotlib inline\nfrom shoprec.used import f", "!ls"]


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("constraints.txt", "numpy==3"),
        ("src/shoprec/__init__.py", "x = 1"),
        ("src/shoprec/used.py", '"""Doc."""\nSIZE = 2\ndef f():\n    from shoprec.room import deep\n'),
        ("src/shoprec/room/deep.py", "z = 1"),
        ("src/shoprec/named/__init__.py", "z = 1"),
        ("src/shoprec/room/names/table.csv", "b"),
        ("src/shoprec/room/new.csv", "b"),
    ],
)
def test_a_run_rests_on(root: Path, file: str, text: str) -> None:
    before = fingerprint(CELLS, root)
    (root / file).write_text(text)
    assert fingerprint(CELLS, root) != before


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("src/shoprec/other.py", "y = 2"),
        ("src/shoprec/new.py", "y = 2"),
        ("src/shoprec/show/widget.js", "2"),
        (
            "src/shoprec/used.py",
            '"""Other words."""\n# Why.\nSIZE = 1  # one\n\n\ndef f():\n    from shoprec.room import deep\n',
        ),
    ],
)
def test_a_run_does_not_rest_on(root: Path, file: str, text: str) -> None:
    before = fingerprint(CELLS, root)
    (root / file).write_text(text)
    assert fingerprint(CELLS, root) == before


@pytest.mark.parametrize("look", ["import inspect", "help(f)", "f.__doc__", "f?"])
def test_a_run_that_shows_code_rests_on_its_comments(root: Path, look: str) -> None:
    before = fingerprint([*CELLS, look], root)
    (root / "src/shoprec/used.py").write_text((root / "src/shoprec/used.py").read_text() + "# Why.\n")
    assert fingerprint([*CELLS, look], root) != before


def test_pages_are_read_again_after_any_change_of_the_package(root: Path) -> None:
    found = {package_digest(root)}
    for file in ("src/shoprec/other.py", "src/shoprec/new.csv", "constraints.txt"):
        (root / file).write_text("# words")
        found.add(package_digest(root))
    assert len(found) == 4


def test_a_chapter_reaches_what_it_imports_and_no_more() -> None:
    """The package as it is: a change of a widget leaves the chapters without one as they are."""
    files = {str(path.relative_to(ROOT / "src/shoprec")) for path in reached("import shoprec.evaluation", ROOT / "src")}
    assert {"__init__.py", "evaluation.py", "tasks.py", "models/__init__.py", "formulas/metrics.py"} <= files
    assert not any(name.startswith("show/") for name in files)


MEET = """\
import os, pathlib, time
pathlib.Path("{mine}").touch()
for _ in range(5000):
    if pathlib.Path("{other}").exists():
        break
    time.sleep(0.1)
assert pathlib.Path("{other}").exists(), "they don't run at the same time"
assert os.environ["OMP_NUM_THREADS"] == "1"
"""


@pytest.fixture
def book(tmp_path: Path) -> Path:
    """A book of its own with the settings of this one."""
    for name in ("pyproject.toml", "constraints.txt", "book/conftest.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, tmp_path / name)
    shutil.copytree(ROOT / "book" / "_ext", tmp_path / "book" / "_ext")
    return tmp_path / "book"


def run(book: Path) -> str:
    """Run the book's notebooks with two processes, and return what pytest prints, without colours."""
    command = [sys.executable, "-m", "pytest", "-n", "2", *sorted(book.glob("*.ipynb"))]
    done = subprocess.run(command, cwd=book.parent, capture_output=True, text=True, check=False)
    return re.sub(r"\x1b\[[\d;]*m", "", done.stdout)


def test_notebooks_run_at_the_same_time_and_once(book: Path) -> None:
    for mine, other in ("ab", "ba"):
        nbformat.write(notebook(MEET.format(mine=mine, other=other)), book / f"{mine}.ipynb")
    failing = [new_code_cell("x = 0"), new_markdown_cell("text"), new_code_cell("y = 1\n1 / x")]
    nbformat.write(new_notebook(cells=failing), book / "failing.ipynb")
    for outcome in ("passed", "cached"):
        report = run(book)
        assert f"2 {outcome}" in report, report
        assert "1 failed" in report, report
        for words in ("cell 3\n", "----> 2 1 / x", "ZeroDivisionError: division by zero"):
            assert words in report, report


def test_a_run_rests_on_the_recording_that_it_reads_and_on_the_code_that_makes_one(tmp_path: Path) -> None:
    package, recorded = tmp_path / "src" / "shoprec" / "experiments", tmp_path / "recorded"
    package.mkdir(parents=True)
    recorded.mkdir()
    (tmp_path / "constraints.txt").touch()
    (package / "board.py").write_text("SEEDS = 3")
    reads, others = ['record = load_record("board")'], ["record = load_record('other')"]
    before = {name: fingerprint(cells, tmp_path) for name, cells in (("reads", reads), ("others", others))}
    for file in (recorded / "board.json", package / "board.py"):
        file.write_text("SEEDS = 5")
        now = fingerprint(reads, tmp_path)
        assert now != before["reads"]
        assert fingerprint(others, tmp_path) == before["others"]
        before["reads"] = now
