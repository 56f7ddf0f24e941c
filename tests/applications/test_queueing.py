"""A queue: against a simulation event by event, and against two formulas that know nothing of it."""

import numpy as np
import pytest

from shoprec.applications.queueing import answer_times, arrivals, mean_number, mean_wait


def one_by_one(arrived, service):
    """The same, written as what happens: the server is free at some time, or the request comes later."""
    free, took = 0.0, []
    for moment, length in zip(arrived, service, strict=True):
        free = max(free, moment) + length
        took.append(free - moment)
    return np.array(took)


@pytest.mark.parametrize("load", [0.2, 0.9, 1.5])
def test_the_recursion_is_what_happens(load):
    arrived = arrivals(load, 2000, seed=3)
    service = np.random.default_rng(1).exponential(1.0, 2000)
    np.testing.assert_allclose(answer_times(arrived, service), one_by_one(arrived, service))
    np.testing.assert_allclose(answer_times(arrived), one_by_one(arrived, np.ones(2000)))


@pytest.mark.parametrize("load", [0.1, 0.5, 0.8])
def test_the_mean_wait_is_the_formulas(load):
    waits = answer_times(arrivals(load, 300_000)) - 1
    assert waits.mean() == pytest.approx(mean_wait(load), rel=0.03)
    assert (waits > -1e-6).all()


def test_littles_law_holds_moment_by_moment():
    arrived = arrivals(0.7, 5000)
    took = answer_times(arrived)
    span = (arrived + took).max() - arrived[0]
    assert mean_number(arrived, took) == pytest.approx(len(took) / span * took.mean())


def test_arrivals_are_a_stream_without_memory():
    gaps = np.diff(arrivals(0.5, 100_000))
    assert gaps.mean() == pytest.approx(2, rel=0.02)
    assert gaps.std() == pytest.approx(gaps.mean(), rel=0.02)
    np.testing.assert_array_equal(arrivals(0.5, 10), arrivals(0.5, 10))


@pytest.mark.parametrize("wrong", [lambda: mean_wait(1.0), lambda: arrivals(0, 5), lambda: arrivals(0.5, 0)])
def test_what_makes_no_queue_is_refused(wrong):
    with pytest.raises(ValueError, match="pass"):
        wrong()
