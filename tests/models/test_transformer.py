"""The Transformer: its parts against PyTorch's own, its loss against loops, and no look into the future."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from synthetic import CUT, make_purchases

from shoprec.evaluation import evaluate
from shoprec.formulas.metrics import rank_items
from shoprec.models import batches, transformer
from shoprec.models.batches import TrainingSet, age_class, make_batch
from shoprec.models.counting import Popularity
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import MultiHeadAttention, PurchaseTransformer, TransformerConfig
from shoprec.tasks import History, next_basket_split
from shoprec.training.loop import TrainingConfig, train
from shoprec.training.losses import basket_loss

CONFIG = TransformerConfig(d_model=8, n_heads=2, n_layers=2, max_length=24, d_product=4, dropout=0.1)


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.fixture(scope="module")
def history(task):
    return task.history


@pytest.fixture
def network(history):
    return make_network(history)


def make_network(history, **changes):
    """An untrained network whose every weight is random, so that no term is zero by its start."""
    torch.manual_seed(0)
    network = PurchaseTransformer(history, replace(CONFIG, **changes)).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return network


def queries(history, users, days, max_length=CONFIG.max_length, stop=None):
    """One query per window, which by default ends where the query's knowledge does."""
    users, days = np.asarray(users), np.asarray(days, dtype=float)
    known = history.known(users, days)
    stop = known if stop is None else stop
    return make_batch(history, users, stop, np.arange(len(users)), days, known, max_length)


def random_queries(history, n=12, seed=0):
    rng = np.random.default_rng(seed)
    users = rng.integers(history.n_users, size=n)
    first, last = history.day[history.start[users]], history.day[history.start[users + 1] - 1]
    return users, first + rng.uniform(0.2, 0.9, n) * (last - first)


# --- Parts ----------------------------------------------------------------------------------------------


@torch.no_grad()
def test_attention_equals_pytorchs():
    torch.manual_seed(0)
    ours = MultiHeadAttention(CONFIG).eval()
    theirs = torch.nn.MultiheadAttention(CONFIG.d_model, CONFIG.n_heads, batch_first=True).eval()
    theirs.in_proj_weight.copy_(ours.qkv.weight)
    theirs.in_proj_bias.copy_(ours.qkv.bias)
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    x = torch.randn(3, 7, CONFIG.d_model)
    future = torch.ones(7, 7, dtype=torch.bool).triu(1)
    expected, _ = theirs(x, x, x, attn_mask=future, need_weights=False)
    torch.testing.assert_close(ours(x), expected)


def test_fused_attention_equals_the_written_out_one():
    torch.manual_seed(0)
    fused, naive = MultiHeadAttention(CONFIG).eval(), MultiHeadAttention(replace(CONFIG, fused=False)).eval()
    naive.load_state_dict(fused.state_dict())
    x = torch.randn(3, 7, CONFIG.d_model, requires_grad=True)
    torch.testing.assert_close(naive(x), fused(x))
    gradients = [torch.autograd.grad(module(x).square().sum(), x)[0] for module in (naive, fused)]
    torch.testing.assert_close(*gradients)


def test_both_attentions_drop_weights_only_in_training():
    for fused in (True, False):
        torch.manual_seed(0)
        attention = MultiHeadAttention(replace(CONFIG, fused=fused, dropout=0.5))
        x = torch.randn(1, 9, CONFIG.d_model)
        assert not torch.equal(attention(x), attention(x))
        attention.eval()
        assert torch.equal(attention(x), attention(x))


@torch.no_grad()
def test_whole_networks_agree_with_either_attention(history):
    fused, naive = make_network(history), make_network(history, fused=False)
    batch = queries(history, *random_queries(history))
    torch.testing.assert_close(fused(batch), naive(batch), rtol=1e-4, atol=1e-4)


def test_heads_must_divide_the_features():
    with pytest.raises(ValueError, match="no multiple"):
        MultiHeadAttention(TransformerConfig(d_model=8, n_heads=3))


def test_age_classes_rise_and_stay_in_the_table():
    classes = age_class(torch.linspace(0, 5000, 20_000))
    assert (classes.diff() >= 0).all()
    assert classes.max() == batches.N_AGES - 1
    assert age_class(torch.tensor([-3.0])).item() == 0
    for days in (1, 3, 7, 15, 31):  # 1 + days doubles from one to the next: two classes more
        assert age_class(torch.tensor(2.0 * days + 1)) == age_class(torch.tensor(float(days))) + 2


