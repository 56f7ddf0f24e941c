"""A trained network as a recommender: whose history it reads, and when it asks."""

from dataclasses import replace

import numpy as np
import pytest
from networks import CONFIG, make_network, make_task, queries
from synthetic import CUT, make_purchases

from shoprec.evaluation import evaluate
from shoprec.formulas.metrics import rank_items
from shoprec.models import sequential
from shoprec.models.counting import Popularity
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    return make_task()


@pytest.fixture
def network(task):
    return make_network(task.history)


@pytest.mark.parametrize("terms", [{}, {"behaviour": False}, {"taste": False}])
def test_the_recommender_scores_in_the_households_order(task, terms):
    model = SequentialRecommender(make_network(task.history, replace(CONFIG, **terms))).fit(task)
    scores = model.score(task.households)
    assert scores.shape == (len(task.households), len(task.items))
    assert isinstance(scores, np.ndarray)
    order = np.random.default_rng(0).permutation(len(task.households))
    np.testing.assert_allclose(model.score(task.households[order]), scores[order], rtol=1e-4, atol=1e-4)
    assert np.ptp(scores, axis=0).max() > 0.01, "all households get the same scores"
    assert len(evaluate(model, task).ranked) == len(task.households)


def test_the_recommender_asks_at_the_cut_and_sees_the_whole_history(task, network):
    scores = SequentialRecommender(network).fit(task).score(task.households[:5])
    days = np.full(5, task.cut_day)
    expected = network(queries(task.history, task.households[:5], days))
    np.testing.assert_allclose(scores, expected.detach().numpy(), rtol=1e-5, atol=1e-5)


def test_a_network_reads_a_longer_history_than_it_was_trained_on(task, network):
    early = next_basket_split(make_purchases(), "2021-09-01", until=CUT, items=task.items)
    model = SequentialRecommender(make_network(early.history))
    assert (model.fit(early).score(early.households[:3]) != model.fit(task).score(early.households[:3])).any()


def test_another_catalogue_is_an_error(task, network):
    other = next_basket_split(make_purchases(), CUT, items=task.items[:-1])
    with pytest.raises(ValueError, match="knows 40 items, the task has 39"):
        SequentialRecommender(network).fit(other)


def test_with_both_terms_off_it_ranks_by_popularity(task):
    network = PurchaseTransformer(task.history, replace(CONFIG, taste=False, behaviour=False))
    scores = SequentialRecommender(network).fit(task).score(task.households)
    events = np.bincount(task.history.item, minlength=len(task.items))
    assert (rank_items(scores, 40) == rank_items(events[None], 40)).all()
    assert not np.array_equal(events, Popularity().fit(task).n_buyers_)  # purchases are counted, not households


def test_households_are_scored_a_few_at_a_time(task, network, monkeypatch):
    model = SequentialRecommender(network).fit(task)
    together = model.score(task.households)
    sizes, forward = [], type(network).forward
    monkeypatch.setattr(sequential, "CHUNK", 7)
    monkeypatch.setattr(
        type(network), "forward", lambda self, batch: sizes.append(len(batch.items)) or forward(self, batch)
    )
    np.testing.assert_allclose(model.score(task.households), together, rtol=1e-4, atol=1e-4)
    assert max(sizes) == 7
    assert sum(sizes) == len(task.households)
    assert model.score(task.households[:0]).shape == (0, len(task.items))


def test_a_household_without_history_is_an_error(task, network):
    bare = replace(task, history=task.history.select(task.history.user > 0))
    with pytest.raises(ValueError, match="1 households have no history, first code 0"):
        SequentialRecommender(network).fit(bare).score(np.array([0, 1]))
