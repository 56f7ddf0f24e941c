"""The Transformer: its parts against PyTorch's own, its loss against loops, and no look into the future."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from networks import CONFIG, make_network, make_task, queries, random_queries
from torch._subclasses.fake_tensor import DynamicOutputShapeException, FakeTensorMode
from torch.utils._python_dispatch import TorchDispatchMode

from shoprec.models import transformer
from shoprec.models.batches import Batch, TrainingSet, age_class
from shoprec.models.transformer import MultiHeadAttention, PurchaseTransformer, TransformerBlock, TransformerConfig
from shoprec.tasks import History
from shoprec.training.device import compile_modules, pick_device
from shoprec.training.loop import TrainingConfig, train
from shoprec.training.losses import basket_loss


@pytest.fixture(scope="module")
def history():
    return make_task().history


@pytest.fixture
def network(history):
    return make_network(history)


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
    fused, naive = make_network(history), make_network(history, replace(CONFIG, fused=False))
    batch = queries(history, *random_queries(history))
    torch.testing.assert_close(fused(batch), naive(batch), rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("fused", [True, False])
def test_a_causal_layer_asks_for_no_mask(monkeypatch, fused):
    # FlashAttention, the fastest on CUDA, takes none.
    calls = []
    plain = F.scaled_dot_product_attention

    def spy(q, k, v, mask, p, is_causal):
        calls.append((mask, is_causal))
        return plain(q, k, v, mask, p, is_causal)

    monkeypatch.setattr(F, "scaled_dot_product_attention", spy)
    visible = torch.ones(2, 5, dtype=torch.bool)
    MultiHeadAttention(replace(CONFIG, fused=fused))(torch.randn(2, 5, 8), visible)
    assert calls == ([(None, True)] if fused else [])


@pytest.mark.parametrize("fused", [True, False])
def test_compiled_blocks_are_the_blocks(fused):
    torch.manual_seed(0)
    config = replace(CONFIG, fused=fused, dropout=0.0)
    plain, compiled = TransformerBlock(config), TransformerBlock(config)
    compiled.load_state_dict(plain.state_dict())
    assert compile_modules([compiled], torch.device("cpu"), backend="eager")
    for length in (5, 7):  # another shape is compiled anew
        x = torch.randn(3, length, 8, requires_grad=True)
        torch.testing.assert_close(compiled(x), plain(x))
        torch.testing.assert_close(*(torch.autograd.grad(b(x).square().sum(), x)[0] for b in (compiled, plain)))
    assert compiled.state_dict().keys() == plain.state_dict().keys()


# --- Settings -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["d_model", "n_heads", "n_layers", "max_length", "d_product"])
@pytest.mark.parametrize("value", [-1, 1.5, True, "8", None])
def test_sizes_are_whole_numbers(name, value):
    with pytest.raises(ValueError, match=f"{name} is .*; pass a whole number, at least"):
        TransformerConfig(**{name: value})


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"d_model": 0}, "d_model is 0; pass a whole number, at least 1"),
        ({"d_model": 8, "n_heads": 3}, "d_model 8 is no multiple of n_heads 3"),
        ({"dropout": 1.0}, "dropout is a share of at least 0 and below 1, not 1.0"),
        ({"dropout": -0.1}, "dropout is a share"),
        ({"dropout": math.nan}, "dropout is a share"),
        ({"taste": "no"}, "taste must be True or False, not 'no'"),
        ({"pointing": 1}, "pointing must be True or False, not 1"),
        ({"causal": False}, "no behaviour term; set behaviour=False"),
        ({"causal": False, "behaviour": False, "taste": False}, "set taste=True or causal=True"),
        ({"causal": False, "behaviour": False, "max_length": 1}, r"\[MASK\] takes one place.*; set 2 or more"),
    ],
)
def test_what_cannot_work_is_refused(settings, message):
    with pytest.raises(ValueError, match=message):
        TransformerConfig(**settings)


def test_the_smallest_settings_work(history):
    for settings in ({"max_length": 1}, {"max_length": 1, "n_layers": 0}):
        network = make_network(history, replace(CONFIG, **settings))
        batch = TrainingSet(history, 1).sample(np.arange(8), np.random.default_rng(0))
        assert torch.isfinite(network.loss(batch))
    two = make_network(history, replace(CONFIG, causal=False, behaviour=False, max_length=2))
    assert two.config.max_length == 2
    assert np.int64(8) == TransformerConfig(d_model=np.int64(8)).d_model


def test_products_start_from_vectors_that_are_given(history, network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    vectors = np.random.default_rng(0).normal(2, 5, (history.n_items, network.config.d_model)).astype("float32")
    network.start_from(vectors, spread=0.1)
    items = network.item.weight.detach().numpy()
    assert items[:-1].std() == pytest.approx(0.1, rel=1e-5)
    np.testing.assert_allclose(items[:-1] / items[0, 0], vectors / vectors[0, 0], rtol=1e-4)
    np.testing.assert_array_equal(items[-1], before["item.weight"][-1])  # the padding
    others = {name: value for name, value in network.state_dict().items() if name != "item.weight"}
    assert all(torch.equal(value, before[name]) for name, value in others.items())
    for wrong in (vectors[1:], vectors[:, 1:], np.ones_like(vectors)):
        with pytest.raises(ValueError, match="must have the shape"):
            network.start_from(wrong)


def test_a_network_and_its_batches_must_fit(history, network):
    with pytest.raises(ValueError, match="hold 30 purchases, the network has places for 24; make both"):
        network(queries(history, *random_queries(history), max_length=30))
    bare = TrainingSet(history, CONFIG.max_length, behaviour=False).sample(np.arange(8), np.random.default_rng(0))
    with pytest.raises(ValueError, match="no behaviour features; make it with behaviour=True"):
        network(bare)
    for n_sampled in (0, -5, 2.5):
        with pytest.raises(ValueError, match="pass a whole number, at least 1"):
            PurchaseTransformer(history, CONFIG, n_sampled)
    with pytest.raises(ValueError, match="leave out backbone or set taste=True"):
        PurchaseTransformer(history, replace(CONFIG, taste=False), backbone=torch.nn.Identity())


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
    network = make_network(history, replace(CONFIG, **terms))
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
def test_padding_does_not_matter(history, network):
    batch = queries(history, *random_queries(history), max_length=16)
    wide = batch._replace(
        items=F.pad(batch.items, (0, 8), value=3), gaps=F.pad(batch.gaps, (0, 8), value=7),
        days=F.pad(batch.days, (0, 8), value=99.0),
    )  # fmt: skip
    torch.testing.assert_close(network(wide), network(batch), rtol=1e-5, atol=1e-5)


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
    network = make_network(history, replace(CONFIG, **terms))
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


# --- Loss -----------------------------------------------------------------------------------------------


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


# --- The same, and cheaper ------------------------------------------------------------------------------


def plain_scores(network, batch, candidates):
    """The formulas as they stand, whatever that costs."""
    config, length = network.config, batch.items.shape[1]
    prior = network.popularity_weight * network.log_popularity + network.item_bias
    scores = prior[candidates].expand(len(batch.window), -1)
    if config.taste:
        x, seen = network.encode(batch), torch.arange(length) <= batch.position[:, None]
        scores = scores + x[batch.window, batch.position] @ network.item.weight[candidates].T
        affinity = network.point_from(x) @ network.point_at(x).transpose(1, 2) / math.sqrt(config.d_model)
        age = age_class(batch.day[:, None] - batch.days[batch.window])
        logits = affinity[batch.window, batch.position] + network.point_age[age]
        weight = torch.where(seen, logits.clamp(max=20).exp(), 0.0)
        bought = batch.items[batch.window][:, :, None] == candidates  # (n_queries, length, n_candidates)
        scores = scores + (weight[:, :, None] * bought).sum(dim=1).log1p()
    if config.behaviour:
        value = (network.rhythm(batch.pair_features) * network.product(network.product_kind)[batch.pair_item]).sum(1)
        pairs = (batch.pair_query, batch.pair_item)
        scores = scores + torch.zeros(len(scores), network.n_items).index_put(pairs, value)[:, candidates]
    return scores


@pytest.mark.parametrize("candidates", [None, [3, 5, 17, 29, 0]], ids=["all", "some"])
@pytest.mark.parametrize("terms", [{}, {"behaviour": False}, {"taste": False}])
def test_scores_and_gradients_equal_the_plain_ones(history, terms, candidates):
    network, batch = make_network(history, replace(CONFIG, **terms)), training_batch(history)
    chosen = None if candidates is None else torch.tensor(candidates)
    ours = network(batch, chosen)
    plain = plain_scores(network, batch, torch.arange(network.n_items) if chosen is None else chosen)
    torch.testing.assert_close(ours, plain, rtol=1e-6, atol=1e-6)
    parameters = list(network.parameters())
    gradients = [torch.autograd.grad(s.square().mean(), parameters, allow_unused=True) for s in (ours, plain)]
    for mine, other in zip(*gradients, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-5, atol=1e-6)


class Operations(TorchDispatchMode):
    """Writes down the name of each operation."""

    def __init__(self):
        super().__init__()
        self.names = set()

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        self.names.add(func.overloadpacket.__name__)
        return func(*args, **(kwargs or {}))


def test_no_indexing_with_a_slow_backward_pass(history, network):
    batch, slow = training_batch(history), {"index", "index_put", "_index_put_impl_", "index_put_"}
    with Operations() as seen:
        network(batch).square().mean().backward()
    assert "index_select" in seen.names
    assert not slow & seen.names
    with Operations() as seen:  # and the test can fail
        plain_scores(network, batch, torch.arange(network.n_items)).square().mean().backward()
    assert slow & seen.names


def test_no_shape_depends_on_the_data(history):
    """Else a GPU would be waited for in every step. Fake tensors know shapes alone, so they can't answer."""
    batch = training_batch(history)
    with FakeTensorMode() as fake:
        network = PurchaseTransformer(history, CONFIG).train()
        pretended = Batch(*map(fake.from_tensor, batch))
        scores = network(pretended)
        assert scores.shape == (len(batch.window), history.n_items)
        network.loss(pretended).backward()
        sampled = PurchaseTransformer(history, CONFIG, n_sampled=8)
        with pytest.raises(DynamicOutputShapeException):  # how many different products are there?
            sampled.loss(pretended)


def test_all_products_are_not_copied(history, network):
    table = network._of(None, network.item.weight)
    assert table.data_ptr() == network.item.weight.data_ptr()
    assert table.shape == (history.n_items, CONFIG.d_model)


# --- Learning -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "n_sampled"),
    [({}, None), ({}, 20), ({"behaviour": False}, None), ({"taste": False}, None)],
)
def test_it_learns_a_tiny_set_by_heart(history, terms, n_sampled):
    torch.manual_seed(0)
    device = pick_device()
    network = PurchaseTransformer(history, replace(CONFIG, dropout=0.0, **terms), n_sampled=n_sampled).to(device)
    batch = training_batch(history).to(device)

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


def test_the_device_at_hand_gives_the_same_loss_and_gradients(history):
    batch, device = training_batch(history), pick_device()
    here, there = make_network(history), make_network(history).to(device)
    losses = here.loss(batch), there.loss(batch.to(device)).cpu()
    torch.testing.assert_close(*losses, rtol=1e-4, atol=1e-4)
    for loss in losses:
        loss.backward()
    for mine, other in zip(here.parameters(), there.parameters(), strict=True):
        torch.testing.assert_close(mine.grad, other.grad.cpu(), rtol=1e-3, atol=1e-4)
