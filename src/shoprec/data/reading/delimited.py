"""Text with separators: which separator, which header, and the columns."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import islice

import pyarrow as pa
import pyarrow.csv

from shoprec.data.reading.encodings import Bytes
from shoprec.data.reading.table import Table
from shoprec.data.reading.tokens import LINE_ENDS, Records
from shoprec.data.report import DataError

_SEPARATORS = ",;\t|"
_STAND_IN = "\x1f"  # one byte for separators of several


@dataclass(frozen=True)
class Layout:
    """How a text file is written, as far as the reader says so; see `read_interactions`."""

    encoding: str | None = None
    sep: str | None = None
    header: int | None = 0
    names: Sequence[str] | None = None
    skip: int = 0
    quotes: bool = True

    def __post_init__(self) -> None:
        if self.header not in (0, None):
            raise DataError(
                f"header={self.header!r}: is 0 (the first line) or None (no line); skip=… passes over lines above it."
            )
        if self.header is None and self.names is None:
            raise DataError('header=None: name the columns, as in names=["user", "item", "timestamp"].')
        if self.sep is not None and (not self.sep or re.search(r'["\r\n]', self.sep)):
            raise DataError(f"sep={self.sep!r}: can't separate fields. Pass the characters that stand between them.")

    def refuse_for(self, label: str, kind: str) -> None:
        """Say that a file of another kind has no layout."""
        if self != Layout(encoding=self.encoding):
            raise DataError(f"{label}: is {kind}, so leave out sep=, header=, names=, skip= and quotes=.")

    def named(self, label: str, first: list[str]) -> list[str]:
        """The names of the columns: the reader's, or those of the first row."""
        if self.names is None:
            return first
        if len(self.names) != len(first):
            shown = ", ".join(map(repr, first))[:120]
            raise DataError(f"{label}: names=[…] has {len(self.names)} names for {len(first)} fields ({shown}).")
        return list(self.names)


def open_delimited(label: str, text: Bytes, notes: list[str], layout: Layout, wanted: Sequence[str]) -> Table:
    """Find the separator and the header of a text.

    Examples
    --------
    >>> table = open_delimited("a.csv", b'user;"item"\\n1;"tea; green"\\n', [], Layout(), ["user"])
    >>> table.header, [column.to_pylist() for column in table.columns([1])], table.lines([0])
    (['user', 'item'], [['tea; green']], {0: 2})
    """
    ends = [match.end() for match in islice(LINE_ENDS.finditer(text), layout.skip)]
    start, line, sep = (ends[-1] if ends else 0), len(ends) + 1, layout.sep
    if announced := re.match(rb"sep=(.)(?:\r\n|\n|\r)", text[start : start + 8]):  # how spreadsheets name it
        start, line, sep = start + announced.end(), line + 1, sep or announced[1].decode()
    if sep and len(sep.encode()) > 1:
        text, start, sep = bytes(text[start:]).replace(sep.encode(), _STAND_IN.encode()), 0, _STAND_IN
    records = Records(label, text, sep or ",", layout.quotes, start, line)
    if not sep:
        records = _sniffed(records, set(layout.names or wanted))
    first = next(iter(records), None)
    if first is None:
        raise DataError(f"{label}: nothing is left after skip={layout.skip} lines.")
    line, begin, end = first
    header = layout.named(label, records.fields(begin, end))
    if layout.header is not None:
        line += len(LINE_ENDS.findall(text, begin, end)) + 1
        ended = LINE_ENDS.match(text, end)
        begin = ended.end() if ended else end
    return _Delimited(label, header, notes, "line", replace(records, start=begin, line=line), records)


def _sniffed(records: Records, wanted: set[str]) -> Records:
    """Choose the separator under which the header holds most of the wanted names, then most fields."""

    def found(trial: Records) -> tuple[int, int]:
        fields = {name for _, names in trial.first() for name in names}
        return len(wanted & fields), len(fields)

    return max((replace(records, sep=sep) for sep in _SEPARATORS), key=found)


