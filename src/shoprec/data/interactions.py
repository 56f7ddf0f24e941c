"""The reader's own purchases or ratings, from a file, with every row accounted for."""

import csv
import difflib
import io
import warnings
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import chain, islice
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet

_REQUIRED = ("user", "item", "timestamp")
_OPTIONAL = ("quantity", "rating", "basket")
# What spreadsheets, pandas, R and databases write where nothing is known.
_MISSING = ["", "NA", "N/A", "NaN", "nan", "null", "NULL", "None"]
# Above this share of unreadable values the column was misunderstood; below, single values were mistyped.
_MAX_UNREADABLE = 0.2
# The number of digits tells seconds from milliseconds for every time between 1973 and 2286.
_EPOCH_DIGITS: dict[Literal["s", "ms", "us", "ns"], list[int]]
_EPOCH_DIGITS = {"s": [9, 10], "ms": [12, 13], "us": [15, 16], "ns": [18, 19]}
_DIGIT_DATES = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
_CLOCK = (
    r"(?:[T ]\s*(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<sec>\d{2}(?:\.\d{1,9})?))?"
    r"(?:\s*(?P<half>[AaPp])[Mm])?)?$"
)
_YEAR_FIRST = r"^(?P<year>\d{4})[-/.年](?P<month>\d{1,2})[-/.月](?P<day>\d{1,2})日?" + _CLOCK
_YEAR_LAST = r"^(?P<one>\d{1,2})[-/.](?P<two>\d{1,2})[-/.](?P<year>\d{4})" + _CLOCK
_HAS_OFFSET = r":\d{2}(?:\.\d+)?\s*(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)$"
_DATE_REMEDY = "Write dates as 2017-03-31, 2017-03-31 18:05:00 or 2017-03-31T18:05:00+08:00, or as seconds since 1970."


