"""Two processes learn what one learns: the parts of a batch are the batch, and the losses are the same."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from networks import make_task

from shoprec.applications.data_parallel import CONFIG, STEPS, main, part_of, read_history
from shoprec.applications.tables import write_events
from shoprec.models.batches import TrainingSet
from shoprec.models.transformer import PurchaseTransformer


@pytest.fixture(scope="module")
def events(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("events") / "events.parquet"
    write_events(make_task().history, path)
    return path


def test_the_history_comes_back(events):
    history, read = make_task().history, read_history(events)
    for name in ("user", "item", "basket", "day"):
        np.testing.assert_array_equal(getattr(read, name), getattr(history, name))


@pytest.mark.parametrize("n_processes", [1, 2, 3])
def test_the_parts_of_a_batch_are_the_batch(n_processes):
    history = make_task().history
    batch = next(TrainingSet(history, 12, batch_size=7, n_dates=3, behaviour=False)(np.random.default_rng(1)))
    parts = [part_of(batch, rank, n_processes) for rank in range(n_processes)]
    assert sum(len(part.items) for part in parts) == len(batch.items)
    assert sum(len(part.target_item) for part in parts) == len(batch.target_item)
    network = PurchaseTransformer(history, CONFIG)
    scores = torch.cat([network(part) for part in parts])
    order = torch.cat([torch.nonzero(batch.window % n_processes == rank).ravel() for rank in range(n_processes)])
    torch.testing.assert_close(scores, network(batch)[order])
    shares = [len(part.window) / len(batch.window) for part in parts]
    whole = sum(share * network.loss(part).item() for share, part in zip(shares, parts, strict=True))
    assert whole == pytest.approx(network.loss(batch).item(), rel=1e-6)
    assert n_processes == 1 or len(set(shares)) > 1  # so that the weights are needed


def test_two_processes_learn_what_one_learns(events, tmp_path):
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    command += ["-m", "shoprec.applications.data_parallel", str(events), str(tmp_path / "two.json")]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    two = json.loads((tmp_path / "two.json").read_text("utf8"))
    main(str(events), str(tmp_path / "one.json"))
    one = json.loads((tmp_path / "one.json").read_text("utf8"))
    assert (one["processes"], two["processes"]) == (1, 2)
    assert len(one["losses"]) == STEPS
    np.testing.assert_allclose(two["losses"], one["losses"], atol=1e-5)
    assert one["losses"][-1] < one["losses"][0] - 0.1  # it has learned, so that steps count