@dataclass
class _Delimited(Table):
    body: Records
    whole: Records
    spread: bool = False

    def top(self, count: int = 20) -> list[tuple[int, list[str]]]:
        return self.whole.first(count)

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        return self.body.lines(rows, self.spread)

    def columns(self, positions: Sequence[int]) -> list[pa.ChunkedArray]:
        width, uneven = len(self.header), Counter[tuple[int, bool]]()
        table = self._parsed(positions, width, uneven)
        if uneven and not len(table) and (other := self._width(uneven)):
            uneven.clear()
            table = self._parsed(positions, other, uneven)
        if uneven:
            raise self._uneven()
        if not len(table):
            raise DataError(f"{self.label}, line {self.body.line}: no rows below the header. Export the file again.")
        self._require_quotes_in_order(len(table))
        return table.columns

    def _parsed(self, positions: Sequence[int], width: int, uneven: Counter[tuple[int, bool]]) -> pa.Table:
        """Let pyarrow do the work, on text alone: it shall guess no types, and count rows that it can't use."""
        sep = self.body.sep

        def skip(row: pyarrow.csv.InvalidRow) -> str:
            uneven[row.actual_columns, row.text.rstrip("\r\n").endswith(sep)] += 1
            return "skip"

        names = [str(position) for position in range(width)]
        columns = [names[position] for position in positions]
        quote = '"' if self.body.quotes else False
        parse = pyarrow.csv.ParseOptions(
            delimiter=sep, quote_char=quote, newlines_in_values=self.body.quotes, invalid_row_handler=skip
        )
        convert = pyarrow.csv.ConvertOptions(
            include_columns=columns, column_types=dict.fromkeys(columns, pa.string()), strings_can_be_null=False
        )
        text = pa.py_buffer(memoryview(self.body.text)[self.body.start :])
        if not text.size:
            return pa.table({name: pa.array([], pa.string()) for name in columns})
        try:
            options = pyarrow.csv.ReadOptions(column_names=names)
            return pyarrow.csv.read_csv(pa.BufferReader(text), options, parse, convert)
        except pa.ArrowInvalid as error:
            raise self._uneven(str(error)) from error

    def _width(self, uneven: Counter[tuple[int, bool]]) -> int | None:
        """The number of fields in every row, where rows or header end in a separator that the other lacks."""
        width = len(self.header)
        if set(uneven) == {(width + 1, True)}:
            self.notes.append(f"every row ends in {self.body.sep!r}, which the header lacks; it was taken off")
            return width + 1
        return width - 1 if not self.header[-1] and {fields for fields, _ in uneven} == {width - 1} else None

    def _uneven(self, reason: str = "") -> DataError:
        """Find the first row of another length."""
        expected, sep = len(self.header), self.body.sep
        for line, *span in self.body:
            fields = self.body.fields(*span)
            if len(fields) != expected:
                ending = "" if fields[-1] else f" Take the {sep!r} off its end if it is one too many."
                return DataError(
                    f"{self.label}, line {line}: {len(fields)} fields where the header has {expected}.{ending} "
                    f"Put quotes around a field that holds {sep!r}, and close each quote."
                )
        return DataError(f"{self.label}: rows can't be told apart ({reason}). Export the file again.")

    def _require_quotes_in_order(self, rows: int) -> None:
        """Look at each record if any spans lines, or a quote stands between other characters."""
        if not self.body.quotes or not re.search(b'"', self.body.text):
            return
        self.spread = rows != sum(map(len, self.body.nonblank()))
        if self.spread or self.body.has_inner_quotes():
            for line, begin, end in self.body:
                self._require_one_row(line, begin, end)

    def _require_one_row(self, line: int, begin: int, end: int) -> None:
        """Refuse a record whose lines are rows themselves, or in which something follows a closing quote."""
        record = bytes(self.body.text[begin:end])
        if b'"' not in record:
            return
        tails = [match for match in self.body.field.finditer(record) if (match[2] or b"").strip()]
        parts, width = LINE_ENDS.split(record), len(self.header)
        rows = sum(part.count(self.body.sep.encode()) == width - 1 for part in parts)
        if tails or (len(parts) > 1 and rows > 1):
            at = line + len(LINE_ENDS.findall(record, 0, tails[0].start() if tails else record.find(b'"')))
            swallowed = f"a quote is open over {len(parts)} lines that look like rows"
            problem = "something follows a closing quote" if tails else swallowed
            remedy = "Close, double or delete the quote, or pass quotes=False where quotes are plain characters."
            raise DataError(f"{self.label}, line {at}: {problem}. {remedy}")
