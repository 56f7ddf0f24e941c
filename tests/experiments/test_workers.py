"""Trainings side by side: all are made, an error is told, and what they cost is counted."""

import operator

import pytest
import torch

from shoprec.experiments import workers
from shoprec.experiments.workers import Stopwatch, at_once, side_by_side


def test_all_that_waits_is_recorded_in_processes(capsys):
    with workers.workers() as pool:
        side_by_side(pool, str.upper, ["one", "two", "three"])
        assert sorted(capsys.readouterr().out.split()) == ["ONE", "THREE", "TWO"]
        side_by_side(pool, str.upper, [])
        with pytest.raises(ZeroDivisionError):
            side_by_side(pool, operator.methodcaller("__floordiv__", 0), [1])


def test_a_card_s_seconds_are_shared_and_a_core_s_are_not(monkeypatch):
    for name, start, step in (("perf_counter", 100.0, 24.0), ("process_time", 5.0, 2.0)):
        times = iter([start, start + step])
        monkeypatch.setattr(workers.time, name, lambda times=times: next(times))
    assert Stopwatch(torch.device("cpu")).seconds() == 2.0
    assert Stopwatch(torch.device("cuda")).seconds() == 24.0 / at_once()
    monkeypatch.setattr(workers.os, "cpu_count", lambda: 64)
    assert at_once() == workers.MOST
