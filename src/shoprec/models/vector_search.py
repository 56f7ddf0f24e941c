"""Which vectors are nearest to a query: compared with all of them, or with some, by two indexes of FAISS.

An inverted file (IVF) parts the vectors into cells and looks only into those whose centroid is near the query. A graph
of neighbours (HNSW) walks from vector to vector, always towards the query. Both may miss what is nearest. How much
they look at is counted, since a count says more than a time: it is the same on every machine.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.similarity import cosine_similarity, largest
from shoprec.models import library

BLOCK = 4_000_000  #: inner products that exact search holds at a time


@dataclass(frozen=True)
class Found:
    """What a search returned, and what it took.

    Attributes
    ----------
    nearest : array of int, shape (n_queries, k)
        Numbers of the vectors, nearest first; -1 where fewer were found.
    distances : array of int, shape (n_queries,)
        Vectors that each query was compared with, the centroids of cells among them.
    """

    nearest: Codes
    distances: Codes


class Exact:
    """Compares a query with every vector; nothing is missed, and nothing has to be built.

    Examples
    --------
    >>> found = Exact().build(np.eye(3, dtype="float32")).search(np.float32([[0.1, 0.9, 0.2]]), k=2)
    >>> found.nearest, found.distances
    (array([[1, 2]]), array([3]))
    """

    def build(self, vectors: Floats) -> "Exact":
        """Take the vectors of length 1, shape (n, d)."""
        self.vectors_ = np.ascontiguousarray(vectors, np.float32)
        return self

    def search(self, queries: Floats, k: int = 10) -> Found:
        """Find the ``k`` vectors of the largest inner product with each query."""
        n, parts = len(self.vectors_), []
        for block in np.array_split(queries, -(-len(queries) * n // BLOCK) or 1):
            scores = block @ self.vectors_.T
            near = np.argpartition(-scores, min(k, n - 1), axis=1)[:, :k]
            order = np.argsort(-np.take_along_axis(scores, near, axis=1), axis=1, kind="stable")
            parts.append(np.take_along_axis(near, order, axis=1))
        return Found(np.concatenate(parts), np.full(len(queries), n))


class InvertedFile:
    r"""Vectors in cells, by the nearest of ``n_cells`` centroids; a search looks into ``n_probes`` of them.

    With :math:`n` vectors in :math:`c` cells and :math:`p` probes a query is compared with about :math:`c + p \, n / c`
    vectors, the least where :math:`c = \sqrt{p \, n}`.

    Parameters
    ----------
    n_cells : int
    n_probes : int
        May be changed after building.
    seed : int
        Of the clustering.

    References
    ----------
    Johnson, Douze and Jégou (2017), *Billion-scale similarity search with GPUs*.
    """

    def __init__(self, n_cells: int = 100, n_probes: int = 1, seed: int = 0) -> None:
        self.n_cells, self.n_probes, self.seed = whole(n_cells, "n_cells"), whole(n_probes, "n_probes"), seed

    def build(self, vectors: Floats) -> "InvertedFile":
        """Find the centroids and put each vector of length 1 into its cell."""
        faiss = library("faiss", self)
        d = vectors.shape[1]
        self.index_ = faiss.IndexIVFFlat(faiss.IndexFlatIP(d), d, self.n_cells, faiss.METRIC_INNER_PRODUCT)
        self.index_.cp.seed, self.index_.cp.max_points_per_centroid = self.seed + 1, 64
        self.index_.train(np.ascontiguousarray(vectors, np.float32))
        self.index_.add(np.ascontiguousarray(vectors, np.float32))
        return self

    def search(self, queries: Floats, k: int = 10) -> Found:
        """Find ``k`` near vectors for each query."""
        faiss = library("faiss", self)
        self.index_.nprobe = self.n_probes
        nearest, compared = np.empty((len(queries), k), int), np.empty(len(queries), int)
        for row, query in enumerate(np.ascontiguousarray(queries, np.float32)):
            faiss.cvar.indexIVF_stats.reset()
            nearest[row] = self.index_.search(query[None], k)[1]
            compared[row] = faiss.cvar.indexIVF_stats.ndis + self.n_cells
        return Found(nearest, compared)


class NeighbourGraph:
    """Each vector knows some near ones, in layers from coarse to fine; a search walks towards the query (HNSW).

    Parameters
    ----------
    links : int
        Neighbours that a vector keeps, twice as many in the lowest layer; more find more and take more memory.
    breadth : int
        Candidates that a search keeps in view, at least ``k``; may be changed after building.
    built_with : int
        The same while building.

    References
    ----------
    Malkov and Yashunin (2020), *Efficient and robust approximate nearest neighbor search using hierarchical navigable
    small world graphs*.
    """

    def __init__(self, links: int = 16, breadth: int = 32, built_with: int = 64) -> None:
        self.links, self.breadth = whole(links, "links", 2), whole(breadth, "breadth")
        self.built_with = whole(built_with, "built_with")

    def build(self, vectors: Floats) -> "NeighbourGraph":
        """Link the vectors of length 1, one after the other."""
        faiss = library("faiss", self)
        self.index_ = faiss.IndexHNSWFlat(vectors.shape[1], self.links, faiss.METRIC_INNER_PRODUCT)
        self.index_.hnsw.efConstruction = self.built_with
        self.index_.add(np.ascontiguousarray(vectors, np.float32))
        return self

    def search(self, queries: Floats, k: int = 10) -> Found:
        """Find ``k`` near vectors for each query."""
        faiss = library("faiss", self)
        self.index_.hnsw.efSearch = max(self.breadth, k)
        nearest, compared = np.empty((len(queries), k), int), np.empty(len(queries), int)
        for row, query in enumerate(np.ascontiguousarray(queries, np.float32)):
            faiss.cvar.hnsw_stats.reset()
            nearest[row] = self.index_.search(query[None], k)[1]
            compared[row] = faiss.cvar.hnsw_stats.ndis
        return Found(nearest, compared)


def size_in_bytes(index: Any) -> int:
    """Bytes that an index takes when it is written: its vectors, and what it knows about them.

    Examples
    --------
    >>> size_in_bytes(Exact().build(np.eye(3, dtype="float32")))
    36
    """
    if isinstance(index, Exact):
        return index.vectors_.nbytes
    return len(library("faiss", index).serialize_index(index.index_))


def recall_of(nearest: Codes, exact: Codes) -> Floats:
    """Share of the truly nearest vectors that a search found, for each query; shape (n_queries,).

    Examples
    --------
    >>> recall_of(np.array([[1, 2], [5, -1]]), np.array([[2, 3], [5, 4]]))
    array([0.5, 0.5])
    """
    return (nearest[:, :, None] == exact[:, None, :]).any(axis=1).mean(axis=1)


def unit(vectors: Floats) -> Floats:
    """Vectors scaled to length 1, as float32, so that the inner product is the cosine.

    Examples
    --------
    >>> unit(np.array([[3.0, 4.0]]))
    array([[0.6, 0.8]], dtype=float32)
    """
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def multiply(vectors: Floats, n: int, seed: int = 0, k: int = 10, block: int = 50_000) -> Floats:
    """As many vectors as are wanted, made from a few: points between neighbours, a little off the line.

    Each new vector lies between one of the given ones, drawn at random, and one of its ``k`` nearest, and is moved by
    noise half as long as the two are apart. So the cloud keeps its dense and its thin regions; a real catalogue of that
    size may look otherwise, though.

    Parameters
    ----------
    vectors : array of float, shape (n_given, d)
        Of length 1.
    n : int
    seed : int
    k : int
    block : int
        Vectors made at a time.

    Returns
    -------
    array of float32, shape (n, d)
        Of length 1.

    Examples
    --------
    >>> made = multiply(unit(np.random.default_rng(0).normal(size=(50, 4))), n=1000)
    >>> made.shape, bool(np.allclose(np.linalg.norm(made, axis=1), 1))
    ((1000, 4), True)
    """
    alike = np.array(cosine_similarity(vectors))
    np.fill_diagonal(alike, -1)
    neighbour = np.nonzero(largest(alike, k))[1].reshape(len(vectors), k)
    rng, parts = np.random.default_rng(seed), []
    for start in range(0, whole(n, "n"), block):
        size = min(block, n - start)
        one = rng.integers(len(vectors), size=size)
        other = neighbour[one, rng.integers(k, size=size)]
        step = vectors[other] - vectors[one]
        noise = rng.normal(size=step.shape) * np.linalg.norm(step, axis=1, keepdims=True) / np.sqrt(step.shape[1]) / 2
        parts.append(unit(vectors[one] + rng.random((size, 1)) * step + noise))
    return np.concatenate(parts)
