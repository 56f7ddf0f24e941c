"""Fused scores along all weights: the sweep against brute force, and the facts that chapter 4.3 proves."""

import itertools

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse, stats
from scipy.spatial import ConvexHull

from shoprec.formulas.fusion import SkybandCandidates, crossings, ndcg_path, ranks, skyband, weight_path
from shoprec.formulas.metrics import ndcg_at_k, rank_items

# Small integers make ties and equal points common; a crossing of such scores is a simple fraction.
plane = arrays(float, st.tuples(st.just(2), st.integers(1, 9)), elements=st.integers(-3, 3))
INSIDE = np.array([0.0123, 0.1379, 0.2718, 0.3141, 0.4567, 0.5772, 0.6931, 0.7853, 0.8675, 0.9876])


def dominates(p, q, i, j):
    better = p[0] > q[0] or p[1] > q[1]
    return p[0] >= q[0] and p[1] >= q[1] and (better or i < j)


def lists_at(first, second, w, k):
    """Rank in exact fractions: small integers times a weight that is no crossing, rounded far below any gap."""
    return rank_items(np.round(w * first + (1 - w) * second, 9), k)


def between(edges, w):
    """Leave out weights that stand on an edge."""
    return np.abs(edges[:, None] - w).min(axis=0) > 1e-6


@given(plane)
def test_two_items_swap_once_or_never(points):
    first, second = points
    w, rises, falls = crossings(first, second)
    found = {(i, j): x for x, i, j in zip(w, rises, falls, strict=True)}
    assert (np.diff(w) >= 0).all()
    assert len(w) <= len(first) * (len(first) - 1) // 2
    for i, j in itertools.permutations(range(len(first)), 2):
        if (i, j) in found:
            x = found[i, j]
            assert 0 < x < 1
            assert x * first[i] + (1 - x) * second[i] == pytest.approx(x * first[j] + (1 - x) * second[j])
            for v, ahead in ((x / 2, False), ((1 + x) / 2, True)):
                assert (v * first[i] + (1 - v) * second[i] > v * first[j] + (1 - v) * second[j]) == ahead
        elif (j, i) not in found:
            p, q = points[:, i], points[:, j]
            assert dominates(p, q, i, j) or dominates(q, p, j, i)


@given(plane, st.integers(1, 4))
def test_skyband_counts_dominators(points, k):
    n = points.shape[1]
    dominators = [sum(dominates(points[:, j], points[:, i], j, i) for j in range(n) if j != i) for i in range(n)]
    np.testing.assert_array_equal(skyband(*points, k), np.array(dominators) < k)


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int8, np.float16])
def test_items_of_small_and_unsigned_types_swap(dtype):
    w, rises, falls = crossings(np.array([0, 1, 1], dtype=dtype), np.array([1, 0, 1], dtype=dtype))
    assert (w.tolist(), rises.tolist(), falls.tolist()) == ([0.5], [1], [0])
    assert w.dtype == float
    assert skyband(np.array([0, 1, 1], dtype=dtype), np.array([1, 0, 1], dtype=dtype), 1).tolist() == [
        False,
        False,
        True,
    ]


def test_sums_of_small_integers_do_not_wrap():
    assert crossings(np.uint8([0, 200]), np.uint8([200, 0]))[0].tolist() == [0.5]


def test_lists_have_ten_items_unless_said_otherwise():
    falling = np.arange(15.0)[::-1]
    assert skyband(falling, falling).sum() == 10
    assert weight_path(falling, falling)[1].shape == (1, 10)
    assert SkybandCandidates.select(falling[None], falling[None], np.eye(1, 15)).k == 10


def test_a_path_jumps_at_its_weight_and_not_after_it():
    one, two = np.array([[3.0, 1.0]]), np.array([[1.0, 2.0]])
    path = ndcg_path(SkybandCandidates.select(one, two, [[False, True]], k=1))
    (w,) = path.w
    assert [path.at(x).tolist() for x in (0, np.nextafter(w, 0), w, np.nextafter(w, 1))] == [[1], [1], [0], [0]]
    for outside in (-0.1, 1.0, np.nan):
        with pytest.raises(ValueError, match=r"pass a number in \[0, 1\)"):
            path.at(outside)


