"""Similarities against scikit-learn and SciPy, and the properties that define them."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse, stats
from scipy.spatial.distance import cdist
from sklearn.metrics import jaccard_score
from sklearn.metrics.pairwise import cosine_similarity as sklearn_cosine

from shoprec.formulas import similarity
from shoprec.formulas.similarity import (
    _crowded,
    _dot,
    cosine_similarity,
    cosine_top_k,
    euclidean_distances,
    jaccard_similarity,
    largest,
    pearson_similarity,
    shrink,
    top_k,
)

BOTH = [cosine_similarity, pearson_similarity]
ALL = [*BOTH, jaccard_similarity, euclidean_distances]
# Quarters are exact in binary, and include many zeros: the kind of table that is stored sparsely.
values = st.one_of(st.just(0.0), st.integers(-20, 20).map(lambda i: i / 4))


def tables(min_rows=1, max_rows=6, min_cols=1, max_cols=6):
    shapes = st.tuples(st.integers(min_rows, max_rows), st.integers(min_cols, max_cols))
    return shapes.flatmap(lambda shape: arrays(float, shape, elements=values))


@st.composite
def pairs(draw):
    d = draw(st.integers(1, 6))
    return draw(tables(min_cols=d, max_cols=d)), draw(tables(min_cols=d, max_cols=d))


@pytest.fixture
def purchases():
    """Counts of 60 items in 40 households, most of them zero; one item bought by all alike, one by nobody."""
    table = np.random.default_rng(0).poisson(0.2, size=(60, 40))
    table[0], table[1] = 3, 0
    return table


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array, sparse.csr_matrix, sparse.coo_array])
def test_cosine_agrees_with_scikit_learn(purchases, convert):
    a, b = purchases, purchases[:25]
    np.testing.assert_allclose(cosine_similarity(convert(a)), sklearn_cosine(a), atol=1e-12)
    np.testing.assert_allclose(cosine_similarity(convert(a), convert(b)), sklearn_cosine(a, b), atol=1e-12)


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array, sparse.csr_matrix, sparse.coo_array])
def test_pearson_agrees_with_scipy_and_numpy(purchases, convert):
    ours = pearson_similarity(convert(purchases), convert(purchases[2:]))
    assert (ours[:2] == 0).all()  # the constant rows
    np.testing.assert_allclose(ours[2:], np.corrcoef(purchases[2:]), atol=1e-12)
    for i, j in [(2, 3), (5, 9), (40, 17)]:
        assert ours[i, j - 2] == pytest.approx(stats.pearsonr(purchases[i], purchases[j]).statistic, abs=1e-12)


@pytest.mark.parametrize(("density", "crowded"), [(0.02, False), (0.5, True)])
def test_products_are_the_same_whichever_way_they_are_summed(density, crowded):
    table = sparse.random_array(
        (300, 200), density=density, rng=np.random.default_rng(0), dtype=np.float32, format="csr"
    )
    assert _crowded(table, table) is crowded
    by_definition = (table @ table.T).toarray()
    np.testing.assert_allclose(_dot(table, table), by_definition, rtol=1e-6)


def test_vectors_far_longer_than_there_are_of_them_stay_sparse():
    table = sparse.csr_array(np.ones((2, 9), np.float32))
    assert _crowded(table[:, :8], table[:, :8])
    assert not _crowded(table, table)


@pytest.mark.parametrize("similarity", BOTH)
@given(pair=pairs())
def test_bounds_symmetry_and_equality_of_sparse_and_dense(similarity, pair):
    a, b = pair
    dense = similarity(a, b)
    assert (np.abs(dense) <= 1).all()
    np.testing.assert_allclose(similarity(b, a).T, dense, atol=1e-9)
    for x in (a, sparse.csr_array(a)):
        for y in (b, sparse.csr_array(b)):
            np.testing.assert_allclose(similarity(x, y), dense, atol=1e-9)
    np.testing.assert_allclose(similarity(sparse.csr_array(a)), similarity(a, a), atol=1e-9)


@pytest.mark.parametrize("similarity", BOTH)
@given(a=tables())
def test_a_row_resembles_itself_unless_it_has_no_direction(similarity, a):
    undefined = ~a.any(axis=1) if similarity is cosine_similarity else np.ptp(a, axis=1) == 0
    for x in (a, sparse.csr_array(a)):
        np.testing.assert_allclose(np.diag(similarity(x)), np.where(undefined, 0, 1), atol=1e-9)
        assert (similarity(x)[undefined] == 0).all()


@given(pair=pairs(), scale=st.floats(0.01, 100))
def test_cosine_ignores_scale(pair, scale):
    a, b = pair
    np.testing.assert_allclose(cosine_similarity(scale * a, b), cosine_similarity(a, b), atol=1e-9)
    np.testing.assert_allclose(cosine_similarity(-scale * a, b), -cosine_similarity(a, b), atol=1e-9)


@given(pair=pairs(), scale=st.sampled_from([0.25, 1, 3, 64]), shift=st.integers(-9, 9))
def test_pearson_ignores_scale_and_shift(pair, scale, shift):
    a, b = pair
    for convert in (np.asarray, sparse.csr_array):
        moved = pearson_similarity(convert(scale * a + shift), b)
        np.testing.assert_allclose(moved, pearson_similarity(a, b), atol=1e-9)


@given(pair=pairs())
def test_pearson_is_the_cosine_of_centred_rows(pair):
    a, b = (x - x.mean(axis=1, keepdims=True) for x in pair)
    a, b = (np.where(np.ptp(x, axis=1, keepdims=True) < 1e-12, 0, x) for x in (a, b))
    np.testing.assert_allclose(pearson_similarity(*pair), cosine_similarity(a, b), atol=1e-9)


@pytest.mark.parametrize("value", [0.1, -0.7, 1e8 + 0.1])
@pytest.mark.parametrize("convert", [np.array, sparse.csr_array])
def test_rounding_does_not_make_a_constant_row_vary(value, convert):
    assert (pearson_similarity(convert([[value] * 3, [1.0, 2, 4]]))[0] == 0).all()


@pytest.mark.parametrize("similarity", ALL)
def test_types_and_inputs_are_kept(similarity, purchases):
    single = purchases.astype(np.float32)
    assert similarity(single).dtype == similarity(sparse.csr_array(single)).dtype == np.float32
    assert similarity(purchases > 0).dtype == float
    given = purchases.copy()
    similarity(purchases)
    np.testing.assert_array_equal(purchases, given)
    untidy = sparse.csr_array(([1.0, 1.0, 2.0, 1.0], ([0, 0, 0, 1], [1, 1, 0, 0])), shape=(2, 3))
    before = untidy.toarray(), untidy.nnz
    np.testing.assert_allclose(similarity(untidy), similarity(before[0]), atol=1e-12)
    np.testing.assert_array_equal(untidy.toarray(), before[0])


def test_duplicate_entries_of_a_sparse_matrix_add_up():
    untidy = sparse.csr_array((np.array([1.0, 2, 3]), np.array([1, 1, 0]), np.array([0, 2, 3])), shape=(2, 2))
    np.testing.assert_array_equal(untidy.toarray(), [[0, 3], [3, 0]])
    np.testing.assert_allclose(cosine_similarity(untidy), np.eye(2))
    assert untidy.nnz == 3  # the input is left as it was


@pytest.mark.parametrize("similarity", [*ALL, cosine_top_k])
@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1, 2], None, r"a has shape \(2,\)"),
        ([[1, 2]], [1, 2], r"b has shape \(2,\)"),
        ([[1, np.nan]], None, "NaN or infinity in a"),
        ([[1, 2]], sparse.csr_array([[np.inf, 1]]), "NaN or infinity in b"),
        ([[1, 2]], [[1, 2, 3]], "rows of a have 2 entries, those of b 3"),
    ],
)
def test_similarities_say_what_is_wrong(similarity, a, b, message):
    with pytest.raises(ValueError, match=message):
        similarity(a, b)


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array, sparse.csr_matrix, sparse.coo_array])
def test_jaccard_agrees_with_scikit_learn_and_scipy(purchases, convert):
    a, b = purchases, purchases[2:25]
    ours = jaccard_similarity(convert(a), convert(b))
    assert (ours[1] == 0).all(), "the item that nobody bought"
    np.testing.assert_allclose(ours, 1 - cdist(a > 0, b > 0, "jaccard"), atol=1e-12)
    for i, j in [(0, 3), (5, 9), (40, 17)]:
        assert ours[i, j] == pytest.approx(jaccard_score(a[i] > 0, b[j] > 0))


@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array, sparse.csr_matrix, sparse.coo_array])
def test_euclidean_agrees_with_scipy(purchases, convert):
    a, b = purchases, purchases[:25]
    np.testing.assert_allclose(euclidean_distances(convert(a), convert(b)), cdist(a, b), atol=1e-12)
    np.testing.assert_allclose(euclidean_distances(convert(a)), cdist(a, a), atol=1e-12)


@pytest.mark.parametrize("measure", [jaccard_similarity, euclidean_distances])
@given(pair=pairs())
def test_sparse_and_dense_sets_and_distances_are_equal_and_symmetric(measure, pair):
    a, b = pair
    dense = measure(a, b)
    np.testing.assert_allclose(measure(b, a).T, dense, atol=1e-9)
    np.testing.assert_allclose(measure(sparse.csr_array(a), sparse.csr_array(b)), dense, atol=1e-9)
    np.testing.assert_allclose(np.diag(measure(a)), a.any(axis=1) if measure is jaccard_similarity else 0)


# What chapter 4.2 proves


@given(a=tables())
def test_length_of_the_difference_of_unit_vectors(a):
    a = a[a.any(axis=1)]
    unit = a / np.linalg.norm(a, axis=1, keepdims=True)
    np.testing.assert_allclose(euclidean_distances(unit) ** 2, 2 * (1 - cosine_similarity(a)), atol=1e-12)


@given(a=tables(min_rows=3, max_rows=3, min_cols=2))
def test_the_angle_is_a_metric(a):
    angle = np.arccos(cosine_similarity(a[a.any(axis=1)]))
    for middle in range(len(angle)):
        assert (angle <= angle[:, [middle]] + angle[[middle]] + 1e-6).all()


def test_one_minus_the_cosine_is_no_metric():
    distance = 1 - cosine_similarity([[1, 0], [1, 1], [0, 1]])
    assert distance[0, 2] > distance[0, 1] + distance[1, 2] + 0.4


@given(pair=pairs(), seed=st.integers(0, 99))
def test_rotations_and_reflections_leave_cosine_and_distance(pair, seed):
    a, b = pair
    turn = stats.ortho_group.rvs(a.shape[1], random_state=seed) if a.shape[1] > 1 else -np.eye(1)
    for measure in (cosine_similarity, euclidean_distances):
        np.testing.assert_allclose(measure(a @ turn, b @ turn), measure(a, b), atol=1e-6)


@given(a=tables(max_rows=8, max_cols=9))
def test_jaccard_dice_and_cosine_of_sets_stand_in_order(a):
    jaccard, cosine = jaccard_similarity(a), cosine_similarity(a != 0)
    dice = 2 * jaccard / (1 + jaccard)
    assert (jaccard <= dice + 1e-12).all()
    assert (dice <= cosine + 1e-12).all()


@given(a=tables(max_rows=8, min_cols=2, max_cols=9))
def test_pearson_of_sets_is_the_cosine_less_that_of_chance(a):
    a = (a != 0).astype(float)
    share = a.mean(axis=1)
    a, share = a[(share > 0) & (share < 1)], share[(share > 0) & (share < 1)]
    chance, spread = np.sqrt(np.outer(share, share)), np.sqrt(np.outer(1 - share, 1 - share))
    np.testing.assert_allclose(pearson_similarity(a), (cosine_similarity(a) - chance) / spread, atol=1e-9)


@given(data=st.data(), top=st.integers(2, 10), d=st.integers(1, 8))
def test_ratings_cannot_disagree_in_cosine(data, top, d):
    ratings = data.draw(arrays(float, (2, d), elements=st.integers(1, top)))
    assert cosine_similarity(ratings)[0, 1] >= 2 * top / (1 + top**2) - 1e-12
    assert cosine_similarity([[1, top]], [[top, 1]])[0, 0] == pytest.approx(2 * top / (1 + top**2))


@given(s=st.floats(-1, 1), n=st.integers(0, 1000), strength=st.floats(0.5, 100))
def test_shrink_pulls_towards_zero_the_more_the_less_support(s, n, strength):
    shrunk, better = shrink([s, s], [n, n + 1], strength)
    assert shrunk == pytest.approx(s * n / (n + strength))
    assert abs(shrunk) <= abs(better) <= abs(s)


def test_shrink_at_its_ends():
    np.testing.assert_array_equal(shrink([[0.5, 0.5]], [[7, 0]], 0), [[0.5, 0]])
    np.testing.assert_array_equal(shrink([0.5], [20], 20), [0.25])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([0.5], [1, 2], 1), r"shape \(1,\), support \(2,\)"),
        (([0.5], [-1], 1), "negative"),
        (([0.5], [1], -1), "strength is -1"),
        (([0.5], [1], np.nan), "strength is nan"),
        ((sparse.csr_array([[0.5]]), [[1]], 1), "must be dense"),
    ],
)
def test_shrink_says_what_is_wrong(arguments, message):
    with pytest.raises(ValueError, match=message):
        shrink(*arguments)


@given(a=tables(), data=st.data())
def test_top_k_keeps_what_a_stable_sort_puts_first(a, data):
    n, m = a.shape
    k, block = data.draw(st.integers(1, m + 1)), data.draw(st.integers(1, n + 1))
    expected = np.zeros_like(a)
    for i, row in enumerate(a):
        for j in sorted(range(m), key=lambda j, row=row: (-row[j], j))[:k]:
            expected[i, j] = row[j]
    for x in (a, sparse.csr_array(a)):
        kept = top_k(x, k, block)
        np.testing.assert_array_equal(kept.toarray(), expected)
        assert (kept.data != 0).all()
    if k <= m:
        np.testing.assert_array_equal(largest(a, k).sum(axis=1), k)


@given(pair=pairs(), k=st.integers(1, 7), strength=st.sampled_from([0, 2.5]), block=st.integers(1, 7))
def test_cosine_top_k_is_top_k_of_the_shrunk_cosine(pair, k, strength, block):
    a, b = pair
    support = (a != 0).astype(int) @ (b != 0).T.astype(int)
    full = cosine_similarity(a, b)
    full = shrink(full, support, strength) if strength else full
    # Compare the kept values, not their places: rounding may break ties of the two computations differently.
    expected = np.sort(top_k(full, k).toarray(), axis=1)
    for x, y in [(a, b), (sparse.csr_array(a), sparse.csr_array(b))]:
        kept = cosine_top_k(x, y, k, strength, block).toarray()
        np.testing.assert_allclose(np.sort(kept, axis=1), expected, atol=1e-9)
        np.testing.assert_allclose(kept[kept != 0], full[kept != 0], atol=1e-9)


def test_support_counts_coordinates_though_only_one_side_is_binary():
    """Two common coordinates of three and more: the cosine of 0.98 loses 3 / (2 + 3), whatever the weights."""
    bought, weighted = np.array([[1.0, 1, 0]]), np.array([[3.0, 2, 0]])
    expected = shrink(cosine_similarity(bought, weighted), [[2]], 3)
    for a, b in ((bought, weighted), (weighted, bought)):
        for convert in (np.asarray, sparse.csr_array):
            kept = cosine_top_k(convert(a), convert(b), k=1, strength=3.0)
            np.testing.assert_allclose(kept.toarray(), expected, rtol=1e-12)


@pytest.mark.parametrize(("told", "threads"), [("1", 1), ("3", 3), ("", 5), ("0", 5), ("2,1", 5)])
def test_it_takes_as_many_threads_as_libraries_are_told_to_take(told, threads, monkeypatch):
    """Two notebooks that run at once would otherwise have four threads on two cores."""
    asked = []

    class Pool(ThreadPoolExecutor):
        def __init__(self, n):
            asked.append(n)
            super().__init__(n)

    monkeypatch.setattr(similarity, "ThreadPoolExecutor", Pool)
    monkeypatch.setattr(similarity.os, "cpu_count", lambda: 5)
    monkeypatch.setenv("OMP_NUM_THREADS", told)
    kept = cosine_top_k(np.eye(4), k=1, block=1)
    assert asked == [threads]
    assert np.array_equal(kept.toarray(), np.eye(4))


@pytest.mark.parametrize("dtype", [np.uint8, bool, np.int8, np.uint64])
def test_the_largest_of_small_and_unsigned_types(dtype):
    x = np.array([[0, 1, 0, 1]], dtype=dtype)
    assert largest(x, 1).tolist() == [[False, True, False, False]]
    assert largest(x, 3).tolist() == [[True, True, False, True]]
    if dtype is np.uint64:
        assert largest(np.array([2**63, 2**63 + 1, 3], dtype=dtype), 1).tolist() == [False, True, False]


def test_top_k_says_what_is_wrong():
    with pytest.raises(ValueError, match="k is 0"):
        top_k([[1, 2]], k=0)
    with pytest.raises(ValueError, match="block is 0"):
        top_k([[1, 2]], k=1, block=0)
    with pytest.raises(ValueError, match="NaN or infinity in similarity"):
        top_k([[1, np.nan]], k=1)
    with pytest.raises(ValueError, match="NaN"):
        largest([1, np.nan], k=1)
    with pytest.raises(ValueError, match="strength is -1"):
        cosine_top_k([[1, 2]], k=1, strength=-1)
