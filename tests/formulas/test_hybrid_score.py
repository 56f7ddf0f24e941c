"""The pure functions of the hybrid: weighted scores, common scales and rank fusion."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays
from scipy import stats

from shoprec.formulas.fusion import hybrid_score, min_max, ranks, reciprocal_rank_fusion, zscore

finite = st.floats(-1e3, 1e3)
matrices = arrays(float, array_shapes(min_dims=2, max_dims=2, max_side=6), elements=finite)
few_values = arrays(float, array_shapes(min_dims=1, max_dims=3, max_side=6), elements=st.integers(-2, 2))


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    return {
        "user": rng.normal(size=(3, 4)),
        "item": rng.normal(size=(5, 4)),
        "product": rng.normal(size=(5, 2)),
        "behaviour": rng.normal(size=(3, 2)),
    }


def test_hybrid_score_is_the_sum_of_its_terms(parts):
    scores = hybrid_score(**parts, w1=0.3, w2=2)
    assert scores.shape == (3, 5)
    for u in range(3):
        for i in range(5):
            taste = sum(parts["user"][u] * parts["item"][i])
            content = sum(parts["product"][i] * parts["behaviour"][u])
            assert scores[u, i] == pytest.approx(0.3 * taste + 2 * content)


def test_hybrid_score_of_vectors_drops_their_axis(parts):
    full = hybrid_score(**parts, w1=1, w2=1)
    one_user = parts | {"user": parts["user"][1], "behaviour": parts["behaviour"][1]}
    one_item = parts | {"item": parts["item"][2], "product": parts["product"][2]}
    np.testing.assert_allclose(hybrid_score(**one_user, w1=1, w2=1), full[1])
    np.testing.assert_allclose(hybrid_score(**one_item, w1=1, w2=1), full[:, 2])
    scalar = hybrid_score(**(one_user | {"item": one_item["item"], "product": one_item["product"]}), w1=1, w2=1)
    assert np.ndim(scalar) == 0
    assert scalar == pytest.approx(full[1, 2])


@given(w1=st.floats(0.1, 10), w2=st.floats(0.1, 10), scale=st.sampled_from([0.25, 2, 1024]))
def test_only_the_ratio_of_the_weights_ranks(w1, w2, scale):
    rng = np.random.default_rng(1)
    u, v, p, b = (rng.normal(size=s) for s in [(4, 3), (9, 3), (9, 2), (4, 2)])
    # Powers of two scale floats exactly, so no rounding can swap two close items.
    one, other = hybrid_score(u, v, p, b, w1, w2), hybrid_score(u, v, p, b, w1 * scale, w2 * scale)
    np.testing.assert_array_equal(ranks(one), ranks(other))


@given(w1=st.floats(-10, 10), w2=st.floats(-10, 10))
def test_opposite_weights_turn_the_ranking_over(w1, w2):
    rng = np.random.default_rng(2)
    u, v, p, b = (rng.normal(size=s) for s in [(4, 3), (9, 3), (9, 2), (4, 2)])
    np.testing.assert_array_equal(hybrid_score(u, v, p, b, -w1, -w2), -hybrid_score(u, v, p, b, w1, w2))


@given(w1=st.floats(-5, 5), w2=st.floats(-5, 5))
def test_two_inner_products_are_one_of_joined_vectors(w1, w2):
    rng = np.random.default_rng(3)
    u, v, p, b = (rng.normal(size=s) for s in [(7, 2), (9, 2), (9, 3), (7, 3)])
    scores = hybrid_score(u, v, p, b, w1, w2)
    joined = np.hstack([w1 * u, w2 * b]) @ np.hstack([v, p]).T
    np.testing.assert_allclose(scores, joined, atol=1e-9)
    assert np.linalg.matrix_rank(scores, tol=1e-9) <= 2 + 3


@given(a=st.floats(0.1, 10), c=st.floats(-100, 100))
def test_affine_functions_leave_the_scales_and_others_do_not(a, c):
    x = np.random.default_rng(4).normal(size=(5, 30))
    for scale in (zscore, min_max):
        np.testing.assert_allclose(scale(a * x + c), scale(x), atol=1e-9)
        assert np.abs(scale(x**3) - scale(x)).max() > 0.01
    np.testing.assert_allclose(zscore(-a * x), -zscore(x), atol=1e-9)
    np.testing.assert_allclose(min_max(-a * x), 1 - min_max(x), atol=1e-9)


@pytest.mark.parametrize("increasing", [np.exp, np.cbrt, lambda x: x**3, zscore, min_max])
def test_increasing_functions_leave_a_ranking(increasing):
    x = np.random.default_rng(5).normal(size=(5, 30))
    np.testing.assert_array_equal(ranks(increasing(x)), ranks(x))


def test_a_zscore_per_user_folds_into_the_user_vector():
    rng = np.random.default_rng(6)
    u, v = rng.normal(size=(4, 3)), rng.normal(size=(50, 3))
    deviation = np.sqrt(np.einsum("ud,de,ue->u", u, np.cov(v.T, bias=True), u))
    folded = (u / deviation[:, None]) @ (v - v.mean(axis=0)).T
    np.testing.assert_allclose(folded, zscore(u @ v.T))


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("user", (3, 3), r"user and item must agree in the length.*\(3,\) and \(4,\)"),
        ("behaviour", (3, 3), r"product and behaviour must agree in the length"),
        ("behaviour", (2, 2), r"user and behaviour must agree in the number of users"),
        ("product", (6, 2), r"item and product must agree in the number of items"),
        ("user", (), r"user has shape \(\)"),
        ("item", (1, 5, 4), r"item has shape \(1, 5, 4\)"),
    ],
)
def test_hybrid_score_says_which_shapes_disagree(parts, name, shape, message):
    with pytest.raises(ValueError, match=message):
        hybrid_score(**(parts | {name: np.ones(shape)}), w1=1, w2=1)


@given(matrices)
def test_zscore_has_mean_zero_and_deviation_one(x):
    z = zscore(x)
    constant = np.ptp(x, axis=1) == 0
    np.testing.assert_allclose(z.mean(axis=1), 0, atol=1e-9)
    np.testing.assert_allclose(z.std(axis=1), np.where(constant, 0, 1), atol=1e-9)
    assert (z[constant] == 0).all()


def test_zscore_matches_scipy():
    x = np.random.default_rng(0).normal(size=(4, 50))
    np.testing.assert_allclose(zscore(x), stats.zscore(x, axis=1))


@given(matrices)
def test_min_max_runs_from_zero_to_one(x):
    y = min_max(x)
    constant = np.ptp(x, axis=1) == 0
    assert (y.min(axis=1) == 0).all()
    np.testing.assert_array_equal(y.max(axis=1), np.where(constant, 0, 1))


@pytest.mark.parametrize("scale", [min_max, zscore])
def test_scales_keep_single_precision_and_the_input(scale):
    x = np.array([[0.1, 0.1, 0.1], [1, 2, 4]], dtype=np.float32)
    before = x.copy()
    assert scale(x).dtype == np.float32
    assert (scale(x)[0] == 0).all()
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("scale", [min_max, zscore])
@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_scales_reject_what_has_no_place_on_them(scale, bad):
    with pytest.raises(ValueError, match="NaN or infinity"):
        scale([[1.0, bad]])
    with pytest.raises(ValueError, match="at least one item"):
        scale(np.empty((2, 0)))


@given(few_values)
def test_ranks_count_from_one_with_stable_ties(scores):
    result = ranks(scores)
    for row, rank in zip(scores.reshape(-1, scores.shape[-1]), result.reshape(-1, scores.shape[-1]), strict=True):
        order = sorted(range(row.size), key=lambda i: (-row[i], i))
        assert [rank[i] for i in order] == list(range(1, row.size + 1))


def test_ranks_reject_nan():
    with pytest.raises(ValueError, match="NaN"):
        ranks([[1, np.nan]])


@given(arrays(float, (3, 2, 6), elements=finite), st.lists(st.floats(0, 5), min_size=3, max_size=3))
def test_fusion_is_the_weighted_sum_of_reciprocal_ranks(scores, weights):
    lists = ranks(scores)
    expected = [
        [sum(w / (60 + r[u][i]) for w, r in zip(weights, lists, strict=True)) for i in range(6)] for u in range(2)
    ]
    np.testing.assert_allclose(reciprocal_rank_fusion(lists, weights), expected)


@given(arrays(float, (2, 7), elements=finite))
def test_fusing_a_ranking_with_itself_changes_nothing(scores):
    r = ranks(scores)
    np.testing.assert_array_equal(ranks(reciprocal_rank_fusion([r, r])), r)


def test_fusion_ignores_lists_without_weight_and_items_left_out():
    r = np.array([1, 2, 3])
    np.testing.assert_allclose(reciprocal_rank_fusion([r, r[::-1]], [1, 0], k=0), 1 / r)
    np.testing.assert_allclose(reciprocal_rank_fusion([[1, np.inf]], k=1), [0.5, 0])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"rank_lists": []}, "at least one model"),
        ({"rank_lists": [[1, 2], [1, 2, 3]]}, r"\(2,\) and \(3,\)"),
        ({"rank_lists": [[0, 1]]}, "from 1"),
        ({"rank_lists": [[1, np.nan]]}, "from 1"),
        ({"rank_lists": [[1, 2]], "weights": [1, 2]}, "each of the 1 lists"),
        ({"rank_lists": [[1, 2]], "weights": [-1]}, "negative"),
        ({"rank_lists": [[1, 2]], "k": -1}, "k is -1"),
    ],
)
def test_fusion_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        reciprocal_rank_fusion(**arguments)
