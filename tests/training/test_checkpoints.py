"""A run that is interrupted ends exactly as one that is not; a damaged or foreign checkpoint spoils none."""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from tiny_training import CONFIG, EPOCHS, Point, assert_same_weights, batches_of, run_point, run_real

from shoprec.models.backbones import BinaryTransformer
from shoprec.training import checkpoints, loop
from shoprec.training.checkpoints import Checkpoint, checkpoint_folder
from shoprec.training.loop import TrainingConfig, train

SHORT = replace(CONFIG, epochs=2)


@pytest.fixture(autouse=True)
def surprises_are_errors():
    """A run warns only where a test says so."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield


def stop_after(monkeypatch, n_saves):
    """Let a run be interrupted by hand after it has saved so many epochs."""
    saves, save = [], Checkpoint.save

    def save_and_stop(self, state):
        save(self, state)
        saves.append(1)
        if len(saves) == n_saves:
            raise KeyboardInterrupt

    monkeypatch.setattr(Checkpoint, "save", save_and_stop)


def interrupt(run, monkeypatch, n_saves=1):
    with monkeypatch.context() as patch:
        stop_after(patch, n_saves)
        with pytest.raises(KeyboardInterrupt):
            run()


# --- Stopped by hand ------------------------------------------------------------------------------------


def test_a_stopped_run_goes_on_and_a_finished_one_stays(tmp_path, monkeypatch):
    config = replace(CONFIG, epochs=6)
    whole, log = run_real(config=config)
    path = tmp_path / "new" / "folder" / "run.safetensors"
    for n_saves in (2, 1):
        interrupt(lambda: run_real(path, config), monkeypatch, n_saves)
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


def test_the_same_call_goes_on_where_it_was_stopped(tmp_path, monkeypatch):
    """As when a notebook's cell is stopped and run again, with the network that the stopped run began to change."""
    whole, log = run_point()
    network, path = Point(), tmp_path / "run.safetensors"

    def again():
        config = TrainingConfig(epochs=6, patience=6, learning_rate=0.1)
        return train(network, batches_of(1, 1, 1), 3, run_point.__defaults__[0], config, path, progress=False)

    interrupt(again, monkeypatch, n_saves=3)
    assert network.x.item() == 0
    steps, step = [], loop._step
    monkeypatch.setattr(loop, "_step", lambda *arguments: steps.append(1) or step(*arguments))
    assert log.equals(again())
    assert_same_weights(whole, network)
    assert len(steps) == 3 * 3


def test_the_progress_bar_goes_on_too(tmp_path, monkeypatch):
    path, asked, bar = tmp_path / "run.safetensors", [], loop.tqdm
    interrupt(lambda: run_point(checkpoint=path), monkeypatch, n_saves=2)
    monkeypatch.setattr(loop, "tqdm", lambda **options: asked.append(options) or bar(**options))
    run_point(checkpoint=path)
    assert (asked[0]["initial"], asked[0]["total"]) == (2 * 3, 6 * 3)


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
            file, data = arguments
            original(file, data[: len(data) // 2])
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
        ended["writing"] += any(folder.glob(f"{path.name}.*.part"))
        return killed or os.WEXITSTATUS(status) == 0

    deadly = [(checkpoints, "_write"), (checkpoints.os, "fsync"), (checkpoints.os, "replace")]
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


# --- Damaged --------------------------------------------------------------------------------------------


def damaged(data, rng):
    """Bytes of a file after an accident: some changed, some lost, some too many."""
    place = int(rng.integers(len(data)))
    match rng.integers(6):
        case 0:  # a byte, anywhere
            return data[:place] + bytes([data[place] ^ int(rng.integers(1, 256))]) + data[place + 1 :]
        case 1:  # a bit of the header's length
            place, bit = int(rng.integers(8)), 1 << int(rng.integers(8))
            return data[:place] + bytes([data[place] ^ bit]) + data[place + 1 :]
        case 2:  # a digit
            digits = [i for i, byte in enumerate(data) if chr(byte).isdigit()]
            place = int(rng.choice(digits))
            return data[:place] + str((int(chr(data[place])) + 1) % 10).encode() + data[place + 1 :]
        case 3:
            return data[:place]
        case 4:
            return data[:place] + rng.bytes(int(rng.integers(1, 20))) + data[place:]
    return data + rng.bytes(int(rng.integers(1, 20)))


def test_a_damaged_checkpoint_ends_in_one_error_or_an_equal_run(tmp_path, monkeypatch):
    whole, log = run_point()
    path = tmp_path / "run.safetensors"
    interrupt(lambda: run_point(checkpoint=path), monkeypatch, n_saves=2)
    data, rng = path.read_bytes(), np.random.default_rng(0)
    refused = 0
    for _ in range(500):
        path.write_bytes(damaged(data, rng))
        try:
            network, again = run_point(checkpoint=path)
        except ValueError as error:
            assert str(error).startswith(f"can't go on from {path}: it is damaged")  # noqa: PT017
            assert "Remove it to start anew, or give this run another checkpoint" in str(error)  # noqa: PT017
            refused += 1
        else:
            assert_same_weights(whole, network)
            assert log.equals(again)
    assert refused > 450
    path.write_bytes(data)
    network, again = run_point(checkpoint=path)
    assert_same_weights(whole, network)


def rewritten(path):
    """Take a tensor out of a checkpoint, with the notes and the checksum as they were."""
    tensors = load_file(path)
    del tensors["averaged.x"]
    save_file(tensors, path, metadata=notes(path))


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b""),
        lambda path: path.write_bytes(b"epoch,loss\n0,0.5\n"),
        lambda path: path.write_bytes((2**62).to_bytes(8, "little") + path.read_bytes()[8:]),
        lambda path: torch.save({"x": 1}, path),
        lambda path: save_file({"x": torch.zeros(1)}, path),
        rewritten,
    ],
    ids=["empty", "text", "huge", "pickle", "foreign", "a tensor less"],
)
def test_what_is_no_checkpoint_is_refused(tmp_path, damage):
    path = tmp_path / "run.safetensors"
    run_point(checkpoint=path)
    damage(path)
    with pytest.raises(ValueError, match=r"can't go on from .*run\.safetensors: it is damaged.*Remove it"):
        run_point(checkpoint=path)


