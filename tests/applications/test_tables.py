"""The counts of the book by a database and by a cluster: equal to the book's own, to the last one."""

import os

import numpy as np
import pandas as pd
import pytest
from scipy import sparse

from shoprec.applications.baskets import BasketCounts
from shoprec.applications.tables import (
    KINDS,
    as_matrix,
    features_dask,
    features_sql,
    read_features,
    run_sql,
    two_workers,
    write_events,
)
from shoprec.data.journey import complete_journey
from shoprec.models.counting import PersonalFrequency
from shoprec.tasks import Task, tasks_at

HALF_LIFE = 90.0


@pytest.fixture(scope="module")
def task() -> Task:
    return tasks_at(complete_journey().purchases)[1]


@pytest.fixture(scope="module")
def since(task: Task) -> float:
    return task.cut_day - 14


@pytest.fixture(scope="module")
def folder(tmp_path_factory, task, since):
    folder = tmp_path_factory.mktemp("tables")
    write_events(task.history, folder / "events.parquet")
    run_sql(features_sql(folder / "events.parquet", task.cut_day, HALF_LIFE, since), folder / "sql")
    return folder


def shapes(task: Task) -> dict[str, tuple[int, int]]:
    return {"own": (task.history.n_users, task.history.n_items), "pair": (task.history.n_items,) * 2}


def test_the_query_counts_what_the_book_counts(task, since, folder):
    counted = PersonalFrequency(np.inf).fit(task).frequency_
    own, pair = (read_features(folder / "sql", kind, shapes(task)[kind]) for kind in KINDS)
    assert (own != counted).nnz == 0
    assert own.sum() == len(task.history.item)
    baskets = BasketCounts(task.history.select(task.history.day >= since))
    assert (pair + pair.T != baskets.pairs).nnz == 0
    assert baskets.pairs.nnz > 100_000


def test_the_query_weighs_what_the_book_weighs(task, since, folder):
    own, pair = (read_features(folder / "sql", kind, shapes(task)[kind], "value") for kind in KINDS)
    decayed = PersonalFrequency(HALF_LIFE).fit(task).frequency_
    np.testing.assert_allclose(own.data, decayed.data, rtol=1e-5)  # of 32 bits
    baskets = BasketCounts(task.history.select(task.history.day >= since))
    rows, columns = pair.nonzero()
    expected = baskets.pairs[rows, columns] / np.sqrt(baskets.single[rows] * baskets.single[columns])
    np.testing.assert_allclose(pair.data, expected, rtol=1e-6)


def test_the_query_reads_a_table_larger_than_its_memory(tmp_path, task, since, folder):
    path = tmp_path / "events.parquet"
    rows = write_events(task.history, path, copies=4)
    assert rows == 4 * len(task.history.item)
    assert path.stat().st_size > 60e6
    used = run_sql(features_sql(path, task.cut_day, HALF_LIFE, since), tmp_path / "sql", memory="60MB")
    assert used.memory <= 60e6
    assert used.spilled > 60e6
    assert not list(tmp_path.glob("*.spill/*"))  # nothing is left of it
    for kind, copied in (("own", lambda one: sparse.vstack([one] * 4)), ("pair", lambda one: 4 * one)):
        expected = copied(read_features(folder / "sql", kind, shapes(task)[kind]))
        assert (read_features(tmp_path / "sql", kind, expected.shape) != expected).nnz == 0


def test_a_cluster_counts_the_same_and_ends(task, since, folder):
    with two_workers() as client:
        workers = list(client.run(os.getpid).values())
        plan = features_dask(folder / "events.parquet", task.cut_day, HALF_LIFE, since)
        found = {kind: table.compute() for kind, table in plan.items()}
    assert len({*workers, os.getpid()}) == 3
    for pid in workers:
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)
    for kind in KINDS:
        shape = shapes(task)[kind]
        assert (as_matrix(found[kind], shape) != read_features(folder / "sql", kind, shape)).nnz == 0
        values = read_features(folder / "sql", kind, shape, "value")
        np.testing.assert_allclose(as_matrix(found[kind], shape, "value").data, values.data, rtol=1e-12)


def test_a_small_table_by_hand(tmp_path):
    history = tasks_at(
        pd.DataFrame(
            {"user": [1, 1, 2, 1, 2, 1, 2], "item": ["tea", "jam", "tea", "tea", "jam", "tea", "jam"],
             "timestamp": pd.to_datetime(["2017-01-05"] * 3 + ["2017-01-31", "2017-02-02", "2017-03-03", "2017-03-04"])}
        ),
        cut="2017-03-01", min_users=1,
    )[1].history  # fmt: skip
    write_events(history, tmp_path / "events.parquet")
    day = float(history.day.max()) + 10
    run_sql(features_sql(tmp_path / "events.parquet", day, 10, 0), tmp_path / "sql")
    pair = read_features(tmp_path / "sql", "pair", (2, 2))
    assert pair.toarray().tolist() == [[0, 1], [0, 0]]  # jam and tea, once in a basket
    assert read_features(tmp_path / "sql", "own", (2, 2)).toarray().tolist() == [[1, 2], [1, 1]]
    value = read_features(tmp_path / "sql", "own", (2, 2), "value").toarray()
    assert value[1, 0] == pytest.approx(0.5)


@pytest.mark.parametrize("half_life", [0, -1, float("nan")])
def test_a_half_life_that_is_none_is_refused(tmp_path, half_life):
    with pytest.raises(ValueError, match="half_life"):
        features_sql(tmp_path / "events.parquet", 0, half_life, 0)
