"""One block under two masks, [MASK] and what it hides, and Hugging Face's models in our blocks' place."""

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
import torch.nn.functional as F
from networks import make_network, make_task
from torch._subclasses.fake_tensor import FakeTensorMode

from shoprec.evaluation import evaluate
from shoprec.models.backbones import BinaryTransformer, huggingface_backbone
from shoprec.models.batches import Batch, ClozeSet, TrainingSet, append_mask, hide, make_batch
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import (
    MultiHeadAttention,
    PurchaseTransformer,
    TransformerBlock,
    TransformerConfig,
    attention_maps,
)
from shoprec.training.device import pick_device
from shoprec.training.loop import TrainingConfig, train
from shoprec.training.losses import bce_loss

CAUSAL = TransformerConfig(d_model=8, n_heads=2, max_length=16, dropout=0.0, behaviour=False)
CLOZE = replace(CAUSAL, causal=False)
BOTH = pytest.mark.parametrize("config", [CAUSAL, CLOZE], ids=["causal", "cloze"])


@pytest.fixture(scope="module")
def task():
    return make_task()


@pytest.fixture(scope="module")
def history(task):
    return task.history


def windows(history, users=(0, 1, 2, 3), length=15):
    """Ends of histories, with one query each."""
    users = np.asarray(users)
    stop = history.start[users + 1]
    days = history.day[stop - 1] + 2.0
    return make_batch(history, users, stop, np.arange(len(users)), days, stop, length, behaviour=False)


# --- The block ------------------------------------------------------------------------------------------


@torch.no_grad()
@pytest.mark.parametrize("fused", [True, False])
def test_the_mask_is_all_that_differs(fused):
    torch.manual_seed(0)
    causal = TransformerBlock(replace(CAUSAL, fused=fused)).eval()
    cloze = TransformerBlock(replace(CLOZE, fused=fused)).eval()
    cloze.load_state_dict(causal.state_dict())
    x = torch.randn(1, 9, 8)
    changed = x.clone()
    changed[0, 5] += torch.randn(8)
    moved = [(block(changed) - block(x))[0].abs().amax(dim=1) for block in (causal, cloze)]
    assert moved[0][:5].max() < 1e-6
    assert moved[0][5:].min() > 1e-5
    assert moved[1].min() > 1e-5
    # The last position sees everything either way.
    torch.testing.assert_close(causal(x)[:, -1], cloze(x)[:, -1])


@torch.no_grad()
@pytest.mark.parametrize("fused", [True, False])
def test_cloze_attention_equals_pytorchs(fused):
    torch.manual_seed(0)
    ours = MultiHeadAttention(replace(CLOZE, fused=fused)).eval()
    theirs = torch.nn.MultiheadAttention(8, 2, batch_first=True).eval()
    theirs.in_proj_weight.copy_(ours.qkv.weight)
    theirs.in_proj_bias.copy_(ours.qkv.bias)
    theirs.out_proj.load_state_dict(ours.out.state_dict())
    x, visible = torch.randn(3, 7, 8), torch.arange(7) < torch.tensor([[7], [4], [1]])
    expected, _ = theirs(x, x, x, key_padding_mask=~visible, need_weights=False)
    torch.testing.assert_close(ours(x, visible), expected)
    torch.testing.assert_close(ours(x), theirs(x, x, x, need_weights=False)[0])


@torch.no_grad()
@BOTH
def test_maps_are_the_weights_that_make_the_output(history, config):
    network = make_network(history, config)
    batch = windows(history) if config.causal else append_mask(windows(history), history.n_items)
    before = network.encode(batch)
    maps = attention_maps(network, batch)
    assert maps.shape == (2, 4, 2, 15 + (not config.causal), 15 + (not config.causal))
    torch.testing.assert_close(maps.sum(dim=-1), torch.ones(maps.shape[:-1]))
    # The first layer's weights, times its values, are its fused output.
    block = network.blocks[0]
    assert block.attention.fused
    x = network.item(batch.items) + network.place.weight[: batch.items.shape[1]] + network.gap(batch.gaps)
    values = block.attention.qkv(block.norm1(x))[..., 16:].view(4, -1, 2, 4).transpose(1, 2)
    mixed = (maps[0] @ values).transpose(1, 2).reshape(x.shape)
    visible = batch.items != history.n_items
    torch.testing.assert_close(block.attention.out(mixed), block.attention(block.norm1(x), visible))
    torch.testing.assert_close(network.encode(batch), before)


def test_pointing_and_behaviour_can_be_left_out(history):
    network = make_network(history, replace(CAUSAL, pointing=False))
    assert not [name for name, _ in network.named_parameters() if "point" in name]
    with pytest.raises(ValueError, match="set behaviour=False"):
        PurchaseTransformer(history, replace(CLOZE, behaviour=True))


# --- [MASK] ---------------------------------------------------------------------------------------------


