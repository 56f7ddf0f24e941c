"""To forget a household exactly is to be what one would be without it, bit for bit."""

from dataclasses import replace

import numpy as np
import pytest
from networks import make_task

from shoprec.applications.forgetting import Counts, forget_neighbour
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.neighbors import ItemKNN, UserKNN, nearest, weigh


def without(task, household):
    return replace(task, history=task.history.select(task.history.user != household))


def same(a, b):
    return a.shape == b.shape and (a != b).nnz == 0


@pytest.mark.parametrize("household", [0, 3, 11])
def test_counts_forget_exactly(household):
    task = make_task()
    forgot, operations = Counts.of(task).without(task, household)
    anew = Counts.of(without(task, household))
    np.testing.assert_array_equal(forgot.buyers, anew.buyers)
    assert same(forgot.pairs, anew.pairs)
    for name in ("data", "indices", "indptr"):
        np.testing.assert_array_equal(getattr(forgot.cosine(), name), getattr(anew.cosine(), name))
    np.testing.assert_array_equal(forgot.buyers, Popularity().fit(without(task, household)).n_buyers_)
    products = len(np.unique(task.history.item[task.history.user == household]))
    assert operations == products**2


def test_the_cosine_of_counts_is_that_of_item_neighbours():
    task = make_task()
    buyers = weigh(task.history.matrix().T.tocsr(), "binary")
    theirs = nearest(buyers, len(task.items)).toarray()
    ours = Counts.of(task).cosine().toarray()
    some = buyers.sum(axis=1) > 0
    np.testing.assert_allclose(ours[some][:, some], theirs[some][:, some], atol=1e-6)
    assert ItemKNN(weighting="binary").fit(task).similarity_.shape == ours.shape


@pytest.mark.parametrize("weighting", ["log", "binary", "counts"])
@pytest.mark.parametrize("household", [0, 3, 11])
def test_user_neighbours_forget_exactly(household, weighting):
    task = make_task()
    model = UserKNN(k=5, weighting=weighting).fit(task)
    forgot, touched = forget_neighbour(model, task, household)
    anew = UserKNN(k=5, weighting=weighting).fit(without(task, household))
    assert same(forgot.neighbours_, anew.neighbours_)
    assert same(forgot.frequency_, anew.frequency_)
    others = np.setdiff1d(task.households, [household])
    np.testing.assert_array_equal(forgot.score(others), anew.score(others))
    assert touched == (model.neighbours_[:, [household]].toarray() > 0).sum()
    assert touched < task.history.n_users


def test_personal_frequency_forgets_a_household_with_its_row():
    task = make_task()
    own = PersonalFrequency().fit(task).frequency_
    anew = PersonalFrequency().fit(without(task, 3)).frequency_
    rest = np.arange(task.history.n_users) != 3
    assert same(own[rest], anew[rest])
    assert not anew[[3]].nnz


def test_what_rests_on_all_others_is_refused():
    task = make_task()
    with pytest.raises(ValueError, match="fit again"):
        forget_neighbour(UserKNN(weighting="tfidf").fit(task), task, 0)
