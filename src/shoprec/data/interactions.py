"""The reader's own purchases or ratings, from a file of any usual kind, with every row accounted for."""

import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from shoprec.data.reading.delimited import Layout
from shoprec.data.reading.events import Where, keep_where, note_events
from shoprec.data.reading.files import open_table
from shoprec.data.reading.header import find_columns, wanted_names
from shoprec.data.reading.table import Table
from shoprec.data.reading.timestamps import REMEDY, Dates, read_timestamps
from shoprec.data.reading.values import Coded, is_missing, normalised, read_ids, read_numbers, require_readable
from shoprec.data.report import DataError, DataWarning, DroppedRows, Ledger

__all__ = ["DataError", "DataWarning", "DroppedRows", "read_interactions"]


def read_interactions(
    path: str | Path,
    columns: Mapping[str, str | None] | None = None,
    *,
    where: Where | None = None,
    tz: str | None = None,
    dayfirst: bool | None = None,
    time_format: str | None = None,
    decimal: Literal[".", ","] | None = None,
    encoding: str | None = None,
    sep: str | None = None,
    header: int | None = 0,
    names: Sequence[str] | None = None,
    skip: int = 0,
    quotes: bool = True,
) -> pd.DataFrame:
    """Read purchases or ratings from a file, and account for every row left out.

    Parameters
    ----------
    path : str or Path
        Text with separators (.csv, .tsv, …), JSON (a record a line, or a list of records), Parquet, or the first sheet
        of an .xlsx file; also packed as .gz, or as the one file in a .zip. What the file holds decides, not its name.
        It has the columns `user`, `item` and `timestamp`, and optionally `quantity`, `rating` and `basket`; others are
        ignored.
    columns : mapping, optional
        The file's own names where they differ, as in ``{"user": "member_id"}``; None leaves out an optional column.
    where : mapping, optional
        Rows to read, by values of columns, as in ``{"event": ["purchase"]}``. Without it all rows count, and a column
        that tells views, carts or cancelled orders from purchases is noted.
    tz : str, optional
        The shop's time zone, as in ``"Asia/Shanghai"``. Times with an offset, and times that count from 1970, become
        its clock times, so that a day is a day in the shop; without it they become UTC. Times without an offset are
        the shop's already.
    dayfirst : bool, optional
        Whether 03/04/2017 is 3 April (True) or March 4 (False). Without it, such dates are read only if
        another row settles the order, as 25/04/2017 does.
    time_format : str, optional
        How times are written where that isn't clear: "s", "ms", "us" or "ns" since 1970, "excel" (days, as
        spreadsheets count them), or a format for `strptime` such as ``"%d/%m/%y"``.
    decimal : {".", ","}, optional
        What stands before the fraction of a number. Without it, numbers such as 12,50 settle it.
    encoding : str, optional
        Without it, a byte order mark, valid UTF-8 and then the look of the words decide among GB18030 (which includes
        GBK), Big5, Shift-JIS, Korean cp949 and the Western, Central European, Cyrillic, Greek and Turkish code pages of
        Windows. What was chosen, and by which word, is noted; where it is in doubt, the file is refused.
    sep : str, optional
        One or several characters between fields. Without it: comma, semicolon, tab or bar, whichever fits the header.
    header : {0, None}, optional
        None if no line names the columns; then pass `names`.
    names : sequence of str, optional
        A name for each column of the file.
    skip : int, optional
        Lines above the header that are passed over.
    quotes : bool, optional
        False if ``"`` is a character as others, as for inches in files that quote nothing.

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
        Once per file, if rows were dropped (by more than `where`) or values read other than literally.

    Notes
    -----
    Dropped and reported are rows without user, item, timestamp or quantity, rows whose quantity is zero or
    negative (returns), and exact repetitions of an earlier row in the columns above. Add a `basket` or a time
    of day where repetitions are purchases of their own. Unreadable timestamps or numbers are dropped and
    reported up to a fifth of the column; more are an error. A rating of zero is kept, since on many scales it
    is a rating; so are rows without a rating, which still say that the item was chosen.

    A basket is what one user bought under one basket id on one day, since receipt numbers start again; what a user
    bought on a day without an id is one basket, too. `shoprec.tasks` follows the same rule.

    Missing is what says so in databases and spreadsheets: nothing, blanks, NULL, NA, N/A, NaN, None, ``\\N``, #N/A,
    <NA>, - and ?, in upper or lower case. Ids keep leading zeros; if each id of a column ends in ".0", a number format
    added it, and it is taken off. Ids such as 1.23457E+18 are refused: their other digits are lost.

    Dates may be written as 2017-03-31, 2017/3/31, 31.03.2017, 31-Mar-2017 or 2017年3月31日, with a clock such as
    18:05:00.123, 6:05 PM, 下午6:05 or 18时05分, in full-width digits, too, from 1678 to 2261. Digits alone are a date
    (20170331, 201703311805) or count from 1970, whichever is a plausible time for a purchase. Times have an offset
    throughout or not at all.

    A plain file in UTF-8 is read where it lies, packed or otherwise encoded ones are held in memory as UTF-8. Time and
    memory grow with the rows alone; ``benchmarks/read.py`` measures both for ten million.

    Examples
    --------
    A spreadsheet's export: semicolons, Chinese names, one event that is no purchase, one row without an item.

    >>> import tempfile
    >>> folder = tempfile.TemporaryDirectory()
    >>> file = Path(folder.name, "orders.csv")
    >>> _ = file.write_text(
    ...     "会员;商品;时间;状态;数量\\n"
    ...     "007;绿茶;2017年3月2日 下午6:05;完成;1\\n"
    ...     "007;;2017年3月2日 下午6:05;完成;1\\n"
    ...     "9;绿茶;2017年3月1日 8:30;完成;2\\n"
    ...     "9;红枣;2017年3月1日 8:30;取消;1\\n"
    ...     "9;米;2017年3月4日 9:00;完成;0,5\\n",
    ...     encoding="gbk")
    >>> names = {"user": "会员", "item": "商品", "timestamp": "时间", "quantity": "数量"}
    >>> with warnings.catch_warnings(action="ignore"):
    ...     orders = read_interactions(file, names, where={"状态": ["完成"]})
    >>> orders
      user item           timestamp  quantity
    0    9   绿茶 2017-03-01 08:30:00       2.0
    1  007   绿茶 2017-03-02 18:05:00       1.0
    2    9    米 2017-03-04 09:00:00       0.5
    >>> orders.attrs["dropped"].counts
    {"状态 not '完成'": 1, 'item missing': 1}
    >>> folder.cleanup()
    """
    layout = Layout(encoding, sep, header, names, skip, quotes)
    dates = Dates(dayfirst, time_format, tz)
    wanted = wanted_names(str(path), columns or {})
    table = open_table(Path(path), layout, list(wanted.values()))
    places = find_columns(table, wanted, columns or {})
    raw = dict(zip(places, table.columns(list(places.values())), strict=True))
    ledger = Ledger(len(raw["user"]))
    if where:
        keep_where(table, where, ledger)
    else:
        note_events(table, list(places.values()))
    ids = _read_ids(table, places, raw, ledger)
    values = _read_values(table, places, raw, ledger, dates, decimal)
    order = _in_order_of_time(ids, values, ledger)
    _note_baskets(table, ids, values, order)
    report = ledger.report(table)
    _require_choice(ids, order, report)
    if ledger.unasked or report.notes:
        warnings.warn(str(report), DataWarning, stacklevel=2)
    frame = _frame(ids, values, order)
    frame.attrs["dropped"] = report
    return frame


