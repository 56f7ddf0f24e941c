"""Training: one loop for CPU, CUDA and MPS, which survives being interrupted.

The loop knows nothing of recommenders. A caller gives it a network with a ``loss(batch)`` method, a function
that makes an epoch's batches, and one that judges the network on the validation month. After every epoch the
state is written to a checkpoint; a run that is started again with the same checkpoint goes on from there
and ends with the same weights as one that was never interrupted.
"""

import copy
import json
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import nn
from tqdm import tqdm

Batches = Callable[[np.random.Generator], Iterable[Any]]


@dataclass(frozen=True)
class TrainingConfig:
    """Settings of :func:`train`.

    Attributes
    ----------
    epochs : int
        At most this many.
    patience : int
        Stop after so many epochs without a better validation score.
    learning_rate : float
        Peak of AdamW's rate, which rises over the first tenth of all steps and then falls along a cosine.
    weight_decay : float
        For matrices; biases, norms and scalars are not decayed.
    averaging : float
        Decay per step of the exponential moving average of the weights, which is what is judged and returned:
        it forgets the noise of single steps. 0 switches it off.
    seed : int
        Seed of everything random in the run.
    threads : int
        CPU threads. Networks as small as this book's gain little from more than one: the operations are so short
        that threads mostly wait for one another, and for long if other programs use the cores. With one, a run
        also ends alike on any number of cores.
    """

    epochs: int = 10
    patience: int = 4
    learning_rate: float = 2e-3
    weight_decay: float = 0.05
    averaging: float = 0.99
    seed: int = 0
    threads: int = 1


@dataclass
class _State:
    """All that changes from epoch to epoch."""

    network: nn.Module
    averaged: nn.Module
    best: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    log: list[dict[str, float]]

    def best_epoch(self) -> int:
        return int(np.argmax([row["validation"] for row in self.log]))

    def finished(self, config: TrainingConfig) -> bool:
        n = len(self.log)
        return n >= config.epochs or (n > 0 and n - 1 - self.best_epoch() >= config.patience)


def train(
    network: nn.Module,
    batches: Batches,
    n_batches: int,
    validate: Callable[[Any], float],
    config: TrainingConfig | None = None,
    checkpoint: str | Path | None = None,
    progress: bool = True,
) -> pd.DataFrame:
    """Train a network in place, and leave in it the averaged weights of the best epoch.

    Parameters
    ----------
    network : Module
        With a method ``loss(batch)`` that returns a scalar tensor. Trains on the device that it is on; on CUDA
        the forward pass runs in bfloat16 where that is safe.
    batches : callable
        Given a random generator, returns an epoch's batches. The generator is seeded by the run's seed and
        the number of the epoch, so an epoch is the same whether or not the run was interrupted before it.
    n_batches : int
        Batches per epoch, for the learning rate's schedule and the progress bar.
    validate : callable
        Given the network in evaluation mode, returns a score; higher is better.
    config : TrainingConfig, optional
    checkpoint : path, optional
        File to write after each epoch, and to go on from if it is there.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        One row per epoch: ``loss`` (mean over its batches) and ``validation``.

    Raises
    ------
    ValueError
        If the checkpoint is damaged, or was written with other settings or for another network.
    FloatingPointError
        If the loss stops being a finite number, or the validation score is NaN.
    """
    config = config or TrainingConfig()
    state = _start(network, n_batches, config)
    fingerprint = {"config": asdict(config), "n_batches": n_batches, "shapes": _shapes(network)}
    path = Path(checkpoint) if checkpoint else None
    if path and path.exists():
        _restore(state, path, fingerprint)
    n_steps, done = config.epochs * n_batches, len(state.log) * n_batches
    with _threads(config.threads), tqdm(total=n_steps, initial=done, disable=not progress) as bar:
        while not state.finished(config):
            loss = _epoch(state, batches, config, bar)
            score = float(validate(state.averaged.eval()))
            if np.isnan(score):  # which would pass for the best
                raise FloatingPointError(f"the validation score is NaN after epoch {len(state.log)}")
            state.log.append({"loss": loss, "validation": score})
            if state.best_epoch() == len(state.log) - 1:
                state.best.load_state_dict(state.averaged.state_dict())
            bar.set_postfix(loss=f"{loss:.3f}", validation=f"{score:.4f}")
            if path:
                _save(state, path, fingerprint)
    network.load_state_dict(state.best.state_dict())
    network.eval()
    return pd.DataFrame(state.log).rename_axis("epoch")