class DataError(ValueError):
    """The reader's file can't be used as it is; the message says where it fails and what helps."""


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
    """

    file: str
    rows: int
    kept: int
    counts: dict[str, int]
    first_lines: dict[str, list[int]]
    notes: list[str]

    def __str__(self) -> str:
        """Tell it in one sentence or two."""
        text = f"{self.file}: kept {self.kept:,} of {self.rows:,} rows"
        if self.counts:
            reasons = (
                f"{reason} ({count:,} row{'s' * (count > 1)}, first at line {self.first_lines[reason][0]:,})"
                for reason, count in self.counts.items()
            )
            text += f"; dropped {self.rows - self.kept:,}: " + ", ".join(reasons)
        return text + "".join(f". Note: {note}" for note in self.notes)


def read_interactions(
    path: str | Path, columns: Mapping[str, str] | None = None, *, dayfirst: bool | None = None
) -> pd.DataFrame:
    """Read purchases or ratings from a CSV file, and account for every row left out.

    Parameters
    ----------
    path : str or Path
        A CSV file with the columns `user`, `item` and `timestamp`, and optionally `quantity`, `rating` and
        `basket`; others are ignored. Commas, semicolons, tabs or bars between the fields; UTF-8, UTF-16 or
        GB18030 (which includes GBK); quoted fields may hold separators and line breaks.
    columns : mapping, optional
        The file's own names where they differ, as in ``{"user": "member_id"}``.
    dayfirst : bool, optional
        Whether 03/04/2017 is 3 April (True) or March 4 (False). Without it, such dates are read only if
        another row settles the order, as 25/04/2017 does.

    Returns
    -------
    DataFrame
        `user` and `item` (str, as written), `timestamp` (datetime64[ns], without a zone), and what the file
        has of `quantity` and `rating` (float64) and `basket` (str). In order of time; ties keep
        the file's order. ``frame.attrs["dropped"]`` holds a `DroppedRows`.

    Raises
    ------
    DataError
        If the file can't be read without guessing, or nothing could be learned from it. The message names
        file, column, line and a remedy.

    Warns
    -----
    DataWarning
        Once per file, if rows were dropped or values read other than literally.

    Notes
    -----
    Dropped and reported are rows without user, item, timestamp or quantity, rows whose quantity is zero or
    negative (returns), and exact repetitions of an earlier row in the columns above. Add a `basket` or a time
    of day where repetitions are purchases of their own. Unreadable timestamps or numbers are dropped and
    reported up to a fifth of the column; more are an error. A rating of zero is kept, since on many scales it
    is a rating; so are rows without a rating, which still say that the item was chosen.

    Timestamps with an offset are converted to UTC. Those without are kept as written, so a file has to have
    the one or the other throughout. Ids keep leading zeros; if each id of a column ends in ".0", a number
    format added it, and it is taken off.

    The file is held in memory: about ten times its size at the peak, thirty if dates aren't in ISO 8601.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "orders.csv")
    >>> _ = file.write_text("member;item;timestamp\\n7;tea;2017-03-02\\n7;;2017-03-02\\n9;tea;2017-03-01\\n"
    ...                     "9;rice;2017-03-04\\n")
    >>> with warnings.catch_warnings(action="ignore"):
    ...     orders = read_interactions(file, columns={"user": "member"})
    >>> orders
      user  item  timestamp
    0    9   tea 2017-03-01
    1    7   tea 2017-03-02
    2    9  rice 2017-03-04
    >>> orders.attrs["dropped"].counts
    {'item missing': 1}
    >>> folder.cleanup()
    """
    file = _CsvFile.open(Path(path), columns or {})
    frame = file.parse()
    drop = _Drops(len(frame))
    _read_ids(file, frame, drop)
    _read_values(file, frame, drop, dayfirst)
    drop.rows(_repeats(frame, drop.kept), "exact repetition of an earlier row")
    report = drop.report(file)
    kept = frame[drop.kept].sort_values("timestamp", kind="stable", ignore_index=True)
    _require_choice(kept, report)
    if report.counts or report.notes:
        warnings.warn(str(report), DataWarning, stacklevel=2)
    kept.attrs["dropped"] = report
    return kept


@dataclass
class _CsvFile:
    """A CSV file in memory: its text as UTF-8, how it is written, and where its rows are."""

    path: Path
    text: bytes
    delimiter: str
    names: dict[str, str]  # our column names to the file's
    notes: list[str]

    @classmethod
    def open(cls, path: Path, columns: Mapping[str, str]) -> "_CsvFile":
        text, notes = _decode(path, _load(path))
        wanted = {name: columns.get(name, name) for name in (*_REQUIRED, *_OPTIONAL)}
        if unknown := set(columns) - set(wanted):
            raise DataError(f"{path}: columns={{…}} has the key {min(unknown)!r}; the keys are {', '.join(wanted)}")
        delimiter, header = _sniff(text, set(wanted.values()))
        _require_columns(path, header, wanted, set(columns))
        names = {name: theirs for name, theirs in wanted.items() if theirs in header}
        if twice := [theirs for theirs in names.values() if list(names.values()).count(theirs) > 1]:
            raise DataError(f"{path}: column {twice[0]!r} stands for more than one of {', '.join(names)}")
        return cls(path, text, delimiter, names, notes)

    def parse(self) -> pd.DataFrame:
        """Split the text into columns of strings, named our way."""
        invalid: list[str] = []
        try:
            table = self._split(invalid)
        except pa.ArrowInvalid as error:
            line = self.text.count(b"\n", 0, self.text.rfind(b'"')) + 1
            problem = f"rows can't be told apart ({error}). Close the quote that is opened in this line."
            raise DataError(f"{self.path}, line {line}: {problem}") from error
        if invalid:
            raise self._wrong_length(invalid[0])
        if not len(table):
            raise DataError(f"{self.path}, line 2: no rows below the header. Export the file again.")
        return table.rename_columns(list(self.names)).to_pandas()

    def _split(self, invalid: list[str]) -> pa.Table:
        """Let pyarrow do the work, on text alone: it shall guess no types, and pass on rows it can't use."""

        def skip(row: pyarrow.csv.InvalidRow) -> str:
            invalid.append(row.text)
            return "skip"

        columns = list(self.names.values())
        parse = pyarrow.csv.ParseOptions(delimiter=self.delimiter, newlines_in_values=True, invalid_row_handler=skip)
        convert = pyarrow.csv.ConvertOptions(
            include_columns=columns,
            column_types=dict.fromkeys(columns, pa.string()),
            strings_can_be_null=False,
        )
        return pyarrow.csv.read_csv(pa.BufferReader(self.text), parse_options=parse, convert_options=convert)

    def records(self) -> Iterator[tuple[int, list[str]]]:
        """Yield each record with the line it starts on, as an editor counts lines; blank lines are none."""
        csv.field_size_limit(len(self.text))  # up to 128 KiB otherwise, which one unclosed quote can exceed
        reader = csv.reader(io.StringIO(self.text.decode(), newline=""), delimiter=self.delimiter)
        line = 1
        for record in reader:
            if record:
                yield line, record
            line = reader.line_num + 1

    def lines(self, *rows: int) -> dict[int, int]:
        """Find the lines on which some rows start, the rows counted from zero."""
        below_header = islice(self.records(), 1, max(rows, default=-1) + 2)
        return {row: line for row, (line, _) in enumerate(below_header) if row in rows}

    def error(self, name: str, row: int, problem: str, remedy: str) -> DataError:
        """Describe what is wrong with a value: where, what, and what to do."""
        line = self.lines(row)[row]
        return DataError(f"{self.path}, line {line}, column {self.names[name]!r}: {problem}. {remedy}")

    def _wrong_length(self, sample: str) -> DataError:
        records = self.records()
        expected = len(next(records)[1])
        for line, record in records:
            if len(record) != expected:
                return DataError(
                    f"{self.path}, line {line}: {len(record)} fields where the header has {expected}. "
                    f"Put quotes around a field that holds {self.delimiter!r}, and close each quote."
                )
        return DataError(f"{self.path}: another number of fields than in the header, at {sample[:60]!r}")


