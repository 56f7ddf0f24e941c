"""Open the book's notebooks from this folder, on a machine without a network.

Usage: python start.py [zh|en] [--no-lab]

The first time, what the folder holds is checked and installed to ``.venv`` beside this file: some minutes, and some
gigabytes. Any Python 3.8 can read this file, to be told which one is needed.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import venv
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
SUMS, ABOUT = "SHA256SUMS", "bundle.json"
BINARIES = "Scripts" if os.name == "nt" else "bin"
PYTHON = FOLDER / ".venv" / BINARIES / ("python.exe" if os.name == "nt" else "python")
DONE = FOLDER / ".venv" / "installed"  # written last: what was cut off begins anew

WORDS: dict[str, tuple[str, str]] = {
    "machine": (
        "这份文件是为 {}、Python {} 准备的，这里是 {}、Python {}。请换用对应的 Python，或向老师要另一份。",
        "This folder is for {} with Python {}, and this is {} with Python {}: start it with that Python, or ask your "
        "teacher for another folder.",
    ),
    "damaged": (
        "这些文件没有拷贝完整，请重新拷贝：{}",
        "These files weren't copied whole; copy them again: {}",
    ),
    "installing": ("正在安装，要几分钟……", "Installing, which takes some minutes …"),
    "ready": ("准备好了。", "Ready."),
}


def say(key: str, lang: str, *values: object) -> str:
    """Return a message in one language."""
    return WORDS[key][("zh", "en").index(lang)].format(*values)


def here() -> list[str]:
    """Return what this machine runs, as a bundle's description writes it: system, processor and Python."""
    processor = {"amd64": "x86_64", "aarch64": "arm64"}.get(platform.machine().lower(), platform.machine().lower())
    system = {"Darwin": "macos"}.get(platform.system(), platform.system().lower())
    return [f"{system} {processor}", "{}.{}".format(*sys.version_info[:2])]


def digest(path: Path) -> str:
    """Return a file's checksum, as ``sha256sum`` writes it."""
    found = hashlib.sha256()
    with path.open("rb") as file:
        for part in iter(lambda: file.read(1 << 20), b""):
            found.update(part)
    return found.hexdigest()


def damaged(folder: Path) -> list[str]:
    """Return the files that aren't as they were packed, or are gone."""
    lines = (folder / SUMS).read_text("utf8").splitlines()
    packed = [line.split("  ", 1) for line in lines]
    return [name for wanted, name in packed if not (folder / name).is_file() or digest(folder / name) != wanted]


def install(lang: str) -> None:
    """Check the folder and install its packages, unless that is done."""
    if DONE.is_file():
        return
    about = json.loads((FOLDER / ABOUT).read_text("utf8"))
    if about["for"] != here():
        sys.exit(say("machine", lang, *about["for"], *here()))
    broken = damaged(FOLDER)
    if broken:
        sys.exit(say("damaged", lang, ", ".join(broken[:9])))
    print(say("installing", lang), flush=True)
    venv.create(FOLDER / ".venv", with_pip=True, clear=True)
    wheels = [str(path) for path in sorted((FOLDER / "wheels").glob("*.whl"))]  # with all that they ask for
    pip = [str(PYTHON), "-m", "pip", "install", "--quiet", "--no-index", "--no-deps", "--disable-pip-version-check"]
    subprocess.run(pip + wheels, check=True)
    DONE.touch()


def settings(lang: str) -> dict[str, str]:
    """Return the environment of the notebooks: their language, and the networks that needn't be trained.

    Arrays of over 10 MiB go back to the system when they are freed, where glibc would keep them: less memory is needed.
    """
    tunables = "glibc.malloc.mmap_threshold=10485760:glibc.malloc.hugetlb=1"
    weights = str(FOLDER / "weights")
    return dict(os.environ, SHOPREC_LANGUAGE=lang, SHOPREC_CLASS=weights, GLIBC_TUNABLES=tunables)


def main(arguments: list[str] | None = None) -> int:
    """Install if need be, then open JupyterLab."""
    parser = argparse.ArgumentParser(description="打开本书的 notebook。 | Open the book's notebooks.")
    parser.add_argument("lang", choices=("zh", "en"), help="中文 | English")
    parser.add_argument("--no-lab", action="store_true", help="只安装 | install only")
    options = parser.parse_args(arguments)
    install(options.lang)
    print(say("ready", options.lang), flush=True)
    if options.no_lab:
        return 0
    lab = ["-m", "jupyterlab", "--notebook-dir", str(FOLDER / "notebooks" / options.lang)]
    lab.append("--LabApp.default_url=/lab/tree/index.ipynb")
    return subprocess.run([str(PYTHON), *lab], env=settings(options.lang), check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
