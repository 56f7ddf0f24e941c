"""Counting models: values that can be computed by hand, and what decides between equals."""

import numpy as np
import pandas as pd
import pytest
from synthetic import CUT, make_purchases

from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency, Popularity
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


def test_popularity_only_decides_between_equals():
    task = next_basket_split(make_purchases(), CUT, min_users=1)
    popularity = Popularity().fit(task).n_buyers_
    for half_life in (30.0, 90.0, np.inf):
        model = PersonalFrequency(half_life).fit(task)
        for score, own in zip(model.score(task.households), model.frequency_[task.households].toarray(), strict=True):
            order = np.argsort(-score, kind="stable")
            assert (np.diff(own[order]) < 1e-4).all()
            if half_life == np.inf:
                equal = np.diff(own[order]) == 0
                assert (np.diff(popularity[order])[equal] <= 0).all()


def test_equals_are_ranked_by_item_code(task):
    # Without the tie-break by popularity, c and d tie at Ann's; e is bought by nobody.
    assert rank_items(Popularity().fit(task).score(np.array([0])), k=5).tolist() == [[3, 0, 1, 2, 4]]


def test_models_read_no_target(task):
    changed = type(task)(task.history, task.targets[::-1], task.households, task.users, task.items, task.cut)
    for model in (Popularity(), PersonalFrequency()):
        before = model.fit(task).score(task.households)
        np.testing.assert_array_equal(before, model.fit(changed).score(task.households))


@pytest.mark.parametrize("half_life", [0, -1, np.nan])
def test_half_life_must_be_positive(half_life):
    with pytest.raises(ValueError, match="must be positive"):
        PersonalFrequency(half_life)
