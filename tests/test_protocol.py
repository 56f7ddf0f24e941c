"""The book's protocol on the real data: its sizes, and its baselines' results."""

import numpy as np
import pytest
from implicit.nearest_neighbours import CosineRecommender
from scipy import sparse

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.neighbors import ItemKNN, damped
from shoprec.tasks import TEST_CUT, VALIDATION_CUT, next_basket_split


@pytest.fixture(scope="session")
def purchases():
    return complete_journey().purchases


@pytest.fixture(scope="session")
def task(purchases):
    return next_basket_split(purchases)


def test_the_protocol_has_the_stated_sizes(task):
    assert task.history.n_users == len(task.users) == 2447
    assert task.history.n_items == len(task.items) == 9646
    assert len(task.households) == 1992
    assert str(task.cut)[:10] == TEST_CUT
    assert task.history.day.max() < task.cut_day
    assert np.diff(task.targets.indptr)[task.households].min() >= 1


def test_the_validation_month_ends_where_the_test_begins(purchases, task):
    validation = next_basket_split(purchases, VALIDATION_CUT, until=TEST_CUT, items=task.items)
    assert validation.items.equals(task.items)
    assert validation.history.day.max() < validation.cut_day
    # What the validation month asks for is history to the test: no target is tuned on and tested on.
    bought = validation.users[validation.targets.nonzero()[0]], validation.items[validation.targets.nonzero()[1]]
    known = task.history.matrix()[task.users.get_indexer(bought[0]), task.items.get_indexer(bought[1])]
    assert (np.asarray(known) > 0).all()


def test_counting_reaches_the_stated_quality(task):
    popularity = evaluate(Popularity().fit(task), task)["ndcg"].mean()
    frequency = evaluate(PersonalFrequency(90).fit(task), task)["ndcg"].mean()
    assert popularity == pytest.approx(0.077, abs=0.002)
    assert frequency >= 0.226


@pytest.mark.filterwarnings("ignore:Method expects CSR")
def test_item_similarity_agrees_with_implicit_on_a_slice(purchases):
    task = next_basket_split(purchases[purchases["user"] % 8 == 0], min_users=8)
    ours = ItemKNN(k=50, strength=0).fit(task).similarity_
    theirs = CosineRecommender(K=50)
    theirs.fit(sparse.csr_matrix(damped(task.history.matrix()).astype(float)), show_progress=False)
    mine, other = ours.toarray(), theirs.similarity.toarray()
    assert len(mine) > 1000
    np.testing.assert_allclose(np.sort(mine)[:, -50:], np.sort(other)[:, -50:], atol=1e-6)
    # Of equals at the end of a list either may stay.
    last = np.sort(other)[:, [-50]] + 1e-6
    np.testing.assert_allclose(np.where(mine > last, mine, 0), np.where(other > last, other, 0), atol=2e-6)
