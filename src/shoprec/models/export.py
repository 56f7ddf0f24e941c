"""A trained network as an ONNX file, which runs without Python's torch: on a phone, in a browser, in another language.

What is exported is one pass over whole windows: products, gaps and ages in, scores out. Batch and length are free.
"""

import logging
import math
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from shoprec.formulas.arrays import Floats
from shoprec.models import library
from shoprec.models.batches import age_class
from shoprec.models.cached import Purchases
from shoprec.models.transformer import PurchaseTransformer

INPUTS = ("items", "gaps", "ages")


class WholeWindows(nn.Module):
    """A network as a function of windows without padding, all of one length; their last purchase is the query.

    Parameters
    ----------
    network : PurchaseTransformer
        Causal, with the taste term and without the behaviour term.

    Raises
    ------
    ValueError
        If the network is another one.
    """

    def __init__(self, network: PurchaseTransformer) -> None:
        super().__init__()
        config = network.config
        if not config.causal or not config.taste or config.behaviour:
            raise ValueError("only a causal network with the taste term alone is exported: behaviour=False")
        self.network = network.eval()

    def forward(self, items: Tensor, gaps: Tensor, ages: Tensor) -> Tensor:
        """Score all products, (batch, n_items), from three tables of (batch, length): products, and classes of days."""
        network, n = self.network, self.network.n_items
        x = network.item(items) + network.place.weight[: items.shape[1]] + network.gap(gaps)
        for block in network.blocks:
            x = block(x)
        x = network.norm(x)
        last = x[:, -1]
        prior = network.popularity_weight * network.log_popularity + network.item_bias
        scores = F.linear(last, network.item.weight[:n], prior)
        if network.config.pointing:
            affinity = (network.point_at(x) @ network.point_from(last)[:, :, None])[..., 0] / math.sqrt(x.shape[-1])
            strength = (affinity + network.point_age[ages]).clamp(max=20.0).exp()
            scores = scores + torch.zeros_like(scores).scatter_add(1, items, strength).log1p()
        return scores


def export(network: PurchaseTransformer, file: Path) -> Path:
    """Write a network as ONNX.

    Parameters
    ----------
    network : PurchaseTransformer
    file : Path
        Ends in ``.onnx``.
    """
    logging.getLogger("torch.onnx._internal.exporter._registration").setLevel(logging.ERROR)  # torchvision isn't there
    example = tuple(torch.zeros(2, 5, dtype=torch.long) for _ in INPUTS)
    batch = torch.export.Dim("batch", min=1, max=4096)
    length = torch.export.Dim("length", min=2, max=network.config.max_length)
    with torch.no_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's words about its own insides
        program = torch.onnx.export(
            WholeWindows(network), example, dynamo=True, verbose=False, input_names=[*INPUTS],
            output_names=["scores"], dynamic_shapes={name: {0: batch, 1: length} for name in INPUTS},
        )  # fmt: skip
    assert program is not None
    program.save(file)
    return file


class Runtime:
    """An exported network, run by ONNX Runtime on one core.

    Parameters
    ----------
    file : Path
        From :func:`export`.
    """

    def __init__(self, file: Path) -> None:
        runtime = library("onnxruntime", self)
        options = runtime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        self.session: Any = runtime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])

    def scores(self, known: Purchases, day: float) -> Floats:
        """Score all products for a household's purchases at a moment, shape (n_items,)."""
        clock = (known.days - known.days[0]).astype(np.float32)
        age = age_class(torch.as_tensor(np.float32(day - known.days[0]) - clock))
        tables = known.items, age_class(torch.as_tensor(np.array(known.gaps))).numpy(), age.numpy()
        return self.session.run(None, {name: table[None] for name, table in zip(INPUTS, tables, strict=True)})[0][0]
