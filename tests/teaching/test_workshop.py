"""Participants' notebooks and the teacher's: which edition of the book each folder gets."""

import runpy
from pathlib import Path

import pytest

workshop = runpy.run_path(str(Path(__file__).parents[2] / "teaching" / "workshop.py"))


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    """Return what is asked of the exporter and the runner, and answer with one page of each edition."""
    asked: list = []

    def export(lang: str, solutions: str = "closed", outputs: bool = False) -> Path:
        asked.append((lang, solutions, outputs))
        folder = tmp_path / "built" / f"{lang}-{solutions}"
        for name in ("03/a.ipynb", "_static/a.css"):
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(solutions)
        return folder

    monkeypatch.setitem(workshop["main"].__globals__, "export", export)
    monkeypatch.setitem(workshop["main"].__globals__, "run_notebooks", lambda: asked.append("run"))
    return asked


def files(folder: Path) -> dict[str, str]:
    return {path.relative_to(folder).as_posix(): path.read_text() for path in folder.rglob("*") if path.is_file()}


def test_participants_get_no_solution_and_need_no_run(asked: list, tmp_path: Path) -> None:
    workshop["main"](["--out", str(tmp_path / "out")])
    assert asked == [("zh", "none", False), ("en", "none", False)]
    assert files(tmp_path / "out") == {"zh/03/a.ipynb": "none", "en/03/a.ipynb": "none"}


def test_teachers_copies_come_executed_and_apart(asked: list, tmp_path: Path) -> None:
    workshop["main"](["--out", str(tmp_path / "out")])
    workshop["main"](["--out", str(tmp_path / "out"), "--with-solutions"])
    assert asked[2:] == ["run", ("zh", "open", True), ("en", "open", True)]
    assert files(tmp_path / "out")["zh-solutions/03/a.ipynb"] == "open"
    assert files(tmp_path / "out")["zh/03/a.ipynb"] == "none"


def test_pages_that_are_gone_disappear(asked: list, tmp_path: Path) -> None:
    (tmp_path / "out" / "zh").mkdir(parents=True)
    (tmp_path / "out" / "zh" / "old.ipynb").write_text("")
    workshop["main"](["--out", str(tmp_path / "out")])
    assert "zh/old.ipynb" not in files(tmp_path / "out")
