"""A file as named columns of text, however it was stored."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa

from shoprec.data.report import DataError


@dataclass
class Table:
    """A file's header, and its columns as text.

    Attributes
    ----------
    label : str
        Names the file in messages.
    header : list of str
        The file's own names of its columns.
    notes : list of str
        What was read other than literally.
    unit : str
        What the file's rows are counted in: "line", or "row" where it has no lines.
    """

    label: str
    header: list[str]
    notes: list[str]
    unit: str

    def columns(self, positions: Sequence[int]) -> list[pa.ChunkedArray]:
        """Some columns as text, or as codes into a dictionary of text; nothing is missing, only empty."""
        raise NotImplementedError

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """Lines on which some rows start, the rows counted from zero."""
        raise NotImplementedError

    def top(self, count: int = 20) -> list[tuple[int, list[str]]]:
        """The header and the first rows below it as they stand in the file, each with its line."""
        raise NotImplementedError

    def error(self, name: str, row: int, problem: str, remedy: str) -> DataError:
        """Describe what is wrong with a value: where, what, and what to do."""
        line = self.lines([row])[row]
        return DataError(f"{self.label}, {self.unit} {line}, column {name!r}: {problem}. {remedy}")


@dataclass
class Stored(Table):
    """A table that is in memory as text; its rows follow one another from some number on."""

    values: list[pa.ChunkedArray]
    numbers: Sequence[int]

    def columns(self, positions: Sequence[int]) -> list[pa.ChunkedArray]:
        """Some columns, as they are."""
        return [self.values[position] for position in positions]

    def top(self, count: int = 20) -> list[tuple[int, list[str]]]:
        """The header and the first rows."""
        rows = zip(*(column.slice(0, count).to_pylist() for column in self.values), strict=True)
        return [(1, self.header), *zip(self.numbers, map(list, rows), strict=False)]

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        """The numbers of some rows."""
        return {row: int(self.numbers[row]) for row in rows}
