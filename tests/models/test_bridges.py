"""Bridges between departments: what one formula says, computed another way, and a reader that isn't its own witness."""

import numpy as np
import pytest
from scipy import sparse
from sklearn.linear_model import Ridge

from shoprec.models.bridges import agreement, by_copurchase, by_households, by_mapping, by_words, leaning

N, SOURCE, TARGET = 30, 12, 7


@pytest.fixture
def tables():
    rng = np.random.default_rng(0)
    source = sparse.csr_array(rng.poisson(0.7, (N, SOURCE)).astype(np.float32))
    target = sparse.csr_array((rng.random((N, TARGET)) < 0.3).astype(np.float32))
    return source, target


def test_words_are_a_cosine_with_the_sum_of_what_was_bought():
    rng = np.random.default_rng(1)
    profile = sparse.csr_array(rng.poisson(0.5, (5, SOURCE)).astype(float))
    vectors = rng.normal(size=(SOURCE + TARGET, 4))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    source, target = vectors[:SOURCE], vectors[SOURCE:]
    found = by_words(profile, source, target)
    for u in range(5):
        whole = sum(profile.toarray()[u, j] * source[j] for j in range(SOURCE))
        expected = target @ whole / (np.linalg.norm(whole) or 1)
        np.testing.assert_allclose(found[u], expected, atol=1e-12)


def test_nobody_testifies_for_itself(tables):
    source, _ = tables
    readers = np.array([3, 8, 20])
    strangers = np.array([4, 3, 20])
    plain = (source[readers] @ source.T).toarray()
    found = agreement(source[readers], source, but=np.column_stack([readers, strangers]))
    changed = found != plain
    rows, columns = np.nonzero(changed)
    assert {*zip(rows, columns, strict=True)} <= {(0, 3), (0, 4), (1, 8), (1, 3), (2, 20)}
    assert (found[[0, 0, 1, 1, 2], [3, 4, 8, 3, 20]] == 0).all()
    np.testing.assert_array_equal(agreement(source, source, but=np.empty(0, int)), (source @ source.T).toarray())


def test_copurchase_is_products_with_products_read_through_the_household(tables):
    source, target = tables
    readers = np.arange(10)
    shared = agreement(source[readers], source, but=readers)
    for power in (0.0, 0.5, 1.0):
        found = by_copurchase(shared, target, power)
        for u in readers:
            rest = np.delete(np.arange(N), u)
            together = source.toarray()[rest].T @ target.toarray()[rest]
            buyers = np.maximum(target.toarray().sum(axis=0), 1)
            np.testing.assert_allclose(found[u], source.toarray()[u] @ together / buyers**power, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("k", [1, 4, N, 10 * N])
def test_households_are_the_most_alike_and_share_something(tables, k):
    _, target = tables
    rng = np.random.default_rng(2)
    shared = np.where(rng.random((6, N)) < 0.5, rng.random((6, N)), 0).astype(np.float32)
    found = by_households(shared, target, k)
    for u in range(6):
        near = [v for v in np.argsort(-shared[u])[:k] if shared[u, v] > 0]
        np.testing.assert_allclose(found[u], target.toarray()[near].sum(axis=0) / min(k, N), rtol=1e-5)


@pytest.mark.parametrize("strength", [0.01, 1.0])
def test_the_mapping_leaves_out_reader_and_lender_as_if_fitted_anew(tables, strength):
    _, target = tables
    factors = np.random.default_rng(3).normal(size=(N, 4))
    readers = np.array([0, 5, 9, 11])
    lent = np.array([0, 6, 9, 2])  # two read themselves
    found = by_mapping(factors, target, rows=lent, but=readers, strength=strength)
    penalty = strength * (factors**2).sum() / 4
    for row, (reader, lender) in enumerate(zip(readers, lent, strict=True)):
        rest = np.setdiff1d(np.arange(N), [reader, lender])
        fit = Ridge(alpha=penalty, fit_intercept=False).fit(factors[rest], target.toarray()[rest])
        np.testing.assert_allclose(found[row], fit.predict(factors[[lender]])[0], atol=1e-6)


def test_what_the_reader_bought_in_the_target_changes_nothing(tables):
    source, target = tables
    readers = np.arange(5)
    factors = np.random.default_rng(4).normal(size=(N, 3))
    swapped = target.toarray()
    swapped[readers] = 1 - swapped[readers]
    for u in readers:
        changed = target.toarray()
        changed[u] = swapped[u]
        other, me = sparse.csr_array(changed), np.array([u])
        shared = agreement(source[me], source, but=me)
        np.testing.assert_allclose(by_copurchase(shared, other, 0), by_copurchase(shared, target, 0))
        np.testing.assert_allclose(by_households(shared, other, 5), by_households(shared, target, 5))
        np.testing.assert_allclose(by_mapping(factors, other, me, me), by_mapping(factors, target, me, me), atol=1e-8)


def test_leaning_goes_from_the_store_to_the_chain():
    chain, local = np.array([10.0, 30, 60]), np.array([[5.0, 1, 0]])
    np.testing.assert_array_equal(leaning(chain, local, 0), local)
    assert np.argmax(leaning(chain, local, 1)[0]) == 0
    assert np.argmax(leaning(chain, local, 1000)[0]) == 2


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s, t: by_copurchase(np.ones((1, N)), t, power=2), "power"),
        (lambda s, t: by_households(np.ones((1, N)), t, k=0), "k"),
        (lambda s, t: by_mapping(np.ones((N, 1)), t, np.array([0]), np.array([0]), strength=-1), "strength"),
        (lambda s, t: leaning([1, 2], np.ones((1, 2)), -1), "strength"),
    ],
)
def test_numbers_out_of_range_are_named(tables, call, message):
    with pytest.raises(ValueError, match=message):
        call(*tables)
