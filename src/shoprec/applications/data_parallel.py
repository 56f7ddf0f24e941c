"""Training on several processes: each learns from its part of every batch, and all step by the same gradient.

``torchrun --nproc-per-node 2 -m shoprec.applications.data_parallel EVENTS RESULT`` trains a small network on two
processes; without ``torchrun`` one process does the same. ``EVENTS`` is a Parquet table such as
:func:`shoprec.applications.tables.write_events` writes, ``RESULT`` the file for each step's loss.
"""

import json
import os
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import torch
import torch.distributed as dist
from torch import Tensor, nn

from shoprec.models.batches import Batch, TrainingSet
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import History

STEPS, BATCH_SIZE, RATE = 20, 32, 1e-2
CONFIG = TransformerConfig(d_model=16, n_layers=1, max_length=32, dropout=0.0, behaviour=False, pointing=False)


class LossOf(nn.Module):
    """A network's loss as what is called, which is what ``DistributedDataParallel`` wraps."""

    def __init__(self, network: PurchaseTransformer) -> None:
        super().__init__()
        self.network = network

    def forward(self, batch: Batch) -> Tensor:
        """The batch's loss."""
        return self.network.loss(batch)


def part_of(batch: Batch, rank: int, n_processes: int) -> Batch:
    """Every n-th window of a batch, from one on, with the queries within it and their targets.

    Parameters
    ----------
    batch : Batch
        Without behaviour features.
    rank : int
        Number of the process, from 0.
    n_processes : int
    """
    windows = torch.arange(rank, len(batch.items), n_processes)
    queries = torch.nonzero(batch.window % n_processes == rank).ravel()
    place = torch.full((len(batch.window),), -1).index_copy(0, queries, torch.arange(len(queries)))
    targets = place[batch.target_query] >= 0
    return batch._replace(
        items=batch.items[windows], gaps=batch.gaps[windows], days=batch.days[windows],
        window=batch.window[queries] // n_processes, position=batch.position[queries], day=batch.day[queries],
        target_query=place[batch.target_query[targets]], target_item=batch.target_item[targets],
    )  # fmt: skip


def read_history(path: Path) -> History:
    """The history in a table of events."""
    table = pd.read_parquet(path).sort_values(["household", "day", "basket", "product"])
    user, item, basket, day = (table[name].to_numpy() for name in ("household", "product", "basket", "day"))
    order = np.cumsum(np.diff(basket, prepend=-1) != 0) - 1
    return History(user, item, order, day, int(user.max()) + 1, int(item.max()) + 1)


def losses(history: History, rank: int, n_processes: int, n_steps: int = STEPS) -> list[float]:
    """Train a small network; the loss of each batch, the parts of all processes together.

    ``DistributedDataParallel`` takes the mean of the processes' gradients. The loss of a batch is a mean over its
    queries, of which a part may have more than another: each is weighed by its share.
    """
    torch.manual_seed(0)
    network = PurchaseTransformer(history, CONFIG)
    wrapped: nn.Module = LossOf(network)
    if n_processes > 1:
        wrapped = nn.parallel.DistributedDataParallel(wrapped)
    optimizer, rng, found = torch.optim.AdamW(network.parameters(), RATE), np.random.default_rng(0), list[float]()
    examples = TrainingSet(history, CONFIG.max_length, BATCH_SIZE, n_dates=4, behaviour=False)
    for _ in range(n_steps):
        batch = examples.sample(rng.choice(examples.users, BATCH_SIZE), rng)
        mine = part_of(batch, rank, n_processes)
        loss = wrapped(mine) * (n_processes * len(mine.window) / len(batch.window))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        total = loss.detach().clone()
        if n_processes > 1:
            dist.all_reduce(total)
        found.append(float(total) / n_processes)
    return found


def main(events: str, result: str) -> None:
    """Train as one of the processes that ``torchrun`` has started, or alone; the first one writes the losses."""
    torch.set_num_threads(1)
    rank, n_processes = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    if n_processes > 1:
        dist.init_process_group("gloo")
    try:
        found = losses(read_history(Path(events)), rank, n_processes)
    finally:
        if n_processes > 1:
            dist.destroy_process_group()
    if rank == 0:
        Path(result).write_text(json.dumps({"processes": n_processes, "losses": found}), "utf8")


if __name__ == "__main__":
    main(*sys.argv[1:])
