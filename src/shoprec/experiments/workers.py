"""A recorded run's trainings side by side: one process per core, which all share the GPU where there is one."""

import os
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import torch


MOST = 12  #: processes on one GPU, which all need some of its memory


def at_once() -> int:
    """How many trainings run side by side."""
    return min(MOST, os.cpu_count() or 1)


def workers() -> ProcessPoolExecutor:
    """Processes to train in; each keeps the data that it has read.

    Small networks keep a GPU waiting for a processor, so several share it. The processes are spawned, not forked: in a
    fork CUDA can't be used.
    """
    return ProcessPoolExecutor(at_once(), mp_context=get_context("spawn"))


def side_by_side(pool: Executor, record: Callable[[Any], str], waiting: Sequence[Any]) -> None:
    """Record all that waits, and print what each says.

    Raises
    ------
    Exception
        What the first of them raises; what is finished is kept by ``record``.
    """
    for done in as_completed([pool.submit(record, one) for one in waiting]):
        print(done.result(), flush=True)


class Stopwatch:
    """What a training costs: seconds of a core, or its share of a GPU's seconds if several use it at once.

    Parameters
    ----------
    device : torch.device
    """

    def __init__(self, device: "torch.device") -> None:
        self._shared = device.type == "cuda"
        self._start = self._now()

    def _now(self) -> float:
        return time.perf_counter() if self._shared else time.process_time()

    def seconds(self) -> float:
        """Since it was made."""
        return round((self._now() - self._start) / (at_once() if self._shared else 1), 2)
