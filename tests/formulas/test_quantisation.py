"""Residual quantisation: against scikit-learn's k-means, FAISS's quantiser, and what must hold of any table."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from sklearn.cluster import KMeans

from shoprec.formulas.quantisation import collisions, k_means, nearest, quantise, told_apart

CODES = arrays(int, st.tuples(st.integers(1, 12), st.integers(1, 3)), elements=st.integers(0, 2))


@pytest.fixture(scope="module")
def clouds():
    """Vectors around forty places."""
    rng = np.random.default_rng(0)
    return rng.normal(0, 1, (40, 6))[rng.integers(40, size=1500)] + rng.normal(0, 0.2, (1500, 6))


def squared_error(vectors, found):
    return float(np.square(vectors - found).sum())


def test_k_means_is_as_good_as_scikit_learns(clouds):
    ours = k_means(clouds, 32, np.random.default_rng(0))
    theirs = [KMeans(32, n_init=1, random_state=seed).fit(clouds).inertia_ for seed in range(5)]
    assert squared_error(clouds, ours[nearest(clouds, ours)]) < 1.05 * max(theirs)


def test_residual_quantisation_is_as_good_as_that_of_faiss(clouds):
    faiss = pytest.importorskip("faiss")
    theirs = faiss.ResidualQuantizer(6, 3, 4)
    theirs.max_beam_size = 1  # as ours: each level takes the nearest code
    theirs.train(clouds.astype(np.float32))
    decoded = theirs.decode(theirs.compute_codes(clouds.astype(np.float32)))
    ours = quantise(clouds, [16, 16, 16])
    assert squared_error(clouds, ours.vectors()) < 1.1 * squared_error(clouds, decoded)


def test_each_level_corrects_what_is_left(clouds):
    found = quantise(clouds, [8, 8, 8])
    errors = [squared_error(clouds, found.vectors(levels)) for levels in (1, 2, 3)]
    assert errors == sorted(errors, reverse=True)
    left = clouds - found.vectors(2)
    apart = np.linalg.norm(left[:, None] - found.books[2], axis=2)
    np.testing.assert_array_equal(found.codes[:, 2], apart.argmin(axis=1))
    again = quantise(clouds, [8, 8, 8])
    np.testing.assert_array_equal(found.codes, again.codes)


@given(arrays(float, st.tuples(st.integers(1, 9), st.integers(1, 3)), elements=st.sampled_from([-1.0, 0.0, 2.5])))
def test_few_vectors_are_written_without_loss(vectors):
    found = quantise(vectors, [9, 9])
    np.testing.assert_allclose(found.vectors(), vectors, atol=1e-9)
    n_different = len(np.unique(vectors, axis=0))
    assert len(np.unique(found.codes, axis=0)) == n_different
    assert len(found.books[0]) <= n_different


@given(CODES)
def test_a_last_code_tells_all_apart(codes):
    full = told_apart(codes)
    assert len(np.unique(full, axis=0)) == len(codes)
    np.testing.assert_array_equal(full[:, :-1], codes)
    for row in np.unique(codes, axis=0):
        same = full[(codes == row).all(axis=1), -1]
        assert same.tolist() == list(range(len(same)))


@given(CODES)
def test_collisions_are_counted(codes):
    rows = [tuple(row) for row in codes.tolist()]
    assert collisions(codes) == pytest.approx(np.mean([rows.count(row) > 1 for row in rows]))


@pytest.mark.parametrize(
    ("vectors", "sizes"), [(np.zeros(3), [2]), (np.zeros((0, 2)), [2]), (np.eye(2), []), (np.eye(2), [0])]
)
def test_what_is_no_table_is_refused(vectors, sizes):
    with pytest.raises(ValueError, match=r"shape|size"):
        quantise(vectors, sizes)


def test_nan_is_refused():
    with pytest.raises(ValueError, match="NaN"):
        quantise([[np.nan, 1.0]], [1])
