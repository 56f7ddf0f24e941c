"""The feedback loop: what is shown comes back as counts, and nothing else does."""

import numpy as np
import pytest
from synthetic import CUT, make_purchases

from shoprec.applications.simulation import feedback_loop, personal, popular
from shoprec.formulas.metrics import gini, rank_items
from shoprec.tasks import History, next_basket_split


@pytest.fixture(scope="module")
def history():
    return next_basket_split(make_purchases(), CUT, min_users=2).history


def test_it_starts_from_the_real_counts_and_runs_all_rounds(history):
    rounds = list(feedback_loop(history, popular, n_rounds=3))
    assert len(rounds) == 4
    np.testing.assert_array_equal(rounds[0], history.matrix().toarray())


def test_without_acceptance_households_only_repeat_their_own_purchases(history):
    first, *_, last = feedback_loop(history, popular, n_rounds=5, accept=0.0, n_own=7)
    assert (last[first == 0] == 0).all()
    np.testing.assert_array_equal((last - first).sum(axis=1), 35)


def test_own_purchases_follow_the_real_shares(history):
    first, *_, last = feedback_loop(history, popular, n_rounds=1, accept=0.0, n_own=20_000)
    share = first / first.sum(axis=1, keepdims=True)
    np.testing.assert_allclose((last - first) / 20_000, share, atol=0.02)


def test_with_certain_acceptance_the_shown_list_is_bought(history):
    before, after = feedback_loop(history, personal, n_rounds=1, accept=1.0, n_own=0, k=3)
    expected = np.zeros_like(before)
    shown = rank_items(personal(before), 3)
    expected[np.arange(len(shown))[:, None], shown] = 1
    np.testing.assert_array_equal(after - before, expected)


def test_acceptance_is_a_probability_per_product_shown(history):
    before, after = feedback_loop(history, popular, n_rounds=1, accept=0.3, n_own=0, k=10)
    n = 10 * history.n_users
    assert abs((after - before).sum() - 0.3 * n) < 5 * np.sqrt(0.21 * n)
    top = rank_items(popular(before), 10)[0]
    assert (after - before).sum() == (after - before)[:, top].sum()


def test_exploration_takes_its_places_and_no_more(history):
    before, after = feedback_loop(history, popular, n_rounds=1, accept=1.0, n_own=0, k=10, n_random=4)
    bought = (after - before).astype(bool)
    assert (bought.sum(axis=1) == 10).all()
    six = rank_items(popular(before), 10)[0, :6]
    assert bought[:, six].all()
    everywhere = feedback_loop(history, popular, n_rounds=1, accept=1.0, n_own=0, k=10, n_random=10)
    before, after = everywhere
    share = (after - before).sum(axis=0) / (10 * history.n_users)
    assert share.max() < 3 / history.n_items


def test_popularity_concentrates_and_exploration_softens_it(history):
    ends = {}
    for name, n_random in (("popular", 0), ("explore", 3)):
        *_, last = feedback_loop(history, popular, n_rounds=10, accept=0.5, k=5, n_random=n_random)
        ends[name] = gini(last.sum(axis=0))
    *_, alone = feedback_loop(history, popular, n_rounds=10, accept=0.0)
    assert ends["popular"] > ends["explore"]
    assert ends["popular"] > gini(alone.sum(axis=0)) + 0.02


def test_the_same_seed_gives_the_same_run(history):
    runs = [list(feedback_loop(history, personal, n_rounds=2, n_random=2, seed=s))[-1] for s in (1, 1, 2)]
    np.testing.assert_array_equal(runs[0], runs[1])
    assert (runs[0] != runs[2]).any()


def test_bad_arguments_are_named(history):
    for arguments, message in (
        ({"accept": 1.5}, r"accept is 1\.5; pass a number in \[0, 1\]"),
        ({"accept": np.nan}, "accept is nan"),
        ({"n_random": 11}, "n_random is 11 of 10"),
        ({"n_random": -1}, "n_random is -1"),
        ({"k": 0}, "k is 0"),
        ({"k": history.n_items + 1}, f"of {history.n_items + 1} places for {history.n_items} products"),
        ({"n_rounds": -1}, "n_rounds is -1"),
        ({"n_rounds": 1.5}, r"n_rounds is 1\.5"),
        ({"n_own": -1}, "n_own is -1"),
    ):
        with pytest.raises(ValueError, match=message):
            feedback_loop(history, popular, **arguments)  # at the call, not at the first round
    for scores in (np.zeros((2, history.n_items)), np.zeros(3)):
        with pytest.raises(ValueError, match="the policy returned shape"):
            list(feedback_loop(history, lambda counts, scores=scores: scores))
    with pytest.raises(ValueError, match="NaN"):
        list(feedback_loop(history, lambda counts: counts * np.nan))
    empty = History(np.array([0]), np.array([0]), np.array([0]), np.zeros(1), n_users=2, n_items=2)
    with pytest.raises(ValueError, match="1 households have no purchase"):
        feedback_loop(empty, popular)


def test_no_round_leaves_the_real_counts(history):
    (only,) = feedback_loop(history, popular, n_rounds=0)
    np.testing.assert_array_equal(only, history.matrix().toarray())


def test_a_policy_may_return_whole_numbers(history):
    ranked = [feedback_loop(history, lambda c, t=t: c.astype(t), n_rounds=2, n_random=2) for t in (int, float)]
    np.testing.assert_array_equal(*(list(rounds)[-1] for rounds in ranked))


@pytest.mark.parametrize("dtype", [np.int64, np.float32, np.float64])
@pytest.mark.parametrize("size", [1, 1e3, 1e7])
def test_popularity_orders_what_a_household_bought_equally_often_however_often(dtype, size):
    counts = (size * np.array([[2, 2, 2, 1], [0, 1, 3, 3]])).astype(dtype)
    assert rank_items(personal(counts), 4).tolist() == [[2, 1, 0, 3], [2, 3, 1, 0]]