Raw = dict[str, pa.ChunkedArray]


def _read_ids(table: Table, places: dict[str, int], raw: Raw, ledger: Ledger) -> dict[str, Coded]:
    ids: dict[str, Coded] = {}
    for name in ("user", "item", "basket"):
        if name in raw:
            ids[name] = read_ids(table, Coded.of(table.header[places[name]], raw.pop(name)))
            if name != "basket":
                ledger.drop(ids[name].missing, f"{name} missing")
    return ids


def _read_values(
    table: Table, places: dict[str, int], raw: Raw, ledger: Ledger, dates: Dates, decimal: str | None
) -> dict[str, np.ndarray]:
    """Times and numbers, in their order in the result."""
    values: dict[str, np.ndarray] = {}
    for name in ("timestamp", "quantity", "rating"):
        if name not in raw:
            continue
        theirs, column = table.header[places[name]], raw.pop(name)
        if name == "timestamp":
            missing, values[name] = _read_times(table, theirs, column, dates)
        else:
            coded = Coded.of(theirs, column)
            missing, values[name] = coded.missing, read_numbers(table, coded, decimal)
        if name != "rating":
            ledger.drop(missing, f"{name} missing")
        ledger.drop(~missing & np.isnan(values[name]), f"{name} unreadable")
    if "quantity" in values:
        ledger.drop(values["quantity"] <= 0, "quantity zero or negative")
    if "rating" in values and (unrated := int(np.isnan(values["rating"][ledger.kept]).sum())):
        table.notes.append(f"rows without a rating were kept ({unrated:,})")
    return values


