"""Checkpoints: the state of a training run in a file, so that a run that was killed goes on where it was.

A checkpoint serves one run. It carries the run's fingerprint, and a run with another fingerprint starts anew; it
carries a checksum over all of itself, and a file with one changed byte is refused. Whatever keeps a checkpoint from
being written is no reason to stop training.
"""

import glob
import hashlib
import json
import os
import re
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from uuid import uuid4

import numpy as np
import torch
from safetensors.torch import load, save
from torch import nn

from shoprec.training.cache import cache_folder
from shoprec.training.fingerprint import differences

CHECKSUM = re.compile(rb'"checksum":"([0-9a-f]{64})"')
BLANK = b"0" * 64  #: stands for the checksum while it is computed
ABANDONED = 3600  #: seconds after which a draft is no longer taken for one that another process is writing


@dataclass
class State:
    """All that changes from epoch to epoch.

    Attributes
    ----------
    network, averaged, best : Module
        Current weights, their moving average, and the average after the best epoch.
    optimizer, scheduler
        With their moments and counters.
    log : list of dict
        One entry per finished epoch.
    """

    network: nn.Module
    averaged: nn.Module
    best: nn.Module
    optimizer: torch.optim.Optimizer
    scheduler: torch.optim.lr_scheduler.LRScheduler
    log: list[dict[str, float]]

    @cached_property
    def weights(self) -> list[torch.Tensor]:
        """The network's parameters; to look for them takes longer than to add to small ones."""
        return list(self.network.parameters())

    @cached_property
    def averages(self) -> list[torch.Tensor]:
        """Their moving averages, in the same order."""
        return list(self.averaged.parameters())

    def best_epoch(self) -> int:
        """Epoch with the highest validation score; of equals, the first."""
        return int(np.argmax([row["validation"] for row in self.log]))


def checkpoint_folder() -> Path:
    """Where named checkpoints are kept: a folder of the user's own, or below the variable ``SHOPREC_CACHE``.

    Examples
    --------
    >>> checkpoint_folder().name
    'checkpoints'
    """
    return cache_folder() / "checkpoints"


class Checkpoint:
    """The file that a run is kept in.

    Each file has one name and holds one run. A digest of the settings in its name would let runs with other settings
    lie beside it, but then nothing could say what differs, and abandoned runs would pile up unseen.

    Parameters
    ----------
    place : str or path
        A name, such as ``"chapter-5"``: the file lies in :func:`checkpoint_folder` and goes when the run is finished.
        Or a path, which has a folder or ends in ``.safetensors``: the file is the caller's, and stays.
    fingerprint : dict
        Of the run, by :func:`shoprec.training.fingerprint.fingerprint`.

    Examples
    --------
    >>> Checkpoint("chapter-5", {}).path.name, Checkpoint("runs/five.safetensors", {}).path.as_posix()
    ('chapter-5.safetensors', 'runs/five.safetensors')
    """

    def __init__(self, place: str | Path, fingerprint: dict[str, str]) -> None:
        name = isinstance(place, str) and Path(place).name == place and not place.endswith(".safetensors")
        self.path = checkpoint_folder() / f"{place}.safetensors" if name else Path(place)
        self.goes_when_finished = name
        self.fingerprint = fingerprint
        self.failed: set[str] = set()

    def restore(self, state: State) -> None:
        """Bring a state to where the file's run was; leave it as it is if there is no file, or one of another run.

        Raises
        ------
        ValueError
            If the file is damaged, a folder, or no checkpoint.
        """
        with self._trying("remove what a killed run left behind"):
            for draft in self.path.parent.glob(f"{glob.escape(self.path.name)}.*.part"):
                with suppress(FileNotFoundError):  # another process may be faster
                    if time.time() - draft.stat().st_mtime > ABANDONED:
                        draft.unlink()
        data = self._read()
        if data is None:
            return
        notes = _checked_notes(data, self.path)
        changed = differences(json.loads(notes["fingerprint"]), self.fingerprint)
        if changed:
            text = f"{self.path} was written by another run ({changed}); this one starts anew and will replace it"
            warnings.warn(text, stacklevel=3)
        else:
            _unpack(state, load(data), notes)

    def save(self, state: State) -> None:
        """Write the state; a crash leaves the old file or the new one, whole. What can't be written is warned of."""
        data = _pack(state, self.fingerprint)
        # A name of its own: another process may be saving the same run.
        draft = self.path.with_name(f"{self.path.name}.{uuid4().hex[:12]}.part")
        with self._trying("save the run"):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            try:
                _write(draft, data)
                os.replace(draft, self.path)
            finally:
                draft.unlink(missing_ok=True)

    def finish(self) -> None:
        """The run is over: if the file has a name only, remove it, so that the next run starts anew."""
        if self.goes_when_finished:
            with self._trying("remove the finished run's file"):
                self.path.unlink(missing_ok=True)

    def _read(self) -> bytes | None:
        """The file's bytes; nothing if there is no file, or none that may be read."""
        if os.path.isdir(self.path):
            raise _refusal(self.path, f"it is a folder; name a file in it, such as {self.path / 'run.safetensors'}")
        with self._trying("read what was saved"), suppress(FileNotFoundError, NotADirectoryError):
            return self.path.read_bytes()
        return None

    @contextmanager
    def _trying(self, what: str) -> Iterator[None]:
        """Warn once if the disk or its rights don't let us; training goes on."""
        try:
            yield
        except OSError as error:
            if what not in self.failed:
                warnings.warn(f"could not {what} at {self.path} ({error}); training goes on all the same", stacklevel=6)
            self.failed.add(what)


