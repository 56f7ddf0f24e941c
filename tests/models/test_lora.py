"""LoRA: a model that starts as it was, of which only the narrow matrices learn, and that can be merged."""

import pytest
import torch
from torch import nn
from transformers import LlamaConfig, LlamaForCausalLM

from shoprec.models.language.lora import Adapters, LoRALinear

LAYERS, WIDTH, KEYS, RANK = 3, 32, 16, 4


def tiny():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=64, hidden_size=WIDTH, intermediate_size=48, num_hidden_layers=LAYERS, num_attention_heads=4,
        num_key_value_heads=2, initializer_range=0.3,
    )  # fmt: skip
    return LlamaForCausalLM(config).eval()


@pytest.fixture
def asked():
    return torch.randint(64, (2, 9), generator=torch.Generator().manual_seed(1))


def learned(adapters):
    """Adapters as they may be after training: B isn't zero any more."""
    generator = torch.Generator().manual_seed(2)
    for layer in adapters.layers.values():
        layer.b.data = torch.randn(layer.b.shape, generator=generator) / 5
    return adapters


@torch.no_grad()
def test_at_the_start_the_model_is_what_it_was_to_the_last_bit(asked):
    before = tiny()(asked).logits
    model = tiny()
    Adapters(model, rank=RANK)
    assert torch.equal(model(asked).logits, before)


@torch.no_grad()
@pytest.mark.parametrize("bias", [False, True])
def test_a_layer_is_its_formula(bias):
    torch.manual_seed(3)
    layer = LoRALinear(nn.Linear(7, 5, bias=bias), rank=2, scale=0.5)
    layer.b.normal_()
    x = torch.randn(4, 7)
    expected = x @ (layer.base.weight + 0.5 * layer.b @ layer.a).T + (layer.base.bias if bias else 0)
    torch.testing.assert_close(layer(x), expected)
    torch.testing.assert_close(layer.merged()(x), expected)
    assert isinstance(layer.merged(), nn.Linear)


@torch.no_grad()
def test_merged_is_as_unmerged_and_other_than_before(asked):
    before, model = tiny()(asked).logits, tiny()
    adapters = learned(Adapters(model, rank=RANK))
    unmerged = model(asked).logits
    assert (unmerged - before).abs().max() > 0.1
    merged = adapters.merge()
    assert merged is model
    assert not any(isinstance(layer, LoRALinear) for layer in model.modules())
    torch.testing.assert_close(model(asked).logits, unmerged, atol=1e-4, rtol=1e-4)


def test_only_a_and_b_learn_and_they_are_as_many_as_the_formula_says(asked):
    model = tiny()
    frozen = {name: weight.clone() for name, weight in model.named_parameters()}
    adapters = Adapters(model, rank=RANK)
    optimizer = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    for _ in range(2):  # at the first step A stays, as B is zero
        optimizer.zero_grad()
        model(asked).logits.square().mean().backward()
        optimizer.step()
    moved = {name for name, weight in model.named_parameters() if weight.grad is not None}
    assert len(moved) == 2 * len(adapters.layers) == 4 * LAYERS
    assert all(name.endswith((".a", ".b")) for name in moved)
    assert all(layer.a.grad.abs().max() > 0 and layer.b.abs().max() > 0 for layer in adapters.layers.values())
    for name, weight in model.named_parameters():
        if name not in moved:
            assert torch.equal(weight, frozen[name.replace(".base.", ".")])
    expected = LAYERS * RANK * ((WIDTH + WIDTH) + (WIDTH + KEYS))  # r (m + n) for queries and for values
    assert sum(p.numel() for p in adapters.parameters()) == expected


def test_a_pattern_names_the_layers():
    model = tiny()
    adapters = Adapters(model, r"layers\.[12]\.self_attn\.[qv]_proj", rank=RANK)
    assert len(adapters.layers) == 4
    assert isinstance(model.model.layers[0].self_attn.q_proj, nn.Linear)
    assert isinstance(model.model.layers[2].self_attn.v_proj, LoRALinear)


def test_the_seed_decides_the_start_and_leaves_other_draws_alone():
    torch.manual_seed(5)
    expected = torch.rand(3)
    starts = []
    for seed in (0, 0, 1):
        model = tiny()
        torch.manual_seed(5)
        starts.append(Adapters(model, rank=RANK, seed=seed).state())
        assert torch.equal(torch.rand(3), expected)
    assert all(torch.equal(starts[0][name], starts[1][name]) for name in starts[0])
    name = "model.layers.0.self_attn.q_proj.a"
    assert not torch.equal(starts[0][name], starts[2][name])


@torch.no_grad()
def test_what_is_saved_comes_back_and_holds_no_weight_of_the_model(tmp_path, asked):
    model = tiny()
    adapters = learned(Adapters(model, rank=RANK))
    adapters.save(tmp_path / "adapters.safetensors")
    n_numbers = sum(p.numel() for p in adapters.parameters())
    assert (tmp_path / "adapters.safetensors").stat().st_size < 4 * n_numbers + 4000
    other = tiny()
    Adapters(other, rank=RANK, seed=1).load(tmp_path / "adapters.safetensors")
    assert torch.equal(other(asked).logits, model(asked).logits)


def test_what_does_not_fit_is_an_error(tmp_path):
    with pytest.raises(ValueError, match="rank is 6; a layer of 5 × 7 has at most 5"):
        LoRALinear(nn.Linear(7, 5), rank=6)
    model = tiny()
    adapters = Adapters(model, rank=RANK)
    for pattern in ("[qv]_proj", "no_such_layer", "mlp"):
        with pytest.raises(ValueError, match="no linear layers"):
            Adapters(model, pattern)
    with pytest.raises(ValueError, match="another rank"):
        Adapters(tiny(), rank=2).restore(adapters.state())


def test_a_layer_of_sixteen_bits_keeps_its_type_and_its_matrices_keep_their_32():
    layer = LoRALinear(nn.Linear(7, 5).bfloat16(), rank=2)
    assert layer(torch.ones(1, 7, dtype=torch.bfloat16)).dtype == torch.bfloat16
    assert layer.a.dtype == layer.b.dtype == torch.float32
    assert layer.merged().weight.dtype == torch.bfloat16
