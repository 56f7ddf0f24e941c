r"""Counting in tables that no memory holds: one logical plan, written as SQL for DuckDB and as calls for Dask.

What the book's models count, a database counts as well. Of each household :math:`u` and product :math:`i` the number of
purchases and the decayed frequency :math:`f_{ui}`; of each pair of products the baskets that hold both, :math:`c_{ij}`,
and :math:`c_{ij} / \sqrt{n_i n_j}`, with :math:`n_i` the baskets that hold :math:`i`.
"""

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import pandas as pd
from scipy import sparse

from shoprec.formulas.arrays import whole
from shoprec.models import library
from shoprec.models.counting import checked_half_life
from shoprec.tasks import History

if TYPE_CHECKING:
    from distributed import Client

KINDS = ("own", "pair")
COPY = """
COPY (
    SELECT household + copy * {n_users} AS household, product, basket + copy * {n_baskets} AS basket, day
    FROM events, range({copies}) AS copies(copy)
) TO '{path}' (FORMAT parquet, COMPRESSION uncompressed, DICTIONARY_SIZE_LIMIT 1)
"""
FEATURES = """
WITH events AS (FROM '{path}'),
own AS (
    SELECT household, product, count(*) AS n, sum(pow(0.5, ({day} - day) / {half_life})) AS frequency
    FROM events GROUP BY household, product
),
held AS (SELECT DISTINCT basket, product FROM events WHERE day >= {since}),
single AS (SELECT product, count(*) AS n FROM held GROUP BY product),
pair AS (
    SELECT a.product AS product, b.product AS other, count(*) AS n
    FROM held AS a JOIN held AS b USING (basket)
    WHERE a.product < b.product GROUP BY a.product, b.product
)
SELECT 'own' AS kind, household AS first, product AS second, n, frequency AS value FROM own
UNION ALL
SELECT 'pair', product, other, pair.n, pair.n / sqrt(a.n * b.n)
FROM pair JOIN single AS a USING (product) JOIN single AS b ON b.product = other
"""


class Used(NamedTuple):
    """What a query took: bytes of memory at its peak, bytes written to the disk for lack of it, and seconds."""

    memory: int
    spilled: int
    seconds: float


def write_events(history: History, path: Path, copies: int = 1) -> int:
    """Write a history as a Parquet table, or several shops like it, without compression; the number of rows.

    Parameters
    ----------
    history : History
    path : Path
        Of the file, with the columns ``household, product, basket, day``.
    copies : int
        Shops that sell the same products, each with households and baskets of its own.
    """
    codes = {"household": history.user, "product": history.item, "basket": history.basket}
    events = pd.DataFrame({name: code.astype("int32") for name, code in codes.items()} | {"day": history.day})
    with _database() as database:
        database.register("events", events)
        sizes = {"n_users": history.n_users, "n_baskets": int(history.basket[-1]) + 1}
        database.execute(COPY.format(**sizes, copies=whole(copies, "copies"), path=path))
    return copies * len(events)


def features_sql(path: Path, day: float, half_life: float, since: float) -> str:
    """The query for all features of a table of events, as text.

    Parameters
    ----------
    path : Path
        Of a Parquet table such as :func:`write_events` writes.
    day : float
        From which ages are counted.
    half_life : float
        Of a purchase, in days.
    since : float
        Day from which on baskets count for the pairs.
    """
    return FEATURES.format(path=path, day=repr(float(day)), half_life=checked_half_life(half_life), since=float(since))


def run_sql(query: str, folder: Path, memory: str = "100MB") -> Used:
    """Run the query for the features by DuckDB on one thread, and write them to a folder, by kind.

    What the memory doesn't hold is written to the disk and read again: that is *spilling*.

    Parameters
    ----------
    query : str
        By :func:`features_sql`.
    folder : Path
        To be made; :func:`read_features` reads it.
    memory : str
        DuckDB's limit.
    """
    profile = folder.with_name(f"{folder.name}.json")
    with _database(memory, folder.with_name(f"{folder.name}.spill")) as database:
        database.execute("SET enable_profiling = 'json'")
        database.execute(f"SET profiling_output = '{profile}'")
        database.execute(f"COPY ({query}) TO '{folder}' (FORMAT parquet, PARTITION_BY (kind))")
    about = json.loads(profile.read_text("utf8"))
    return Used(
        about["system"]["peak_buffer_memory"], about["system"]["total_bytes_spilled"], about["query"]["total_time"]
    )


