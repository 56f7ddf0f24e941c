"""Other libraries behind the book's two methods: their own calls against the formulas in the docstrings."""

import numpy as np
import pytest
from synthetic import CUT, make_purchases

from shoprec.formulas.metrics import rank_items
from shoprec.models.boosting import BoostedRanker
from shoprec.models.counting import PersonalFrequency
from shoprec.models.factors import SVD
from shoprec.models.libraries import BPR, HistogramRanker, ImplicitItems, SVDIndex, as_scores
from shoprec.models.neighbors import UserKNN
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.mark.parametrize("weighting", ["cosine", "tfidf", "bm25"])
def test_item_neighbours_are_summed_from_what_was_bought(task, weighting):
    model = ImplicitItems(3, weighting, half_life=60).fit(task)
    similar = model.model_.similarity.toarray()
    assert ((similar > 0).sum(axis=1) <= 3).all()
    frequency = PersonalFrequency(60).fit(task).frequency_.toarray()
    scores = model.score(task.households)
    for row, household in enumerate(task.households[:5]):
        for item in range(similar.shape[1]):
            by_hand = sum(frequency[household, j] * similar[j, item] for j in range(len(similar)))
            assert scores[row, item] == pytest.approx(by_hand, rel=1e-4, abs=1e-6)


def test_the_neighbours_cosine_is_the_cosine(task):
    similar = ImplicitItems(len(task.items)).fit(task).model_.similarity.toarray()
    counts = task.history.matrix().toarray().T
    unit = counts / np.linalg.norm(counts, axis=1, keepdims=True)
    np.testing.assert_allclose(similar, unit @ unit.T, atol=1e-5)


@pytest.mark.parametrize(
    "model", [ImplicitItems(5), BPR(4, iterations=5), SVDIndex("numpy", d=5), SVDIndex("flat", d=5)], ids=type
)
def test_a_library_s_own_lists_have_the_scores_order(task, model):
    model.fit(task)
    lists, scores = model.top(task.households, 5), model.score(task.households)
    in_order = np.take_along_axis(scores, lists, axis=1)
    best = np.take_along_axis(scores, rank_items(scores, 5), axis=1)
    np.testing.assert_allclose(in_order, best, rtol=1e-5)  # of equal scores, any may come first


def test_bpr_reads_what_the_window_holds_and_no_more(task):
    late = BPR(4, iterations=2, days=30).fit(task)
    read = task.history.select(task.history.day >= task.cut_day - 30).matrix()
    assert ((late.bought_ > 0) != (read > 0)).nnz == 0
    assert set(np.unique(late.bought_.data)) == {1.0}
    again = BPR(4, iterations=2, days=30).fit(task)
    np.testing.assert_array_equal(late.score(task.households), again.score(task.households))


@pytest.mark.parametrize("index", ["numpy", "flat"])
def test_an_exact_index_has_the_svd_s_lists(task, index):
    exact = rank_items(SVD(8).fit(task).score(task.households), 10)
    lists = SVDIndex(index, d=8).fit(task).top(task.households, 10)
    assert np.mean(lists == exact) > 0.98  # but for what is equal in one precision and not in the other


def test_a_graph_that_links_all_products_finds_all(task):
    exact = SVDIndex("flat", d=8).fit(task).top(task.households, 5)
    near = SVDIndex("hnsw", links=64, effort=200, d=8).fit(task).top(task.households, 5)
    assert np.mean([len({*a} & {*b}) for a, b in zip(near.tolist(), exact.tolist(), strict=True)]) > 4.9


def test_the_histogram_ranker_orders_the_neighbours_candidates_by_probability(task):
    look = {"n": 15, "n_trees": 5, "n_leaves": 4, "least": 5, "neighbours": UserKNN(5)}
    ranker = HistogramRanker(**look).fit(task)
    _, items, features = ranker.shop_.candidates(task.households)
    chance = ranker.trees_.predict_proba(features)[:, 1].reshape(items.shape)
    first = np.take_along_axis(items, rank_items(chance, items.shape[1]), axis=1)
    np.testing.assert_array_equal(rank_items(ranker.score(task.households), items.shape[1]), first)
    boosted = BoostedRanker(**look).fit(task).shop_.candidates(task.households)
    np.testing.assert_array_equal(features, boosted[2])  # both see the same
    assert ranker.score(np.array([], int)).shape == (0, len(task.items))


def test_lists_become_scores_of_the_same_order():
    lists = np.array([[3, 0, 4], [1, -1, -1]])
    scores = as_scores(lists, 5)
    assert rank_items(scores, 3)[0].tolist() == [3, 0, 4]
    assert rank_items(scores, 1)[1].tolist() == [1]
    assert np.isinf(scores).sum() == 2 + 4


def test_what_is_out_of_range_is_refused():
    for make, message in (
        (lambda: ImplicitItems(0), "k"),
        (lambda: ImplicitItems(5, "pearson"), "weighting"),
        (lambda: BPR(learning_rate=0), "learning_rate"),
        (lambda: BPR(days=0), "half_life"),
        (lambda: SVDIndex("annoy"), "index"),
    ):
        with pytest.raises(ValueError, match=message):
            make()
    with pytest.raises(ValueError, match="no history"):
        BPR().score(np.array([0]))
