"""Links that are right, wrong or missing: what they are worth, and how well purchases alone would make them."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy import sparse

from shoprec.applications.linking import (
    break_even_precision,
    expected_change,
    match_ranks,
    noisy_links,
    strangers,
)

shares = st.floats(0, 1)
values = st.floats(-1, 1)


@given(st.floats(1e-3, 1), st.floats(1e-3, 1), st.floats(0.01, 1))
def test_at_break_even_linking_changes_nothing(gain, loss, linked):
    p = break_even_precision(gain, loss)
    assert 0 < p < 1
    assert np.isclose(expected_change(p, linked, gain, loss), 0, atol=1e-12)
    assert expected_change(min(1, p + 0.01), linked, gain, loss) > 0
    assert expected_change(max(0, p - 0.01), linked, gain, loss) < 0


@given(shares, shares, values, values)
def test_the_expectation_is_the_mean_over_all_accounts(precision, linked, gain, loss):
    n = 10_000
    right, wrong = round(n * precision * linked), round(n * (1 - precision) * linked)
    mean = (right * gain - wrong * loss) / n
    assert np.isclose(expected_change(precision, linked, gain, loss), mean, atol=2e-4)


def test_links_as_drawn_give_the_expectation_of_the_formula():
    rng = np.random.default_rng(0)
    n, right, wrong = 400, rng.normal(0.03, 0.1, 400), rng.normal(0.05, 0.1, 400)
    simulated = []
    for seed in range(300):
        links = noisy_links(n, precision=0.75, linked=0.6, seed=seed)
        own = np.arange(n)
        simulated.append(np.where(links == own, right, np.where(links < 0, 0, -wrong)).mean())
    expected = expected_change(0.75, 0.6, right.mean(), wrong.mean())
    assert abs(np.mean(simulated) - expected) < 4 * np.std(simulated) / np.sqrt(300)


@pytest.mark.parametrize(
    ("gain", "loss", "expected"),
    [(0.01, 0.0, 0.0), (0.01, -0.01, 0.0), (0.0, 0.01, np.inf), (-0.01, 0.01, np.inf), (0.01, 0.01, 0.5)],
)
def test_break_even_at_the_edges(gain, loss, expected):
    assert break_even_precision(gain, loss) == expected


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf])
def test_bad_gains_are_named(bad):
    with pytest.raises(ValueError, match="gain is"):
        break_even_precision(bad, 0.1)
    with pytest.raises(ValueError, match="must be finite"):
        expected_change(0.5, 0.5, 0.1, bad)


@pytest.mark.parametrize(
    ("precision", "linked", "name"), [(1.2, 0.5, "precision"), ([0, np.nan], 0.5, "precision"), (0.5, -1, "linked")]
)
def test_bad_shares_are_named(precision, linked, name):
    with pytest.raises(ValueError, match=f"{name} holds"):
        expected_change(precision, linked, 0.1, 0.1)


@given(st.integers(2, 60), st.integers(0, 5))
def test_nobody_is_its_own_stranger(n, seed):
    others = strangers(n, seed)
    assert (others != np.arange(n)).all()
    assert sorted(others) == list(range(n))


def test_one_household_has_no_stranger():
    with pytest.raises(ValueError, match="n is 1"):
        strangers(1)


@given(st.integers(2, 60), shares, shares, st.integers(0, 5))
def test_noisy_links_have_the_shares_asked_for(n, precision, linked, seed):
    links = noisy_links(n, precision, linked, seed)
    n_linked = round(n * linked)
    assert (links >= 0).sum() == n_linked
    assert (links == np.arange(n)).sum() == round(n_linked * precision)
    assert links.max(initial=-1) < n


@given(st.integers(0, 1000))
def test_ranks_against_a_loop(seed):
    rng = np.random.default_rng(seed)
    queries, gallery = (rng.integers(0, 3, size=(n, 6)).astype(float) for n in (4, 9))
    truth = rng.integers(9, size=4)
    assume((queries.sum(axis=1) > 0).all() and (gallery.sum(axis=1) > 0).all())
    found = match_ranks(sparse.csr_array(queries), sparse.csr_array(gallery), truth)
    for q, row in enumerate(queries):
        cosine = gallery @ row / np.linalg.norm(gallery, axis=1)
        in_front = cosine > cosine[truth[q]] + 1e-9
        level = np.abs(cosine - cosine[truth[q]]) <= 1e-9
        assert in_front.sum() + 1 <= found[q] <= in_front.sum() + level.sum()


def test_the_same_history_is_found_first_and_nothing_is_found_from_nothing():
    rows = sparse.csr_array(np.eye(5) + 0.1)
    np.testing.assert_array_equal(match_ranks(rows, rows, np.arange(5)), 1)
    empty = sparse.csr_array((5, 5))
    np.testing.assert_array_equal(match_ranks(empty, rows, np.arange(5)), 5)


@pytest.mark.parametrize(("truth", "message"), [([0, 1], "for 5 queries"), ([0, 1, 2, 3, 7], "codes from 0 to 7")])
def test_a_truth_that_does_not_fit_is_named(truth, message):
    rows = sparse.csr_array(np.eye(5))
    with pytest.raises(ValueError, match=message):
        match_ranks(rows, rows, np.array(truth))
