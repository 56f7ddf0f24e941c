"""Operations of training: the formula against what PyTorch counts, call by call."""

import numpy as np
import pytest
import torch
from networks import make_task
from torch.utils.flop_counter import FlopCounterMode

from shoprec.formulas.compute import forward_flops, training_flops
from shoprec.models.batches import TrainingSet
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig


@pytest.mark.parametrize("pointing", [False, True])
@pytest.mark.parametrize(("d", "layers"), [(8, 0), (8, 1), (12, 3)])
def test_the_formula_counts_what_pytorch_counts(pointing, d, layers):
    history = make_task().history
    # Written out: the fused attention computes its weights a second time on the way back, which is no training.
    config = TransformerConfig(d, n_layers=layers, max_length=6, behaviour=False, pointing=pointing, fused=False)
    network = PurchaseTransformer(history, config)
    batch = next(TrainingSet(history, 6, batch_size=5, n_dates=3, behaviour=False)(np.random.default_rng(0)))
    sizes = (d, layers, *batch.items.shape, len(batch.window), history.n_items, pointing)
    with FlopCounterMode(display=False) as forward:
        loss = network.loss(batch)
    assert sum(forward_flops(*sizes).values()) == forward.get_total_flops()
    with FlopCounterMode(display=False) as backward:
        loss.backward()
    assert training_flops(*sizes) == forward.get_total_flops() + backward.get_total_flops()


def test_the_parts_grow_as_they_should():
    sizes = {"d": 8, "n_layers": 2, "n_windows": 3, "length": 10, "n_queries": 4, "n_items": 50}
    base = forward_flops(**sizes)
    wide, long = forward_flops(**sizes | {"d": 16}), forward_flops(**sizes | {"length": 20})
    many = forward_flops(**sizes | {"n_items": 100})
    assert wide == {"blocks": 4 * base["blocks"], "attention": 2 * base["attention"], "softmax": 2 * base["softmax"]}
    assert long == {"blocks": 2 * base["blocks"], "attention": 4 * base["attention"], "softmax": base["softmax"]}
    assert many == base | {"softmax": 2 * base["softmax"]}
    assert base["blocks"] == 2 * 12 * 8**2 * 2 * 30  # twice the weights of the blocks' matrices, for each place


@pytest.mark.parametrize("wrong", [{"d": 0}, {"length": 1.5}, {"n_layers": -1}])
def test_sizes_that_are_none_are_refused(wrong):
    sizes = {"d": 8, "n_layers": 2, "n_windows": 3, "length": 10, "n_queries": 4, "n_items": 50}
    with pytest.raises(ValueError, match=next(iter(wrong))):
        forward_flops(**sizes | wrong)


def test_the_weights_of_the_blocks_are_twelve_d_squared():
    history = make_task().history
    network = PurchaseTransformer(history, TransformerConfig(8, n_layers=3, behaviour=False))
    assert sum(p.numel() for p in network.blocks.parameters() if p.ndim > 1) == 12 * 8**2 * 3
    assert torch.is_tensor(network.item.weight)
