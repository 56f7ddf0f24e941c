"""Where to compute: CUDA, Apple's MPS or the CPU, chosen once and named in the output."""

import os
import platform
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch


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
    """Name a device for a person, e.g. ``"NVIDIA H100 80GB HBM3"`` or ``"CPU x86_64, 2 threads"``."""
    import torch

    if device.type == "cuda":
        return torch.cuda.get_device_name(device)
    if device.type == "mps":
        return f"Apple GPU ({platform.machine()})"
    return f"CPU {platform.machine()}, {torch.get_num_threads()} threads"