@contextmanager
def _threads(n: int) -> Iterator[None]:
    """Let torch use so many CPU threads, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _start(network: nn.Module, n_batches: int, config: TrainingConfig) -> _State:
    matrices = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate)
    n_steps = config.epochs * n_batches + 1
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        config.learning_rate,
        total_steps=n_steps,
        cycle_momentum=False,
        pct_start=max(0.1, 2 / n_steps),  # rises for a step or more
    )
    averaged, best = copy.deepcopy(network), copy.deepcopy(network)
    return _State(network, averaged, best, optimizer, scheduler, [])


def _epoch(state: _State, batches: Batches, config: TrainingConfig, bar: tqdm) -> float:
    number = len(state.log)
    torch.manual_seed(config.seed * 100_003 + number)
    state.network.train()
    device = next(state.network.parameters()).device
    losses: list[float] = []
    for batch in batches(np.random.default_rng([config.seed, number])):
        with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
            loss: torch.Tensor = state.network.loss(batch)  # type: ignore[operator]
        if not torch.isfinite(loss):
            raise FloatingPointError(
                f"the loss became {loss.item()} in epoch {number}, batch {len(losses)}; lower the learning rate"
            )
        state.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(state.network.parameters(), 1.0)
        state.optimizer.step()
        state.scheduler.step()
        _average(state.network, state.averaged, config.averaging, state.scheduler.last_epoch)
        losses.append(loss.item())
        bar.update()
    return float(np.mean(losses))


@torch.no_grad()
def _average(network: nn.Module, averaged: nn.Module, decay: float, step: int) -> None:
    """Move the average a little towards the current weights; faster at first, to forget the start."""
    decay = min(decay, (1 + step) / (10 + step)) if decay else 0.0
    for mean, now in zip(averaged.parameters(), network.parameters(), strict=True):
        mean.lerp_(now, 1 - decay)


def _shapes(network: nn.Module) -> dict[str, list[int]]:
    return {name: list(tensor.shape) for name, tensor in network.state_dict().items()}


def _save(state: _State, path: Path, fingerprint: dict) -> None:
    """Write the state as one safetensors file; a crash leaves either the old file or the new one, whole."""
    tensors = {
        f"{part}.{name}": tensor.detach().cpu().contiguous().clone()
        for part in ("network", "averaged", "best")
        for name, tensor in getattr(state, part).state_dict().items()
    }
    optimizer = state.optimizer.state_dict()
    for index, values in optimizer["state"].items():
        tensors |= {f"optimizer.{index}.{k}": v.detach().cpu().clone() for k, v in values.items()}
    notes = {
        "fingerprint": json.dumps(fingerprint),
        "log": json.dumps(state.log),
        "groups": json.dumps(optimizer["param_groups"]),
        "scheduler": json.dumps(_plain(state.scheduler.state_dict())),
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(path.name + ".part")
    save_file(tensors, draft, metadata=notes)
    with open(draft, "rb+") as file:  # Windows does not flush what is open for reading only
        os.fsync(file.fileno())
    os.replace(draft, path)


def _restore(state: _State, path: Path, fingerprint: dict) -> None:
    notes, tensors = _read(path)
    if json.loads(notes["fingerprint"]) != json.loads(json.dumps(fingerprint)):
        raise ValueError(
            f"{path} was written by a run with other settings or another network; delete it to start anew, or "
            "give this run a checkpoint of its own"
        )
    for part in ("network", "averaged", "best"):
        weights = {k.removeprefix(f"{part}."): v for k, v in tensors.items() if k.startswith(f"{part}.")}
        getattr(state, part).load_state_dict(weights)
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".")
            # A copy: the loaded tensors may be the file itself, mapped into memory, which will be replaced.
            moments.setdefault(int(index), {})[name] = value.clone()
    state.optimizer.load_state_dict({"state": moments, "param_groups": json.loads(notes["groups"])})
    state.scheduler.load_state_dict(json.loads(notes["scheduler"]))
    state.log[:] = json.loads(notes["log"])


def _read(path: Path) -> tuple[dict[str, str], dict[str, torch.Tensor]]:
    """Notes and tensors of a checkpoint."""
    try:
        with safe_open(path, framework="pt") as file:
            notes = file.metadata() or {}
        tensors = load_file(path)
    except SafetensorError as error:
        raise ValueError(f"{path} is damaged ({error}); delete it to start anew") from error
    if "fingerprint" not in notes:
        raise ValueError(f"{path} is no checkpoint of a training run; give this run another file")
    return notes, tensors


def _plain(values: dict) -> dict:
    """The entries of a scheduler's state that are data, without its references to functions."""
    return {k: v for k, v in values.items() if isinstance(v, int | float | str | bool | list | type(None))}
