"""Whether the site is what a build would write now: what it is made of, how it is made, and what it consists of."""

import hashlib
import os
import sys
from collections.abc import Iterator, Mapping
from importlib.metadata import distributions
from pathlib import Path

from fingerprint import ROOT

SOURCES = ("book", "src", "recorded", ".jupyter_cache/executed")  #: folders that pages are made of
NO_SOURCES = {"_build", "__pycache__", ".ipynb_checkpoints"}  #: folders in them that aren't
MADE_BY_BUILDS = ".mo"  #: translations, which a build makes beside their sources


def made_of(root: Path = ROOT, environment: Mapping[str, str] = os.environ) -> str:
    """Return a digest of the sources, the runs, the installed packages and the settings that a site is made of."""
    digest = hashlib.sha256(sys.version.encode())
    digest.update(str(sorted({(one.metadata["Name"], one.version) for one in distributions()})).encode())
    settings = {name: value for name, value in environment.items() if name.startswith("BOOK_")}
    digest.update(str(sorted(settings.items())).encode())
    for file in sorted(sources(root)):
        digest.update(f"\0{file.relative_to(root).as_posix()}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def sources(root: Path) -> Iterator[Path]:
    """Yield the files that pages are made of, and those beside their folders, such as the README."""
    yield from (path for path in root.iterdir() if path.is_file())
    for folder in SOURCES:
        for path, folders, names in os.walk(root / folder):
            folders[:] = [name for name in folders if name not in NO_SOURCES and not name.endswith(".egg-info")]
            yield from (Path(path, name) for name in names if not name.endswith(MADE_BY_BUILDS))


def consists_of(site: Path) -> str:
    """Return a digest of a site's files: their names, sizes and times."""
    files = sorted(path for path in site.rglob("*") if path.is_file())
    stats = [(path.relative_to(site).as_posix(), path.stat().st_size, path.stat().st_mtime_ns) for path in files]
    return hashlib.sha256(str(stats).encode()).hexdigest()
