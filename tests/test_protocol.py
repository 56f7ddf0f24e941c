"""The book's protocol on the real data: its sizes, and its baselines' results."""

import numpy as np
import pytest
from implicit.nearest_neighbours import CosineRecommender
from scipy import sparse

from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.neighbors import ItemKNN, damped
from shoprec.tasks import CUTS, TEST_CUT, VALIDATION_CUT, next_basket_split, tasks_at


@pytest.fixture(scope="session")
def purchases():
    return complete_journey().purchases


@pytest.fixture(scope="session")
def tasks(purchases):
    return tasks_at(purchases)


# Products, households with a basket in the month, and popularity's NDCG@10; another implementation gave them.
CUT_SIZES = {
    "2017-07-01": (4939, 1970, 0.0952),
    "2017-08-01": (5862, 1929, 0.0880),
    "2017-09-01": (6705, 1921, 0.0860),
    "2017-10-01": (7476, 1962, 0.0911),
    "2017-11-01": (8248, 1980, 0.0807),
    "2017-12-01": (8978, 1982, 0.0777),
}


def test_the_protocol_has_the_stated_sizes_at_each_cut(purchases):
    assert tuple(CUT_SIZES) == CUTS
    for cut, (n_items, n_households, ndcg) in CUT_SIZES.items():
        _, task = tasks_at(purchases, cut)
        assert (len(task.items), len(task.households)) == (n_items, n_households), cut
        assert evaluate(Popularity().fit(task), task)["ndcg"].mean() == pytest.approx(ndcg, abs=5e-5), cut


def test_the_month_to_tune_on_ends_where_the_test_begins(tasks):
    validation, test = tasks
    assert (str(validation.cut)[:10], str(test.cut)[:10]) == (VALIDATION_CUT, TEST_CUT)
    assert validation.items.equals(test.items)
    assert validation.users.equals(test.users)
    assert validation.history.day.max() < validation.cut_day <= test.history.day.max() < test.cut_day
    # What the month to tune on asks for is history to the test: no target is tuned on and tested on.
    assert (test.history.matrix()[validation.targets] > 0).all()


def test_counting_reaches_the_stated_quality(tasks):
    _, task = tasks
    assert evaluate(PersonalFrequency(90).fit(task), task)["ndcg"].mean() >= 0.226


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
