"""Which column is which; where the names don't fit, what the file is and the call that reads it."""

import difflib
import re
from collections import Counter
from collections.abc import Mapping, Sequence

from shoprec.data.reading.table import Table
from shoprec.data.report import DataError

REQUIRED = ("user", "item", "timestamp")
OPTIONAL = ("quantity", "rating", "basket")
_DATE = (
    r"\s*(?:\d{4}[-/.年]\d{1,2}[-/.月]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{2,4}|\d{8}(?:\d{2}|\d{4}|\d{6})?|\d{9,19})\b.*"
)


def wanted_names(label: str, columns: Mapping[str, str | None]) -> dict[str, str]:
    """Our name of each column to the file's; what the reader leaves out is not there.

    Examples
    --------
    >>> wanted_names("a.csv", {"user": "member", "basket": None})
    {'user': 'member', 'item': 'item', 'timestamp': 'timestamp', 'quantity': 'quantity', 'rating': 'rating'}
    """
    ours = (*REQUIRED, *OPTIONAL)
    if unknown := [name for name in columns if name not in ours]:
        raise DataError(f"{label}: columns={{…}} has the key {unknown[0]!r}; the keys are {', '.join(ours)}")
    if absent := [name for name in REQUIRED if name in columns and columns[name] is None]:
        raise DataError(f"{label}: columns={{…}} leaves out {absent[0]!r}, without which there is nothing to learn")
    named = {name: columns.get(name, name) for name in ours}
    return {name: theirs for name, theirs in named.items() if theirs is not None}


def find_columns(table: Table, wanted: Mapping[str, str], mapped: Mapping[str, str | None]) -> dict[str, int]:
    """Positions of the columns that are wanted and there, by our names.

    Raises
    ------
    DataError
        If a required column, or one that the reader named, is missing or occurs twice; the message says what the file
        looks like, and which call would read it.
    """
    header = table.header
    for name, theirs in wanted.items():
        if theirs not in header and (name in REQUIRED or name in mapped):
            raise DataError(f"{table.label}, " + _diagnosis(table, list(wanted.values())[:3], name, theirs))
        if header.count(theirs) > 1:
            raise DataError(
                f"{table.label}, {table.unit} 1: column {theirs!r} occurs more than once. Rename one of the two."
            )
    names = {name: theirs for name, theirs in wanted.items() if theirs in header}
    if twice := [theirs for theirs, count in Counter(names.values()).items() if count > 1]:
        raise DataError(f"{table.label}: column {twice[0]!r} stands for more than one of {', '.join(names)}")
    return {name: header.index(theirs) for name, theirs in names.items()}


def _diagnosis(table: Table, required: Sequence[str], name: str, theirs: str) -> str:
    top = table.top()
    for line, fields in top[1:]:
        if all(
            any(column in re.split(r"[,;\t|]", text) for text in [*fields, ",".join(fields)]) for column in required
        ):
            call = f"read_interactions(path, skip={line - 1})"
            return f"{table.unit} {line}: the column names stand here, below other lines. Read it with {call}."
    first = top[0][1] if top else table.header
    sep = _other_separator(first, required)
    fields = first[0].split(sep) if sep else first
    call = f"sep={sep!r}, " if sep else ""
    if _is_row(fields, required):
        call = f"read_interactions(path, {call}header=None, names={_guessed(fields)})"
        shown = ", ".join(repr(text[:20]) for text in fields[:6])
        remedy = f"Read it with {call}, the names in the order of its columns."
        return f"{table.unit} 1: is a row, not a header ({shown}). {remedy}"
    if sep:
        return f"{table.unit} 1: is separated by {sep!r}. Read it with read_interactions(path, sep={sep!r})."
    return f"{table.unit} 1: " + no_column(table.header, theirs, f'columns={{"{name}": "%s"}}')


def no_column(header: Sequence[str], theirs: str, call: str) -> str:
    """Say that a column isn't there, what is, and which may have been meant.

    Examples
    --------
    >>> no_column(["member", "sku"], "members", 'columns={"user": "%s"}')
    'no column \\'members\\'. The file has \\'member\\', \\'sku\\'. Did you mean \\'member\\'? Say which one it is with columns={"user": "member"}.'
    """  # noqa: E501
    spelled = {column.strip().lower(): column for column in header}
    close = difflib.get_close_matches(theirs.strip().lower(), spelled, n=1)
    listed = ", ".join(repr(column[:40]) for column in header[:20]) + (
        f" and {len(header) - 20} more" if len(header) > 20 else ""
    )
    guess = spelled[close[0]] if close else "…"
    meant = f"Did you mean {guess!r}? " if close else ""
    return f"no column {theirs[:60]!r}. The file has {listed}. {meant}Say which one it is with {call % guess}."


def _other_separator(first: Sequence[str], required: Sequence[str]) -> str | None:
    """What stands between the names, or between the values, of a line that is one field."""
    if len(first) > 1:
        return None
    places = sorted(
        (match.start(), match.end()) for column in required if (match := re.search(re.escape(column), first[0]))
    )
    if len(places) == len(required):
        between = re.match(r"[^\w\s]+|\s+", first[0][places[0][1] :])
        return between[0] if between else None
    found = Counter(re.findall(r"::+|[^\w\s.:/+\-\"']+|[ ]+", re.sub(r"\d \d\d?:", "", first[0])))
    return found.most_common(1)[0][0] if found and found.most_common(1)[0][1] > 1 else None


def _is_row(fields: Sequence[str], required: Sequence[str]) -> bool:
    if any(column in fields for column in required) or len(fields) < len(required):
        return False
    return any(re.fullmatch(_DATE, text) for text in fields) or all(
        re.fullmatch(r"\s*[\d.]+\s*", text) for text in fields
    )


def _guessed(fields: Sequence[str]) -> str:
    """Names for columns without any: the first that looks like a date is the time, two others are user and item."""
    dated = [at for at, text in enumerate(fields) if re.fullmatch(_DATE, text)]
    written = [at for at in dated if re.search(r"\D", fields[at].strip())]
    when = (written or dated[-1:] or [len(fields) - 1])[0]
    names = iter(["user", "item", *(f"column{at}" for at in range(3, len(fields) + 1))])
    return "[" + ", ".join('"timestamp"' if at == when else f'"{next(names)}"' for at in range(len(fields))) + "]"
