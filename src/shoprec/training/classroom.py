"""For a class that can't wait: networks that were trained beforehand, in a folder that ``SHOPREC_CLASS`` names.

The first run with the variable set trains, and leaves each network there: its weights (safetensors), and beside them a
record of the training with the weights' digest. Every later run, on whatever machine, loads them instead.
"""

import hashlib
import json
import os
import platform
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import torch
from safetensors.torch import load, save
from torch import nn

from shoprec.training.cache import write_whole


def class_folder() -> Path | None:
    """The folder that the variable ``SHOPREC_CLASS`` names; none if it isn't set.

    Examples
    --------
    >>> "SHOPREC_CLASS" in os.environ or class_folder() is None
    True
    """
    named = os.environ.get("SHOPREC_CLASS")
    return Path(named).expanduser() if named else None


def taught(name: str, network: nn.Module, work: Callable[[], pd.DataFrame]) -> pd.DataFrame:
    """Train a network, or in a class load what it was trained to before.

    Parameters
    ----------
    name : str
        Of the network's files.
    network : Module
        Gets its weights in place.
    work : callable
        Trains it, and returns the log (:func:`shoprec.training.loop.train`).

    Returns
    -------
    DataFrame
        The log of the training, whenever that was: one row per epoch.

    Raises
    ------
    ValueError
        If the weights aren't those of the record, or are another network's.

    Examples
    --------
    >>> taught("example", nn.Linear(1, 1), lambda: pd.DataFrame({"loss": [0.5]}))["loss"].tolist()
    [0.5]
    """
    folder = class_folder()
    if folder is None:
        return work()
    weights, record = folder / f"{name}.safetensors", folder / f"{name}.json"
    if weights.is_file() and record.is_file():
        return _load(weights, record, network)
    start = time.perf_counter()
    log = work()
    _save(weights, record, network, log, time.perf_counter() - start)
    return log


def _load(weights: Path, record: Path, network: nn.Module) -> pd.DataFrame:
    """Give a network its weights, and return the log of their training."""
    data, notes = weights.read_bytes(), json.loads(record.read_text("utf8"))
    if hashlib.sha256(data).hexdigest() != notes["sha256"]:
        raise ValueError(f"{weights} isn't what {record.name} describes; copy both again, or unset SHOPREC_CLASS")
    try:
        network.load_state_dict(load(data))
    except RuntimeError as error:
        text = f"{weights} is of another network ({error}); make it again, or unset SHOPREC_CLASS"
        raise ValueError(text) from error
    network.eval()
    return pd.DataFrame(notes["log"]).rename_axis("epoch")


def _save(weights: Path, record: Path, network: nn.Module, log: pd.DataFrame, seconds: float) -> None:
    """Write a network's weights, and how they came about."""
    data = save({key: tensor.detach().cpu().contiguous().clone() for key, tensor in network.state_dict().items()})
    notes = {
        "sha256": hashlib.sha256(data).hexdigest(),
        "parameters": sum(p.numel() for p in network.parameters()),
        "seconds": round(seconds),
        "torch": str(torch.__version__),
        "machine": platform.machine(),
        "log": log.to_dict("records"),
    }
    write_whole(weights, data)
    write_whole(record, json.dumps(notes, indent=1).encode())
