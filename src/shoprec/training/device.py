"""Where to compute: CUDA, Apple's MPS or the CPU, chosen once and named in the output, and how much there."""

import os
import platform
import warnings
from collections.abc import Iterable
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import torch


class Scale(NamedTuple):
    """How much to train: what one CPU core learns within a chapter's time, or what a GPU learns in it.

    Attributes
    ----------
    d_model, max_length : int
        Width of the network, and purchases in its window.
    n_sampled : int or None
        Products drawn for the softmax; None for all.
    learning_rate : float
        At its peak.
    batch_size, passes : int
        Households per batch, and how often an epoch visits each.
    """

    d_model: int
    max_length: int
    n_sampled: int | None
    learning_rate: float
    batch_size: int = 32
    passes: int = 1


#: On a GPU a small step takes as long as a large one: it waits for the launches, about 10 ms. A batch eight times as
#: large gives it arithmetic to do, and eight passes an epoch keep the number of steps.
GPU = Scale(d_model=128, max_length=256, n_sampled=None, learning_rate=1e-3, batch_size=256, passes=8)


def scale_for(device: "torch.device", otherwise: Scale) -> Scale:
    """:data:`GPU` on CUDA, and elsewhere the scale given.

    Parameters
    ----------
    device : torch.device
    otherwise : Scale
        What a chapter trains without such a GPU.

    Examples
    --------
    >>> small = Scale(d_model=32, max_length=48, n_sampled=512, learning_rate=5e-3)
    >>> scale_for(pick_device("cpu"), small).d_model
    32
    """
    return GPU if device.type == "cuda" else otherwise


def pick_device(name: str | None = None) -> "torch.device":
    """Return the best device there is, or the one asked for.

    Parameters
    ----------
    name : str, optional
        ``"cpu"``, ``"cuda"``, ``"cuda:1"`` or ``"mps"``. Without it the environment variable
        ``SHOPREC_DEVICE`` decides, and without that CUDA goes before MPS before the CPU.

    Raises
    ------
    ValueError
        If the device asked for is not there; the message lists those that are.

    Examples
    --------
    >>> pick_device("cpu")
    device(type='cpu')
    """
    import torch

    there = ["cpu"]
    if torch.backends.mps.is_available():
        there.insert(0, "mps")
    if torch.cuda.is_available():
        there.insert(0, "cuda")
    name = name or os.environ.get("SHOPREC_DEVICE") or there[0]
    kind, _, index = name.partition(":")
    numbered = kind == "cuda" and index.isdecimal() and int(index) < torch.cuda.device_count()
    if kind not in there or not (name == kind or numbered):
        raise ValueError(f"no device {name!r} here; available: {', '.join(there)}")
    return torch.device(name)


def describe_device(device: "torch.device") -> str:
    """Name a device for a person, e.g. ``"NVIDIA H100 80GB HBM3"`` or ``"CPU x86_64 × 2"``, on two threads."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"Apple GPU ({platform.machine()})"
    return f"CPU {platform.machine()} × {torch.get_num_threads()}"


def compile_modules(modules: "Iterable[torch.nn.Module]", device: "torch.device", backend: str | None = None) -> bool:
    """Let PyTorch compile modules in place, which joins their small operations; their results stay the same.

    Nothing is done on other devices than CUDA unless a backend is named. The first steps then wait a minute for the
    compiler. With blocks of width 512 that saved 13 of 60 ms a step on an H200, so it pays from some thousand steps;
    with blocks as small as the chapters' it doesn't.

    Parameters
    ----------
    modules : iterable of Module
        Such as the ``blocks`` of a :class:`shoprec.models.transformer.PurchaseTransformer`.
    device : torch.device
        Where they are.
    backend : str, optional
        ``"inductor"``, the default on CUDA, or ``"eager"``, which needs no compiler and is no faster.

    Returns
    -------
    bool
        Whether they are compiled. Where no compiler works, a warning says why and they stay as they are.

    Examples
    --------
    >>> compile_modules([], pick_device("cpu"))
    False
    """
    import torch

    if backend is None and device.type != "cuda":
        return False
    backend = backend or "inductor"
    try:
        torch.compile(lambda x: x.sin() + 1, backend=backend)(torch.zeros(2, device=device))
    except RuntimeError as error:
        reason = str(error).strip().partition("\n")[0]
        warnings.warn(f"{backend} can't compile here ({reason}); all works without, only slower", stacklevel=2)
        return False
    for module in modules:
        module.compile(backend=backend)
    return True
