"""Open a file of any usual kind: plain or packed text, JSON, Parquet or a workbook."""

import gzip
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa

from shoprec.data.reading.delimited import Layout, open_delimited
from shoprec.data.reading.encodings import Bytes, to_utf8
from shoprec.data.reading.records import open_json, open_parquet, open_workbook
from shoprec.data.reading.table import Table
from shoprec.data.report import DataError

_CHUNK = 1 << 24


def open_table(path: Path, layout: Layout, wanted: Sequence[str]) -> Table:
    """Open a file by what it holds, whatever its name ends in.

    Parameters
    ----------
    path : Path
        Text with separators, JSON (one record a line, or one list of them), Parquet or .xlsx; each also packed as .gz,
        or as the one member of a .zip.
    layout : Layout
        What the reader says about how the text is written.
    wanted : sequence of str
        Names of columns that are looked for; they help to recognise the separator.

    Raises
    ------
    DataError
        If the file can't be opened, or is of no kind that can be read.
    """
    label, data = _unpacked(str(path), _load(path))
    start = bytes(data[:8])
    if start.startswith(b"PAR1"):
        return open_parquet(label, data, layout)
    if start.startswith(b"PK\x03\x04"):
        return open_workbook(label, data, layout)
    if start == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise DataError(f"{label}: is a workbook of the old kind, .xls. Save it as .xlsx or as CSV UTF-8.")
    text, notes = to_utf8(label, data, layout.encoding)
    if not re.search(rb"\S", text):
        raise DataError(f"{label}: is empty. The first line has to name the columns user, item, timestamp.")
    _refuse_zero_bytes(label, text)
    if bytes(text[:4096]).lstrip()[:1] in (b"{", b"["):
        return open_json(label, text, notes, layout)
    return open_delimited(label, text, notes, layout, wanted)


def _refuse_zero_bytes(label: str, text: Bytes) -> None:
    for begin in range(0, len(text), _CHUNK):
        if (zero := bytes(text[begin : begin + _CHUNK]).find(0)) >= 0:
            line = bytes(text[: begin + zero]).count(b"\n") + 1
            raise DataError(f"{label}, line {line}: holds a zero byte, so it is no text. Export it again as CSV UTF-8.")


def _load(path: Path) -> Bytes:
    """Map a file into memory; the system reads what is looked at, and forgets it where memory is short."""
    if path.is_dir():
        found = ", ".join(sorted(file.name for file in path.glob("*.csv"))[:5]) or "no .csv file"
        raise DataError(f"{path}: is a folder. Name a file in it ({found}).")
    try:
        return memoryview(pa.memory_map(str(path)).read_buffer()) if path.stat().st_size else b""
    except OSError as error:
        reason = error.strerror or str(error)
        raise DataError(f"{path}: can't be opened ({reason}). Looked in {Path.cwd()}.") from error


def _unpacked(label: str, data: Bytes) -> tuple[str, Bytes]:
    try:
        if bytes(data[:2]) == b"\x1f\x8b":
            return label, gzip.decompress(data)
        if bytes(data[:4]) in (b"PK\x03\x04", b"PK\x05\x06"):  # the latter has no files
            return _member(label, data)
    except (EOFError, OSError, zlib.error, zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise DataError(f"{label}: is packed, but can't be unpacked ({error}). Download or pack it again.") from error
    return label, data


def _member(label: str, data: Bytes) -> tuple[str, Bytes]:
    """The one file in a zip; a workbook is a zip, too, and stays as it is."""
    archive = zipfile.ZipFile(io.BytesIO(data))
    names = [name for name in archive.namelist() if not name.endswith("/") and not name.startswith("__MACOSX/")]
    if "[Content_Types].xml" in names:
        return label, data
    if len(names) != 1:
        listed = ", ".join(sorted(names)[:5]) or "nothing"
        raise DataError(f"{label}: is a zip of {len(names)} files ({listed}). Unpack it and name one of them.")
    return f"{label} ({names[0]})", archive.read(names[0])
