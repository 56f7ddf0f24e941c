"""Times written in digits alone: seconds since 1970, 20170331, 201703311805, or a format that the reader names."""

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shoprec.data.reading.table import Table
from shoprec.data.report import DataError

_PER_SECOND = {"s": 1, "ms": 10**3, "us": 10**6, "ns": 10**9}
# The number of digits tells seconds from milliseconds for every time between 1973 and 2286.
_EPOCH_DIGITS = {"s": (9, 10), "ms": (12, 13), "us": (15, 16), "ns": (18, 19)}
_COMPACT = {8: "%Y%m%d", 10: "%Y%m%d%H", 12: "%Y%m%d%H%M", 14: "%Y%m%d%H%M%S"}
_DIGITS = r"^(?P<whole>\d{1,18}|[1-8]\d{18})(?:\.(?P<fraction>\d*))?$"
_NEVER = np.datetime64("NaT", "ns")
_SHOPS_SINCE = np.datetime64(
    "1990-01-01", "ns"
)  # no table of purchases is older; that a purchase lies ahead is a misreading
_ASK = (
    'Say it with time_format="s", "ms", "us" or "ns" (counted from 1970), "excel" (a spreadsheet\'s days), or as in '
    'time_format="%Y%m%d%H%M".'
)


def read_digits(table: Table, name: str, texts: pa.ChunkedArray, time_format: str | None) -> tuple[np.ndarray, bool]:
    """Read times that are written in digits, or in the format that the reader names.

    Returns
    -------
    moments : array of datetime64[ns]
        NaT where a text isn't of the kind of most.
    is_utc : bool
        Whether they count from 1970, that is in UTC.

    Raises
    ------
    DataError
        If the digits can be read in two plausible ways, or in none.
    """
    if time_format is not None and time_format not in (*_PER_SECOND, "excel"):
        return _formatted(table, name, texts, time_format), "%z" in time_format
    whole, fraction = _split(texts)
    if time_format == "excel":
        return _spreadsheet_days(texts), False
    if time_format is not None:
        return _since_1970(whole, fraction, time_format), True
    return _plausible(table, name, texts, whole, fraction)


def _split(texts: pa.ChunkedArray) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    """Digits before and after the point; null where there is anything else."""
    found = [pc.extract_regex(chunk, _DIGITS) for chunk in texts.chunks]
    parts = [[pc.struct_field(chunk, at) for chunk in found] for at in (0, 1)]
    # extract_regex gives empty fields where nothing matches
    whole, fraction = ([pc.if_else(pc.equal(p, ""), None, p) for p in parts[0]], parts[1])
    return pa.chunked_array(whole, pa.string()), pa.chunked_array(fraction, pa.string())


def _plausible(
    table: Table, name: str, texts: pa.ChunkedArray, whole: pa.ChunkedArray, fraction: pa.ChunkedArray
) -> tuple[np.ndarray, bool]:
    lengths = pc.fill_null(pc.utf8_length(whole), 0).to_numpy()
    usual = int(np.bincount(lengths[lengths > 0]).argmax())
    readings: dict[str, tuple[np.ndarray, bool]] = {}
    for unit, counts in _EPOCH_DIGITS.items():
        if usual in counts:
            readings[unit] = _since_1970(whole, fraction, unit, np.isin(lengths, counts)), True
    if usual in _COMPACT:
        readings[_COMPACT[usual]] = _compact(whole, lengths == usual, _COMPACT[usual]), False
    if len(readings) == 1:
        return next(iter(readings.values()))
    likely = {how: reading for how, reading in readings.items() if _is_likely(reading[0][lengths == usual])}
    if len(likely) != 1:
        row = int(np.argmax(lengths == usual))
        ways = " or ".join(readings) or "days, seconds or something else"
        raise table.error(name, row, f"{texts[row].as_py()!r} could count {ways}", _ASK)
    (how, reading), *_ = likely.items()
    if "%" in how:
        table.notes.append(f"times such as {texts[int(np.argmax(lengths == usual))].as_py()!r} read as {how}")
    return reading


