"""Vector search: exact is exact, the indexes find what they say at the comparisons that they say, vectors are made."""

import numpy as np
import pytest

from shoprec.models.vector_search import (
    Exact,
    InvertedFile,
    NeighbourGraph,
    multiply,
    recall_of,
    size_in_bytes,
    unit,
)


@pytest.fixture(scope="module")
def vectors():
    return multiply(unit(np.random.default_rng(0).normal(size=(200, 16))), 4000)


@pytest.fixture(scope="module")
def queries():
    return unit(np.random.default_rng(1).normal(size=(40, 16)))


def by_sorting(vectors, queries, k=10):
    return np.argsort(-(queries @ vectors.T), axis=1, kind="stable")[:, :k]


def test_exact_search_is_exact_in_blocks_too(vectors, queries, monkeypatch):
    expected = by_sorting(vectors, queries)
    found = Exact().build(vectors).search(queries)
    np.testing.assert_array_equal(found.nearest, expected)
    assert found.distances.tolist() == [len(vectors)] * len(queries)
    monkeypatch.setattr("shoprec.models.vector_search.BLOCK", 9_000)
    np.testing.assert_array_equal(Exact().build(vectors).search(queries).nearest, expected)


def test_whoever_looks_into_all_cells_finds_all(vectors, queries):
    index = InvertedFile(n_cells=20, n_probes=20).build(vectors)
    found = index.search(queries)
    assert recall_of(found.nearest, by_sorting(vectors, queries)).mean() == 1
    assert found.distances.tolist() == [len(vectors) + 20] * len(queries)


@pytest.mark.parametrize(
    ("index", "setting", "values"),
    [(InvertedFile(n_cells=40), "n_probes", (1, 5, 20)), (NeighbourGraph(links=8), "breadth", (10, 40, 200))],
)
def test_more_comparisons_find_more(index, setting, values, vectors, queries):
    index.build(vectors)
    recall, compared = [], []
    for value in values:
        setattr(index, setting, value)
        found = index.search(queries)
        recall.append(recall_of(found.nearest, by_sorting(vectors, queries)).mean())
        compared.append(found.distances.mean())
    assert sorted(recall) == recall
    assert sorted(compared) == compared
    assert recall[-1] > 0.9
    assert compared[0] < len(vectors) / 4


def test_building_again_gives_the_same(vectors, queries):
    for make in (lambda: InvertedFile(30, 3), lambda: NeighbourGraph(8, 20)):
        one, two = (make().build(vectors).search(queries) for _ in range(2))
        np.testing.assert_array_equal(one.nearest, two.nearest)
        np.testing.assert_array_equal(one.distances, two.distances)


def test_sizes_hold_the_vectors_and_what_an_index_knows(vectors):
    exact = size_in_bytes(Exact().build(vectors))
    assert exact == vectors.nbytes
    assert exact < size_in_bytes(InvertedFile(20).build(vectors)) < 1.5 * exact
    graph = size_in_bytes(NeighbourGraph(8).build(vectors))
    assert graph > exact + len(vectors) * 2 * 8 * 4  # twice the links in the lowest layer, of four bytes


def test_vectors_made_lie_near_those_given():
    given = unit(np.random.default_rng(0).normal(size=(50, 32)))
    made = multiply(given, 500, seed=2, block=64)
    assert (made @ given.T).max(axis=1).min() > 0.5
    np.testing.assert_array_equal(made, multiply(given, 500, seed=2, block=64))
    assert np.abs(made - multiply(given, 500, seed=3, block=64)).max() > 0.1


def test_numbers_out_of_range_are_refused():
    for wrong in (
        lambda: InvertedFile(0),
        lambda: InvertedFile(5, 0),
        lambda: NeighbourGraph(1),
        lambda: NeighbourGraph(8, 0),
    ):
        with pytest.raises(ValueError, match="pass"):
            wrong()