def test_a_folder_is_refused_before_anything_is_computed(tmp_path):
    with pytest.raises(ValueError, match=r"it is a folder; name a file in it, such as .*run\.safetensors"):
        run_point(lambda network: pytest.fail("it trained"), checkpoint=tmp_path)


@pytest.mark.parametrize("part", [b"", b"half a checkpoi", bytes(1000)])
def test_a_leftover_draft_is_ignored_and_in_time_removed(tmp_path, part):
    whole, log = run_point()
    path = tmp_path / "run [1].safetensors"
    old, young, others = (tmp_path / f"{name}.part" for name in (f"{path.name}.0f", f"{path.name}.1f", "run 1.2f"))
    for draft in (old, young, others):
        draft.write_bytes(part)
        if draft != young:  # which another process may be writing
            os.utime(draft, (0, 0))
    network, again = run_point(checkpoint=path)
    assert_same_weights(whole, network)
    assert log.equals(again)
    assert {p.name for p in tmp_path.iterdir()} == {path.name, young.name, others.name}


def test_a_draft_that_is_gone_meanwhile_is_no_trouble(tmp_path, monkeypatch):
    monkeypatch.setattr(Path, "glob", lambda self, pattern: [self / "gone.part"])
    _, log = run_point(checkpoint=tmp_path / "run.safetensors")
    assert len(log) == 6


def test_a_checkpoint_holds_no_pickle_and_all_the_state(tmp_path):
    path = tmp_path / "run.safetensors"
    run_point(checkpoint=path)
    assert load_file(path).keys() == {
        "network.x", "averaged.x", "best.x", "optimizer.0.step", "optimizer.0.exp_avg", "optimizer.0.exp_avg_sq",
    }  # fmt: skip
    for name in ("pickle", "torch.load", "torch.save"):
        assert name not in Path(checkpoints.__file__).read_text()


def test_weights_that_two_layers_share_are_kept(tmp_path, monkeypatch):
    def tied(checkpoint):
        network = Point()
        network.same = network.x
        config = TrainingConfig(epochs=3, learning_rate=0.1)
        train(network, batches_of(1, 1), 2, always_alike, config, checkpoint, progress=False)
        return network

    def always_alike(network):
        return 0.0

    path = tmp_path / "run.safetensors"
    interrupt(lambda: tied(path), monkeypatch)
    resumed = tied(path)
    assert resumed.same is resumed.x
    assert_same_weights(resumed, tied(None))