def test_skyband_works_on_each_row():
    rng = np.random.default_rng(0)
    first, second = rng.integers(0, 6, size=(2, 7, 40)).astype(float)
    rows = [skyband(a, b, 3) for a, b in zip(first, second, strict=True)]
    np.testing.assert_array_equal(skyband(first, second, 3), rows)


@given(plane, st.integers(1, 4), st.sampled_from([0.2, 0.5, 0.8]), st.sampled_from(["sum", "ranks", "cubes"]))
def test_no_monotone_fusion_leaves_the_skyband(points, k, w, kind):
    first, second = points
    assume(k <= len(first))
    if kind == "cubes":
        first, second = first**3, np.exp(second)
    elif kind == "ranks":
        first, second = (np.unique(x, return_inverse=True)[1].astype(float) for x in points)
    top = lists_at(first, second, w, k)
    assert skyband(*points, k)[top].all()


def test_skyband_is_the_union_of_all_such_lists():
    """Each item with fewer than k dominators is in the list of some order that respects dominance."""
    points = np.random.default_rng(1).integers(0, 4, size=(2, 7)).astype(float)
    k, reached = 2, set()
    for order in itertools.permutations(range(7)):
        place = {item: at for at, item in enumerate(order)}
        if all(
            place[i] < place[j]
            for i, j in itertools.permutations(range(7), 2)
            if dominates(points[:, i], points[:, j], i, j)
        ):
            reached |= set(order[:k])
    assert reached == set(np.flatnonzero(skyband(*points, k)))


@given(plane, st.integers(1, 4))
def test_weight_path_agrees_with_a_grid(points, k):
    first, second = points
    assume(k <= len(first))
    edges, lists = weight_path(first, second, k)
    assert edges[0] == 0
    assert edges[-1] == 1
    assert (np.diff(edges) > 0).all()
    assert (lists[1:] != lists[:-1]).any(axis=1).all()
    for w in INSIDE[between(edges, INSIDE)]:
        m = np.searchsorted(edges, w) - 1
        np.testing.assert_array_equal(lists[m], lists_at(first, second, w, k))


def test_winners_are_the_upper_right_chain_of_the_convex_hull():
    for seed in range(20):
        points = np.random.default_rng(seed).normal(size=(60, 2))
        _, lists = weight_path(*points.T, k=1)
        winners = lists[:, 0]
        hull = ConvexHull(points)
        # Qhull gives each side of the hull its outward normal; a corner can win between the normals of its sides.
        upper = hull.simplices[(hull.equations[:, :2] > 0).all(axis=1)]
        chain = set(upper.ravel()) | {points[:, 0].argmax(), points[:, 1].argmax()}
        assert set(winners) == chain
        assert (np.diff(points[winners, 0]) > 0).all(), "from the best second score to the best first one"
        assert (np.diff(points[winners, 1]) < 0).all()


def random_task(seed, n=12, n_items=15):
    rng = np.random.default_rng(seed)
    first, second = rng.integers(-4, 5, size=(2, n, n_items)).astype(float)
    targets = rng.random((n, n_items)) < 0.25
    targets[:, 0] |= ~targets.any(axis=1)
    return first, second, targets


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("k", [1, 3, 10])
def test_ndcg_path_agrees_with_ranking_at_each_weight(seed, k):
    first, second, targets = random_task(seed)
    path = ndcg_path(SkybandCandidates.select(first, second, sparse.csr_array(targets), k))
    edges, values = path.mean()
    for w in INSIDE[between(edges, INSIDE)]:
        expected = ndcg_at_k(lists_at(first, second, w, k), targets, k)
        np.testing.assert_allclose(path.at(w), expected, atol=1e-12)
        assert values[np.searchsorted(edges, w) - 1] == pytest.approx(expected.mean())


@pytest.mark.parametrize("seed", range(4))
def test_best_weights_are_found_exactly(seed):
    first, second, targets = random_task(seed)
    path = ndcg_path(SkybandCandidates.select(first, second, sparse.csr_array(targets), 3))
    edges = np.unique(np.concatenate([[0, 1], *(crossings(a, b)[0] for a, b in zip(first, second, strict=True))]))
    middles = (edges[1:] + edges[:-1]) / 2
    everywhere = np.array([ndcg_at_k(lists_at(first, second, w, 3), targets, 3) for w in middles])
    low, high, value = path.best()
    assert value == pytest.approx(everywhere.mean(axis=1).max())
    assert ndcg_at_k(lists_at(first, second, (low + high) / 2, 3), targets, 3).mean() == pytest.approx(value)
    np.testing.assert_allclose(path.best_each(), everywhere.max(axis=0), atol=1e-12)


