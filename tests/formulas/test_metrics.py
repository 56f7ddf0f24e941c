"""Ranking metrics against an independent implementation in plain Python loops."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from sklearn.metrics import ndcg_score

from shoprec.formulas import metrics
from shoprec.formulas.metrics import (
    coverage,
    gini,
    hit_rate_at_k,
    inter_list_distance,
    mrr_at_k,
    ndcg_at_k,
    novelty,
    rank_items,
    recall_at_k,
    shuffled_ndcg,
)

PER_USER = [recall_at_k, ndcg_at_k, hit_rate_at_k, mrr_at_k]


def brute_force(shown: list[int], relevant: set[int], k: int) -> dict[str, float]:
    hit_ranks = [rank for rank, item in enumerate(shown[:k], start=1) if item in relevant]
    ideal = sum(1 / math.log2(rank + 1) for rank in range(1, min(k, len(relevant)) + 1))
    return {
        "recall_at_k": len(hit_ranks) / len(relevant),
        "ndcg_at_k": sum(1 / math.log2(rank + 1) for rank in hit_ranks) / ideal,
        "hit_rate_at_k": float(bool(hit_ranks)),
        "mrr_at_k": 1 / hit_ranks[0] if hit_ranks else 0.0,
    }


@st.composite
def cases(draw):
    """Ranked lists, the relevant matrix and a cut-off."""
    n_users, n_items = draw(st.integers(1, 4)), draw(st.integers(1, 8))
    ranked = [draw(st.permutations(range(n_items))) for _ in range(n_users)]
    relevant = np.zeros((n_users, n_items), dtype=bool)
    for user in range(n_users):
        relevant[user, list(draw(st.sets(st.integers(0, n_items - 1), min_size=1)))] = True
    return np.array(ranked), relevant, draw(st.integers(1, n_items))


@given(cases())
def test_metrics_agree_with_brute_force(case):
    ranked, relevant, k = case
    expected = [brute_force(list(r), set(np.flatnonzero(t)), k) for r, t in zip(ranked, relevant, strict=True)]
    for metric in PER_USER:
        wanted = [e[metric.__name__] for e in expected]
        np.testing.assert_allclose(metric(ranked, relevant, k), wanted, rtol=1e-12)
        np.testing.assert_array_equal(metric(ranked, sparse.csr_array(relevant), k), metric(ranked, relevant, k))


@given(cases())
def test_ndcg_agrees_with_scikit_learn(case):
    ranked, relevant, k = case
    if relevant.shape[1] == 1:
        return  # scikit-learn refuses to rank a single item
    scores = -np.argsort(ranked, axis=1)  # any scores that rank this way
    ours = ndcg_at_k(ranked, relevant, k)
    assert ours.mean() == pytest.approx(ndcg_score(relevant, scores, k=k, ignore_ties=True), abs=1e-12)


@given(cases())
def test_metrics_are_bounded(case):
    ranked, relevant, k = case
    for metric in PER_USER:
        values = metric(ranked, relevant, k)
        assert values.shape == (len(ranked),)
        assert ((values >= 0) & (values <= 1)).all()


@given(cases())
def test_the_ideal_list_has_ndcg_one(case):
    _, relevant, k = case
    ideal = np.argsort(~relevant, axis=1, kind="stable")
    np.testing.assert_allclose(ndcg_at_k(ideal, relevant, k), 1)


@given(cases(), st.data())
def test_moving_a_hit_up_never_hurts(case, data):
    ranked, relevant, k = case
    user = data.draw(st.integers(0, len(ranked) - 1))
    hit = data.draw(st.sampled_from(np.flatnonzero(relevant[user, ranked[user]]).tolist()))
    above = data.draw(st.integers(0, hit))
    if relevant[user, ranked[user, above]]:
        return
    better = ranked.copy()
    better[user, [above, hit]] = ranked[user, [hit, above]]
    for metric in PER_USER:
        before, after = metric(ranked, relevant, k)[user], metric(better, relevant, k)[user]
        assert after >= before
        if metric is ndcg_at_k and above < k:
            assert after > before


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_users_does_not_matter(case, random):
    ranked, relevant, k = case
    order = list(range(len(ranked)))
    random.shuffle(order)
    for metric in PER_USER:
        np.testing.assert_array_equal(metric(ranked[order], relevant[order], k), metric(ranked, relevant, k)[order])
    n_items = relevant.shape[1]
    assert coverage(ranked[order], n_items, k) == coverage(ranked, n_items, k)


def test_the_shuffled_ndcg_is_the_mean_over_all_orders():
    relevant = np.array([[1, 0, 1, 0, 1, 1, 0]])
    ranked = np.array([5, 1, 0, 3])
    orders = np.array(list(itertools.permutations(ranked)))
    mean = ndcg_at_k(orders, np.repeat(relevant, len(orders), axis=0), k=4).mean()
    assert shuffled_ndcg(ranked[None], relevant, k=4) == pytest.approx(mean)


def test_untidy_sparse_matrices_count_each_item_once():
    entries = ([True, True, True, False], ([0, 0, 0, 0], [0, 0, 2, 1]))  # a duplicate and a stored zero
    untidy = sparse.csr_matrix(sparse.coo_matrix(entries, shape=(1, 4)))
    np.testing.assert_array_equal(recall_at_k([[0, 1]], untidy, k=2), [0.5])
    rated = sparse.csr_array([[2, 0, 0.1, 0]])  # quantities rather than booleans
    np.testing.assert_array_equal(recall_at_k([[0, 1]], rated, k=2), [0.5])


@given(cases())
def test_coverage_and_novelty_agree_with_brute_force(case):
    ranked, relevant, k = case
    n_items = relevant.shape[1]
    shown = {item for row in ranked for item in row[:k]}
    assert coverage(ranked, n_items, k) == len(shown) / n_items
    share = relevant.mean(axis=0)
    rarest = min(p for p in share if p > 0)
    bits = [sum(-math.log2(share[i] or rarest) for i in row[:k]) / k for row in ranked]
    np.testing.assert_allclose(novelty(ranked, share, k), bits, rtol=1e-12)


def test_one_bit_more_novel_means_half_as_popular():
    p = np.array([0.4, 0.2, 0.1, 0])
    np.testing.assert_allclose(novelty([[1], [2]], p, k=1) - novelty([[0], [1]], p, k=1), 1)
    assert novelty([[3]], p, k=1) == novelty([[2]], p, k=1)  # the stated bound for p = 0


@given(st.data())
def test_rank_items_equals_a_full_stable_sort(data):
    n_items = data.draw(st.integers(1, 12))
    dtype = data.draw(st.sampled_from([np.float64, np.float32, np.int64, np.uint8]))
    # Few distinct values, so that ties straddle every cut.
    elements = st.integers(0, 3) if np.issubdtype(dtype, np.integer) else st.sampled_from([-np.inf, -1, 0, -0.0, 0.5])
    scores = data.draw(arrays(dtype, (3, n_items), elements=elements))
    k = data.draw(st.integers(1, n_items))
    full = [sorted(range(n_items), key=lambda i, row=row: (-float(row[i]), i)) for row in scores]
    np.testing.assert_array_equal(rank_items(scores, k), np.array(full)[:, :k])
    np.testing.assert_array_equal(rank_items(scores[0], k), np.array(full)[0, :k])


@pytest.mark.parametrize("k", [1, 10, 500])
def test_rank_items_equals_a_full_stable_sort_at_size(k):
    rng = np.random.default_rng(0)
    for scores in (rng.normal(size=(20, 500)), rng.poisson(0.5, size=(20, 500))):
        np.testing.assert_array_equal(rank_items(scores, k), np.argsort(-scores, axis=1, kind="stable")[:, :k])


def test_rank_items_says_what_is_wrong():
    with pytest.raises(ValueError, match="NaN"):
        rank_items([[1.0, np.nan]], k=1)
    with pytest.raises(ValueError, match="k is 0; pass a whole number"):
        rank_items([[1, 2]], k=0)
    with pytest.raises(ValueError, match="k is 3, but scores rank 2 items"):
        rank_items([[1, 2]], k=3)
    with pytest.raises(ValueError, match="single number"):
        rank_items(1.0, k=1)


@pytest.mark.parametrize("metric", [*PER_USER, shuffled_ndcg])
@pytest.mark.parametrize(
    ("ranked", "relevant", "k", "message"),
    [
        ([[0, 1]], [[0, 0, 0]], 2, "1 users have no relevant item, first row 0"),
        ([[0, 1]], [[1, 0, 0]], 3, "k is 3, but ranked shows 2 items"),
        ([[0, 1]], [[1, 0, 0]], 0, "k is 0"),
        ([[0, 3]], [[1, 0, 0]], 2, "codes 0 to 3; item codes run from 0 to 2"),
        ([[0, -1]], [[1, 0, 0]], 2, "codes -1 to 0"),
        ([[1, 2], [0, 0]], [[1, 0, 0]] * 2, 2, "row 1 .* same item twice"),
        ([[0, 1]], [[1, 0, 0]] * 2, 2, "ranked has 1 rows, relevant 2"),
        ([[0.0, 1.0]], [[1, 0, 0]], 2, "type float64"),
        ([0, 1], [[1, 0, 0]], 2, r"shape \(2,\)"),
        ([[0, 1]], [1, 0, 0], 2, r"relevant has shape \(3,\)"),
    ],
)
def test_metrics_say_what_is_wrong(metric, ranked, relevant, k, message):
    with pytest.raises(ValueError, match=message):
        metric(ranked, relevant, k)


@pytest.mark.parametrize(
    ("popularity", "message"),
    [
        ([0.5, 2], "divide counts"),
        ([0.5, np.nan], "divide counts"),
        ([0, 0], "every item"),
        ([[0.5]], "one share"),
    ],
)
def test_novelty_says_what_is_wrong(popularity, message):
    with pytest.raises(ValueError, match=message):
        novelty([[0, 1]], popularity, k=2)


def test_default_is_ten():
    ranked, relevant = np.arange(20)[None], np.eye(20)[[10]]
    assert all(metric(ranked, relevant) == 0 for metric in PER_USER)
    assert metrics.rank_items(relevant).shape == (1, 10)


@pytest.mark.parametrize("seed", range(5))
def test_inter_list_distance_agrees_with_a_loop_over_pairs(seed):
    rng = np.random.default_rng(seed)
    ranked = np.array([rng.permutation(12)[:4] for _ in range(7)])
    for k in (1, 3, 4):
        lists = [set(row[:k]) for row in ranked.tolist()]
        pairs = [1 - len(a & b) / k for a, b in itertools.combinations(lists, 2)]
        assert inter_list_distance(ranked, 12, k) == pytest.approx(np.mean(pairs), abs=1e-12)


def test_inter_list_distance_runs_from_the_same_list_to_disjoint_lists():
    assert inter_list_distance([[0, 1], [1, 0], [0, 1]], n_items=5, k=2) == 0
    assert inter_list_distance([[0, 1], [2, 3], [4, 5]], n_items=6, k=2) == 1
    with pytest.raises(ValueError, match="at least two households"):
        inter_list_distance([[0, 1]], n_items=5, k=2)
    with pytest.raises(ValueError, match="item codes run from 0 to 1"):
        inter_list_distance([[0, 5], [0, 1]], n_items=2, k=2)


def test_random_lists_lie_as_far_apart_as_the_catalogue_allows():
    rng = np.random.default_rng(0)
    ranked = np.array([rng.choice(50, size=10, replace=False) for _ in range(2000)])
    assert inter_list_distance(ranked, 50) == pytest.approx(1 - 10 / 50, abs=2e-3)


@given(arrays(np.int64, st.integers(1, 12), elements=st.integers(0, 50)).filter(lambda c: c.any()))
def test_gini_agrees_with_the_mean_difference_and_the_lorenz_curve(counts):
    n, total = len(counts), counts.sum()
    differences = np.abs(counts[:, None] - counts[None, :]).sum()
    assert gini(counts) == pytest.approx(differences / (2 * n * total), abs=1e-12)
    lorenz = np.concatenate([[0], np.cumsum(np.sort(counts)) / total])
    assert gini(counts) == pytest.approx(1 - (lorenz[1:] + lorenz[:-1]).sum() / n, abs=1e-12)


def test_gini_of_equal_shares_of_one_winner_and_of_nonsense():
    assert gini([2.5] * 9) == pytest.approx(0)
    assert gini([0] * 9 + [4]) == pytest.approx(0.9)
    for bad in ([], [0, 0], [1, -1], [1, np.nan]):
        with pytest.raises(ValueError, match="not all 0"):
            gini(bad)
