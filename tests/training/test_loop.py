"""Training that is interrupted must end exactly as training that is not."""

import json
import os
import random
import signal
import subprocess
import sys
import time
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from synthetic import CUT, make_purchases
from torch import nn

from shoprec.models.batches import TrainingSet
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import next_basket_split
from shoprec.training import loop
from shoprec.training.loop import TrainingConfig, train

EPOCHS = 40
CONFIG = TrainingConfig(epochs=EPOCHS, patience=EPOCHS, learning_rate=0.01)


def run_real(checkpoint=None, config=CONFIG):
    """Train a small Transformer, with all that is random in it: batches, dropout, drawn products."""
    history = next_basket_split(make_purchases(n_users=20), CUT, min_users=1).history
    settings = TransformerConfig(d_model=8, n_heads=2, n_layers=1, max_length=16, dropout=0.3, d_product=4)
    torch.manual_seed(0)
    network = PurchaseTransformer(history, settings, n_sampled=15)
    batches = TrainingSet(history, max_length=16, batch_size=10, n_dates=3)
    judge = TrainingSet(history, max_length=16, batch_size=20, n_dates=3)

    def validate(network):
        (batch,) = judge(np.random.default_rng(1))
        with torch.no_grad():
            return -network.loss(batch).item()

    log = train(network, batches, len(batches), validate, config, checkpoint, progress=False)
    return network, log


class Point(nn.Module):
    """A single number that is pulled to the batch's; every loss, step and score can be computed by hand."""

    def __init__(self, start=0.0):
        super().__init__()
        self.x = nn.Parameter(torch.tensor([start]))

    def loss(self, batch):
        return (self.x - batch).square().sum()


def batches_of(*values):
    return lambda rng: [torch.tensor([float(v)]) for v in values]


def run_point(validate=lambda network: 0.0, batches=None, checkpoint=None, **settings):
    config = replace(TrainingConfig(epochs=6, patience=6, learning_rate=0.1), **settings)
    network = Point()
    log = train(network, batches or batches_of(1, 1, 1), 3, validate, config, checkpoint, progress=False)
    return network, log


def assert_same_weights(a, b):
    a, b = a.state_dict(), b.state_dict()
    assert a.keys() == b.keys()
    assert [name for name in a if not torch.equal(a[name], b[name])] == []


# --- The same again -------------------------------------------------------------------------------------


def test_two_runs_end_alike():
    short = replace(CONFIG, epochs=3)
    (one, log), (other, again) = run_real(config=short), run_real(config=short)
    assert_same_weights(one, other)
    assert log.equals(again)
    reseeded, _ = run_real(config=replace(short, seed=1))
    assert not torch.equal(one.item.weight, reseeded.item.weight)


def test_a_stopped_run_goes_on_and_a_finished_one_stays(tmp_path, monkeypatch):
    config = replace(CONFIG, epochs=6)
    whole, log = run_real(config=config)
    path = tmp_path / "new folder" / "run.safetensors"
    for stop_after in (2, 1):
        with monkeypatch.context() as patch:
            saves, save = [], loop._save

            def save_and_stop(*arguments, saves=saves, save=save, stop_after=stop_after):
                save(*arguments)
                saves.append(1)
                if len(saves) == stop_after:
                    raise KeyboardInterrupt

            patch.setattr(loop, "_save", save_and_stop)
            with pytest.raises(KeyboardInterrupt):
                run_real(path, config)
    resumed, rest = run_real(path, config)
    assert_same_weights(whole, resumed)
    assert log.equals(rest)
    # The start of the file's content is safetensors' header, not a pickle.
    assert path.read_bytes()[8:9] == b"{"
    assert [p.name for p in path.parent.iterdir()] == [path.name]
    modified = path.stat().st_mtime_ns
    finished, same_log = run_real(path, config)
    assert_same_weights(whole, finished)
    assert log.equals(same_log)
    assert path.stat().st_mtime_ns == modified


# --- Killed ---------------------------------------------------------------------------------------------
# SIGKILL cannot be caught: the process is gone between two instructions. A fresh process starts Python and
# torch once, then forks a child for every attempt, so that many can be killed in little time.


