"""Moments of purchases, from the many ways in which files write them."""

import zoneinfo
from dataclasses import dataclass, field

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shoprec.data.reading.epochs import moments_of, read_digits
from shoprec.data.reading.table import Table
from shoprec.data.report import DataError

REMEDY = (
    "Write dates as 2017-03-31, 2017-03-31 18:05:00 or 2017-03-31T18:05:00+08:00, or as seconds since 1970; or say how "
    'they are written, as in time_format="%d/%m/%y".'
)
_MONTHS = pa.array(["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"])
_EVENING = "下午|午後|오후|[Pp]\\.?[Mm]\\.?"
_HALF = f"上午|午前|오전|[Aa]\\.?[Mm]\\.?|{_EVENING}"
_CLOCK = (
    rf"(?:(?P<before>{_HALF})?\s*(?P<hour>\d{{1,2}})\s*[:时時点點시]\s*(?P<minute>\d{{1,2}})\s*[分분]?"
    rf"(?:\s*:?\s*(?P<second>\d{{1,2}})(?:[.,](?P<fraction>\d{{1,9}})\d*)?\s*[秒초]?)?\s*(?P<after>{_HALF})?"
    r"\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)?)?$"
)
_GAP = r"(?:T|,?\s+|$)"
_PATTERNS = (
    rf"^(?P<year>\d{{4}})(?:[-/.]|\s*[年년]\s*|\.\s)(?P<month>\d{{1,2}})(?:[-/.]|\s*[月월]\s*|\.\s)(?P<day>\d{{1,2}})"
    rf"(?:\s*[日号號일]\s*|\.\s+|{_GAP}){_CLOCK}",
    rf"^(?P<one>\d{{1,2}})[-/.](?P<two>\d{{1,2}})[-/.](?P<year>\d{{4}}){_GAP}{_CLOCK}",
    rf"^(?P<day>\d{{1,2}})[-/. ](?P<name>[A-Za-z]{{3}})[a-z]*\.?[-/. ](?P<year>\d{{4}}){_GAP}{_CLOCK}",
    rf"^(?P<name>[A-Za-z]{{3}})[a-z]*\.? (?P<day>\d{{1,2}})(?:st|nd|rd|th)?,? (?P<year>\d{{4}}){_GAP}{_CLOCK}",
)
_NEVER = np.datetime64("NaT", "ns")
Parts = dict[str, np.ndarray]


@dataclass(frozen=True)
class Dates:
    """What the reader says about times; see `read_interactions`."""

    dayfirst: bool | None = None
    time_format: str | None = None
    tz: str | None = None

    def __post_init__(self) -> None:
        if self.tz is not None:
            try:
                zoneinfo.ZoneInfo(self.tz)
            except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError) as error:
                remedy = 'Name it by its place, as "Asia/Shanghai" or "Europe/Berlin".'
                raise DataError(f"tz={self.tz!r}: is no time zone ({error}). {remedy}") from error

    def localised(self, notes: list[str], utc: np.ndarray, what: str) -> np.ndarray:
        """Clock times of the shop from moments in UTC."""
        if self.tz is None:
            notes.append(
                f'{what} are given in UTC; pass the shop\'s own zone for its own days, as in tz="Asia/Shanghai"'
            )
            return utc
        notes.append(f"{what} were converted to the clock of {self.tz}")
        return pd.DatetimeIndex(utc).tz_localize("UTC").tz_convert(self.tz).tz_localize(None).to_numpy("datetime64[ns]")


@dataclass
class _Read:
    """Moments found so far, which of them had an offset, and dates whose order is still to be decided."""

    moments: np.ndarray
    aware: np.ndarray
    swappable: list[tuple[np.ndarray, Parts]] = field(default_factory=list)


def read_timestamps(table: Table, name: str, texts: pa.ChunkedArray, dates: Dates) -> np.ndarray:
    """Read a column of times.

    Parameters
    ----------
    table : Table
        For messages and notes.
    name : str
        The file's name of the column.
    texts : ChunkedArray of string
        The times, without blanks around them; null where nothing is known.
    dates : Dates
        What the reader says.

    Returns
    -------
    array of datetime64[ns]
        Local times without a zone; NaT where a text is null or no time between 1678 and 2261.

    Raises
    ------
    DataError
        If times can be read in several ways, or some have an offset from UTC and others have none.
    """
    if dates.time_format is not None or _mostly_digits(texts):
        moments, is_utc = read_digits(table, name, texts, dates.time_format)
        return dates.localised(table.notes, moments, "times that count from 1970") if is_utc else moments
    read = _written(texts)
    if read.swappable:
        day, month = _order(table, name, texts, read, dates.dayfirst)
        for rows, parts in read.swappable:
            read.moments[rows] = _assembled(parts | {"day": parts[day], "month": parts[month]})
    known = ~np.isnat(read.moments)
    if not read.aware[known].any():
        return read.moments
    if not read.aware[known].all():
        raise _two_clocks(table, name, texts, known, read.aware)
    return dates.localised(table.notes, read.moments, "times with an offset")


def _mostly_digits(texts: pa.ChunkedArray) -> bool:
    counts = [pc.sum(pc.match_substring_regex(chunk, r"^\d+(?:\.\d*)?$")).as_py() or 0 for chunk in texts.chunks]
    return sum(counts) > (len(texts) - texts.null_count) / 2


