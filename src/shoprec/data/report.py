"""What became of a file's rows: the errors, the warning and the account that a reader of files gives."""

from collections.abc import Sequence
from typing import NamedTuple, Protocol

import numpy as np


class DataError(ValueError):
    """The reader's data can't be used as it is; the message says where it fails and what helps."""


class DataWarning(UserWarning):
    """The reader's file was used, but not all of it or not literally."""


class DroppedRows(NamedTuple):  # a tuple, since pandas writes a frame's attrs into Parquet as JSON
    """What `read_interactions` left out of a file, and why.

    Attributes
    ----------
    file : str
        The file's path.
    rows, kept : int
        How many rows the file has, and how many were kept. The difference is the sum of `counts`.
    counts : dict of str to int
        Dropped rows by reason. A row counts once, at the first reason that applies.
    first_lines : dict of str to list of int
        The first five lines of the file for each reason, numbered as an editor numbers them.
    notes : list of str
        What was read other than literally, such as another encoding than UTF-8.
    unit : str
        What `first_lines` counts: "line", or "row" where a file has no lines, as a workbook.

    Examples
    --------
    >>> print(DroppedRows("a.csv", 9, 7, {"item missing": 2}, {"item missing": [4, 8]}, ["read as GB18030"]))
    a.csv: kept 7 of 9 rows; dropped 2: item missing (2 rows, first at line 4). Note: read as GB18030
    """

    file: str
    rows: int
    kept: int
    counts: dict[str, int]
    first_lines: dict[str, list[int]]
    notes: list[str]
    unit: str = "line"

    def __str__(self) -> str:
        """Tell it in one sentence or two."""
        text = f"{self.file}: kept {self.kept:,} of {self.rows:,} rows"
        if self.counts:
            reasons = (
                f"{reason} ({count:,} row{'s' * (count > 1)}, first at {self.unit} {self.first_lines[reason][0]:,})"
                for reason, count in self.counts.items()
            )
            text += f"; dropped {self.rows - self.kept:,}: " + ", ".join(reasons)
        return text + "".join(f". Note: {note}" for note in self.notes)


class Numbered(Protocol):
    """What the account needs of a file: its name, and where its rows stand."""

    label: str
    unit: str
    notes: list[str]

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """Lines on which some rows start, the rows counted from zero."""
        ...


class Ledger:
    """The rows of a file that are dropped so far, each for one reason."""

    def __init__(self, rows: int) -> None:
        self.kept = np.ones(rows, dtype=bool)
        self.unasked = 0  # rows that the reader didn't choose to leave out
        self._reasons: dict[str, tuple[int, list[int]]] = {}

    def drop(self, mask: np.ndarray, reason: str, asked: bool = False) -> None:
        """Drop the rows that a mask marks, but for those that are dropped already."""
        new = np.flatnonzero(mask & self.kept)
        self.unasked += 0 if asked else len(new)
        if len(new):
            self.kept[new] = False
            self._reasons[reason] = len(new), new[:5].tolist()

    def report(self, file: Numbered) -> DroppedRows:
        """Say what became of the rows, with the lines that an editor shows."""
        counts = {reason: count for reason, (count, _) in self._reasons.items()}
        first = {reason: rows for reason, (_, rows) in self._reasons.items()}
        lines = file.lines([row for rows in first.values() for row in rows])
        first_lines = {reason: [lines[row] for row in rows] for reason, rows in first.items()}
        kept = int(self.kept.sum())
        return DroppedRows(file.label, len(self.kept), kept, counts, first_lines, file.notes, file.unit)