class _Drops:
    """The rows of a file that are dropped so far, each for one reason."""

    def __init__(self, rows: int) -> None:
        self.kept = np.ones(rows, dtype=bool)
        self.reasons: dict[str, np.ndarray] = {}

    def rows(self, mask: pd.Series | np.ndarray, reason: str) -> None:
        new = np.flatnonzero(np.asarray(mask) & self.kept)
        if len(new):
            self.kept[new] = False
            self.reasons[reason] = new

    def report(self, file: _CsvFile) -> DroppedRows:
        counts = {reason: len(rows) for reason, rows in self.reasons.items()}
        first = {reason: rows[:5].tolist() for reason, rows in self.reasons.items()}
        lines = file.lines(*chain.from_iterable(first.values()))
        first_lines = {reason: [lines[row] for row in rows] for reason, rows in first.items()}
        rows, kept = len(self.kept), int(self.kept.sum())
        return DroppedRows(str(file.path), rows, kept, counts, first_lines, file.notes)


def _load(path: Path) -> bytes:
    if path.is_dir():
        found = ", ".join(sorted(file.name for file in path.glob("*.csv"))[:5]) or "no .csv file"
        raise DataError(f"{path}: is a folder. Name a file in it ({found}).")
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: can't be opened ({error.strerror}). Looked in {Path.cwd()}.") from error
    if not data.strip():
        raise DataError(f"{path}: is empty. The first line has to name the columns user, item, timestamp.")
    if data.startswith((b"PK\x03\x04", b"\x1f\x8b")):
        raise DataError(f"{path}: is a workbook or an archive, not text. Save it as CSV first.")
    return data


def _decode(path: Path, data: bytes) -> tuple[bytes, list[str]]:
    """Turn the file into UTF-8 without a byte order mark."""
    marked = data.startswith((b"\xff\xfe", b"\xfe\xff"))
    for encoding in ["utf-16"] if marked else ["utf-8-sig", "gb18030"]:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        note = f"not UTF-8, so read as {encoding.upper()}; check a name with special characters"
        return (text + "\n").encode(), [] if encoding == "utf-8-sig" else [note]
    raise DataError(f"{path}: the encoding is neither UTF-8 nor UTF-16 nor GB18030. Save it as CSV UTF-8.")


def _sniff(text: bytes, wanted: set[str]) -> tuple[str, list[str]]:
    """Choose the separator under which the header holds most of the wanted names, then most fields."""
    start = text.lstrip(b"\r\n")[:100_000].decode(errors="ignore")
    headers = {
        delimiter: next(csv.reader(io.StringIO(start, newline=""), delimiter=delimiter)) for delimiter in ",;\t|"
    }
    return max(headers.items(), key=lambda pair: (len(wanted & set(pair[1])), len(pair[1])))


def _require_columns(path: Path, header: list[str], wanted: dict[str, str], mapped: set[str]) -> None:
    for name, theirs in wanted.items():
        if theirs not in header and (name in _REQUIRED or name in mapped):
            raise DataError(_missing_column(path, header, name, theirs))
        if header.count(theirs) > 1:
            raise DataError(f"{path}, line 1: column {theirs!r} occurs more than once. Rename one of the two.")


