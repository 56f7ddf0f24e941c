r"""LoRA: fine-tuning that leaves all weights as they are and learns a small matrix beside some of them.

A linear layer :math:`\mathbf{W}` of shape :math:`m \times n` becomes

.. math:: \mathbf{y} = \mathbf{W} \mathbf{x} + \gamma \, \mathbf{B} \mathbf{A} \mathbf{x}

with :math:`\mathbf{A}` of shape :math:`r \times n` and :math:`\mathbf{B}` of shape :math:`m \times r`. Only these two
learn, :math:`r (m + n)` numbers instead of :math:`m n`. :math:`\mathbf{B}` starts at zero, so that the model starts as
it was.
"""

import re
from pathlib import Path
from typing import Self

import torch
from safetensors.torch import load_file, save_file
from torch import nn

from shoprec.formulas.arrays import whole


class LoRALinear(nn.Module):
    r"""A linear layer that stays as it is, and a product of two narrow matrices that learns beside it.

    Parameters
    ----------
    base : Linear
        Frozen from now on.
    rank : int
        Rows of A and columns of B, at most the smaller side of the layer.
    scale : float
        :math:`\gamma`, the weight of the product, where the paper writes :math:`\alpha / r`.

    Raises
    ------
    ValueError
        If the rank is out of range.

    Examples
    --------
    >>> layer = LoRALinear(nn.Linear(6, 4), rank=2)
    >>> x = torch.ones(1, 6)
    >>> torch.equal(layer(x), layer.base(x)), sum(p.numel() for p in layer.parameters() if p.requires_grad)
    (True, 20)

    References
    ----------
    Hu et al. (2022), *LoRA: Low-rank adaptation of large language models*.
    """

    def __init__(self, base: nn.Linear, rank: int = 8, scale: float = 2.0) -> None:
        super().__init__()
        m, n = base.weight.shape
        if whole(rank, "rank") > min(m, n):
            raise ValueError(f"rank is {rank}; a layer of {m} × {n} has at most {min(m, n)}")
        self.base = base.requires_grad_(False)
        self.a = nn.Parameter(torch.randn(rank, n, device=base.weight.device) / n**0.5)
        self.b = nn.Parameter(torch.zeros(m, rank, device=base.weight.device))
        self.scale = scale

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Rows of n numbers to rows of m; A and B compute in 32 bits, whatever the layer does."""
        beside = x.to(self.a.dtype) @ self.a.T @ self.b.T  # (…, n) → (…, rank) → (…, m)
        return self.base(x) + (self.scale * beside).to(x.dtype)

    def merged(self) -> nn.Linear:
        """One plain layer that computes the same, as fast as before."""
        m, n = self.base.weight.shape
        plain = nn.Linear(n, m, self.base.bias is not None).to(self.base.weight)
        plain.load_state_dict(self.base.state_dict())
        plain.weight.data += (self.scale * self.b @ self.a).to(plain.weight.dtype)
        return plain


class Adapters:
    """The LoRA layers of a model, put where some of its linear layers were; all else in it is frozen.

    Parameters
    ----------
    model : Module
        Changed in place.
    pattern : str
        Regular expression that the names of the layers end in, by default the projections to queries and to values.
    rank, scale
        See :class:`LoRALinear`.
    seed : int
        Of the start of A.

    Raises
    ------
    ValueError
        If the model has no such layer, or has adapters.
    """

    def __init__(
        self,
        model: nn.Module,
        pattern: str = r"[qv]_proj",
        rank: int = 8,
        scale: float = 2.0,
        seed: int = 0,
    ) -> None:
        matching = {name: layer for name, layer in model.named_modules() if re.search(f"{pattern}$", name)}
        found = {name: layer for name, layer in matching.items() if isinstance(layer, nn.Linear)}
        if not found or len(found) < len(matching):
            raise ValueError(
                f"{pattern!r} matches no linear layers of this model, or others, or it has adapters already"
            )
        model.requires_grad_(False)
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.layers = {name: LoRALinear(layer, rank, scale) for name, layer in found.items()}
        self.model = model
        self._put(self.layers)

    def parameters(self) -> list[nn.Parameter]:
        """What learns: A and B of each layer."""
        return [matrix for layer in self.layers.values() for matrix in (layer.a, layer.b)]

    def state(self) -> dict[str, torch.Tensor]:
        """A copy of each A and B by name."""
        named = {f"{name}.{m}": getattr(layer, m) for name, layer in self.layers.items() for m in ("a", "b")}
        return {name: matrix.detach().cpu().clone() for name, matrix in named.items()}

    @torch.no_grad()
    def restore(self, state: dict[str, torch.Tensor]) -> Self:
        """Bring every A and B to what :meth:`state` gave.

        Raises
        ------
        ValueError
            If the names or shapes are those of another model or rank.
        """
        if {k: v.shape for k, v in state.items()} != {k: v.shape for k, v in self.state().items()}:
            raise ValueError("these adapters belong to another model, or have another rank")
        for name, layer in self.layers.items():
            layer.a.copy_(state[f"{name}.a"])
            layer.b.copy_(state[f"{name}.b"])
        return self

    def save(self, file: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Write every A and B to a file, and nothing of the model itself."""
        save_file({name: matrix.to(dtype) for name, matrix in self.state().items()}, file)

    def load(self, file: str | Path) -> Self:
        """Read what :meth:`save` wrote; errors as in :meth:`restore`."""
        return self.restore(load_file(file))

    def merge(self) -> nn.Module:
        """The model with plain layers again, into which the adapters have been added."""
        self._put({name: layer.merged() for name, layer in self.layers.items()})
        return self.model

    def _put(self, layers: dict[str, LoRALinear] | dict[str, nn.Linear]) -> None:
        for name, layer in layers.items():
            parent, _, last = name.rpartition(".")
            setattr(self.model.get_submodule(parent), last, layer)
