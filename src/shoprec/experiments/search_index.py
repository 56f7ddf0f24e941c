"""Exact search against two indexes, from ten thousand vectors to a million: what is found, and what it takes.

``make record run=search_index`` runs it on one core, in about ten minutes. The queries are households of December, the
vectors products, both by one decomposition of the purchases. There are no million products: those are made from the
real ones, by points between neighbours.
"""

import time
from collections.abc import Iterator
from importlib.metadata import version
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from shoprec.data.journey import complete_journey
from shoprec.experiments.records import Parts
from shoprec.formulas.arrays import Codes, Floats
from shoprec.models.factors import SVD
from shoprec.models.vector_search import (
    Exact,
    Found,
    InvertedFile,
    NeighbourGraph,
    multiply,
    recall_of,
    size_in_bytes,
    unit,
)
from shoprec.tasks import Task, tasks_at

SIZES = (10_000, 100_000, 1_000_000)
D, K, N_QUERIES = 64, 10, 500
PROBES, BREADTHS = (1, 4, 16, 64), (16, 64, 256)


def shop_vectors(task: Task, n_queries: int = N_QUERIES) -> tuple[Floats, Floats]:
    """Products and households of a task as vectors of length 1: those households that have a next basket, drawn.

    Returns
    -------
    products : array of float32, shape (n_items, D)
    queries : array of float32, shape (n_queries, D)
    """
    model = SVD(D).fit(task)
    along = model.purchases_ @ model.directions_.T
    drawn = np.random.default_rng(0).choice(task.households, n_queries, replace=False)
    strengths = np.linalg.norm(along, axis=0)
    return unit(model.item_vectors()), unit(along[np.sort(drawn)] / np.sqrt(strengths))


def searches(n: int) -> Iterator[tuple[str, Any, str, tuple[int, ...]]]:
    """The kinds of search among ``n`` vectors: what is built, and the setting to vary with its values."""
    yield "Exact", Exact(), "", (0,)
    yield "IVF", InvertedFile(n_cells=round(2 * n**0.5)), "n_probes", PROBES
    yield "HNSW", NeighbourGraph(links=16), "breadth", BREADTHS


def run(sizes: tuple[int, ...] = SIZES) -> tuple[list[dict[str, Any]], pd.DataFrame, float]:
    """Record what is missing; all cells, their queries' results, and the seconds of a core that they took."""
    parts = Parts.of("search_index")
    for n in sizes:
        if not parts.has(f"{n}-finished"):
            record_size(n, parts)
            parts.remember(f"{n}-finished", dict)
    cells, queries = parts.finished()
    return cells, queries, sum(cell["seconds"] for cell in cells)


@threadpool_limits.wrap(limits=1)
def record_size(n: int, parts: Parts) -> None:
    """Build each index over ``n`` vectors, search by each setting, and keep the results."""
    products, queries = shop_vectors(tasks_at(complete_journey().purchases)[1])
    vectors = multiply(products, n)
    exact = Exact().build(vectors).search(queries, K).nearest
    for kind, index, setting, values in searches(n):
        start = time.process_time()
        index.build(vectors)
        built = time.process_time() - start
        size = size_in_bytes(index)
        for value in values:
            if setting:
                setattr(index, setting, value)
            start = time.process_time()
            found, took = one_by_one(index, queries)
            cell: dict[str, Any] = {"model": f"{kind} {value}".removesuffix(" 0"), "cut": str(n), "seed": 0}
            about = {"kind": kind, "setting": value, "n": n, "bytes": size, "build_seconds": round(built, 2)}
            about |= {
                "p50_ms": round(float(np.median(took)), 4),
                "p99_ms": round(float(np.quantile(took, 0.99)), 4),
            }
            seconds = time.process_time() - start + built / len(values)
            about |= {"seconds": round(seconds, 2), "faiss": version("faiss-cpu")}
            table = pd.DataFrame({"recall": recall_of(found.nearest, exact), "distances": found.distances})
            table.insert(0, "household", np.arange(len(queries)))
            parts.save(cell | about, table.astype({"recall": "float32", "distances": "int32"}).assign(**cell))
            print(*cell.values(), round(float(table["recall"].mean()), 3), about["p50_ms"], flush=True)


def one_by_one(index: Any, queries: Floats) -> tuple[Found, Floats]:
    """Search for each query by itself; what was found, and the milliseconds of a core that each took."""
    found: list[Found] = []
    took: list[float] = []
    for query in queries:
        start = time.process_time()
        found.append(index.search(query[None], K))
        took.append(1000 * (time.process_time() - start))
    nearest: Codes = np.concatenate([one.nearest for one in found])
    return Found(nearest, np.concatenate([one.distances for one in found])), np.array(took)