def read_features(folder: Path, kind: str, shape: tuple[int, int], column: str = "n") -> sparse.csr_array:
    """One kind of the features, as a matrix.

    Parameters
    ----------
    folder : Path
        Written by :func:`run_sql`.
    kind : str
        ``own``, households by products, or ``pair``, products by products: only above the diagonal.
    shape : pair of int
    column : str
        ``n`` for the counts, or ``value``.
    """
    table = pd.read_parquet(folder / f"kind={kind}", columns=["first", "second", column])
    return as_matrix(table, shape, column)


def as_matrix(table: pd.DataFrame, shape: tuple[int, int], column: str = "n") -> sparse.csr_array:
    """A table with the columns ``first, second`` and a third as a matrix.

    Examples
    --------
    >>> as_matrix(pd.DataFrame({"first": [0, 1], "second": [1, 0], "n": [3, 4]}), (2, 2)).toarray()
    array([[0, 3],
           [4, 0]])
    """
    pairs = table["first"].to_numpy(), table["second"].to_numpy()
    return sparse.coo_array((table[column].to_numpy(), pairs), shape=shape).tocsr()


@contextmanager
def two_workers() -> Iterator["Client"]:
    """A cluster of two processes on this machine, which end with the block; a real one differs by an address.

    Yields
    ------
    Client
    """
    distributed = library("distributed", two_workers)
    options = {"n_workers": 2, "threads_per_worker": 1, "dashboard_address": None, "silence_logs": logging.ERROR}
    with distributed.LocalCluster(**options) as cluster, distributed.Client(cluster) as client:
        yield client


def features_dask(path: Path, day: float, half_life: float, since: float) -> dict[str, Any]:
    """The same plan for Dask: each kind of features as a table that is yet to be computed, by ``compute()``.

    Parameters
    ----------
    path, day, half_life, since
        As for :func:`features_sql`.

    Returns
    -------
    dict of str to dask.dataframe.DataFrame
        ``own`` and ``pair``, each with the columns ``first, second, n, value``.
    """
    frames = library("dask.dataframe", features_dask)
    events = frames.read_parquet(path, split_row_groups=True)
    events["weight"] = 0.5 ** ((day - events["day"]) / checked_half_life(half_life))
    own = events.groupby(["household", "product"])["weight"].agg(["count", "sum"], split_out=2).reset_index()
    held = events[events["day"] >= since][["basket", "product"]].drop_duplicates(split_out=2)
    single = held.groupby("product")["basket"].count().reset_index().rename(columns={"basket": "n"})
    both = held.merge(held, on="basket", suffixes=("_a", "_b"))
    both = both[both["product_a"] < both["product_b"]]
    pair = both.groupby(["product_a", "product_b"])["basket"].count(split_out=2).reset_index()
    for end in ("a", "b"):
        pair = pair.merge(single.rename(columns={"product": f"product_{end}", "n": f"n_{end}"}), on=f"product_{end}")
    pair["value"] = pair["basket"] / np.sqrt(pair["n_a"] * pair["n_b"])
    columns = ["first", "second", "n", "value"]
    own = own.rename(columns=dict(zip(own.columns, columns, strict=True)))
    pair = pair.rename(columns={"product_a": "first", "product_b": "second", "basket": "n"})
    return {"own": own, "pair": pair[columns]}


@contextmanager
def _database(memory: str | None = None, spill: Path | None = None) -> Iterator[Any]:
    """A database in memory, on one thread."""
    config: dict[str, Any] = {"threads": 1}
    if memory:
        config |= {"memory_limit": memory, "temp_directory": str(spill)}
    with library("duckdb", write_events).connect(config=config) as database:
        yield database