def _read_times(table: Table, name: str, column: pa.ChunkedArray, dates: Dates) -> tuple[np.ndarray, np.ndarray]:
    missing = [is_missing(chunk) for chunk in column.chunks]
    known = [
        pc.if_else(pa.array(nothing), pa.scalar(None, pa.string()), normalised(chunk))
        for nothing, chunk in zip(missing, column.chunks, strict=True)
    ]
    times = read_timestamps(table, name, pa.chunked_array(known, pa.string()), dates)
    nothing = np.concatenate(missing)
    require_readable(table, name, ~nothing, ~np.isnat(times), lambda row: column[row].as_py(), REMEDY)
    return nothing, times


def _in_order_of_time(ids: dict[str, Coded], values: dict[str, np.ndarray], ledger: Ledger) -> np.ndarray:
    """Rows to keep in order of time, without exact repetitions; only rows of the same moment can be any."""
    times, rows = values["timestamp"], np.flatnonzero(ledger.kept)
    order = rows[np.argsort(times[rows], kind="stable")]
    same = np.diff(times[order]) == np.timedelta64(0)
    tied = order[np.append(same, False) | np.append(False, same)] if len(order) else order
    keys = {name: np.where(column.missing, -1, column.codes)[tied] for name, column in ids.items()}
    repeated = tied[pd.DataFrame(keys | {name: value[tied] for name, value in values.items()}).duplicated()]
    mask = np.zeros(len(times), bool)
    mask[repeated] = True
    ledger.drop(mask, "exact repetition of an earlier row")
    return order[ledger.kept[order]]


def _note_baskets(table: Table, ids: dict[str, Coded], values: dict[str, np.ndarray], order: np.ndarray) -> None:
    """Say where an id isn't one basket: a basket is what one user has under one id on one day."""
    if "basket" not in ids:
        return
    basket = ids["basket"]
    without = basket.missing[order]
    if without.any():
        table.notes.append(f"rows without a basket id ({without.sum():,}) count as one basket per user and day")
    order = order[~without]
    pairs = pd.factorize(ids["user"].codes[order].astype(np.int64) * len(basket.texts) + basket.codes[order])[0]
    days = values["timestamp"][order].astype("datetime64[D]")
    each = pd.DataFrame({"pair": pairs, "day": days}).drop_duplicates()["pair"].value_counts()
    if (again := int((each > 1).sum())) > 0:
        table.notes.append(
            f"basket ids that a user has on several days ({again:,} of {len(each):,}) count as one basket per day"
        )


def _require_choice(ids: dict[str, Coded], order: np.ndarray, report: DroppedRows) -> None:
    """Refuse a file that leaves nothing to compare or to choose from."""
    if not len(order):
        raise DataError(f"{report}. No row is left; see the first of the {report.unit}s named.")
    for name, lack in (("user", "there is nobody to learn from"), ("item", "there is nothing to choose")):
        codes = ids[name].codes[order]
        if (codes == codes[0]).all():
            raise DataError(
                f"{report}. All of them have the same {name}, {ids[name].texts[codes[0]].as_py()!r}, so {lack}. "
                f'Check that columns={{"{name}": …}} names the right column.'
            )


def _frame(ids: dict[str, Coded], values: dict[str, np.ndarray], order: np.ndarray) -> pd.DataFrame:
    columns: dict[str, pd.Series] = {name: ids[name].take(order).to_pandas() for name in ("user", "item")}
    columns |= {name: pd.Series(value[order]) for name, value in values.items()}
    if "basket" in ids:
        columns["basket"] = ids["basket"].take(order).to_pandas()
    return pd.DataFrame(columns)
