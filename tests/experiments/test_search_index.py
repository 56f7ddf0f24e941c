"""The recorded search: every cell is there, says what the chapter says, and a small part comes out again."""

import numpy as np
import pytest

from shoprec.data.journey import complete_journey
from shoprec.experiments import search_index
from shoprec.experiments.records import Parts, load_record
from shoprec.models.factors import SVD
from shoprec.tasks import tasks_at


@pytest.fixture(scope="module")
def test_task():
    return tasks_at(complete_journey().purchases)[1]


def test_the_vectors_score_as_the_decomposition_does(test_task):
    products, queries = search_index.shop_vectors(test_task, n_queries=20)
    assert products.shape == (len(test_task.items), search_index.D)
    np.testing.assert_allclose(np.linalg.norm(products, axis=1), 1, rtol=1e-5)
    drawn = np.sort(np.random.default_rng(0).choice(test_task.households, 20, replace=False))
    model = SVD(search_index.D).fit(test_task)
    lengths = np.linalg.norm(model.item_vectors(), axis=1)
    expected, scores = model.score(drawn) / lengths, queries @ products.T
    ratio = scores[:, :1] / expected[:, :1]
    np.testing.assert_allclose(scores, expected * ratio, atol=1e-4)


def test_the_record_holds_every_cell_and_the_smallest_comes_out_again(tmp_path):
    record = load_record("search_index")
    searches = [(kind, values) for kind, _, _, values in search_index.searches(100)]
    names = {f"{kind} {value}".removesuffix(" 0") for kind, values in searches for value in values}
    assert {*record.cells["model"]} == names
    sizes = record.cells.groupby("model")["n"].agg(sorted)
    assert all(tuple(of_model) == search_index.SIZES for of_model in sizes)
    assert (record.households.groupby(["model", "cut"], observed=True).size() == search_index.N_QUERIES).all()
    parts = Parts(tmp_path)
    search_index.record_size(search_index.SIZES[0], parts)
    cells, queries = parts.finished()
    assert len(cells) == len(names)
    kept = record.households[record.households["cut"].astype(str) == str(search_index.SIZES[0])]
    for model, own in queries.groupby("model"):
        there = kept[kept["model"] == model]
        assert own["recall"].mean() == pytest.approx(there["recall"].mean(), abs=0.02)
        assert own["distances"].mean() == pytest.approx(there["distances"].mean(), rel=0.05)