# --- No look into the future ----------------------------------------------------------------------------


def with_other_future(history, known_of, rng):
    """The same history up to each household's ``known`` events, other products from there on."""
    item = history.item.copy()
    for u, known in known_of.items():
        later = slice(known, history.start[u + 1])
        item[later] = rng.integers(history.n_items, size=len(item[later]))
    return History(history.user, item, history.basket, history.day, history.n_users, history.n_items)


@torch.no_grad()
@pytest.mark.parametrize("terms", [{}, {"behaviour": False}, {"taste": False}, {"fused": False}])
def test_later_purchases_do_not_change_an_earlier_answer(history, terms):
    network = make_network(history, **terms)
    users = np.unique(random_queries(history)[0])
    days = np.array([np.median(history.day[history.user == u]) for u in users])
    known = history.known(users, days)
    # The windows reach past the queries, as in training.
    stop = np.minimum(known + 6, history.start[users + 1])
    assert (stop > known).all()
    other = with_other_future(history, dict(zip(users, known, strict=True)), np.random.default_rng(0))
    assert (other.item != history.item).mean() > 0.05
    before = network(queries(history, users, days, stop=stop))
    after = network(queries(other, users, days, stop=stop))
    torch.testing.assert_close(before, after, rtol=0, atol=0)
    # And the test can fail: a purchase that is known does change the answer.
    changed = with_other_future(history, dict(zip(users, known - 1, strict=True)), np.random.default_rng(0))
    assert not torch.allclose(before, network(queries(changed, users, days, stop=stop)))


