"""A shop that grows: what ten times the households, products or history does to the work of each step.

``make record run=growth`` runs it on one core, in about three minutes. The shop is the real one, repeated: more
households are copies of the real ones; more products are variants, of which a household buys one; more history is the
same year once more, before. Operations and bytes are counted, and seconds are those of this machine.
"""

import time
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from scipy import sparse
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.experiments.records import Parts
from shoprec.formulas.arrays import Floats, whole
from shoprec.formulas.checks import one_of
from shoprec.models.factors import SVD
from shoprec.models.vector_search import Exact, multiply, size_in_bytes, unit
from shoprec.tasks import History, tasks_at

AXES = ("households", "products", "history")
FACTORS = (1, 3, 10)
MOST_PRODUCTS = 112  #: times as many products, for the search alone: a million
D, K, N_QUERIES, REPEATS = 64, 10, 20, 2


def grown(history: History, axis: str, factor: int) -> History:
    """A shop with so many times as many households, products or years, made from a real one.

    Parameters
    ----------
    history : History
    axis : str
        ``"households"``, ``"products"`` or ``"history"``.
    factor : int
        How many times as many.

    Raises
    ------
    ValueError
        If the axis is another, or the factor no whole number of at least 1.

    Examples
    --------
    >>> zero = np.zeros(2, int)
    >>> small = History(zero, np.array([0, 1]), np.array([0, 1]), np.array([3.0, 9.0]), n_users=1, n_items=2)
    >>> [len(grown(small, axis, 3).item) for axis in AXES]
    [6, 2, 6]
    """
    whole(factor, "factor")
    if one_of(axis, "axis", AXES) == "products":
        pair = history.user.astype(np.int64) * history.n_items + history.item
        variant = np.random.default_rng(0).integers(factor, size=history.n_users * history.n_items, dtype=np.int16)
        item = history.item + history.n_items * variant[pair].astype(np.int64)
        return History(history.user, item, history.basket, history.day, history.n_users, history.n_items * factor)
    copy = np.repeat(np.arange(factor), len(history.item))
    user, item, basket = (np.tile(x, factor) for x in (history.user, history.item, history.basket))
    basket, day = basket + copy * (int(history.basket[-1]) + 1), np.tile(history.day, factor)
    if axis == "households":
        return History(user + copy * history.n_users, item, basket, day, history.n_users * factor, history.n_items)
    day = day - 365.0 * (factor - 1 - copy)
    order = np.lexsort((item, basket, day, user))
    opens = np.diff(basket[order], prepend=-1) != 0
    return History(user[order], item[order], np.cumsum(opens) - 1, day[order], history.n_users, history.n_items)


def counting(history: History) -> tuple[int, int]:
    """Count each household's purchases of each product; operations and bytes of the result."""
    return len(history.item), _bytes(history.matrix())


def together(history: History) -> tuple[int, int]:
    """Count the baskets that hold each pair of products; operations and bytes of the result.

    A basket of m products takes m² operations.
    """
    shape = int(history.basket[-1]) + 1, history.n_items
    holds = sparse.coo_array((np.ones(len(history.item), np.float32), (history.basket, history.item)), shape=shape)
    rows = holds.tocsr()
    return squares(rows), _bytes((rows.T @ rows).tocsr())


def neighbours(history: History) -> tuple[int, int]:
    """What it takes to compare all households with all others by what they bought, and the table's bytes; not done.

    A product with n buyers takes n² operations, and the table has a number of 4 bytes for each pair of households.
    """
    buyers = history.bought.T.tocsr()
    return squares(buyers), 4 * history.n_users**2


def search(vectors: Floats, queries: Floats) -> tuple[int, int]:
    """Find the nearest of all vectors for each query, one by one; operations for one query, and the vectors' bytes."""
    index = Exact().build(vectors)
    for query in queries:
        index.search(query[None], K)
    return vectors.size, size_in_bytes(index)


def squares(rows: sparse.csr_array) -> int:
    """Operations to multiply a table's transpose with it: the squares of its rows' entries, added up.

    Examples
    --------
    >>> squares(sparse.csr_array([[1, 1, 1], [0, 1, 0]]))
    10
    """
    return int((np.diff(rows.indptr).astype(np.int64) ** 2).sum())


def run() -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their repetitions, and the seconds of a core that they took."""
    parts = Parts.of("growth")
    _, task = tasks_at(complete_journey().purchases)
    for axis in AXES:
        for factor in FACTORS:
            history = grown(task.history, axis, factor)
            for step in (counting, together, neighbours):
                record(parts, step.__name__, axis, factor, lambda step=step, history=history: step(history))
    products = unit(SVD(D).fit(task).item_vectors())
    for factor in (*FACTORS, MOST_PRODUCTS):
        vectors = multiply(products, factor * len(products))
        record(parts, "search", "products", factor, lambda vectors=vectors: search(vectors, products[:N_QUERIES]))
    cells, repetitions = parts.finished()
    return cells, repetitions, float(repetitions["seconds"].sum())


@threadpool_limits.wrap(limits=1)
def record(parts: Parts, step: str, axis: str, factor: int, compute: Callable[[], tuple[int, int]]) -> None:
    """Do a step a few times, and keep what it took."""
    name = f"{step}-{axis}-{factor}"
    if parts.has(name):
        return
    seconds = []
    for _ in range(REPEATS):
        start = time.process_time()
        operations, size = compute()
        seconds.append(time.process_time() - start)
    cell: dict[str, Any] = {"model": step, "cut": axis, "seed": factor, "operations": operations, "bytes": size}
    table = pd.DataFrame({"household": range(REPEATS), "seconds": np.array(seconds, np.float32)})
    parts.save(cell, table.assign(model=step, cut=axis, seed=factor))
    parts.remember(name, dict)
    print(name, operations, size, round(min(seconds), 2), flush=True)


def _bytes(table: sparse.csr_array) -> int:
    return int(table.data.nbytes + table.indices.nbytes + table.indptr.nbytes)
