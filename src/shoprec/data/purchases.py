"""What a table of purchases has to be before anything is learned from it, wherever it comes from."""

import numpy as np
import pandas as pd

from shoprec.data.report import DataError


def require_purchases(purchases: pd.DataFrame) -> pd.DataFrame:
    """Check a table of purchases, and return its `user`, `item`, `timestamp` and, if it has one, `basket`.

    Raises
    ------
    DataError
        If a column is missing or occurs twice, a value of the first three is missing, ids are of several types, or
        the timestamps aren't local times (datetime64 without a zone). The message names the call that mends it.

    Examples
    --------
    >>> table = pd.DataFrame({"user": [1], "item": [2], "timestamp": ["2017-03-01"]})
    >>> require_purchases(table)
    Traceback (most recent call last):
        ...
    shoprec.data.report.DataError: purchases["timestamp"] holds text; \
convert it first: purchases["timestamp"] = pd.to_datetime(purchases["timestamp"])
    """
    if not isinstance(purchases, pd.DataFrame):
        raise DataError(
            f"purchases are a {type(purchases).__name__}; pass a DataFrame, as read_interactions returns it"
        )
    needed = [name for name in ("user", "item", "timestamp", "basket") if name != "basket" or name in purchases]
    if missing := [name for name in needed if name not in purchases]:
        have = ", ".join(map(repr, purchases.columns[:20]))
        raise DataError(
            f"purchases lack the columns {missing}; they have {have}. Rename them: purchases.rename(columns={{…: "
            f'"{missing[0]}"}})'
        )
    if twice := [name for name in needed if list(purchases.columns).count(name) > 1]:
        raise DataError(f"purchases have the column {twice[0]!r} more than once; drop or rename one")
    _require_local_times(purchases["timestamp"])
    for name in ("user", "item", "timestamp"):
        _require_known(purchases[name])
    for name in needed:
        if name != "timestamp":
            _require_one_type(purchases[name])
    return purchases[needed]


def _require_local_times(times: pd.Series) -> None:
    column, convert = 'purchases["timestamp"]', "pd.to_datetime"
    if isinstance(times.dtype, pd.DatetimeTZDtype):
        raise DataError(
            f"{column} has the time zone {times.dtype.tz}; take the shop's clock instead: {column} = "
            f'{column}.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)'
        )
    if pd.api.types.is_datetime64_dtype(times.dtype):
        return
    if pd.api.types.is_numeric_dtype(times.dtype):
        remedy = f'if it counts seconds since 1970: {column} = {convert}({column}, unit="s")'
        raise DataError(f"{column} holds numbers; {remedy}")
    kind = "text" if pd.api.types.infer_dtype(times, skipna=True) == "string" else f"values of type {times.dtype}"
    raise DataError(f"{column} holds {kind}; convert it first: {column} = {convert}({column})")


def _require_known(values: pd.Series) -> None:
    unknown = values.isna().to_numpy()
    if unknown.any():
        first = values.index[int(np.argmax(unknown))]
        raise DataError(
            f"{values.name} is missing in {unknown.sum():,} of {len(values):,} purchases, first at index {first!r}; "
            f'leave them out: purchases = purchases.dropna(subset=["{values.name}"])'
        )


def _require_one_type(ids: pd.Series) -> None:
    """Text and numbers have no common order, and 10 isn't "10"."""
    if ids.dtype == object and (kind := pd.api.types.infer_dtype(ids, skipna=True)) not in (
        "string",
        "integer",
        "empty",
    ):
        raise DataError(
            f"{ids.name} holds values of several types ({kind}); make them text: "
            f'purchases["{ids.name}"] = purchases["{ids.name}"].astype("str")'
        )


def number_baskets(purchases: pd.DataFrame) -> pd.Series:
    """Number the baskets: what one user has under one id on one day; without an id, what he has on one day.

    Receipt numbers start again, so the same number on another day is another basket.

    Examples
    --------
    >>> table = pd.DataFrame({
    ...     "user": [1, 1, 1, 1, 2], "basket": ["17", "17", None, None, "17"],
    ...     "timestamp": pd.to_datetime(["2017-01-01", "2017-02-05", "2017-02-05", "2017-02-05", "2017-01-01"])})
    >>> number_baskets(table).tolist()
    [0, 1, 2, 2, 3]
    """
    keys = [
        purchases["user"],
        *([purchases["basket"]] if "basket" in purchases else []),
        purchases["timestamp"].dt.floor("D"),
    ]
    number = np.zeros(len(purchases), np.int64)
    for key in keys:  # pairs are numbered anew at each step, so that no product of numbers grows too large
        codes, distinct = pd.factorize(key, sort=True, use_na_sentinel=False)
        number = pd.factorize(number * len(distinct) + codes, sort=True)[0]
    return pd.Series(number, index=purchases.index)


def catalogue_of(items: object, purchases: pd.DataFrame) -> pd.Index:
    """Check a list of item ids against the table they are to rank.

    Raises
    ------
    DataError
        If an item occurs twice, or none of them was ever bought, as where text meets numbers.

    Examples
    --------
    >>> catalogue_of(["10"], pd.DataFrame({"item": [10, 11]}))
    Traceback (most recent call last):
        ...
    shoprec.data.report.DataError: none of the 1 items was bought: items has '10' (str), the purchases 10 (int64); \
use the same type, as in purchases["item"].astype("str")
    """
    catalogue = pd.Index(items, name="item")  # type: ignore[call-overload]
    if (twice := catalogue.duplicated()).any():
        raise DataError(f"items has {catalogue[twice].tolist()[0]!r} more than once; pass each once: pd.unique(items)")
    if catalogue.hasnans:
        raise DataError("items has a missing value; leave it out: pd.Index(items).dropna()")
    if len(purchases) and not purchases["item"].isin(catalogue).any():
        shown = f"{catalogue.tolist()[0]!r} ({type(catalogue.tolist()[0]).__name__})" if len(catalogue) else "nothing"
        bought = purchases["item"]
        raise DataError(
            f"none of the {len(catalogue):,} items was bought: items has {shown}, the purchases {bought.iloc[0]} "
            f'({bought.dtype}); use the same type, as in purchases["item"].astype("str")'
        )
    return catalogue


def nobody_comes_back(purchases: pd.DataFrame, cut: pd.Timestamp, before: int, after: int) -> DataError:
    """Say that nobody is on both sides of a cut, and what the columns look like.

    Parameters
    ----------
    purchases : DataFrame
        The whole table.
    cut : Timestamp
        Where it was cut.
    before, after : int
        Users with a catalogue item before the cut, and from it on.
    """
    rows, users, items = len(purchases), purchases["user"].nunique(), purchases["item"].nunique()
    looks = f"{rows:,} rows, {users:,} users ({rows / max(users, 1):.1f} rows each), {items:,} items"
    example = purchases["user"].iloc[0]
    return DataError(
        f"no user has purchases on both sides of the cut {cut:%Y-%m-%d}: {before:,} only before it, {after:,} only "
        f"after. The table has {looks}. If user ids such as {example!r} stand for orders or visits, name the column of "
        f'customers instead, as in columns={{"user": …}}; else choose another cut or a lower min_users'
    )
