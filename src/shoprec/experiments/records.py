"""Reading what has been recorded: every household's scores, every cell's costs, and when and where it was."""

import ast
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

RECORDED = Path(__file__).parents[3] / "recorded"  #: beside ``src``, in the book's repository


@dataclass(frozen=True)
class Record:
    """A recorded run.

    Attributes
    ----------
    name : str
        ``make record run=NAME`` renews it.
    cells : DataFrame
        One row per model, cut and seed: its settings, seconds, parameters.
    households : DataFrame
        One row per model, cut, seed and household: its scores.
    stamp : mapping
        ``date, device, python, versions, seconds, threads`` of the run.
    current : bool
        Whether the code is still that of the run.
    """

    name: str
    cells: pd.DataFrame
    households: pd.DataFrame
    stamp: Mapping[str, Any]
    current: bool


def load_record(name: str) -> Record:
    """Read a recorded run.

    Parameters
    ----------
    name : str
        Of the run, such as ``"leaderboard"``.

    Raises
    ------
    FileNotFoundError
        If it hasn't been recorded.

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
    content = json.loads(about.read_text("utf8"))
    cells, households = pd.DataFrame(content["cells"]), pd.read_parquet(scores)
    return Record(name, cells, households, content["recorded"], content["fingerprint"] == fingerprint())


def fingerprint() -> str:
    """Digest of the package's code, without comments and layout."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parents[1].rglob("*.py")):
        digest.update(ast.unparse(ast.parse(file.read_text("utf8"))).encode())
    return digest.hexdigest()