def test_mask_stands_behind_the_last_purchase(history):
    plain = windows(history)
    batch = append_mask(plain, history.n_items)
    for q in range(4):
        end = int(plain.position[q]) + 1
        assert batch.items[q, :end].tolist() == plain.items[q, :end].tolist()
        assert batch.items[q, end] == history.n_items + 1
        assert set(batch.items[q, end + 1 :].tolist()) <= {history.n_items}
        assert batch.position[q] == end
        assert batch.days[q, end] == batch.day[q]
        assert batch.gaps[q, end] == 3  # two days


def test_hidden_purchases_are_asked_for(history):
    batch = append_mask(windows(history), history.n_items)
    chosen = torch.rand(batch.items.shape, generator=torch.Generator().manual_seed(0)) < 0.3
    hidden = hide(batch, chosen, history.n_items)
    row, place = torch.nonzero(chosen & (batch.items < history.n_items), as_tuple=True)
    assert len(row) > 5
    assert len(hidden.window) == 4 + len(row)
    for q, (w, j) in enumerate(zip(row, place, strict=True), start=4):
        assert (hidden.window[q], hidden.position[q]) == (w, j)
        assert hidden.items[w, j] == history.n_items + 1
        assert hidden.target_item[hidden.target_query == q].tolist() == [batch.items[w, j]]
        assert hidden.day[q] == batch.days[w, j]
    rest = ~chosen | (batch.items >= history.n_items)
    assert torch.equal(hidden.items[rest], batch.items[rest])


def test_cloze_examples_end_before_the_basket_that_they_ask_for(history):
    examples = ClozeSet(history, 16, share=0.0, batch_size=20)
    baskets = {
        (u, b): sorted(history.item[(history.user == u) & (history.basket == b)])
        for u, b in set(zip(history.user, history.basket, strict=True))
    }
    rng = np.random.default_rng(0)
    for users in (np.arange(20), np.arange(20, 40)):
        batch = examples.sample(users, rng)
        for q, user in enumerate(users):
            targets = sorted(batch.target_item[batch.target_query == q].tolist())
            seen = batch.items[q, : batch.position[q]].tolist()
            fitting = [
                b for (u, b), items in baskets.items() if u == user and items == targets
                and history.item[: history.basket_start[b]][-len(seen) :].tolist() == seen
            ]  # fmt: skip
            assert fitting, "targets are the basket right after what is seen"


@torch.no_grad()
def test_what_is_hidden_does_not_reach_the_answer(history):
    network = make_network(history, CLOZE)
    batch = append_mask(windows(history), history.n_items)
    chosen = torch.zeros(batch.items.shape, dtype=torch.bool)
    chosen[:, 2] = True
    other = batch._replace(items=batch.items.clone())
    other.items[:, 2] = (other.items[:, 2] + 1) % history.n_items
    answers = [network(hide(b, chosen, history.n_items)) for b in (batch, other)]
    torch.testing.assert_close(*answers, rtol=0, atol=0)
    assert not torch.allclose(network(batch), network(other))


@torch.no_grad()
@pytest.mark.parametrize("hugging_face", [False, True])
def test_padding_does_not_matter_to_a_cloze_network(history, hugging_face):
    backbone = huggingface_backbone(CLOZE).eval() if hugging_face else None
    network = make_network(history, CLOZE, backbone=backbone)
    batch = append_mask(windows(history, length=9), history.n_items)
    wide = batch._replace(
        items=F.pad(batch.items, (0, 4), value=history.n_items), gaps=F.pad(batch.gaps, (0, 4), value=5),
        days=F.pad(batch.days, (0, 4), value=77.0),
    )  # fmt: skip
    torch.testing.assert_close(network(wide), network(batch), rtol=1e-4, atol=1e-4)


# --- Backbones ------------------------------------------------------------------------------------------


class Halves(torch.nn.Module):
    """A backbone that halves what it is given, and writes down what it is called with."""

    def __init__(self):
        super().__init__()
        self.scale, self.calls = torch.nn.Parameter(torch.tensor(0.5)), []

    def forward(self, x, visible=None):
        self.calls.append((x, visible))
        return x * self.scale


@BOTH
def test_a_backbone_takes_the_place_of_the_blocks(history, config):
    backbone = Halves()
    network = PurchaseTransformer(history, replace(config, n_layers=3), backbone=backbone).eval()
    assert list(network.blocks) == [backbone]
    batch = windows(history) if config.causal else append_mask(windows(history), history.n_items)
    encoded = network.encode(batch)
    ((x, visible),) = backbone.calls
    torch.testing.assert_close(encoded, network.norm(x / 2))
    assert torch.equal(visible, batch.items != history.n_items)
    before = network(batch)
    with torch.no_grad():
        backbone.scale.fill_(0.0)
    assert not torch.allclose(before, network(batch))
    network(batch).square().sum().backward()
    assert backbone.scale.grad is not None


def test_the_package_does_not_load_transformers():
    code = "import sys, shoprec.models.backbones; sys.exit('transformers' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@torch.no_grad()
