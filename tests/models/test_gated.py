"""A window with purchases deleted or present to a degree, against the network on histories without them, and Captum."""

from dataclasses import replace

import captum.attr
import numpy as np
import pytest
import torch
from networks import CONFIG, make_network, make_task

from shoprec.models.gated import (
    gated_scores,
    kept_batch,
    kept_scores,
    log_share,
    path_attributions,
    window_of,
)
from shoprec.models.sequential import SequentialRecommender
from shoprec.tasks import Task

PLAIN = replace(CONFIG, behaviour=False)


@pytest.fixture(scope="module")
def task() -> Task:
    return make_task()


@pytest.fixture(scope="module")
def network(task: Task):
    return make_network(task.history, PLAIN)


def windows(task: Task, n: int = 6):
    return [window_of(task.history, u, task.cut_day, PLAIN.max_length) for u in task.households[:n]]


def test_with_all_purchases_it_is_the_networks_own_score(task: Task, network) -> None:
    expected = SequentialRecommender(network).fit(task).score(task.households[:6])
    for window, own in zip(windows(task), expected, strict=True):
        found = kept_scores(network, window, np.ones((1, len(window)), bool))
        np.testing.assert_allclose(found[0], own, atol=1e-5)


def test_deleted_is_as_if_never_bought(task: Task) -> None:
    """Against the network's own score of a history from which the purchases are gone."""
    household, length = task.households[0], int(np.diff(task.history.start).max())
    network = make_network(task.history, replace(PLAIN, max_length=length))
    window = window_of(task.history, household, task.cut_day, length)
    rng = np.random.default_rng(0)
    for kept in rng.random((5, len(window))) < 0.6:
        kept[0] = True  # the first one's gap is to what lies before the window
        events = np.flatnonzero(task.history.user != household)
        own = np.flatnonzero(task.history.user == household)[kept]
        some = np.sort(np.concatenate([events, own]))
        history = task.history
        shorter = type(history)(
            user=history.user[some], item=history.item[some], day=history.day[some],
            basket=np.unique(history.basket[some], return_inverse=True)[1],
            n_users=history.n_users, n_items=history.n_items,
        )  # fmt: skip
        rebuilt = SequentialRecommender(network)
        rebuilt.network, rebuilt.history_, rebuilt.day_ = network, shorter, task.cut_day
        np.testing.assert_allclose(
            kept_scores(network, window, kept[None])[0], rebuilt.score(np.array([household]))[0], atol=1e-5
        )


def test_versions_do_not_disturb_each_other(task: Task, network) -> None:
    window = windows(task)[0]
    kept = np.random.default_rng(1).random((9, len(window))) < 0.5
    kept[:, -1] = True
    together = kept_scores(network, window, kept)
    for version, scores in zip(kept, together, strict=True):
        np.testing.assert_allclose(kept_scores(network, window, version[None])[0], scores, atol=1e-5)


def test_all_there_is_the_score_and_nothing_pointed_at_adds_nothing(task: Task, network) -> None:
    window = windows(task)[1]
    own = network.item.weight[torch.as_tensor(window.items)][None]
    with torch.no_grad():
        whole = gated_scores(network, window, own, torch.ones(1, len(window)))
        blind = gated_scores(network, window, own, torch.zeros(1, len(window)))
    expected = kept_scores(network, window, np.ones((1, len(window)), bool))
    np.testing.assert_allclose(whole.numpy(), expected, atol=1e-5)
    gained = (whole - blind)[0].numpy()
    assert (gained[np.unique(window.items)] > 0).all()
    assert np.abs(np.delete(gained, np.unique(window.items))).max() < 1e-6


def test_the_log_share_ignores_what_all_products_have_in_common() -> None:
    scores = torch.tensor([[1.0, 2.0, 0.5]])
    assert log_share(scores + 7, 1).item() == pytest.approx(log_share(scores, 1).item(), abs=1e-5)
    assert log_share(scores, 1).exp().item() == pytest.approx(scores.softmax(1)[0, 1].item())


@pytest.mark.parametrize("pointing", [True, False])
def test_integrated_gradients_are_captums_and_sum_to_the_change(task: Task, network, pointing: bool) -> None:
    window = windows(task)[2]
    product, baseline = int(window.items[0]), 0.1 * torch.ones(PLAIN.d_model)
    found, change = path_attributions(network, window, product, baseline, pointing, n_steps=50)
    own = network.item.weight[torch.as_tensor(window.items)].detach()[None]

    def value(vectors: torch.Tensor, present: torch.Tensor) -> torch.Tensor:
        return log_share(gated_scores(network, window, vectors, present), product)

    there, start = torch.ones(1, len(window)), baseline.expand_as(own)
    arguments = {"n_steps": 50, "method": "gausslegendre"}
    if pointing:
        nothing = torch.zeros_like(there)
        by_vector, by_pointing = captum.attr.IntegratedGradients(value).attribute(
            (own, there), (start, nothing), **arguments
        )
        theirs = by_vector.sum(dim=2)[0] + by_pointing[0]
    else:
        only = captum.attr.IntegratedGradients(lambda v: value(v, there.expand(len(v), -1)))
        theirs = only.attribute(own, start, **arguments).sum(dim=2)[0]
    np.testing.assert_allclose(found, theirs.numpy(), atol=1e-4)
    assert found.sum() == pytest.approx(change, abs=0.02)
    assert abs(change) > 0.05


def test_what_cannot_be_read_is_refused(task: Task) -> None:
    window = windows(task)[0]
    with pytest.raises(ValueError, match="keeps no purchase"):
        kept_batch(window, np.zeros((1, len(window)), bool), len(task.items))
    behaving = make_network(task.history, CONFIG)
    with pytest.raises(ValueError, match="taste term alone"):
        gated_scores(behaving, window, torch.zeros(1, len(window), 8), torch.ones(1, len(window)))