# --- Of another run -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"dropout": 0.2}, "network.config.dropout 0.3 → 0.2"),
        ({"n_sampled": 14}, "network.n_sampled 15 → 14"),
        ({"n_dates": 2}, "batches.n_dates 3 → 2"),
        ({"n_users": 19}, "batches.history.n_users 20 → 19"),
        ({"seed": 1}, "other network.item.weight"),
        ({"kind": BinaryTransformer}, r"network \S+PurchaseTransformer → \S+BinaryTransformer"),
        ({"config": replace(SHORT, learning_rate=0.02)}, "training.learning_rate 0.01 → 0.02"),
        ({"config": replace(SHORT, epochs=3)}, "training.epochs 2 → 3"),
        ({"config": replace(SHORT, seed=1)}, "training.seed 0 → 1"),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else "",
)
def test_a_run_with_any_changed_setting_starts_anew_and_says_what_changed(tmp_path, change, told):
    path = tmp_path / "run.safetensors"
    run_real(path, SHORT)
    changed = {"config": SHORT} | change
    with pytest.warns(UserWarning, match=rf"written by another run \(.*{told}.*starts anew"):
        network, log = run_real(path, **changed)
    fresh, fresh_log = run_real(**changed)
    assert_same_weights(network, fresh)
    assert log.equals(fresh_log)
    again, _ = run_real(path, **changed)  # which finds its own checkpoint now, and doesn't warn
    assert_same_weights(again, fresh)


def test_a_run_on_another_device_or_with_another_schedule_is_another_run():
    run = loop._fingerprint(Point(), batches_of(1), 7, len, CONFIG)
    assert (run["device"], run["n_batches"]) == ("cpu", "7")


def test_a_changed_loss_starts_anew(tmp_path):
    class Twice(Point):
        def loss(self, batch):
            return 2 * super().loss(batch)

    class Thrice(Point):
        def loss(self, batch):
            return 3 * super().loss(batch)

    Thrice.__qualname__ = Twice.__qualname__  # the same cell of a notebook, edited
    path, settings = tmp_path / "run.safetensors", TrainingConfig(epochs=2)
    train(Twice(), batches_of(1), 1, run_point.__defaults__[0], settings, path, progress=False)
    with pytest.warns(UserWarning, match=r"network\.class\.loss\.code\.constants .*starts anew"):
        train(Thrice(), batches_of(1), 1, run_point.__defaults__[0], settings, path, progress=False)


def test_the_other_runs_file_stays_until_there_is_something_to_replace_it(tmp_path):
    path = tmp_path / "run.safetensors"
    run_point(checkpoint=path)
    data = path.read_bytes()
    with pytest.warns(UserWarning, match="another run"), pytest.raises(FloatingPointError):
        run_point(lambda network: np.nan, checkpoint=path)
    assert path.read_bytes() == data


# --- Where it is kept -----------------------------------------------------------------------------------