def _missing_column(path: Path, header: list[str], name: str, theirs: str) -> str:
    spelled = {column.strip().lower(): column for column in header}
    close = difflib.get_close_matches(theirs.lower(), spelled, n=1)
    guess = spelled[close[0]] if close else "…"
    return (
        f"{path}, line 1: no column {theirs!r}. The file has {', '.join(map(repr, header))}. "
        + (f"Did you mean {guess!r}? " if close else "")
        + f'Say which one it is with columns={{"{name}": "{guess}"}}.'
    )


def _is_missing(values: pd.Series) -> pd.Series:
    return values.str.strip().isin(_MISSING)


def _read_ids(file: _CsvFile, frame: pd.DataFrame, drop: _Drops) -> None:
    for name in ("user", "item", "basket"):
        if name in frame:
            missing = _is_missing(frame[name])
            frame[name] = _restore_ids(file, frame[name]).mask(missing)
            if name != "basket":
                drop.rows(missing, f"{name} missing")


def _read_values(file: _CsvFile, frame: pd.DataFrame, drop: _Drops, dayfirst: bool | None) -> None:
    for name in ("timestamp", "quantity", "rating"):
        if name not in frame:
            continue
        missing = _is_missing(frame[name])
        if name == "timestamp":
            frame[name] = _read_timestamps(file, frame[name], dayfirst)
        else:
            frame[name] = _read_numbers(file, frame[name])
        if name != "rating":
            drop.rows(missing, f"{name} missing")
        drop.rows(frame[name].isna() & ~missing, f"{name} unreadable")
    if "quantity" in frame:
        drop.rows(frame["quantity"] <= 0, "quantity zero or negative")
    if "rating" in frame and (unrated := int(frame["rating"].isna()[drop.kept].sum())):
        file.notes.append(f"rows without a rating were kept ({unrated:,})")


def _restore_ids(file: _CsvFile, ids: pd.Series) -> pd.Series:
    """Undo what a column of numbers with a gap does to ids: 123 becomes 123.0."""
    known = ids[~_is_missing(ids)]
    if not len(known) or not known.str.fullmatch(r"-?\d+\.0").all():
        return ids
    file.notes.append(f"every {file.names[str(ids.name)]!r} ended in .0, which was taken off")
    return ids.str.removesuffix(".0")


def _read_numbers(file: _CsvFile, values: pd.Series) -> pd.Series:
    """Read finite numbers; what is missing or unreadable becomes NaN."""
    known = ~_is_missing(values)
    numbers = pd.to_numeric(values.where(known), errors="coerce").astype("float64")
    numbers = numbers.where(np.isfinite(numbers))
    _require_readable(file, values[known], numbers, "Write numbers as 3 or 2.5, with a decimal point.")
    return numbers


def _read_timestamps(file: _CsvFile, values: pd.Series, dayfirst: bool | None) -> pd.Series:
    """Read times; what is missing or unreadable becomes NaT."""
    text = values.str.strip()
    known = text[~_is_missing(text)]
    whole = known[known.str.fullmatch(r"\d+(?:\.\d*)?")]
    in_digits = len(whole) > len(known) / 2
    times = _read_digits(file, whole) if in_digits else _read_dates(file, known, dayfirst)
    # pandas parses into microseconds; nanoseconds reach from 1677 to 2262 only
    times = times.where(times.between(pd.Timestamp.min.ceil("s"), pd.Timestamp.max.floor("s")))
    times = times.astype("datetime64[ns]").reindex(values.index)
    _require_readable(file, known, times, _DATE_REMEDY)
    return times


def _read_digits(file: _CsvFile, text: pd.Series) -> pd.Series:
    """Read seconds, milliseconds, … since 1970, or dates such as 20170331, by their number of digits."""
    digits = text.str.replace(r"\..*$", "", regex=True).str.len()
    usual = int(digits.mode()[0])
    if usual in _DIGIT_DATES:
        return pd.to_datetime(text[digits == usual], format=_DIGIT_DATES[usual], errors="coerce")
    for unit, counts in _EPOCH_DIGITS.items():
        if usual in counts:
            return pd.to_datetime(pd.to_numeric(text[digits.isin(counts)]), unit=unit, errors="coerce")
    problem = f"{text.iloc[0]!r} could count days, seconds or something else"
    raise file.error("timestamp", text.index[0], problem, _DATE_REMEDY)


