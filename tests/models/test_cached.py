"""Reading one purchase at a time: the same as reading all of them, and at the cost that is stated."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import CONFIG, make_network, make_task
from torch.utils.flop_counter import FlopCounterMode

from shoprec.models.batches import make_batch
from shoprec.models.cached import Session, basket_after, multiplications, purchases_of
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import TransformerConfig

PLAIN = replace(CONFIG, behaviour=False)


@pytest.fixture(scope="module")
def history():
    return make_task().history


@pytest.fixture(scope="module")
def network(history):
    return make_network(history, PLAIN)


def by_the_network(network, history, household, day):
    """The same household's scores from one pass over the whole window."""
    stop = history.start[[household + 1]]
    window, days = np.zeros(1, int), np.array([day])
    batch = make_batch(history, np.array([household]), stop, window, days, stop, PLAIN.max_length, behaviour=False)
    with torch.no_grad():
        return network(batch)[0].numpy()


@given(st.data())
@settings(max_examples=60, deadline=None)
def test_in_whatever_parts_purchases_are_read_the_scores_are_the_same(history, network, data):
    household = data.draw(st.integers(0, history.n_users - 1))
    known = purchases_of(history, household, PLAIN.max_length)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(known)), max_size=5)))
    session = Session(network)
    for start, stop in zip([0, *cuts], [*cuts, len(known)], strict=True):
        session.read(known.part(start, stop))
    day = known.days[-1] + data.draw(st.floats(0, 100))
    np.testing.assert_allclose(session.scores(day), by_the_network(network, history, household, day), atol=2e-5)


def test_the_recommender_of_the_book_agrees(history, network):
    task = make_task()
    scores = SequentialRecommender(network).fit(task).score(task.households)
    for household, expected in zip(task.households, scores, strict=True):
        session = Session(network)
        session.read(purchases_of(history, household, PLAIN.max_length))
        np.testing.assert_allclose(session.scores(task.cut_day), expected, atol=2e-5)


def test_without_pointing(history):
    network = make_network(history, replace(PLAIN, pointing=False))
    session, known = Session(network), purchases_of(history, 3, PLAIN.max_length)
    for place in range(len(known)):
        session.read(known.part(place, place + 1))
    day = known.days[-1] + 2
    np.testing.assert_allclose(session.scores(day), by_the_network(network, history, 3, day), atol=2e-5)


def test_a_basket_is_one_moment_after_the_history(history, network):
    known = purchases_of(history, 5, 10)
    day = known.days[-1] + 3.5
    basket = basket_after(known, [2, 4, 2], day)
    assert basket.gaps.tolist() == [3.5, 0, 0]
    assert basket.days.tolist() == [day] * 3
    assert basket_after(known.part(0, 0), [2], day).gaps.tolist() == [0]


def test_what_is_forgotten_leaves_no_trace_and_a_copy_goes_its_own_way(history, network):
    known = purchases_of(history, 5, 12)
    session = Session(network)
    session.read(known)
    before = session.scores(known.days[-1] + 1)
    other = session.copy()
    other.read(basket_after(known, [1, 2], known.days[-1] + 1))
    assert np.abs(other.scores(known.days[-1] + 1) - before).max() > 1e-3
    np.testing.assert_array_equal(session.scores(known.days[-1] + 1), before)
    other.forget(len(known))
    np.testing.assert_array_equal(other.scores(known.days[-1] + 1), before)


def test_a_new_customer_gets_what_is_popular(network):
    expected = network.popularity_weight * network.log_popularity + network.item_bias
    session = Session(network)
    np.testing.assert_array_equal(session.scores(0.0), expected.detach().numpy())
    session.read(basket_after(purchases_of(make_task().history, 0, 0), [3], 0.0))
    assert len(session) == 1
    assert np.isfinite(session.scores(0.0)).all()


def test_more_purchases_than_places_are_refused(history, network):
    session, known = Session(network), purchases_of(history, 5, 20)
    session.read(known)
    with pytest.raises(ValueError, match="places for 24"):
        session.read(basket_after(known, [1] * 5, known.days[-1]))
    assert len(session) == 20


@pytest.mark.parametrize("change", [{"causal": False}, {"behaviour": True}, {"taste": False, "behaviour": True}])
def test_a_network_whose_past_would_change_is_refused(history, change):
    config = replace(PLAIN, **change)
    with pytest.raises(ValueError, match="causal network"):
        Session(make_network(history, config))


@pytest.mark.parametrize(("known", "new"), [(0, 1), (0, 20), (19, 1), (7, 5)])
def test_multiplications_are_those_that_torch_counts(history, network, known, new):
    household = int(np.argmax(np.diff(history.start)))
    purchases = purchases_of(history, household, known + new)
    session = Session(network)
    session.read(purchases.part(0, known))
    with FlopCounterMode(display=False) as counter, torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        session.read(purchases.part(known))
    d, layers = PLAIN.d_model, PLAIN.n_layers
    masked = layers * 2 * d * new * (new - 1) // 2  # torch computes what the mask cuts off
    pointing = d * d * new
    assert counter.get_total_flops() // 2 == multiplications(PLAIN, new, known) + masked + pointing


def test_multiplications_of_parts_add_up():
    config = TransformerConfig(d_model=16, n_layers=3)
    assert multiplications(config, 30) == multiplications(config, 12) + multiplications(config, 18, known=12)
    assert multiplications(config, 1, known=99) < multiplications(config, 100) / 70