def test_a_name_is_kept_in_the_users_own_folder_while_the_run_lasts(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPREC_CACHE", str(tmp_path))
    whole, log = run_point()
    interrupt(lambda: run_point(checkpoint="chapter-9.taste"), monkeypatch, n_saves=2)
    assert [p.name for p in (tmp_path / "checkpoints").iterdir()] == ["chapter-9.taste.safetensors"]
    saves, save = [], Checkpoint.save
    monkeypatch.setattr(Checkpoint, "save", lambda *arguments: saves.append(1) or save(*arguments))
    network, again = run_point(checkpoint="chapter-9.taste")
    assert len(saves) == 4
    assert_same_weights(whole, network)
    assert log.equals(again)
    assert not list((tmp_path / "checkpoints").iterdir())


def test_each_user_has_a_folder_of_his_own(monkeypatch):
    for name in ("SHOPREC_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    folders = []
    for home in ("/home/ann", "/home/bo"):
        monkeypatch.setenv("HOME", home)
        monkeypatch.setenv("LOCALAPPDATA", home)
        folders.append(checkpoint_folder())
        if sys.platform in ("linux", "darwin"):
            assert folders[-1].is_relative_to(home)
    assert folders[0] != folders[1] or sys.platform == "win32"
    monkeypatch.setenv("SHOPREC_CACHE", "~/here")
    assert checkpoint_folder() == Path("~/here/checkpoints").expanduser()


@pytest.mark.parametrize(
    ("place", "named"),
    [
        ("run", True), ("v1.5", True), ("run.safetensors", False), ("folder/run", False), (Path("run"), False),
        ("/run", False),
    ],
)  # fmt: skip
def test_a_path_is_taken_as_it_is(place, named):
    assert Checkpoint(place, {}).path == (checkpoint_folder() / f"{place}.safetensors" if named else Path(place))


FULL = OSError(errno.ENOSPC, "No space left on device")
DENIED = PermissionError(errno.EACCES, "Permission denied")
READ_ONLY = OSError(errno.EROFS, "Read-only file system")


def fail(error):
    def failing(*arguments, **options):
        raise error

    return failing


@pytest.mark.parametrize(
    ("owner", "function", "error"),
    [
        (checkpoints, "_write", FULL), (checkpoints.os, "fsync", FULL), (checkpoints.os, "replace", DENIED),
        (Path, "mkdir", READ_ONLY), (Path, "mkdir", DENIED),
    ],
)  # fmt: skip
def test_a_failure_to_save_warns_once_and_training_goes_on(tmp_path, monkeypatch, owner, function, error):
    whole, log = run_point()
    monkeypatch.setattr(owner, function, fail(error))
    with pytest.warns(UserWarning, match="could not save the run at") as told:
        network, same = run_point(checkpoint=tmp_path / "run.safetensors")
    assert [error.strerror in str(warning.message) for warning in told] == [True]
    assert "training goes on" in str(told[0].message)
    assert told[0].filename == run_point.__code__.co_filename  # where train was called
    assert_same_weights(whole, network)
    assert log.equals(same)
    assert not list(tmp_path.iterdir())


def test_what_failed_once_may_succeed_later(tmp_path, monkeypatch):
    replace_file, calls = os.replace, []

    def third_time(*arguments):
        calls.append(1)
        if len(calls) < 3:
            raise FULL
        replace_file(*arguments)

    monkeypatch.setattr(checkpoints.os, "replace", third_time)
    with pytest.warns(UserWarning, match="could not save"):
        run_point(checkpoint=tmp_path / "run.safetensors")
    run_point(lambda network: 0.0, checkpoint=tmp_path / "other.safetensors")
    assert len(calls) == 12
    assert json.loads(notes(tmp_path / "run.safetensors")["log"])[5]["validation"] == 0.0


def test_a_file_where_a_folder_should_be_does_not_end_the_run(tmp_path):
    (tmp_path / "occupied").write_text("")
    with pytest.warns(UserWarning, match="could not save"):
        _, log = run_point(checkpoint=tmp_path / "occupied" / "run.safetensors")
    assert len(log) == 6


def test_a_checkpoint_that_may_not_be_read_or_replaced_is_left_alone(tmp_path, monkeypatch):
    """As where two users were given one folder."""
    path = tmp_path / "run.safetensors"
    whole, log = run_point(checkpoint=path)
    data = path.read_bytes()
    with monkeypatch.context() as patch:
        patch.setattr(Path, "read_bytes", fail(DENIED))
        patch.setattr(checkpoints.os, "replace", fail(DENIED))
        with pytest.warns(UserWarning, match="could not") as told:
            network, again = run_point(checkpoint=path)
    assert [str(w.message).split(" at ")[0] for w in told] == [
        "could not read what was saved",
        "could not save the run",
    ]
    assert_same_weights(whole, network)
    assert log.equals(again)
    assert path.read_bytes() == data


def test_a_finished_runs_file_that_cannot_be_removed_is_no_failure(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPREC_CACHE", str(tmp_path))
    unlink = Path.unlink

    def kept(self, missing_ok=False):
        if self.suffix == ".safetensors":
            raise DENIED
        unlink(self, missing_ok)

    monkeypatch.setattr(Path, "unlink", kept)
    with pytest.warns(UserWarning, match="could not remove the finished run's file"):
        _, log = run_point(checkpoint="named")
    assert len(log) == 6


def test_two_processes_that_save_the_same_run_do_not_meet(tmp_path, monkeypatch):
    path = tmp_path / "run.safetensors"
    whole, log = run_point()
    write, writing = checkpoints._write, []

    def write_within(draft, data):
        write(draft, data)
        if not writing:  # the second process has all its epochs while the first is between draft and file
            writing.append(draft)
            run_point(checkpoint=path)

    monkeypatch.setattr(checkpoints, "_write", write_within)
    network, again = run_point(checkpoint=path)
    assert_same_weights(whole, network)
    assert log.equals(again)
    resumed, same = run_point(checkpoint=path)
    assert_same_weights(whole, resumed)
    assert log.equals(same)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
