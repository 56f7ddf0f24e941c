"""Weights of counts, and correlation in place of cosine, against `implicit`, scikit-learn and NumPy."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from implicit import nearest_neighbours as implicit
from scipy import sparse
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.metrics.pairwise import cosine_similarity
from synthetic import CUT, make_purchases

from shoprec.formulas.similarity import pearson_similarity, shrink, top_k
from shoprec.models.neighbors import WEIGHTINGS, ItemKNN, UserKNN, bm25_weights, nearest, tfidf_weights, weigh
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.fixture(scope="module")
def counts():
    """60 rows, 25 columns, no column full: there `implicit` lets the rarity fall below 0."""
    table = np.random.default_rng(0).poisson(0.4, size=(60, 25)).astype(float)
    table[:2] = 0
    return sparse.csr_array(table)


def test_tfidf_agrees_with_implicit(counts):
    theirs = implicit.tfidf_weight(sparse.csr_matrix(counts)).toarray()
    np.testing.assert_allclose(tfidf_weights(counts).toarray(), theirs, atol=1e-12)


def test_tfidf_agrees_with_scikit_learn_up_to_its_rarity(counts):
    ours = tfidf_weights(counts).toarray()
    theirs = TfidfTransformer(norm=None, smooth_idf=False).fit_transform(np.sqrt(counts)).toarray()  # n (1 + log N/d)
    seen = (counts.toarray() > 0).sum(axis=0)
    factor = np.log(60 / (1 + seen)) / (1 + np.log(60 / seen))
    np.testing.assert_allclose(ours, theirs * factor, atol=1e-12)


@pytest.mark.parametrize(("k1", "b"), [(1.2, 0.75), (100, 0.8), (0.5, 0), (2, 1)])
def test_bm25_agrees_with_implicit(counts, k1, b):
    theirs = implicit.bm25_weight(sparse.csr_matrix(counts), K1=k1, B=b).toarray()
    np.testing.assert_allclose(bm25_weights(counts, k1, b).toarray(), theirs, atol=1e-12)


def test_a_column_that_is_full_says_nothing():
    counts = sparse.csr_array([[1.0, 2], [3, 0], [1, 1]])
    for weights in (tfidf_weights(counts), bm25_weights(counts)):
        assert (weights.toarray()[:, 0] == 0).all()
        assert (weights.data > 0).all()


def test_bm25_without_k1_is_the_rarity_of_what_is_there(counts):
    np.testing.assert_allclose(
        bm25_weights(counts, k1=0).toarray(), tfidf_weights(weigh(counts, "binary")).toarray(), atol=1e-12
    )


@given(table=arrays(float, (5, 4), elements=st.integers(0, 9).map(float)), k1=st.floats(0.1, 50))
def test_bm25_rises_with_the_count_and_levels_off(table, k1):
    low, high = (bm25_weights(sparse.csr_array(t), k1, b=0).toarray() for t in (table, table + (table > 0)))
    assert (high >= low - 1e-12).all()
    rarity = np.log(np.maximum(5 / (1 + (table > 0).sum(axis=0)), 1))
    assert (high <= (k1 + 1) * rarity + 1e-9).all()


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_weights_are_sparse_and_leave_the_counts_alone(counts, name):
    single = counts.astype(np.float32)
    before = single.copy()
    weights = weigh(single, name)
    assert weights.dtype == np.float32
    assert (weights.toarray()[single.toarray() == 0] == 0).all()
    np.testing.assert_array_equal(single.toarray(), before.toarray())


def test_a_factor_of_the_row_does_not_change_a_cosine(counts):
    scaled = counts.toarray() * np.arange(1, 61)[:, None]
    np.testing.assert_allclose(cosine_similarity(scaled), cosine_similarity(counts.toarray()), atol=1e-12)


@pytest.mark.parametrize("strength", [0, 3.5])
def test_nearest_by_correlation_is_numpys(counts, strength):
    dense = counts.toarray()[2:]
    expected = np.corrcoef(dense)
    if strength:
        expected = shrink(expected, (dense > 0).astype(float) @ (dense > 0).T, strength)
    found = nearest(sparse.csr_array(dense), 5, strength, "pearson", block=7)
    np.testing.assert_allclose(np.sort(found.toarray()), np.sort(top_k(expected, 5).toarray()), atol=1e-9)


@given(table=arrays(float, (6, 8), elements=st.sampled_from([0.0, 0.0, 1.0])))
def test_correlation_of_binary_rows_from_their_cosine(table):
    """The formula of chapter 3.2: what chance alone would give is taken off the cosine."""
    share = table.mean(axis=1)
    some = table[(share > 0) & (share < 1)]
    p = some.mean(axis=1)
    cosine = cosine_similarity(some) if len(some) else np.zeros((0, 0))
    expected = (cosine - np.sqrt(np.outer(p, p))) / np.sqrt(np.outer(1 - p, 1 - p))
    np.testing.assert_allclose(pearson_similarity(some), np.clip(expected, -1, 1), atol=1e-9)


@pytest.mark.parametrize("name", WEIGHTINGS)
def test_models_compare_the_weighted_rows(task, name):
    counts = task.history.matrix().astype(float)
    items = ItemKNN(k=100, weighting=name).fit(task).similarity_.toarray()
    np.testing.assert_allclose(items, cosine_similarity(weigh(counts.T.tocsr(), name)), atol=1e-5)
    users = cosine_similarity(weigh(counts, name))
    np.fill_diagonal(users, -1)
    neighbours = UserKNN(k=4, weighting=name).fit(task).neighbours_.toarray()
    for similarity, chosen in zip(users, neighbours > 0, strict=True):
        assert chosen.sum() <= 4
        if chosen.any() and not chosen.all():
            assert similarity[chosen].min() >= similarity[~chosen].max() - 1e-6


def test_with_one_neighbour_item_knn_is_counting(task):
    model = ItemKNN(k=1, half_life=60).fit(task)
    own = model.frequency_[task.households].toarray()
    np.testing.assert_allclose(model.score(task.households), own, rtol=1e-6)


def test_a_product_without_buyers_gets_no_score(task):
    history = task.history
    hidden = int(history.item[0])
    keep = history.item != hidden
    basket = np.unique(history.basket[keep], return_inverse=True)[1]
    past = type(history)(
        history.user[keep], history.item[keep], basket, history.day[keep], history.n_users, history.n_items
    )
    without = type(task)(past, task.targets, task.households, task.users, task.items, task.cut)
    for model in (ItemKNN(), ItemKNN(similarity="pearson"), UserKNN(), UserKNN(weighting="bm25")):
        assert (model.fit(without).score(task.households)[:, hidden] == 0).all()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda c: weigh(c, "tf"), "weighting is 'tf'; choose one of binary, counts, log, tfidf, bm25"),
        (lambda c: nearest(c, 3, similarity="jaccard"), "similarity is 'jaccard'"),
        (lambda c: bm25_weights(c, k1=-1), "k1 is -1"),
        (lambda c: bm25_weights(c, k1=np.inf), "k1 is inf"),
        (lambda c: bm25_weights(c, b=1.5), r"b is 1\.5; pass a number in \[0, 1\]"),
        (lambda c: bm25_weights(c, b=np.nan), "b is nan"),
    ],
)
def test_errors_say_what_is_wrong(counts, call, message):
    with pytest.raises(ValueError, match=message):
        call(counts)


@pytest.mark.parametrize("name", WEIGHTINGS)
@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf])
def test_what_is_no_count_is_refused(name, bad):
    with pytest.raises(ValueError, match="counts hold a number that is negative, NaN or infinite"):
        weigh(sparse.csr_array([[1.0, 2], [bad, 0]]), name)


@pytest.mark.parametrize("name", WEIGHTINGS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, bool])
def test_counts_may_be_whole_numbers(counts, name, dtype):
    whole = counts.astype(dtype)
    np.testing.assert_allclose(weigh(whole, name).toarray(), weigh(whole.astype(float), name).toarray())