@torch.no_grad()
def test_padding_does_not_matter(history):
    network = make_network(history)
    users, days = random_queries(history)
    known = history.known(users, days)
    short = np.flatnonzero(known - history.start[users] <= 16)
    users, days = users[short], days[short]
    assert len(users)
    wide, narrow = queries(history, users, days), queries(history, users, days, max_length=16)
    expected = network(wide)
    torch.testing.assert_close(network(narrow), expected, rtol=1e-5, atol=1e-5)
    padding = wide.items == history.n_items
    assert padding.any()
    filled = wide._replace(
        gaps=wide.gaps.masked_fill(padding, 7), days=wide.days.masked_fill(padding, 99.0),
        items=wide.items.masked_fill(padding, 3),
    )  # fmt: skip
    torch.testing.assert_close(network(filled), expected, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_a_query_does_not_depend_on_its_batch(history):
    network = make_network(history)
    users, days = random_queries(history)
    together = network(queries(history, users, days))
    alone = torch.cat([network(queries(history, [u], [d])) for u, d in zip(users, days, strict=True)])
    torch.testing.assert_close(together, alone, rtol=1e-4, atol=1e-4)


# --- Scores ---------------------------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("terms", [{}, {"behaviour": False}, {"taste": False}, {"taste": False, "behaviour": False}])
def test_candidates_are_columns_of_the_full_scores(history, terms):
    network = make_network(history, **terms)
    batch = queries(history, *random_queries(history))
    candidates = torch.tensor([3, 5, 17, 29, 0])
    full = network(batch)
    assert full.shape == (12, history.n_items)
    assert full.dtype == torch.float32
    torch.testing.assert_close(network(batch, candidates), full[:, candidates], rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_the_score_is_the_sum_of_its_terms(history):
    network = make_network(history)
    users, days = random_queries(history, n=4)
    batch = queries(history, users, days)
    scores, vectors, pointed = network(batch), network.encode(batch), network.point(network.encode(batch), batch)
    rhythm = network.rhythm(batch.pair_features)
    kinds = network.product_kind @ network.product.weight.T
    for q in range(4):
        expected = network.popularity_weight * network.log_popularity + network.item_bias
        expected = expected + network.item.weight[:-1] @ vectors[q, batch.position[q]]
        c = torch.zeros(history.n_items)
        for j in range(int(batch.position[q]) + 1):
            c[batch.items[q, j]] += pointed[q, j]
        assert not pointed[q, int(batch.position[q]) + 1 :].any()
        expected = expected + c.log1p()
        for row in np.flatnonzero(batch.pair_query == q):
            item = batch.pair_item[row]
            expected[item] += rhythm[row] @ kinds[item]
        torch.testing.assert_close(scores[q], expected, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("terms", [{}, {"behaviour": False}, {"taste": False}])
def test_the_recommender_scores_in_the_households_order(task, terms):
    model = SequentialRecommender(make_network(task.history, **terms)).fit(task)
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


# --- Loss -----------------------------------------------------------------------------------------------


def random_targets(rng, n_queries, n_candidates):
    targets = [rng.choice(n_candidates, size=rng.integers(1, 4), replace=False) for _ in range(n_queries)]
    query = torch.as_tensor(np.repeat(np.arange(n_queries), [len(t) for t in targets]))
    return targets, query, torch.as_tensor(np.concatenate(targets))


@pytest.mark.parametrize("weighted", [False, True])
def test_loss_equals_the_slow_one(weighted):
    rng = np.random.default_rng(0)
    scores = 3 * rng.normal(size=(5, 11))
    w = rng.exponential(size=11) if weighted else np.ones(11)
    targets, query, target = random_targets(rng, 5, 11)
    loss = 0.0
    for q in range(5):
        z = sum((1 if j in targets[q] else w[j]) * math.exp(scores[q, j]) for j in range(11))
        loss -= np.mean([math.log(math.exp(scores[q, t]) / z) for t in targets[q]]) / 5
    weight = torch.as_tensor(w) if weighted else None
    assert basket_loss(torch.as_tensor(scores), query, target, weight).item() == pytest.approx(loss, rel=1e-9)


def test_loss_of_one_target_is_pytorchs_cross_entropy():
    torch.manual_seed(0)
    scores, target = torch.randn(6, 9), torch.randint(9, (6,))
    expected = torch.nn.functional.cross_entropy(scores, target)
    torch.testing.assert_close(basket_loss(scores, torch.arange(6), target), expected)


def training_batch(history):
    return TrainingSet(history, CONFIG.max_length, n_dates=3).sample(np.arange(8), np.random.default_rng(0))


def test_network_loss_is_the_full_softmax_over_the_next_baskets(history, network):
    batch = training_batch(history)
    expected = basket_loss(network(batch), batch.target_query, batch.target_item)
    torch.testing.assert_close(network.loss(batch), expected)


def test_drawing_every_product_once_is_the_full_loss(history, network, monkeypatch):
    batch = training_batch(history)
    full = network.loss(batch)
    network.n_sampled = history.n_items
    monkeypatch.setattr(transformer.torch, "randint", lambda high, size, device: torch.randperm(high)[: size[0]])
    torch.testing.assert_close(network.loss(batch), full, rtol=1e-5, atol=1e-5)


@torch.no_grad()
def test_the_sampled_denominator_is_unbiased(history, network, monkeypatch):
    batch = training_batch(history)
    scores = network(batch)
    network.n_sampled = 10
    seen = []

    def spy(scores, query, target, weight):
        log_w = weight.log().expand(len(scores), -1).clone()
        log_w[query, target] = 0
        seen.append((scores + log_w).logsumexp(dim=1).exp())
        return basket_loss(scores, query, target, weight)

    monkeypatch.setattr(transformer, "basket_loss", spy)
    torch.manual_seed(0)
    for _ in range(600):
        network.loss(batch)
    z = torch.stack(seen)
    error = (z.mean(dim=0) - scores.exp().sum(dim=1)) / (z.std(dim=0) / math.sqrt(len(z)))
    assert z.std(dim=0).min() > 0
    # Standard errors: about normal, and the queries share the draws.
    assert error.abs().max() < 4
    assert error.square().mean() < 4


# --- Training set ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("max_length", [3, 24])
def test_targets_are_the_next_basket_and_stay_unseen(history, monkeypatch, max_length):
    calls = []

    def spy(*arguments):
        calls.append((arguments, make_batch(*arguments)))
        return calls[-1][1]

    monkeypatch.setattr(batches, "make_batch", spy)
    examples = TrainingSet(history, max_length, batch_size=16, n_dates=4)
    assert len(list(examples(np.random.default_rng(0)))) == len(examples) == 4
    n_queries = 0
    for (_, users, stop, window, days, known, _, _), batch in calls:
        np.testing.assert_array_equal(batch.window, window)
        visible = batch.items[batch.window]
        for q in range(len(window)):
            user = users[window[q]]
            mine = np.flatnonzero(history.user == user)
            past, future = mine[history.day[mine] < days[q]], mine[history.day[mine] >= days[q]]
            next_basket = future[history.day[future] == history.day[future[0]]]
            targets = batch.target_item[batch.target_query == q].tolist()
            assert sorted(targets) == history.item[next_basket].tolist()
            # What the query may see: the end of what happened before its date.
            assert known[q] == past[-1] + 1
            seen = visible[q, : batch.position[q] + 1].tolist()
            assert 1 <= len(seen) <= max_length
            assert seen == history.item[past[-len(seen) :]].tolist()
            assert stop[window[q]] <= mine[-1] + 1
            pairs = batch.pair_item[batch.pair_query == q].tolist()
            assert pairs == sorted(set(history.item[past]))
            n_queries += 1
    assert n_queries > 40


def test_households_with_one_basket_are_left_out():
    def history_of(user, basket, day):
        item = np.arange(len(user)) % 2
        return History(np.array(user), item, np.array(basket), np.array(day, float), n_users=4, n_items=2)

    # Household 0 has one basket of two products, 1 has two baskets, 2 none, 3 one of one product.
    history = history_of([0, 0, 1, 1, 3], [0, 0, 1, 2, 3], [1, 1, 1, 5, 9])
    examples = TrainingSet(history, max_length=4)
    assert examples.users.tolist() == [1]
    (batch,) = examples(np.random.default_rng(0))
    assert set(batch.target_item.tolist()) == {1}
    with pytest.raises(ValueError, match="no household has two baskets"):
        TrainingSet(history_of([0, 0, 3], [0, 0, 1], [1, 1, 9]), max_length=4)


def test_windows_of_one_basket_fall_back_to_the_last_basket():
    # Two large baskets, a window of two purchases: no date within a window has a basket on both its sides.
    history = History(
        np.zeros(8, int), np.arange(8), np.repeat([0, 1], 4), np.repeat([1.0, 9.0], 4), n_users=1, n_items=8
    )
    examples = TrainingSet(history, max_length=2)
    for seed in range(20):
        (batch,) = examples(np.random.default_rng(seed))
        assert batch.target_item[batch.target_query == 0].tolist() == [4, 5, 6, 7]
        assert set(batch.items[0, : batch.position[0] + 1].tolist()) <= {0, 1, 2, 3}


def test_an_epoch_visits_each_household_once_and_depends_on_the_generator_alone(history, monkeypatch):
    examples = TrainingSet(history, max_length=24, batch_size=16, n_dates=4)

    def epoch(seed):
        return list(examples(np.random.default_rng(seed)))

    visited, sample = [], examples.sample
    monkeypatch.setattr(examples, "sample", lambda users, rng: visited.extend(users) or sample(users, rng))
    assert sum(len(batch.items) for batch in epoch(0)) == 60
    assert sorted(visited) == list(range(60))
    assert visited != sorted(visited)
    for a, b in zip(epoch(3), epoch(3), strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert not torch.equal(epoch(3)[0].items, epoch(4)[0].items)


# --- Learning -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "n_sampled"),
    [({}, None), ({}, 20), ({"behaviour": False}, None), ({"taste": False}, None)],
)
def test_it_learns_a_tiny_set_by_heart(history, terms, n_sampled):
    torch.manual_seed(0)
    network = PurchaseTransformer(history, replace(CONFIG, dropout=0.0, **terms), n_sampled=n_sampled)
    batch = training_batch(history)

    def full_loss():
        with torch.no_grad():
            return basket_loss(network(batch), batch.target_query, batch.target_item).item()

    start = full_loss()
    train(
        network, lambda rng: [batch] * 60, 60, lambda n: 0.0, progress=False,
        config=TrainingConfig(epochs=1, learning_rate=0.02, averaging=0.9, weight_decay=0),
    )  # fmt: skip
    # Rhythm alone cannot tell products apart; whoever also reads them must know nearly every basket.
    assert full_loss() < start - (0.2 if terms == {"taste": False} else 0.8)


def test_every_weight_gets_a_gradient(history):
    network = make_network(history)
    network.train().loss(training_batch(history)).backward()
    assert [name for name, p in network.named_parameters() if p.grad is None or not p.grad.any()] == []
