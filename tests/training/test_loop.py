"""The loop: what it computes, which weights it keeps, how it tells what goes wrong."""

import copy
from contextlib import nullcontext
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from tiny_training import CONFIG, Point, assert_same_weights, batches_of, real_parts, run_point, run_real
from torch import nn

from shoprec.training import loop
from shoprec.training.loop import LOOK_EVERY, TrainingConfig, train

# --- The same again -------------------------------------------------------------------------------------


def test_two_runs_end_alike():
    short = replace(CONFIG, epochs=3)
    (one, log), (other, again) = run_real(config=short), run_real(config=short)
    assert_same_weights(one, other)
    assert log.equals(again)
    reseeded, _ = run_real(config=replace(short, seed=1))
    assert not torch.equal(one.item.weight, reseeded.item.weight)


def plainly(network, batches, validate, config):
    """The loop as one would first write it: every loss read at once, every weight averaged by itself."""
    groups = [
        {"params": [p for p in network.parameters() if p.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [p for p in network.parameters() if p.ndim <= 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(groups, lr=config.learning_rate, betas=(0.9, 0.999))
    n_steps = config.epochs * len(batches) + 1
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimizer, config.learning_rate, total_steps=n_steps, cycle_momentum=False, pct_start=max(0.1, 2 / n_steps)
    )
    averaged, step, log = copy.deepcopy(network), 0, []
    for epoch in range(config.epochs):
        torch.manual_seed(config.seed * 100_003 + epoch)
        network.train()
        losses = []
        for batch in batches(np.random.default_rng([config.seed, epoch])):
            loss = network.loss(batch)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(network.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            losses.append(loss.item())
            step += 1
            decay = min(config.averaging, (1 + step) / (10 + step))
            with torch.no_grad():
                for mean, now in zip(averaged.parameters(), network.parameters(), strict=True):
                    mean.lerp_(now, 1 - decay)
        log.append({"loss": float(np.mean(losses)), "validation": validate(averaged.eval())})
    return averaged, log


@pytest.fixture
def one_thread():
    """As the loop trains, whatever the machine has: more threads add up in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(CONFIG.threads)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("one_thread")
def test_on_the_cpu_the_loop_is_the_plain_one_to_the_last_bit():
    config = replace(CONFIG, epochs=4)
    network, batches, validate = real_parts()
    averaged, expected = plainly(network, batches, validate, config)
    network, batches, validate = real_parts()
    judged = []

    def note(averaged):
        judged.append(validate(averaged))
        return len(judged)  # so that the last epoch's weights are kept

    log = train(network, batches, len(batches), note, config, progress=False)
    assert_same_weights(network, averaged)
    assert log["loss"].tolist() == [row["loss"] for row in expected]
    assert judged == [row["validation"] for row in expected]


def test_a_network_that_was_in_use_before_trains_with_dropout_all_the_same():
    config = replace(CONFIG, epochs=1)
    network, batches, validate = real_parts()
    log = train(network.eval(), batches, len(batches), validate, config, progress=False)
    fresh, fresh_log = run_real(config=config)
    assert_same_weights(network, fresh)
    assert log.equals(fresh_log)


def test_the_logged_loss_is_the_mean_over_the_epochs_batches():
    values = [1.0, -2.0, 0.5]
    starts = []

    class Watched(Point):
        def loss(self, batch):
            starts.append(self.x.item())
            return super().loss(batch)

    log = train(Watched(), batches_of(*values), 3, lambda n: 0.0, TrainingConfig(epochs=2), progress=False)
    squares = (np.reshape(starts, (2, 3)) - values) ** 2
    assert log["loss"].to_numpy() == pytest.approx(squares.mean(axis=1), rel=1e-6)
    assert (log["loss"] > 1).all()


def test_the_momenta_stay_as_they_are(monkeypatch):
    seen, step = [], torch.optim.AdamW.step

    def spy(self, *arguments):
        seen.extend(group["betas"] for group in self.param_groups)
        return step(self, *arguments)

    monkeypatch.setattr(torch.optim.AdamW, "step", spy)
    run_point()
    assert set(seen) == {(0.9, 0.999)}


# --- On a GPU -------------------------------------------------------------------------------------------


class Reads(torch.Tensor):
    """A loss that counts how often Python reads it, or what is computed from it: each time it waits for a GPU."""

    count = 0

    @classmethod
    def __torch_function__(cls, function, types, arguments=(), options=None):
        result = super().__torch_function__(function, types, arguments, options or {})
        if not isinstance(result, torch.Tensor) or function is torch.Tensor.cpu:
            cls.count += function.__name__ in ("item", "tolist", "numpy", "cpu", "__bool__", "__float__", "__array__")
        return result


@pytest.mark.parametrize(("n_steps", "reads"), [(1, 1), (LOOK_EVERY, 1), (LOOK_EVERY + 1, 2), (4 * LOOK_EVERY, 4)])
def test_losses_are_read_once_for_many_steps(n_steps, reads):
    class Counting(Point):
        def loss(self, batch):
            return super().loss(batch).as_subclass(Reads)

    Reads.count = 0
    log = train(
        Counting(), batches_of(*[1] * n_steps), n_steps, lambda n: 0.0, TrainingConfig(epochs=1), progress=False
    )
    assert np.isfinite(log["loss"]).all()
    assert Reads.count == reads


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_a_step_never_waits_for_the_gpu():
    network, batch = Point().cuda(), torch.ones(1, device="cuda")
    state = loop._start(network, 10, TrainingConfig())
    loop._step(state, batch, TrainingConfig())  # the first one sets things up
    torch.cuda.set_sync_debug_mode("error")
    try:
        for _ in range(5):
            loop._step(state, batch, TrainingConfig())
    finally:
        torch.cuda.set_sync_debug_mode("default")


@pytest.mark.parametrize(("device", "fused"), [("cuda", True), ("cpu", None), ("mps", None)])
def test_a_gpu_updates_all_weights_at_once(device, fused):
    network, _, _ = real_parts()
    optimizer = loop._optimizer(network, CONFIG, torch.device(device))
    assert [group["fused"] for group in optimizer.param_groups] == [fused, fused]


def test_the_fused_optimizer_learns_the_same(monkeypatch):
    config = replace(CONFIG, epochs=2)
    network, log = run_real(config=config)
    original = loop._optimizer
    monkeypatch.setattr(
        loop, "_optimizer", lambda network, config, device: original(network, config, torch.device("cuda"))
    )
    fused, fused_log = run_real(config=config)
    assert np.allclose(log, fused_log, rtol=1e-4)
    for a, b in zip(network.parameters(), fused.parameters(), strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-5)


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

    def validate(network):
        return next(scores)

    network, log = run_point(validate, epochs=20, patience=2, checkpoint=path)
    assert len(log) == 4
    again, same = run_point(validate, epochs=20, patience=2, checkpoint=path)  # there is no fifth score
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

    def spy(state, decay):
        average(state, decay)
        step = state.scheduler.last_epoch
        path.append(step)
        d = min(0.5, (1 + step) / (10 + step))
        mean[0] = d * mean[0] + (1 - d) * state.network.x.item()
        assert state.averaged.x.item() == pytest.approx(mean[0], rel=1e-5)

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
    with pytest.raises(FloatingPointError, match=rf"became {value} in epoch 0, batch 1; lower the learning rate"):
        run_point(batches=batches_of(1, value, 1), checkpoint=path)
    assert not path.exists()


def test_the_run_stops_soon_after_and_the_network_is_as_it_was():
    values, taken = [1.0] * 500, []
    values[60] = np.nan
    network = Point(3.0)

    def batches(rng):
        for value in values:
            taken.append(value)
            yield torch.tensor([value])

    with pytest.raises(FloatingPointError, match="became nan in epoch 0, batch 60;"):
        train(network, batches, 500, lambda n: 0.0, progress=False)
    assert len(taken) <= 200  # not all 500
    assert network.x.item() == 3.0


@pytest.mark.parametrize(("n_batches", "told"), [(4, "only 3"), (2, "more"), (1, "more")])
@pytest.mark.parametrize("epochs", [1, 2])
def test_a_wrong_number_of_batches_is_named(n_batches, told, epochs):
    with pytest.raises(ValueError, match=f"n_batches is {n_batches}, but epoch 0 had {told}; pass the number"):
        train(Point(), batches_of(1, 1, 1), n_batches, lambda n: 0.0, TrainingConfig(epochs=epochs), progress=False)


@pytest.mark.parametrize(
    "setting",
    [
        {"epochs": 0}, {"patience": -1}, {"learning_rate": 0.0}, {"learning_rate": -1.0}, {"learning_rate": np.nan},
        {"learning_rate": np.inf}, {"weight_decay": -0.1}, {"weight_decay": np.nan}, {"averaging": 1.0},
        {"averaging": -0.1}, {"averaging": np.nan}, {"threads": 0},
    ],
)  # fmt: skip
def test_a_setting_out_of_range_is_named(setting):
    ((name, value),) = setting.items()
    with pytest.raises(
        ValueError, match=f"^{name}={value} in the training's settings; epochs and threads are at least"
    ):
        TrainingConfig(**setting)
    TrainingConfig(epochs=1, patience=0, weight_decay=0, averaging=0, threads=1)


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


@pytest.mark.parametrize(("system", "libc", "n"), [("linux", True, 6), ("linux", False, 0), ("win32", True, 0)])
def test_memory_goes_back_where_the_c_library_can_give_it(monkeypatch, system, libc, n):
    given = []
    library = SimpleNamespace(**({"malloc_trim": given.append} if libc else {}))
    monkeypatch.setattr(loop, "sys", SimpleNamespace(platform=system))
    monkeypatch.setattr(loop, "ctypes", SimpleNamespace(CDLL=lambda name: library))
    train(Point(), batches_of(1), 1, lambda n: 0.5, TrainingConfig(epochs=3, patience=3), progress=False)
    assert given == [0] * n  # after each epoch, and after each look at the validation month


def test_progress_is_shown_if_wanted(capfd):
    train(Point(), batches_of(1), 1, lambda n: 0.5, TrainingConfig(epochs=2))
    assert "validation=0.5" in capfd.readouterr().err