def _read_dates(file: _CsvFile, text: pd.Series, dayfirst: bool | None) -> pd.Series:
    """Read written dates: ISO 8601, or year, month and day in an order that the file makes clear."""
    iso = text[text.str.match(r"\d{4}-\d{2}-\d{2}(?:$|[T ])")]
    iso = iso.str.replace(r"\s*(?:UTC|GMT)$", "Z", regex=True)
    times = pd.to_datetime(iso, format="ISO8601", utc=True, errors="coerce").dropna().dt.tz_localize(None)
    rest = text[~text.index.isin(times.index)]
    if len(rest):
        year_first = rest.str.extract(_YEAR_FIRST).dropna(subset="year")
        year_last = rest.str.extract(_YEAR_LAST).dropna(subset="year")
        day_leads = len(year_last) > 0 and _is_dayfirst(file, text, year_last, dayfirst)
        year_last.columns = [*(["day", "month"] if day_leads else ["month", "day"]), *year_last.columns[2:]]
        times = pd.concat([times, _assemble(year_first), _assemble(year_last)]).dropna()
    _require_one_clock(file, text[times.index])
    return times


def _is_dayfirst(file: _CsvFile, text: pd.Series, parts: pd.DataFrame, dayfirst: bool | None) -> bool:
    """Find out whether 03/04/2017 is 3 April from dates that can be read in one way only."""
    if dayfirst is not None:
        return dayfirst
    one, two = parts["one"].astype(int), parts["two"].astype(int)
    day_month = parts.index[one.between(13, 31) & (two <= 12)]
    month_day = parts.index[two.between(13, 31) & (one <= 12)]
    remedy = "Write dates as 2017-03-31, or pass dayfirst=True or dayfirst=False."
    if len(day_month) and len(month_day):
        problem = f"{text[month_day[0]]!r} has the month first, but {text[day_month[0]]!r} the day"
        raise file.error("timestamp", month_day[0], problem, remedy)
    if not len(day_month) and not len(month_day):
        first = parts.index[0]
        raise file.error("timestamp", first, f"{text[first]!r} may have the day or the month first", remedy)
    evidence, order = (day_month[0], "day") if len(day_month) else (month_day[0], "month")
    file.notes.append(f"dates read with the {order} first, as {text[evidence]!r} shows")
    return order == "day"


def _assemble(parts: pd.DataFrame) -> pd.Series:
    """Put dates together from columns of digits; what is no date becomes NaT."""
    hour = parts["hour"].fillna("0").astype(int)
    half = parts["half"].str.lower()
    hour = hour.where(half.isna(), hour % 12 + 12 * (half == "p"))
    day = parts["year"] + "-" + parts["month"].str.zfill(2) + "-" + parts["day"].str.zfill(2)
    clock = hour.astype("str").str.zfill(2) + ":" + parts["minute"].fillna("00") + ":" + parts["sec"].fillna("00")
    return pd.to_datetime(day + "T" + clock, format="ISO8601", errors="coerce")


def _require_one_clock(file: _CsvFile, text: pd.Series) -> None:
    """Refuse a column in which some times have an offset from UTC and others don't."""
    aware = text.str.contains(_HAS_OFFSET)
    if aware.any() and not aware.all():
        with_offset, without = text.index[aware].min(), text.index[~aware].min()
        line = file.lines(with_offset)[with_offset]
        problem = f"{text[without]!r} has no time zone, but {text[with_offset]!r} in line {line} has one"
        raise file.error("timestamp", without, problem, "Give each time an offset such as +08:00, or none.")


def _require_readable(file: _CsvFile, known: pd.Series, read: pd.Series, remedy: str) -> None:
    unreadable = known.index[read[known.index].isna()]
    if len(unreadable) > _MAX_UNREADABLE * len(known):
        first = unreadable[0]
        problem = f"can't read {known[first]!r} ({len(unreadable):,} of {len(known):,} values can't be read)"
        raise file.error(str(known.name), first, problem, remedy)


def _repeats(frame: pd.DataFrame, kept: np.ndarray) -> np.ndarray:
    repeats = np.zeros(len(frame), dtype=bool)
    repeats[kept] = frame[kept].duplicated()
    return repeats


def _require_choice(kept: pd.DataFrame, report: DroppedRows) -> None:
    """Refuse a file that leaves nothing to compare or to choose from."""
    if kept.empty:
        raise DataError(f"{report}. No row is left; see the first of the lines named.")
    for name, lack in (("user", "there is nobody to learn from"), ("item", "there is nothing to choose")):
        if kept[name].nunique() == 1:
            raise DataError(
                f"{report}. All of them have the same {name}, {kept[name].iloc[0]!r}, so {lack}. "
                f'Check that columns={{"{name}": …}} names the right column.'
            )
