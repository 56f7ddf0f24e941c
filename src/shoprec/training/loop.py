"""Training: one loop for CPU, CUDA and MPS, which survives being interrupted.

The loop knows nothing of recommenders. A caller gives it a network with a ``loss(batch)`` method, a function
that makes an epoch's batches, and one that judges the network on the validation month. After every epoch the
state is written to a checkpoint; a run that is started again with the same checkpoint goes on from there
and ends with the same weights as one that was never interrupted.
"""

import copy
import ctypes
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import torch
from torch import nn
from tqdm import tqdm

from shoprec.training.checkpoints import Checkpoint, State
from shoprec.training.fingerprint import fingerprint

Batches = Callable[[np.random.Generator], Iterable[Any]]
LOOK_EVERY = 50  #: steps between two looks at the losses: a GPU stands still while its results are read


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

    def __post_init__(self) -> None:
        right = {
            "epochs": self.epochs >= 1,
            "patience": self.patience >= 0,
            "learning_rate": 0 < self.learning_rate < np.inf,
            "weight_decay": 0 <= self.weight_decay < np.inf,
            "averaging": 0 <= self.averaging < 1,
            "threads": self.threads >= 1,
        }
        wrong = [f"{name}={getattr(self, name)}" for name, holds in right.items() if not holds]
        if wrong:
            raise ValueError(
                f"{', '.join(wrong)} in the training's settings; epochs and threads are at least 1, the learning rate "
                "is above 0, averaging from 0 to below 1, and nothing is negative"
            )


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
        the forward pass runs in bfloat16 where that is safe. If the run ends early, by an error or by hand, the
        network has the weights again that it was given with.
    batches : callable
        Given a random generator, returns an epoch's batches. The generator is seeded by the run's seed and
        the number of the epoch, so an epoch is the same whether or not the run was interrupted before it.
    n_batches : int
        Batches per epoch, for the learning rate's schedule and the progress bar.
    validate : callable
        Given the network in evaluation mode, returns a score; higher is better.
    config : TrainingConfig, optional
    checkpoint : str or path, optional
        File to write after each epoch, and to go on from if it is there. A name such as ``"chapter-5"`` stands for a
        file in the user's own cache (:func:`shoprec.training.checkpoints.checkpoint_folder`), which goes when the run
        is finished. A path stands for a file of the caller's, which stays: called again, the finished run is returned.
        If anything differs from the run that wrote the file (settings, weights to start from, data, code, device; see
        :func:`shoprec.training.fingerprint.fingerprint`), a warning says what, and the run starts anew. If the file
        can't be written, a warning says why, and training goes on.
    progress : bool
        Show a progress bar.

    Returns
    -------
    DataFrame
        One row per epoch: ``loss`` (mean over its batches) and ``validation``.

    Raises
    ------
    ValueError
        If the checkpoint is damaged, or an epoch has not ``n_batches`` batches.
    FloatingPointError
        If the loss stops being a finite number, or the validation score is NaN.

    Examples
    --------
    A single number, pulled to 1 at each step.

    >>> class Number(nn.Module):
    ...     def __init__(self):
    ...         super().__init__()
    ...         self.x = nn.Parameter(torch.zeros(()))
    ...     def loss(self, batch):
    ...         return (self.x - batch).square()
    >>> number = Number()
    >>> closeness = lambda net: -abs(net.x.item() - 1)
    >>> settings = TrainingConfig(epochs=5, learning_rate=0.1)
    >>> log = train(number, lambda rng: 20 * [torch.tensor(1.0)], 20, closeness, settings, progress=False)
    >>> log["loss"].is_monotonic_decreasing, round(number.x.item(), 1)
    (True, 1.0)
    """
    config = config or TrainingConfig()
    given = copy.deepcopy(network.state_dict())
    state, kept = _start(network, n_batches, config), None
    if checkpoint is not None:
        kept = Checkpoint(checkpoint, _fingerprint(network, batches, n_batches, validate, config))
        kept.restore(state)
    try:
        _run(state, batches, n_batches, validate, config, kept, progress)
    except BaseException:  # Ctrl-C, too: the same call made again then finds its own checkpoint
        network.load_state_dict(given)
        raise
    network.load_state_dict(state.best.state_dict())
    network.eval()
    if kept:
        kept.finish()
    return pd.DataFrame(state.log).rename_axis("epoch")


def _fingerprint(
    network: nn.Module, batches: Batches, n_batches: int, validate: Callable, config: TrainingConfig
) -> dict[str, str]:
    return fingerprint(
        training=config, n_batches=n_batches, device=_device(network).type,
        network=network, batches=batches, validate=validate,
    )  # fmt: skip


def _device(network: nn.Module) -> torch.device:
    return next(network.parameters()).device


def _run(
    state: State,
    batches: Batches,
    n_batches: int,
    validate: Callable[[Any], float],
    config: TrainingConfig,
    kept: Checkpoint | None,
    progress: bool,
) -> None:
    """Epoch after epoch, from where the state is to the end."""
    n_steps, done = config.epochs * n_batches, len(state.log) * n_batches
    with _threads(config.threads), tqdm(total=n_steps, initial=done, disable=not progress) as bar:
        while not _finished(state, config):
            loss = _epoch(state, batches, n_batches, config, bar)
            _give_back()
            score = float(validate(state.averaged.eval()))
            if np.isnan(score):  # which would pass for the best
                raise FloatingPointError(f"the validation score is NaN after epoch {len(state.log)}")
            state.log.append({"loss": loss, "validation": score})
            if state.best_epoch() == len(state.log) - 1:
                state.best.load_state_dict(state.averaged.state_dict())
            bar.set_postfix(loss=f"{loss:.3f}", validation=f"{score:.4f}")
            if kept:
                kept.save(state)
            _give_back()


def _finished(state: State, config: TrainingConfig) -> bool:
    n = len(state.log)
    return n >= config.epochs or (n > 0 and n - 1 - state.best_epoch() >= config.patience)


def _give_back() -> None:
    """Let the system have the memory that an epoch has freed; glibc would keep it, in holes between what is used."""
    if sys.platform == "linux" and (trim := getattr(ctypes.CDLL(None), "malloc_trim", None)):
        trim(0)


@contextmanager
def _threads(n: int) -> Iterator[None]:
    """Let torch use so many CPU threads, and as many as before afterwards."""
    before = torch.get_num_threads()
    torch.set_num_threads(n)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _start(network: nn.Module, n_batches: int, config: TrainingConfig) -> State:
    optimizer = _optimizer(network, config, _device(network))
    n_steps = config.epochs * n_batches + 1
    scheduler = torch.optim.lr_scheduler.OneCycleLR(
        optimizer,
        config.learning_rate,
        total_steps=n_steps,
        cycle_momentum=False,
        pct_start=max(0.1, 2 / n_steps),  # rises for a step or more
    )
    averaged, best = copy.deepcopy(network), copy.deepcopy(network)
    return State(network, averaged, best, optimizer, scheduler, [])


def _optimizer(network: nn.Module, config: TrainingConfig, device: torch.device) -> torch.optim.Optimizer:
    matrices = [p for p in network.parameters() if p.requires_grad and p.ndim > 1]
    others = [p for p in network.parameters() if p.requires_grad and p.ndim <= 1]
    groups = [
        {"params": matrices, "weight_decay": config.weight_decay},
        {"params": others, "weight_decay": 0.0},
    ]
    # On a GPU one launch for all weights; on the CPU one call for all, to the last bit what one for each gives.
    fused, joined = (True if device.type == kind else None for kind in ("cuda", "cpu"))
    return torch.optim.AdamW(groups, lr=config.learning_rate, fused=fused, foreach=joined)


def _epoch(state: State, batches: Batches, n_batches: int, config: TrainingConfig, bar: tqdm) -> float:
    """Pass once over the batches; the mean loss."""
    number = len(state.log)
    torch.manual_seed(config.seed * 100_003 + number)
    state.network.train()
    losses: list[float] = []
    unread: list[torch.Tensor] = []
    for batch in batches(np.random.default_rng([config.seed, number])):
        if len(losses) + len(unread) == n_batches:
            raise _miscounted(n_batches, number, "more")
        unread.append(_step(state, batch, config))
        bar.update()
        if len(unread) == LOOK_EVERY:
            _read(unread, losses, number)
    _read(unread, losses, number)
    if len(losses) < n_batches:
        raise _miscounted(n_batches, number, f"only {len(losses)}")
    return float(np.mean(losses))


def _miscounted(n_batches: int, epoch: int, had: str) -> ValueError:
    return ValueError(f"n_batches is {n_batches}, but epoch {epoch} had {had}; pass the number that an epoch has")


def _step(state: State, batch: Any, config: TrainingConfig) -> torch.Tensor:
    """Learn from one batch; its loss, still on the device: nothing here waits for a GPU to have computed."""
    device = _device(state.network)
    with torch.autocast(device.type, dtype=torch.bfloat16, enabled=device.type == "cuda"):
        loss: torch.Tensor = state.network.loss(batch)  # type: ignore[operator]
    state.optimizer.zero_grad()
    loss.backward()
    nn.utils.clip_grad_norm_(state.weights, 1.0)
    state.optimizer.step()
    state.scheduler.step()
    _average(state, config.averaging)
    return loss.detach()


def _read(unread: list[torch.Tensor], losses: list[float], epoch: int) -> None:
    """Move losses from the device to a list, in one transfer, and look whether all are numbers."""
    losses += torch.stack(unread).tolist() if unread else []
    unread.clear()
    wrong = np.flatnonzero(~np.isfinite(losses))
    if len(wrong):
        raise FloatingPointError(
            f"the loss became {losses[wrong[0]]} in epoch {epoch}, batch {wrong[0]}; lower the learning rate"
        )


@torch.no_grad()
def _average(state: State, decay: float) -> None:
    """Move the average a little towards the current weights; faster at first, to forget the start."""
    step = state.scheduler.last_epoch
    decay = min(decay, (1 + step) / (10 + step)) if decay else 0.0
    torch._foreach_lerp_(state.averages, state.weights, 1 - decay)
