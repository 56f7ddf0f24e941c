"""Ids and numbers from text: what counts as missing, and what spreadsheets do to both."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from shoprec.data.reading.table import Table

# What databases, spreadsheets, pandas and R write where nothing is known; upper and lower case are the same.
_MISSING = pa.array(
    [
        *("", "na", "n/a", "nan", "nat", "null", "none", "nil", "(null)", "<na>", "<null>", "\\n", "-", "--", "—", "?"),
        *("#n/a", "#n/a n/a", "#na", "#null!", "#ref!", "#value!", "#name?", "#div/0!"),
    ]
)
# Above this share of unreadable values the column was misunderstood; below, single values were mistyped.
_MAX_UNREADABLE = 0.2
_SHORTENED = r"^[+-]?\d(?:[.,]\d+)?[eE]\+\d{1,3}$"
_NUMBER = r"^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?$"
_POINT = r"^[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$"
_COMMA = r"^[+-]?(?:\d{1,3}(?:\.\d{3})+|\d*),\d+$"
_THOUSANDS = r"^[+-]?\d{1,3}(?:\.\d{3})+$"


def normalised(texts: pa.Array) -> pa.Array:
    """Texts without blanks around them, full-width digits and signs in ASCII.

    Examples
    --------
    >>> normalised(pa.array([" ２０１７－０３－０１ ", "8:05"])).to_pylist()
    ['2017-03-01', '8:05']
    """
    if not pc.all(pc.string_is_ascii(texts)).as_py():
        texts = pc.utf8_normalize(texts, form="NFKC")
    return pc.utf8_trim_whitespace(texts)


def is_missing(texts: pa.Array) -> np.ndarray:
    """Which texts say that nothing is known.

    Examples
    --------
    >>> is_missing(pa.array(["7", "", " NULL ", r"\\N", "#N/A", "<NA>"])).tolist()
    [False, True, True, True, True, True]
    """
    return pc.is_in(pc.utf8_lower(pc.utf8_trim_whitespace(texts)), value_set=_MISSING).to_numpy(zero_copy_only=False)


@dataclass
class Coded:
    """A column as numbers of its distinct texts, so that each text is looked at once.

    Attributes
    ----------
    name : str
        The file's name of the column.
    codes : array of int, shape (n_rows,)
    texts : Array of string, shape (n_distinct,)
    """

    name: str
    codes: np.ndarray
    texts: pa.Array

    @classmethod
    def of(cls, name: str, column: pa.ChunkedArray) -> "Coded":
        """Number the distinct texts of a column."""
        coded = column.dictionary_encode()
        codes = [chunk.indices.to_numpy() for chunk in coded.chunks]
        # The chunks share one dictionary, which is encoded as a whole.
        return cls(name, np.concatenate(codes), coded.chunk(coded.num_chunks - 1).dictionary)

    @property
    def missing(self) -> np.ndarray:
        """Which rows say nothing."""
        return is_missing(self.texts)[self.codes]

    def first(self, distinct: np.ndarray) -> int:
        """The first row that has one of some texts."""
        return int(np.argmax(distinct[self.codes]))

    def take(self, rows: np.ndarray) -> pa.Array:
        """The texts of some rows; missing ones are null."""
        known = pc.if_else(pa.array(is_missing(self.texts)), pa.scalar(None, pa.string()), self.texts)
        return known.cast(pa.large_string()).take(pa.array(self.codes[rows]))


def read_ids(table: Table, column: Coded) -> Coded:
    """Check that ids are whole, and undo what a column of numbers with a gap does to them: 123 becomes 123.0."""
    shortened = pc.match_substring_regex(column.texts, _SHORTENED).to_numpy(zero_copy_only=False)
    if shortened.any():
        row = column.first(shortened)
        text = column.texts[column.codes[row]].as_py()
        problem = f"{text!r} is a long id that a spreadsheet shortened; other ids became the same"
        remedy = "Export it anew from its source, or with the column formatted as text, or as an integer if it is one."
        raise table.error(column.name, row, problem, remedy)
    missing = is_missing(column.texts)
    ends = pc.match_substring_regex(column.texts, r"^-?\d+\.0$").to_numpy(zero_copy_only=False)
    if missing.all() or not (ends | missing).all():
        return column
    table.notes.append(f"every {column.name!r} ended in .0, which was taken off")
    return Coded(column.name, column.codes, pc.replace_substring_regex(column.texts, r"\.0$", ""))


def read_numbers(table: Table, column: Coded, decimal: str | None) -> np.ndarray:
    """Read finite numbers; what is missing or unreadable becomes NaN, and more than a fifth of the latter an error."""
    texts = pc.replace_substring_regex(normalised(column.texts), r"(\d) (\d{3})", r"\1\2")
    mark = decimal or _decimal_mark(table, column, texts)
    if mark == ",":
        doubtful = pc.and_(
            pc.match_substring(texts, "."), pc.invert(pc.match_substring_regex(texts, f"{_COMMA}|{_THOUSANDS}"))
        )
        texts = pc.if_else(doubtful, "", pc.replace_substring(pc.replace_substring(texts, ".", ""), ",", "."))
    else:
        texts = pc.if_else(pc.match_substring_regex(texts, _POINT), pc.replace_substring(texts, ",", ""), texts)
    numeric = pc.match_substring_regex(texts, _NUMBER)
    values = pc.if_else(numeric, pc.replace_substring_regex(texts, r"^\+", ""), None).cast(pa.float64())
    numbers = values.to_numpy(zero_copy_only=False)[column.codes]
    numbers = np.where(np.isfinite(numbers), numbers, np.nan)
    remedy = "Write numbers as 3 or 2.5, with a decimal point."
    require_readable(
        table,
        column.name,
        ~column.missing,
        ~np.isnan(numbers),
        lambda row: column.texts[column.codes[row]].as_py(),
        remedy,
    )
    return numbers


def _decimal_mark(table: Table, column: Coded, texts: pa.Array) -> str:
    """Tell 12,50 from 1,250 by values that can be read in one way only."""
    point, comma = (
        pc.match_substring_regex(texts, pattern).to_numpy(zero_copy_only=False) for pattern in (_POINT, _COMMA)
    )
    remedy = 'Pass decimal="," or decimal="." (which of them stands before the fraction).'
    if (point & ~comma).any() and (comma & ~point).any():
        one, two = (texts[int(np.argmax(only))].as_py() for only in (comma & ~point, point & ~comma))
        problem = f"{one!r} has a decimal comma, but {two!r} a comma between thousands"
        raise table.error(column.name, column.first(comma & ~point), problem, remedy)
    if (comma & ~point).any():
        table.notes.append(
            f"{column.name!r} read with a decimal comma, as {texts[int(np.argmax(comma & ~point))].as_py()!r} shows"
        )
        return ","
    if (comma & point).any() and not (point & ~comma).any():
        text = texts[int(np.argmax(comma & point))].as_py()
        raise table.error(column.name, column.first(comma & point), f"{text!r} may be a thousand or a fraction", remedy)
    return "."


def require_readable(
    table: Table, name: str, known: np.ndarray, read: np.ndarray, text: Callable[[int], str], remedy: str
) -> None:
    """Refuse a column of which more than a fifth can't be read."""
    unreadable = np.flatnonzero(known & ~read)
    if len(unreadable) > _MAX_UNREADABLE * known.sum():
        row = int(unreadable[0])
        count = f"({len(unreadable):,} of {known.sum():,} values can't be read)"
        raise table.error(name, row, f"can't read {text(row)[:60]!r} {count}", remedy)