def test_gpt2_with_our_weights_is_our_blocks():
    torch.manual_seed(0)
    blocks = [TransformerBlock(CAUSAL).eval() for _ in range(2)]
    gpt2 = huggingface_backbone(CAUSAL).eval().model
    gpt2.wpe.weight.zero_()
    for ours, theirs in zip(blocks, gpt2.h, strict=True):
        theirs.mlp.act = torch.nn.GELU()  # GPT-2's own is an approximation
        theirs.ln_1.load_state_dict(ours.norm1.state_dict())
        theirs.ln_2.load_state_dict(ours.norm2.state_dict())
        for mine, other in (
            (ours.attention.qkv, theirs.attn.c_attn), (ours.attention.out, theirs.attn.c_proj),
            (ours.feed_forward[0], theirs.mlp.c_fc), (ours.feed_forward[2], theirs.mlp.c_proj),
        ):  # fmt: skip
            other.weight.copy_(mine.weight.T)
            other.bias.copy_(mine.bias)
    x = torch.randn(2, 7, 8)
    y = F.layer_norm(blocks[1](blocks[0](x)), (8,))
    torch.testing.assert_close(gpt2(inputs_embeds=x).last_hidden_state, y, rtol=1e-4, atol=1e-5)


@torch.no_grad()
@BOTH
def test_backbones_see_what_they_should(config):
    torch.manual_seed(0)
    backbone = huggingface_backbone(config).eval()
    x = torch.randn(1, 9, 8)
    changed = x.clone()
    changed[0, 5] += torch.randn(8)
    moved = (backbone(changed) - backbone(x))[0].abs().amax(dim=1)
    assert moved[5:].min() > 0
    assert (moved[:5].max() < 1e-6) == config.causal


@BOTH
@pytest.mark.parametrize("hugging_face", [False, True])
def test_every_combination_trains_and_recommends(task, config, hugging_face):
    torch.manual_seed(0)
    backbone = huggingface_backbone(config) if hugging_face else None
    device = pick_device()
    network = PurchaseTransformer(task.history, config, n_sampled=20, backbone=backbone).to(device)
    kind = TrainingSet if config.causal else ClozeSet
    examples = kind(task.history, config.max_length, batch_size=20, device=device)
    log = train(network, examples, len(examples), lambda n: 0.0, TrainingConfig(epochs=1), progress=False)
    assert np.isfinite(log["loss"]).all()
    model = SequentialRecommender(network).fit(task)
    scores = model.score(task.households)
    assert scores.shape == (len(task.households), len(task.items))
    assert np.isfinite(scores).all()
    assert np.ptp(scores, axis=0).max() > 0.01
    assert len(evaluate(model, task).ranked) == len(task.households)


# --- Binary losses --------------------------------------------------------------------------------------


def test_binary_loss_equals_the_slow_one(history, monkeypatch):
    network = make_network(history, CAUSAL, BinaryTransformer, n_sampled=6, n_negatives=3)
    batch = TrainingSet(history, 16, behaviour=False).sample(np.arange(8), np.random.default_rng(0))
    pool = torch.tensor([3, 5, 5, 17, 29, 0])
    picks = torch.randint(6, (len(batch.target_item), 3))
    draws = iter([pool, picks])
    monkeypatch.setattr(torch, "randint", lambda *args, **kwargs: next(draws))
    loss = network.loss(batch)
    scores = network(batch)
    positive, negative = [], []
    for row, (q, item) in enumerate(zip(batch.target_query, batch.target_item, strict=True)):
        basket = batch.target_item[batch.target_query == q].tolist()
        drawn = [int(pool[j]) for j in picks[row]]
        positive.append(scores[q, item])
        negative.append(torch.stack([scores[q, j] if j not in basket else torch.tensor(-np.inf) for j in drawn]))
    assert torch.isinf(torch.stack(negative)).any()
    torch.testing.assert_close(loss, bce_loss(torch.stack(positive), torch.stack(negative)), rtol=1e-4, atol=1e-5)


def test_without_a_pool_negatives_come_from_all_products(history, monkeypatch):
    batch = TrainingSet(history, 16, behaviour=False).sample(np.arange(8), np.random.default_rng(0))
    drawn = torch.randint(history.n_items, (len(batch.target_item), 3))
    losses = []
    for n_sampled, draws in ((None, [drawn]), (history.n_items, [torch.arange(history.n_items), drawn])):
        network = make_network(history, CAUSAL, BinaryTransformer, n_sampled=n_sampled, n_negatives=3)
        given = iter(draws)
        monkeypatch.setattr(torch, "randint", lambda *args, given=given, **kwargs: next(given))
        losses.append(network.loss(batch))
        monkeypatch.undo()
    torch.testing.assert_close(*losses, rtol=1e-5, atol=1e-6)


def test_without_a_pool_no_shape_depends_on_the_data(history):
    batch = TrainingSet(history, 16, behaviour=False).sample(np.arange(8), np.random.default_rng(0))
    with FakeTensorMode() as fake:
        network = BinaryTransformer(history, CAUSAL, n_sampled=None).train()
        network.loss(Batch(*map(fake.from_tensor, batch))).backward()
        assert network.item.weight.grad.shape == network.item.weight.shape


def test_calibration_lowers_the_weight_of_positives(history):
    assert BinaryTransformer(history, CAUSAL, n_negatives=3).beta == 1.0
    assert BinaryTransformer(history, CAUSAL, n_negatives=3, t=1.0).beta == pytest.approx(3 / 39)