def test_a_bootstrap_sample_counts_households():
    first, second, targets = random_task(3)
    path = ndcg_path(SkybandCandidates.select(first, second, sparse.csr_array(targets), 3))
    drawn = np.array([0, 0, 5, 7, 7, 7])
    again = ndcg_path(SkybandCandidates.select(first[drawn], second[drawn], sparse.csr_array(targets[drawn]), 3))
    low, high, value = path.best(np.bincount(drawn, minlength=12))
    assert again.at((low + high) / 2).mean() == pytest.approx(value) == pytest.approx(again.best()[2])


def test_no_weight_and_no_fusion_beats_the_bounds():
    first, second, targets = random_task(0)
    candidates = SkybandCandidates.select(first, second, sparse.csr_array(targets), 3)
    each = ndcg_path(candidates).best_each()
    assert (each <= candidates.bound + 1e-12).all()
    assert (candidates.bound <= 1).all()
    assert candidates.bound.mean() > each.mean() > ndcg_path(candidates).best()[2]


def test_rescaling_keeps_the_candidates():
    first, second, targets = random_task(2)
    candidates = SkybandCandidates.select(first, second, sparse.csr_array(targets), 3)
    slope = np.arange(1, 13)[:, None]  # another increasing function for each household
    rescaled = candidates.rescaled(first * slope, np.exp(second / slope))
    anew = SkybandCandidates.select(first * slope, np.exp(second / slope), sparse.csr_array(targets), 3)
    np.testing.assert_array_equal(rescaled.items[~rescaled.filler], anew.items[~anew.filler])
    np.testing.assert_allclose(ndcg_path(rescaled).at(0.4), ndcg_path(anew).at(0.4))


@pytest.mark.parametrize("seed", range(4))
def test_ranks_keep_the_candidates_if_equal_scores_share_a_rank(seed):
    first, second, targets = random_task(seed, n_items=40)
    second[second < 3] = 0  # most items were never bought
    points = [1 / (60 + stats.rankdata(-x, axis=1)) for x in (first, second)]
    candidates = SkybandCandidates.select(first, second, sparse.csr_array(targets), 3).rescaled(*points)
    expected = ndcg_at_k(rank_items(0.3141 * points[0] + 0.6859 * points[1], 3), targets, 3)
    np.testing.assert_allclose(ndcg_path(candidates).at(0.3141), expected, atol=1e-12)


def test_ranks_that_break_ties_by_code_leave_the_skyband():
    first, second = np.array([1.0, 2.0, 3.0]), np.zeros(3)
    assert skyband(first, second, k=1).tolist() == [False, False, True]
    assert skyband(1 / (60 + ranks(first)), 1 / (60 + ranks(second)), k=1).all()


def test_a_household_whose_items_never_swap_has_one_value():
    path = ndcg_path(
        SkybandCandidates.select(np.ones((1, 3)), np.ones((1, 3)), sparse.csr_array([[True, False, False]]), 2)
    )
    assert len(path.w) == 0
    np.testing.assert_array_equal(path.best_each(), [1.0])
    assert path.best() == (0.0, 1.0, 1.0)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: crossings([1, 2], [1, 2, 3]), r"\(2,\), second \(3,\)"),
        (lambda: crossings([[1, 2]], [[1, 2]]), "one household's items"),
        (lambda: skyband([1, np.inf], [1, 2]), "NaN or infinity"),
        (lambda: skyband([1, 2], [1, 2], k=0), "k is 0"),
        (lambda: weight_path([1, 2], [1, 2], k=3), "k is 3"),
        (
            lambda: SkybandCandidates.select(*np.ones((2, 2, 3)), sparse.csr_array((2, 3), dtype=bool)),
            "one in each row",
        ),
        (lambda: SkybandCandidates.select(*np.ones((2, 2, 3)), sparse.csr_array([[True] * 4] * 2)), r"\(2, 4\)"),
    ],
)
def test_fusion_says_what_is_wrong(call, message):
    with pytest.raises(ValueError, match=message):
        call()
