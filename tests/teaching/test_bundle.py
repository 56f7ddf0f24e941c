"""The folder to install from without a network: whole, for the right machine, and with nothing fetched."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

import bundle
import start
from kernels import GIVE_BACK

WHEEL = {
    "small.py": "word = 'installed'\n",
    "small-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: small\nVersion: 1.0\nRequires-Dist: no-such\n",
    "small-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    "small-1.0.dist-info/RECORD": "",
}
needs_namespaces = pytest.mark.skipif(
    not shutil.which("unshare")
    or subprocess.run(["unshare", "--map-root-user", "--net", "true"], check=False).returncode != 0,
    reason="no network namespace can be made here",
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A bundle of one small package and one notebook."""
    made = tmp_path / "a folder"
    for name, text in {"notebooks/en/index.ipynb": "{}", "site/index.html": "家", "bundle.json": ""}.items():
        (made / name).parent.mkdir(parents=True, exist_ok=True)
        (made / name).write_text(text or json.dumps({"for": start.here()}), "utf8")
    (made / "wheels").mkdir()
    with ZipFile(made / "wheels" / "small-1.0-py3-none-any.whl", "w") as wheel:
        for name, text in WHEEL.items():
            wheel.writestr(name, text)
    shutil.copy(start.__file__, made)
    bundle.seal(made)
    return made


def run(folder: Path, *arguments: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    command = [*before, sys.executable, str(folder / "start.py"), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": ""})


@needs_namespaces
def test_it_installs_where_there_is_no_network_and_after_having_been_cut_off(folder: Path) -> None:
    (folder / ".venv").mkdir()
    (folder / ".venv" / "half").write_text("")
    alone = ("unshare", "--map-root-user", "--net")
    done = run(folder, "zh", "--no-lab", before=alone)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == ["正在安装，要几分钟……", "准备好了。"]
    assert not (folder / ".venv" / "half").exists()
    python = folder / ".venv" / start.BINARIES / "python"
    said = subprocess.run([python, "-c", "import small; print(small.word)"], capture_output=True, text=True, check=True)
    assert said.stdout == "installed\n"
    (folder / "site" / "index.html").unlink()  # once installed, nothing is asked again
    assert run(folder, "en", "--no-lab", before=alone).stdout == "Ready.\n"


def test_what_was_not_copied_whole_is_named(folder: Path) -> None:
    (folder / "site" / "index.html").write_text("家 ", "utf8")
    (folder / "notebooks" / "en" / "index.ipynb").unlink()
    done = run(folder, "en", "--no-lab")
    assert done.returncode == 1
    assert (
        done.stderr == "These files weren't copied whole; copy them again: notebooks/en/index.ipynb, site/index.html\n"
    )
    assert not (folder / ".venv").exists()


def test_another_machine_is_told_so(folder: Path) -> None:
    (folder / "bundle.json").write_text(json.dumps({"for": ["windows x86_64", "3.99"]}))
    done = run(folder, "en", "--no-lab")
    assert done.returncode == 1
    assert done.stderr.startswith("This folder is for windows x86_64 with Python 3.99, and this is ")


def test_notebooks_open_in_their_language_with_the_class_networks(monkeypatch: pytest.MonkeyPatch) -> None:
    called: list = []

    def opened(command: list[str], env: dict[str, str], check: bool) -> subprocess.CompletedProcess:
        called.append((command, env))
        return subprocess.CompletedProcess(command, 0)

    monkeypatch.setattr(start, "install", lambda lang: None)
    monkeypatch.setattr(start.subprocess, "run", opened)
    assert start.main(["zh"]) == 0
    [(command, env)] = called
    assert command[command.index("--notebook-dir") + 1] == str(start.FOLDER / "notebooks" / "zh")
    assert (env["SHOPREC_LANGUAGE"], env["SHOPREC_CLASS"]) == ("zh", str(start.FOLDER / "weights"))
    assert GIVE_BACK.items() <= env.items()  # as in the book's own runs


@pytest.mark.parametrize("platform", bundle.PLATFORMS)
def test_another_platforms_packages_are_asked_for_by_its_own_markers(
    platform: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(bundle, "call", lambda *command, **_: calls.append([*map(str, command)]))
    (tmp_path / "shoprec-0-py3-none-any.whl").write_text("")
    bundle.download(tmp_path, language=False, target=bundle.PLATFORMS[platform], python="3.12")
    _, compiled, downloaded = calls
    assert compiled[compiled.index("--python-platform") + 1] == bundle.PLATFORMS[platform].uv
    assert compiled[compiled.index("--python-version") + 1].startswith("3.12.")
    assert {"--no-deps", *bundle.PLATFORMS[platform].tags} <= {*downloaded}


def test_the_packages_are_those_of_the_notebooks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    calls: list[list[str]] = []
    monkeypatch.setattr(bundle, "call", lambda *command, **_: calls.append([*map(str, command)]))
    bundle.download(tmp_path, language=True, target=None, python="3.11")
    _, packages, alone = calls
    assert "shoprec[torch,rivals,serving,scale,trust,language]" in packages
    assert ("--no-deps" in packages, "--no-deps" in alone) == (False, True)
    assert {*bundle.ALONE} <= {*alone}


def test_a_bundle_for_others_is_not_tried_here(capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        bundle.main(["--platform", "windows", "--try"])
    assert "--try" in capsys.readouterr().err
