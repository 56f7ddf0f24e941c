"""All that a class needs: which edition of the book each folder gets, and what participants must not get."""

import hashlib
from pathlib import Path
from zipfile import ZipFile

import pytest

import workshop


def write(folder: Path, *names: str) -> list[Path]:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(name)
    return [folder / name for name in names]


@pytest.fixture
def asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list:
    """Return what is asked of the exporter and the runner, and answer with one page of each edition."""
    asked: list = []

    def export(lang: str, solutions: str = "closed", outputs: bool = False) -> Path:
        asked.append((lang, solutions, outputs))
        folder = tmp_path / "built" / f"{lang}-{solutions}"
        write(folder, "03/a.ipynb", "_static/a.css")
        (folder / "03/a.ipynb").write_text(solutions)
        return folder

    def sheets(out: Path) -> list[Path]:
        return write(out, *(f"{lang}/{name}.html" for lang in ("zh", "en") for name in ("sheet", "teacher-answers")))

    monkeypatch.setattr(workshop, "export", export)
    monkeypatch.setattr(workshop, "run_notebooks", lambda: asked.append("run"))
    monkeypatch.setattr(workshop, "report_missing", lambda: None)
    seconds = {str(workshop.ROOT / "book" / "03" / "a.ipynb"): 61.4, "/elsewhere/b.ipynb": 1.0}
    monkeypatch.setattr(workshop, "measured_seconds", lambda: seconds)
    monkeypatch.setattr(workshop.slides, "make_all", lambda out: write(out, "zh/05.html", "en/05.html"))
    monkeypatch.setattr(workshop.handouts, "make_all", sheets)
    return asked


def files(folder: Path) -> dict[str, str]:
    paths = [path for path in folder.rglob("*.*") if path.suffix != ".zip"]
    return {path.relative_to(folder).as_posix(): path.read_text() for path in paths}


def test_participants_get_no_solution_and_need_no_run(asked: list, tmp_path: Path) -> None:
    workshop.main(["--notebooks-only", "--out", str(tmp_path / "out")])
    assert asked == [("zh", "none", False), ("en", "none", False)]
    assert files(tmp_path / "out") == {"zh/03/a.ipynb": "none", "en/03/a.ipynb": "none"}


def test_teachers_copies_come_executed_and_apart(asked: list, tmp_path: Path) -> None:
    workshop.main(["--out", str(tmp_path / "out")])
    assert asked[2:] == ["run", ("zh", "open", True), ("en", "open", True)]
    assert files(tmp_path / "out")["zh-solutions/03/a.ipynb"] == "open"
    assert files(tmp_path / "out")["zh/03/a.ipynb"] == "none"


def test_pages_that_are_gone_disappear(asked: list, tmp_path: Path) -> None:
    write(tmp_path / "out", "zh/old.ipynb", "slides/zh/old.html")
    workshop.main(["--out", str(tmp_path / "out")])
    assert not [name for name in files(tmp_path / "out") if "old" in name]


def test_participants_archives_hold_their_language_and_no_answer(asked: list, tmp_path: Path) -> None:
    write(tmp_path, "weights/a.safetensors")
    workshop.main(["--out", str(tmp_path)])
    held = {path.name: {*ZipFile(path).namelist()} for path in tmp_path.glob("*.zip")}
    assert held == {
        "participants-zh.zip": {"zh/03/a.ipynb", "handouts/zh/sheet.html", "weights/a.safetensors", "SHA256SUMS"},
        "participants-en.zip": {"en/03/a.ipynb", "handouts/en/sheet.html", "weights/a.safetensors", "SHA256SUMS"},
        "teacher.zip": {
            "SHA256SUMS", "timings.txt", "zh-solutions/03/a.ipynb", "en-solutions/03/a.ipynb",
            "slides/zh/05.html", "slides/en/05.html",
            "handouts/zh/teacher-answers.html", "handouts/en/teacher-answers.html",
        },
    }  # fmt: skip


def test_checksums_are_those_of_the_files(asked: list, tmp_path: Path) -> None:
    workshop.main(["--out", str(tmp_path)])
    outside = dict(line.split("  ")[::-1] for line in (tmp_path / "SHA256SUMS").read_text().splitlines())
    assert len(outside) == 3
    for name, digest in outside.items():
        assert hashlib.sha256((tmp_path / name).read_bytes()).hexdigest() == digest
        with ZipFile(tmp_path / name) as archive:
            inside = dict(line.split("  ")[::-1] for line in archive.read("SHA256SUMS").decode().splitlines())
            assert {*inside} == {*archive.namelist()} - {"SHA256SUMS"}
            assert all(hashlib.sha256(archive.read(file)).hexdigest() == found for file, found in inside.items())


def test_the_teacher_reads_how_long_chapters_took_here(asked: list, tmp_path: Path) -> None:
    workshop.main(["--out", str(tmp_path / "out")])
    assert (tmp_path / "out" / "timings.txt").read_text() == "03/a  61 s\n"


def test_the_same_files_make_the_same_archive(tmp_path: Path) -> None:
    [file] = write(tmp_path, "a.ipynb")
    first = workshop.pack(tmp_path / "1.zip", tmp_path, [file]).read_bytes()
    assert workshop.pack(tmp_path / "2.zip", tmp_path, [file]).read_bytes() == first