def fork_and_run(function):
    """Start a child that runs a function; its process id."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function()
            code = 0
        finally:
            os._exit(code)
    return child


def run_and_keep(checkpoint, result):
    network, log = run_real(checkpoint)
    save_file(network.state_dict(), result, metadata={"log": log.to_json()})


def kill_at(function, moment):
    """Make a function of the training loop's kill the process before it, within it or after it."""
    original = getattr(*function)

    def deadly(*arguments, **options):
        if moment == "within":  # half of the file is written
            original(*arguments, **options)
            data = Path(arguments[1]).read_bytes()
            Path(arguments[1]).write_bytes(data[: len(data) // 2])
        elif moment == "after":
            original(*arguments, **options)
        os.kill(os.getpid(), signal.SIGKILL)

    setattr(*function, deadly)


def main(folder, seed):
    """Train once without interruption, then once with many; print how the attempts ended."""
    torch.set_num_threads(1)
    rng = random.Random(seed)
    start = time.monotonic()
    os.waitpid(fork_and_run(lambda: run_and_keep(None, folder / "whole")), 0)
    whole = time.monotonic() - start
    path, ended = folder / "run.safetensors", {"killed": 0, "writing": 0}

    def attempt(prepare=lambda: None, delay=None):
        child = fork_and_run(lambda: (prepare(), run_and_keep(path, folder / "killed")))
        if delay is not None:
            time.sleep(delay)
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
        killed = os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGKILL
        ended["killed"] += killed
        ended["writing"] += path.with_name(path.name + ".part").exists()
        return killed or os.WEXITSTATUS(status) == 0

    deadly = [(loop, "save_file"), (loop.os, "fsync"), (loop.os, "replace")]
    for function in deadly:
        for moment in ("before", "within", "after") if function == deadly[0] else ("before", "after"):
            assert attempt(lambda f=function, m=moment: kill_at(f, m))
    while ended["killed"] < 15 and not (folder / "killed").exists():
        assert attempt(delay=rng.uniform(0.02, 0.25) * whole)
    assert attempt()
    print(json.dumps(ended))


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs SIGKILL and fork, which Windows lacks")
def test_a_run_that_is_killed_ends_like_one_that_is_not(tmp_path):
    seed = random.randrange(10**6)
    command = [sys.executable, __file__, str(tmp_path), str(seed)]
    # Two libraries' threads must not be split by a fork.
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)
    assert done.returncode == 0, f"seed {seed}: {done.stderr}"
    ended = json.loads(done.stdout)
    assert ended["killed"] >= 9, f"seed {seed}: too few attempts were killed, {ended}"
    assert ended["writing"] >= 4
    whole, killed = load_file(tmp_path / "whole"), load_file(tmp_path / "killed")
    assert whole.keys() == killed.keys()
    assert [name for name in whole if not torch.equal(whole[name], killed[name])] == [], f"seed {seed}"
    logs = [notes(tmp_path / name)["log"] for name in ("whole", "killed")]
    assert logs[0] == logs[1]
    assert len(json.loads(logs[0])["loss"]) == EPOCHS


def notes(path):
    with safe_open(path, framework="pt") as file:
        return file.metadata()


# --- Checkpoints ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("part", [b"", b"half a checkpoi", bytes(1000)])
def test_a_leftover_part_is_ignored(tmp_path, part):
    whole, log = run_point()
    path = tmp_path / "run.safetensors"
    path.with_name("run.safetensors.part").write_bytes(part)
    network, again = run_point(checkpoint=path)
    assert_same_weights(whole, network)
    assert log.equals(again)
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


@pytest.mark.parametrize("damage", ["empty", "header", "truncated", "pickle", "foreign"])
def test_a_damaged_checkpoint_names_the_file_and_the_remedy(tmp_path, damage):
    path = tmp_path / "run.safetensors"
    run_point(checkpoint=path)
    data = path.read_bytes()
    if damage == "pickle":
        torch.save({"x": 1}, path)
    elif damage == "foreign":
        save_file({"x": torch.zeros(1)}, path)
    else:
        path.write_bytes({"empty": b"", "header": data[:20], "truncated": data[:-5]}[damage])
    with pytest.raises(ValueError, match=r"run\.safetensors is (damaged .*delete it|no checkpoint .*another file)"):
        run_point(checkpoint=path)


@pytest.mark.parametrize("change", [{"learning_rate": 0.2}, {"epochs": 7}, {"seed": 1}])
def test_a_checkpoint_of_another_run_is_refused(tmp_path, change):
    path = tmp_path / "run.safetensors"
    run_point(checkpoint=path)
    with pytest.raises(ValueError, match="other settings or another network; delete it"):
        run_point(checkpoint=path, **change)


def test_a_checkpoint_of_another_network_is_refused(tmp_path):
    path = tmp_path / "run.safetensors"
    run_point(checkpoint=path)
    network = nn.Linear(2, 2)
    with pytest.raises(ValueError, match="another network"):
        train(network, batches_of(1), 3, lambda n: 0.0, replace(TrainingConfig(), epochs=6), path, progress=False)


def test_a_checkpoint_holds_no_pickle_and_all_the_state(tmp_path):
    path = tmp_path / "run.safetensors"
    run_point(checkpoint=path)
    assert load_file(path).keys() == {
        "network.x", "averaged.x", "best.x", "optimizer.0.step", "optimizer.0.exp_avg", "optimizer.0.exp_avg_sq",
    }  # fmt: skip
    for name in ("pickle", "torch.load", "torch.save"):
        assert name not in Path(loop.__file__).read_text()


# --- Which weights are kept -----------------------------------------------------------------------------


def test_it_keeps_the_best_epoch_and_stops_after_patience():
    seen = []

    def validate(network):
        assert not network.training
        seen.append(network.x.item())
        return [0.1, 0.5, 0.9, 0.9, 0.3, 0.2, 0.95][len(seen) - 1]

    network, log = run_point(validate, epochs=20, patience=3)
    assert log["validation"].tolist() == [0.1, 0.5, 0.9, 0.9, 0.3, 0.2]  # the better seventh is never reached
    assert network.x.item() == seen[2]  # of equals, the first
    assert len(set(seen)) == 6
    assert not network.training
    assert log.index.name == "epoch"


def test_early_stopping_survives_an_interruption(tmp_path):
    path = tmp_path / "run.safetensors"
    scores = iter([0.1, 0.9, 0.3, 0.2])
    network, log = run_point(lambda network: next(scores), epochs=20, patience=2, checkpoint=path)
    assert len(log) == 4
    again, same = run_point(lambda network: pytest.fail("it went on"), epochs=20, patience=2, checkpoint=path)
    assert_same_weights(network, again)
    assert log.equals(same)


def test_without_averaging_the_last_weights_are_judged():
    judged = []
    watched = []

    class Watched(Point):
        def loss(self, batch):
            watched.append(self)
            return super().loss(batch)

    def validate(network):
        judged.append(network.x.item())
        assert network.x.item() == watched[-1].x.item()
        return float(len(judged))

    network = Watched()
    config = TrainingConfig(epochs=3, learning_rate=0.1, averaging=0)
    train(network, batches_of(1, 1), 2, validate, config, progress=False)
    assert network.x.item() == judged[-1]


def test_the_average_is_a_moving_one(monkeypatch):
    path, mean = [], [0.0]
    average = loop._average

    def spy(network, averaged, decay, step):
        average(network, averaged, decay, step)
        path.append(step)
        d = min(0.5, (1 + step) / (10 + step))
        mean[0] = d * mean[0] + (1 - d) * network.x.item()
        assert averaged.x.item() == pytest.approx(mean[0], rel=1e-5)

    monkeypatch.setattr(loop, "_average", spy)
    run_point(averaging=0.5, epochs=4)
    assert path == list(range(1, 13))
    assert 0 < mean[0] < 1


def test_the_first_steps_are_adamws():
    """Two steps by the formulas of Loshchilov and Hutter, without clipping to come in the way."""
    network = Point()
    config = TrainingConfig(epochs=1, learning_rate=0.1, averaging=0)
    steps = []

    class Watched(nn.Module):
        def __init__(self):
            super().__init__()
            self.x = network.x

        def loss(self, batch):
            steps.append(self.x.item())
            return 0.1 * (self.x - 1).square().sum()

    train(Watched(), batches_of(*[0] * 40), 40, lambda n: 0.0, config, progress=False)
    # Adam's first step has the size of the learning rate, which starts at a 25th of its peak.
    assert steps[1] == pytest.approx(0.1 / 25, rel=1e-3)
    moves = np.diff(steps)
    assert moves[:20].argmax() in range(2, 8)  # the peak, after a tenth of the steps
    assert moves[-1] < moves.max() / 10


def test_only_matrices_are_decayed():
    network = nn.Linear(3, 3)
    network.loss = lambda batch: 0 * network(torch.zeros(1, 3)).sum() + 0 * network.weight.sum()
    with torch.no_grad():
        network.bias.fill_(1)
        before = network.weight.clone()
    train(network, batches_of(1, 1), 2, lambda n: 0.0, TrainingConfig(epochs=2, weight_decay=0.9), progress=False)
    assert (network.bias == 1).all()
    assert (network.weight.abs() < before.abs()).all()


# --- What goes wrong ------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_loss_that_is_no_number_stops_the_run(tmp_path, value):
    path = tmp_path / "run.safetensors"
    with pytest.raises(FloatingPointError, match=r"epoch 0, batch 1; lower the learning rate"):
        run_point(batches=batches_of(1, value, 1), checkpoint=path)
    assert not path.exists()


def test_a_validation_score_that_is_no_number_does_not_pass_for_the_best():
    scores = iter([0.5, np.nan])
    with pytest.raises(FloatingPointError, match="validation score is NaN after epoch 1"):
        run_point(lambda network: next(scores))


@pytest.mark.parametrize("n_steps", [1, 2, 3, 9, 10, 19])
def test_very_short_runs_have_a_schedule(n_steps):
    network = Point()
    log = train(network, batches_of(*[1] * n_steps), n_steps, lambda n: 0.0, TrainingConfig(epochs=1), progress=False)
    assert len(log) == 1
    assert network.x.item() > 0


@pytest.mark.parametrize("value", [1.0, np.nan])
def test_threads_are_set_for_the_run_alone(value):
    before, seen = torch.get_num_threads(), []

    class Watched(Point):
        def loss(self, batch):
            seen.append(torch.get_num_threads())
            return super().loss(batch)

    torch.set_num_threads(3)
    try:
        config = TrainingConfig(epochs=1, threads=2)
        with nullcontext() if np.isfinite(value) else pytest.raises(FloatingPointError):
            train(Watched(), batches_of(value), 1, lambda n: 0.0, config, progress=False)
        assert (seen, torch.get_num_threads()) == ([2], 3)
    finally:
        torch.set_num_threads(before)


def test_progress_is_shown_if_wanted(capfd):
    train(Point(), batches_of(1), 1, lambda n: 0.5, TrainingConfig(epochs=2))
    assert "validation=0.5" in capfd.readouterr().err


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
