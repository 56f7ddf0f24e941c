"""Counting models: values that can be computed by hand, and what decides between equals."""

import itertools

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse
from synthetic import CUT, make_purchases

from shoprec.formulas.metrics import rank_items
from shoprec.models.content import ContentTfidf
from shoprec.models.counting import PersonalFrequency, Popularity, decay, ties_broken
from shoprec.models.language.encoders import ContentEncoder
from shoprec.models.language.likelihood import LikelihoodReranker
from shoprec.models.neighbors import ItemKNN, UserKNN
from shoprec.tasks import next_basket_split

ITEMS = ["a", "b", "c", "d", "e"]


@pytest.fixture
def task():
    """Ann bought a 10 days before the cut, and twice b: 10 and 30 days before. Bo bought c, d and d."""
    rows = [
        ("Ann", "a", "2021-02-19"),
        ("Ann", "b", "2021-02-19"),
        ("Ann", "b", "2021-01-30"),
        ("Bo", "c", "2021-02-19"),
        ("Bo", "d", "2021-02-19"),
        ("Bo", "d", "2021-02-09"),
        ("Cy", "d", "2021-01-01"),
        ("Ann", "e", "2021-03-01"),
        ("Bo", "e", "2021-03-02"),
    ]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    return next_basket_split(table.assign(timestamp=pd.to_datetime(table["timestamp"])), "2021-03-01", items=ITEMS)


def test_popularity_counts_households(task):
    scores = Popularity().fit(task).score(task.households)
    np.testing.assert_array_equal(scores, [[1, 1, 1, 2, 0]] * 2)


def test_personal_frequency_has_the_closed_form(task):
    scores = PersonalFrequency(half_life=20).fit(task).score(np.array([0, 1]))
    half, quarter = 2**-0.5, 2**-1.5  # 10 and 30 days
    np.testing.assert_allclose(scores[0, :2], [half, half + quarter], rtol=1e-3)
    np.testing.assert_allclose(scores[1, 2:4], [half, half + 0.5], rtol=1e-3)


def test_a_half_life_halves():
    rows = [("Ann", "old", "2021-01-01"), ("Ann", "new", "2021-01-31"), ("Ann", "old", "2021-03-02")]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    task = next_basket_split(
        table.assign(timestamp=pd.to_datetime(table["timestamp"])), "2021-03-02", items=["old", "new"]
    )
    old, new = PersonalFrequency(half_life=30).fit(task).frequency_.toarray()[0]
    assert old == pytest.approx(new / 2, rel=1e-6)
    assert PersonalFrequency(half_life=np.inf).fit(task).frequency_.toarray().tolist() == [[1, 1]]


@pytest.mark.parametrize("half_life", [1.0, 3.0, 30.0, 90.0, np.inf])
def test_popularity_orders_what_was_never_bought(half_life):
    task = next_basket_split(make_purchases(), CUT, min_users=1)
    model = PersonalFrequency(half_life).fit(task)
    scores = model.score(task.households)
    bought = (task.history.matrix()[task.households] > 0).toarray()
    popularity = Popularity().fit(task).score(task.households)
    for s, own, p in zip(scores, bought, popularity, strict=True):
        assert (rank_items(s[~own], k=(~own).sum()) == rank_items(p[~own], k=(~own).sum())).all()
        if half_life >= 30:  # what a shorter one has forgotten may fall behind
            assert s[own].min() > s[~own].max()


