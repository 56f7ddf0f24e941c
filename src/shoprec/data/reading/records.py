"""Files whose values have types of their own, JSON, Parquet and workbooks, turned into columns of text."""

import importlib.util
import io
import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet

from shoprec.data.reading.delimited import Layout
from shoprec.data.reading.encodings import Bytes
from shoprec.data.reading.table import Stored, Table
from shoprec.data.report import DataError

_BATCH = 100_000
_EXACT = 10**15  # a workbook keeps 15 digits of a number


def open_json(label: str, text: Bytes, notes: list[str], layout: Layout) -> Table:
    """Read JSON Lines, or a list of records; numbers stay as they are written.

    Examples
    --------
    >>> table = open_json("a.jsonl", b'{"user": 7, "price": 1.50}\\n\\n{"user": null}\\n', [], Layout())
    >>> table.header, [column.to_pylist() for column in table.columns([0, 1])], table.lines([1])
    (['user', 'price'], [['7', ''], ['1.50', '']], {1: 3})
    """
    layout.refuse_for(label, "JSON")
    whole = bytes(text[:4096]).lstrip().startswith(b"[") or _is_one_document(text)
    numbers: list[int] = []
    records = _listed(label, text, numbers) if whole else _by_line(label, text, numbers)
    header: dict[str, None] = {}
    batches: list[list[dict[str, str]]] = []
    while batch := list(islice(records, _BATCH)):
        for record in batch:
            header.update(dict.fromkeys(record))
        batches.append(batch)
    columns = [pa.chunked_array([pa.array([r.get(n, "") for r in b]) for b in batches], pa.string()) for n in header]
    return Stored(label, list(header), notes, "row" if whole else "line", columns, numbers)


def _is_one_document(text: Bytes) -> bool:
    """Whether the first line alone is no JSON, as where one object is spread over lines."""
    try:
        json.loads(bytes(text[: re.search(rb"\S[^\r\n]*", text).end()]))  # type: ignore[union-attr]
    except ValueError:
        return not re.match(rb"\s*\{.*\}\s*[\r\n]", text[:100_000])
    return False


def _by_line(label: str, text: Bytes, numbers: list[int]) -> Iterator[dict[str, str]]:
    for number, line in enumerate(io.BytesIO(text), start=1):
        if line.strip():
            numbers.append(number)
            yield _record(f"{label}, line {number}", _parsed(f"{label}, line {number}", line))


def _listed(label: str, text: Bytes, numbers: list[int]) -> Iterator[dict[str, str]]:
    records = _parsed(label, bytes(text))
    if not isinstance(records, list):
        held = ", ".join(map(repr, records))[:100]
        raise DataError(
            f"{label}: is one JSON object, with {held}. Save its list of records alone, or one record a line."
        )
    numbers.extend(range(1, len(records) + 1))
    return (_record(f"{label}, row {number}", record) for number, record in enumerate(records, start=1))


def _parsed(place: str, text: bytes) -> Any:
    try:
        return json.loads(text, parse_int=str, parse_float=str, parse_constant=str)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{place}: is no JSON ({error}). Write one record a line, or a list of them.") from error


def _record(place: str, record: object) -> dict[str, str]:
    if not isinstance(record, dict):
        example = '{"user": 7, "item": "tea", "timestamp": "2017-03-01"}'
        raise DataError(f"{place}: is {str(record)[:60]!r}, no record with names. Write it as {example}.")
    return {
        name: "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        for name, value in record.items()
    }


def open_parquet(label: str, data: Bytes, layout: Layout) -> Table:
    """Read Parquet; its columns become text when they are asked for."""
    layout.refuse_for(label, "Parquet")
    try:
        file = pyarrow.parquet.ParquetFile(pa.BufferReader(data))
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{label}: is damaged Parquet ({error}). Write it again.") from error
    return _Parquet(label, file.schema_arrow.names, [], "row", file)


class _Parquet(Table):
    def __init__(self, label: str, header: list[str], notes: list[str], unit: str, file: Any) -> None:
        super().__init__(label, header, notes, unit)
        self.file = file

    def columns(self, positions: Sequence[int]) -> list[pa.ChunkedArray]:
        try:
            table = self.file.read(columns=[self.header[position] for position in positions])
        except (pa.ArrowException, OSError) as error:
            raise DataError(f"{self.label}: is damaged Parquet ({error}). Write it again.") from error
        return [self._text(self.header[position], table[self.header[position]]) for position in positions]

    def _text(self, name: str, column: pa.ChunkedArray) -> pa.ChunkedArray:
        if pa.types.is_dictionary(column.type):
            column = column.cast(column.type.value_type)
        if pa.types.is_timestamp(column.type) and column.type.tz:
            column = pc.strftime(column.cast(pa.timestamp(column.type.unit, "UTC")), format="%Y-%m-%dT%H:%M:%SZ")
        try:
            return pc.fill_null(column.cast(pa.string()), "")
        except pa.ArrowException as error:
            problem = f"{self.label}, column {name!r}: holds {column.type}, which is no single value"
            raise DataError(f"{problem}. Write one row for each of them.") from error

    def top(self, count: int = 20) -> list[tuple[int, list[str]]]:
        batch = next(self.file.iter_batches(batch_size=count), None)
        rows = [[str(value) for value in row.values()] for row in batch.to_pylist()] if batch is not None else []
        return [(1, self.header), *enumerate(rows, start=1)]

    def lines(self, rows: Sequence[int]) -> dict[int, int]:
        return {row: row + 1 for row in rows}


def open_workbook(label: str, data: Bytes, layout: Layout) -> Table:
    """Read the first sheet of an .xlsx file."""
    if importlib.util.find_spec("openpyxl") is None:
        raise DataError(
            f"{label}: is a workbook, which openpyxl reads. Run pip install openpyxl, or save it as CSV UTF-8."
        )
    import openpyxl

    try:
        book = openpyxl.load_workbook(io.BytesIO(data), read_only=True, data_only=True)
        sheet = book.worksheets[0]
        rows = [
            (number, [_cell(value) for value in row]) for number, row in enumerate(sheet.iter_rows(values_only=True), 1)
        ]
    except Exception as error:  # openpyxl raises whatever its XML parser, zip and converters raise
        raise DataError(f"{label}: is a damaged workbook ({error}). Save it again, or as CSV UTF-8.") from error
    return _sheet(label, [row for row in rows if any(row[1]) and row[0] > layout.skip], layout)


def _sheet(label: str, rows: list[tuple[int, list[str]]], layout: Layout) -> Table:
    if not rows:
        raise DataError(
            f"{label}: its first sheet is empty. The first row has to name the columns user, item, timestamp."
        )
    header = layout.named(label, rows[0][1])
    body = rows if layout.header is None else rows[1:]
    columns = [pa.chunked_array([pa.array([row[at] for _, row in body], pa.string())]) for at in range(len(header))]
    return Stored(label, header, [], "row", columns, [number for number, _ in body])


def _cell(value: object) -> str:
    """What a cell shows; numbers that a workbook has cut to 15 digits show that they are cut."""
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.isoformat(sep=" ")
    if isinstance(value, int | float) and not isinstance(value, bool) and abs(value) >= _EXACT:
        return f"{value:.14E}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)