def _write(file: Path, data: bytes) -> None:
    with open(file, "xb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())


def _pack(state: State, fingerprint: dict[str, str]) -> bytes:
    """A state as the bytes of a safetensors file, with a checksum over all of them."""
    tensors = {
        f"{part}.{name}": tensor
        for part in ("network", "averaged", "best")
        for name, tensor in getattr(state, part).state_dict().items()
    }
    optimizer = state.optimizer.state_dict()
    for index, values in optimizer["state"].items():
        tensors |= {f"optimizer.{index}.{name}": value for name, value in values.items()}
    notes = {
        "fingerprint": fingerprint,
        "log": state.log,
        "groups": optimizer["param_groups"],
        "scheduler": _plain(state.scheduler.state_dict()),
    }
    texts = {name: json.dumps(note) for name, note in notes.items()}
    # Clones, as the format doesn't know tensors that share memory.
    copies = {name: tensor.detach().cpu().contiguous().clone() for name, tensor in tensors.items()}
    before, _, after = _around_checksum(save(copies, metadata=texts | {"checksum": BLANK.decode()}))
    return before + _checksum(before, after) + after


def _unpack(state: State, tensors: dict[str, torch.Tensor], notes: dict[str, str]) -> None:
    """Bring a state to what was packed."""
    for part in ("network", "averaged", "best"):
        weights = {k.removeprefix(f"{part}."): v for k, v in tensors.items() if k.startswith(f"{part}.")}
        getattr(state, part).load_state_dict(weights)
    moments: dict[int, dict[str, torch.Tensor]] = {}
    for key, value in tensors.items():
        if key.startswith("optimizer."):
            _, index, name = key.split(".")
            moments.setdefault(int(index), {})[name] = value
    state.optimizer.load_state_dict({"state": moments, "param_groups": json.loads(notes["groups"])})
    state.scheduler.load_state_dict(json.loads(notes["scheduler"]))
    state.log[:] = json.loads(notes["log"])


def _checked_notes(data: bytes, path: Path) -> dict[str, str]:
    """Notes of a checkpoint, read only after its checksum is found right: so nothing that is read can be wrong."""
    before, checksum, after = _around_checksum(data)
    if not checksum:
        raise _refusal(path, "it is damaged, or no checkpoint of a training run")
    if checksum != _checksum(before, after):
        raise _refusal(path, "it is damaged, for its checksum is wrong")
    length = int.from_bytes(data[:8], "little")
    return json.loads(data[8 : 8 + length])["__metadata__"]


def _around_checksum(data: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before the checksum, the checksum, which is empty if there is none, and what stands after it."""
    found = CHECKSUM.search(data)
    start, end = found.span(1) if found else (len(data), len(data))
    return data[:start], data[start:end], data[end:]


def _checksum(before: bytes, after: bytes) -> bytes:
    return hashlib.sha256(before + BLANK + after).hexdigest().encode()


def _refusal(path: Path, why: str) -> ValueError:
    return ValueError(f"can't go on from {path}: {why}. Remove it to start anew, or give this run another checkpoint")


def _plain(values: dict) -> dict:
    """The entries of a scheduler's state that are data, without its references to functions."""
    return {k: v for k, v in values.items() if isinstance(v, int | float | str | bool | list | type(None))}