@pytest.mark.parametrize("half_life", [30.0, 90.0, np.inf])
def test_popularity_decides_between_equals_and_only_there(half_life):
    task = next_basket_split(make_purchases(), CUT, min_users=1)
    popularity = Popularity().fit(task).n_buyers_
    model = PersonalFrequency(half_life).fit(task)
    scores = model.score(task.households)
    assert scores.dtype == np.float32
    n_ties = 0
    for score, own in zip(scores, model.frequency_[task.households].toarray(), strict=True):
        order = np.argsort(-score, kind="stable")
        step, equal = np.diff(own[order]), np.diff(own[order]) == 0
        assert (step <= 0).all()
        n_ties += (np.diff(popularity[order])[equal & (own[order][1:] > 0)] != 0).sum()
        assert (np.diff(popularity[order])[equal] <= 0).all()
        np.testing.assert_array_equal((np.diff(score[order]) < 0)[equal], (np.diff(popularity[order]) < 0)[equal])
        np.testing.assert_allclose(score[own > 0], own[own > 0], rtol=1e-5)
    assert n_ties > 0


@given(
    values=arrays(np.float32, (3, 8), elements=st.sampled_from([0, 1e-45, 1e-38, 0.1, 0.10000001, 1, 77, 3e38])),
    by=arrays(int, 8, elements=st.integers(0, 4)),
)
def test_ties_are_broken_by_the_fewest_steps_at_any_magnitude(values, by):
    stored = sparse.csr_array(values)
    raised = ties_broken(stored, by=by).toarray()
    for before, after in zip(values, raised, strict=True):
        kept = np.flatnonzero(before)
        order = kept[np.lexsort((by[kept], before[kept]))]
        expected = before[order]
        for n, (one, two) in enumerate(itertools.pairwise(order), start=1):  # one entry after another
            rises = (before[one], by[one]) < (before[two], by[two])
            least = np.nextafter(expected[n - 1], np.float32(np.inf)) if rises else expected[n - 1]
            expected[n] = max(expected[n], least)
        np.testing.assert_array_equal(after[order], expected)
    np.testing.assert_array_equal(stored.toarray(), values)


@pytest.mark.parametrize("half_life", [0.05, 3.0, np.inf])
def test_what_orders_the_never_bought_is_small_and_does_not_vanish(half_life):
    task = next_basket_split(make_purchases(), CUT, min_users=1)
    floor = PersonalFrequency(half_life).fit(task).floor_
    n_buyers = Popularity().fit(task).n_buyers_
    assert len(np.unique(floor)) == len(np.unique(n_buyers))
    assert 1e-31 < floor.max() < 1e-4
    if half_life == np.inf:
        np.testing.assert_allclose(floor, 1e-4 * n_buyers / (1 + n_buyers.max()), rtol=1e-5)


def test_one_list_for_all_takes_the_memory_of_one(task):
    scores = Popularity().fit(task).score(np.array([0, 1, 1, 0]))
    assert scores.shape == (4, 5)
    assert scores.base.nbytes == 5 * 4


def test_equals_are_ranked_by_item_code(task):
    # Without the tie-break by popularity, c and d tie at Ann's; e is bought by nobody.
    assert rank_items(Popularity().fit(task).score(np.array([0])), k=5).tolist() == [[3, 0, 1, 2, 4]]


def test_models_read_no_target(task):
    changed = type(task)(task.history, task.targets[::-1], task.households, task.users, task.items, task.cut)
    for model in (Popularity(), PersonalFrequency()):
        before = model.fit(task).score(task.households)
        np.testing.assert_array_equal(before, model.fit(changed).score(task.households))


@pytest.mark.parametrize("half_life", [0, -1, np.nan, "90", None])
def test_half_life_must_be_positive(task, half_life):
    message = r"half_life is .*; pass a number in \(0, inf\], in days; inf for no decay"
    for make in (PersonalFrequency, lambda days: ItemKNN(half_life=days), lambda days: UserKNN(half_life=days)):
        with pytest.raises(ValueError, match=message):
            make(half_life)
    for make in (lambda days: ContentTfidf(pd.Series(), days), lambda days: ContentEncoder(pd.Series(), days)):
        with pytest.raises(ValueError, match=message):
            make(half_life)
    with pytest.raises(ValueError, match=message):
        LikelihoodReranker(Popularity(), pd.Series(), half_life=half_life)
    with pytest.raises(ValueError, match=message):
        decay(task, half_life)