def _is_likely(moments: np.ndarray) -> bool:
    now = np.datetime64(pd.Timestamp.now("UTC").tz_localize(None) + pd.Timedelta(days=2))
    return bool(np.mean((moments >= _SHOPS_SINCE) & (moments <= now)) > 0.8)


def _since_1970(
    whole: pa.ChunkedArray, fraction: pa.ChunkedArray, unit: str, rows: np.ndarray | None = None
) -> np.ndarray:
    counts = pc.fill_null(whole.cast(pa.int64()), -1).to_numpy()
    factor = 10**9 // _PER_SECOND[unit]
    fits = (counts >= 0) & (counts <= (2**63 - 1) // factor - 1)
    if rows is not None:
        fits &= rows
    digits = len(str(factor)) - 1
    parts = pc.utf8_slice_codeunits(pc.utf8_rpad(pc.fill_null(fraction, ""), 9, "0"), 0, digits) if digits else None
    nanoseconds = np.where(fits, counts, 0) * factor + (parts.cast(pa.int64()).to_numpy() if parts is not None else 0)
    return np.where(fits, nanoseconds.view("datetime64[ns]"), _NEVER)


def _compact(whole: pa.ChunkedArray, rows: np.ndarray, how: str) -> np.ndarray:
    numbers = np.where(rows, pc.fill_null(whole.cast(pa.int64()), 0).to_numpy(), 0)
    for _ in range(how.count("%"), 6):  # hours, minutes and seconds that aren't written are zero
        numbers = numbers * 100
    parts = []
    for _ in range(5):
        numbers, part = np.divmod(numbers, 100)
        parts.append(part)
    second, minute, hour, day, month = parts
    return moments_of(numbers, month, day, hour, minute, second)


def moments_of(
    year: np.ndarray, month: np.ndarray, day: np.ndarray, hour: np.ndarray, minute: np.ndarray, second: np.ndarray
) -> np.ndarray:
    """Moments from their parts; NaT where there is no such day or hour, or before 1678 or after 2261.

    Examples
    --------
    >>> moments_of(*np.array([[2017, 2017], [2, 2], [28, 29], [8, 8], [5, 5], [0, 0]]))
    array(['2017-02-28T08:05:00.000000000',                           'NaT'],
          dtype='datetime64[ns]')
    """
    fits = (year > 1677) & (year < 2262) & (month >= 1) & (month <= 12) & (hour < 24) & (minute < 60) & (second < 60)
    months = np.where(fits, (year - 1970) * 12 + month - 1, 0).astype("datetime64[M]")
    days = months.astype("datetime64[D]") + np.where(fits, day - 1, 0)
    fits &= (day >= 1) & (days.astype("datetime64[M]") == months)
    seconds = np.where(fits, (hour * 60 + minute) * 60 + second, 0).astype("timedelta64[s]")
    return np.where(fits, np.where(fits, days, np.datetime64(0, "D")).astype("datetime64[ns]") + seconds, _NEVER)


def _spreadsheet_days(texts: pa.ChunkedArray) -> np.ndarray:
    days = pd.to_numeric(texts.to_pandas(), errors="coerce").to_numpy(np.float64, na_value=np.nan)
    fits = (days > 0) & (days < 100_000)  # up to 2173
    seconds = np.round(np.where(fits, days, 0) * 86_400).astype("timedelta64[s]")
    return np.where(fits, np.datetime64("1899-12-30", "ns") + seconds, _NEVER)


def _formatted(table: Table, name: str, texts: pa.ChunkedArray, how: str) -> np.ndarray:
    read = []
    for chunk in texts.chunks:
        try:
            times = pd.to_datetime(chunk.to_pandas(), format=how, errors="coerce", utc="%z" in how)
        except ValueError as error:
            raise DataError(f"{table.label}: time_format={how!r} is no format ({error}). {_ASK}") from error
        times = times.dt.tz_localize(None) if "%z" in how else times
        read.append(times.where(times.between(pd.Timestamp.min.ceil("s"), pd.Timestamp.max.floor("s"))))
    return np.concatenate([times.to_numpy("datetime64[ns]") for times in read])