def _written(texts: pa.ChunkedArray) -> _Read:
    """Read written dates, chunk by chunk: pyarrow reads those in ISO 8601, patterns the others."""
    read = _Read(np.full(len(texts), _NEVER), np.zeros(len(texts), bool))
    start = 0
    for chunk in texts.chunks:
        rows = slice(start, start + len(chunk))
        for zone in (None, "UTC"):
            try:
                moments = chunk.cast(pa.timestamp("ns", zone))
            except pa.ArrowInvalid:
                continue
            read.moments[rows] = moments.to_numpy(zero_copy_only=False)
            read.aware[rows] = zone is not None
            break
        else:
            _match(chunk, start, read)
        start += len(chunk)
    return read


def _match(chunk: pa.Array, start: int, read: _Read) -> None:
    rest = np.arange(len(chunk))
    for pattern in _PATTERNS:
        found = pc.extract_regex(chunk.take(pa.array(rest)), pattern)
        hit = found.is_valid().to_numpy(zero_copy_only=False)
        parts, rows = _parts(found.filter(pa.array(hit))), start + rest[hit]
        read.aware[rows] = parts["aware"]
        if "one" in parts:
            read.swappable.append((rows, parts))
        else:
            read.moments[rows] = _assembled(parts)
        rest = rest[~hit]


def _parts(found: pa.StructArray) -> Parts:
    """The numbers in the texts that a pattern matched; what isn't written is zero."""
    text = {name.name: found.field(at) for at, name in enumerate(found.type)}
    half = pc.binary_join_element_wise(text["before"], text["after"], "")
    zone = pc.replace_substring(pc.replace_substring_regex(text["zone"], "Z|UTC|GMT", "+00"), ":", "")
    padded = pc.utf8_rpad(zone, 5, "0")
    parts = {
        "fraction": _numbers(pc.utf8_rpad(text["fraction"], 9, "0")),
        "evening": _flags(pc.match_substring_regex(half, _EVENING)),
        "halved": _flags(pc.not_equal(half, "")),
        "aware": _flags(pc.not_equal(zone, "")),
        "behind": _flags(pc.starts_with(zone, "-")),
        "offset": _numbers(pc.utf8_slice_codeunits(padded, 1, 3)) * 60
        + _numbers(pc.utf8_slice_codeunits(padded, 3, 5)),
    }
    if "name" in text:
        parts["month"] = pc.fill_null(pc.index_in(pc.utf8_lower(text["name"]), value_set=_MONTHS), -1).to_numpy() + 1
    return parts | {
        name: _numbers(text[name])
        for name in ("year", "month", "day", "one", "two", "hour", "minute", "second")
        if name in text
    }


def _numbers(texts: pa.Array) -> np.ndarray:
    return pc.if_else(pc.equal(texts, ""), "0", texts).cast(pa.int64()).to_numpy()


def _flags(mask: pa.Array) -> np.ndarray:
    return mask.to_numpy(zero_copy_only=False)


def _assembled(parts: Parts) -> np.ndarray:
    hour = np.where(parts["halved"] & (parts["hour"] <= 12), parts["hour"] % 12 + 12 * parts["evening"], parts["hour"])
    moments = moments_of(parts["year"], parts["month"], parts["day"], hour, parts["minute"], parts["second"])
    ahead = np.where(parts["behind"], -parts["offset"], parts["offset"]).astype("timedelta64[m]")
    return moments + parts["fraction"].astype("timedelta64[ns]") - ahead


def _order(table: Table, name: str, texts: pa.ChunkedArray, read: _Read, dayfirst: bool | None) -> tuple[str, str]:
    """Find out whether 03/04/2017 is 3 April from dates that can be read in one way only."""
    if dayfirst is not None:
        return ("one", "two") if dayfirst else ("two", "one")
    rows = np.concatenate([rows for rows, _ in read.swappable])
    if not len(rows):
        return "one", "two"
    one, two = (np.concatenate([parts[part] for _, parts in read.swappable]) for part in ("one", "two"))
    day_month = rows[(one > 12) & (one <= 31) & (two <= 12)]
    month_day = rows[(two > 12) & (two <= 31) & (one <= 12)]
    text = {row: texts[int(row)].as_py() for row in (rows[0], *day_month[:1], *month_day[:1])}
    remedy = "Write dates as 2017-03-31, or pass dayfirst=True or dayfirst=False."
    if len(day_month) and len(month_day):
        problem = f"{text[month_day[0]]!r} has the month first, but {text[day_month[0]]!r} the day"
        raise table.error(name, int(month_day[0]), problem, remedy)
    if not len(day_month) and not len(month_day):
        raise table.error(name, int(rows[0]), f"{text[rows[0]]!r} may have the day or the month first", remedy)
    evidence, order = (day_month[0], "day") if len(day_month) else (month_day[0], "month")
    table.notes.append(f"dates read with the {order} first, as {text[evidence]!r} shows")
    return ("one", "two") if order == "day" else ("two", "one")


def _two_clocks(table: Table, name: str, texts: pa.ChunkedArray, known: np.ndarray, aware: np.ndarray) -> DataError:
    """Refuse a column in which some times have an offset from UTC and others don't."""
    with_offset, without = int(np.argmax(known & aware)), int(np.argmax(known & ~aware))
    line = table.lines([with_offset])[with_offset]
    other = f"{texts[with_offset].as_py()!r} in {table.unit} {line}"
    problem = f"{texts[without].as_py()!r} has no time zone, but {other} has one"
    return table.error(name, without, problem, "Give each time an offset such as +08:00, or none.")
