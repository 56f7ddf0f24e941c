"""What all recommenders have: the two methods, and the same answers to what can't be answered."""

import inspect

import numpy as np
import pandas as pd
import pytest
from synthetic import CUT, make_purchases

from shoprec.applications.simulation import feedback_loop
from shoprec.evaluation import evaluate, leaderboard, paired_bootstrap, recommend
from shoprec.models.boosting import BoostedRanker
from shoprec.models.content import ContentTfidf
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.factors import EASE, IALS, SVD
from shoprec.models.hybrid import Candidates, Cascade, Hybrid, Stored, Switching, history_length, pool_candidates
from shoprec.models.language.encoders import ContentEncoder
from shoprec.models.language.likelihood import LikelihoodReranker
from shoprec.models.language.prompts import PROMPTS
from shoprec.models.neighbors import ItemKNN, UserKNN, bm25_weights, nearest
from shoprec.models.next_basket import TIFUKNN, UPCF
from shoprec.tasks import next_basket_split


class Letters:
    """An encoder: how often two letters occur."""

    def encode(self, texts, **_):
        return np.array([[text.count("a") + 1.0, text.count("e") + 0.5] for text in texts])


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.fixture(scope="module")
def text(task):
    return pd.Series([f"tea {n} cake" * (n % 3) + " jam" for n in range(len(task.items))], index=task.items)


MODELS = {
    "popularity": lambda text: Popularity(),
    "frequency": lambda text: PersonalFrequency(),
    "item_knn": lambda text: ItemKNN(k=5),
    "user_knn": lambda text: UserKNN(k=5),
    "svd": lambda text: SVD(5),
    "ease": lambda text: EASE(),
    "ials": lambda text: IALS(5),
    "tifu_knn": lambda text: TIFUKNN(k=5),
    "up_cf": lambda text: UPCF(),
    "boosted": lambda text: BoostedRanker(n=20, n_trees=5, least=20),
    "content": lambda text: ContentTfidf(text),
    "encoder": lambda text: ContentEncoder(text, encoder=Letters()),
    "hybrid": lambda text: Hybrid({"a": Popularity(), "b": PersonalFrequency()}),
    "rank_fusion": lambda text: Hybrid({"a": Popularity(), "b": PersonalFrequency()}, "rank"),
    "switching": lambda text: Switching(Popularity(), PersonalFrequency(), threshold=60),
    "cascade": lambda text: Cascade(Popularity(), PersonalFrequency(), n=7),
    "stored": lambda text: Stored(PersonalFrequency()),
}


@pytest.fixture(params=MODELS)
def model(request, text):
    return MODELS[request.param](text)


def test_fitting_returns_the_model_and_scores_are_finite_numbers(model, task):
    assert model.fit(task) is model
    scores = model.score(task.households)
    assert scores.shape == (len(task.households), len(task.items))
    assert np.isfinite(scores).all()


def test_households_come_in_the_order_asked_for_each_on_its_own(model, task):
    scores = model.fit(task).score(task.households)
    np.testing.assert_allclose(model.score(task.households[::-1]), scores[::-1], rtol=1e-6)
    np.testing.assert_allclose(model.score(task.households[[3, 3]]), scores[[3, 3]], rtol=1e-6)


def test_nobody_gets_no_scores(model, task):
    for none in (task.households[:0], []):
        assert model.fit(task).score(none).shape == (0, len(task.items))


def test_before_a_fit_there_is_no_score(model, task):
    with pytest.raises(ValueError, match=r"has read no history yet; call fit\(task\) first"):
        model.score(task.households)


@pytest.mark.parametrize("bad", [[-1], [60], [0, 60], [1.0], [True], ["101"], [[0]], 3])
def test_what_is_no_code_of_a_household_is_refused(model, task, bad):
    with pytest.raises(ValueError, match=r"households h(as shape|olds codes)"):
        model.fit(task).score(np.array(bad))


DEFAULTS = {
    PersonalFrequency: {"half_life": 90},
    ItemKNN: {"k": 20, "strength": 0, "half_life": 90, "weighting": "log", "similarity": "cosine"},
    UserKNN: {"k": 100, "alpha": 0.3, "half_life": 90, "weighting": "log", "similarity": "cosine"},
    SVD: {"d": 256, "half_life": 90, "weighting": "log"},
    EASE: {"strength": 20, "half_life": 90, "weighting": "log"},
    IALS: {
        "d": 128,
        "regularization": 10,
        "alpha": 1,
        "iterations": 5,
        "half_life": 30,
        "weighting": "counts",
        "seed": 0,
    },
    TIFUKNN: {"k": 300, "m": 7, "within": 0.9, "across": 0.7, "alpha": 0.7},
    UPCF: {"r": 25, "q": 10, "alpha": 0.25},
    BoostedRanker: {
        "n": 150,
        "n_trees": 80,
        "learning_rate": 0.05,
        "n_leaves": 15,
        "least": 100,
        "neighbours": None,
        "seed": 0,
    },
    nearest: {"strength": 0, "similarity": "cosine", "block": 256},
    bm25_weights: {"k1": 1.2, "b": 0.75},
    ContentTfidf: {"half_life": 90},
    ContentEncoder: {"half_life": 90, "centre": True, "encoder": None, "store": None},
    LikelihoodReranker: {
        "n_candidates": 10,
        "n_purchases": 15,
        "half_life": 90,
        "decoder": None,
        "prompt": PROMPTS["often"],
    },
    Hybrid: {"method": "weighted", "weights": None},
    Hybrid.tune: {"k": 10, "pool": 50},
    Hybrid.candidates: {"pool": 50},
    pool_candidates: {"pool": 50},
    Candidates.ndcg: {"k": 10},
    Candidates.best_weights: {"k": 10},
    Switching: {"threshold": 0, "by": history_length},
    Switching.tune: {"k": 10},
    Cascade: {"n": 50},
    Cascade.by_size: {"k": 10},
    Cascade.tune: {"k": 10, "sizes": (10, 20, 50, 100, 200, 500)},
    evaluate: {"k": 10, "batch": 256},
    paired_bootstrap: {"n": 10_000, "level": 0.95, "seed": 0},
    leaderboard: {"metric": "ndcg", "seed": 0},
    recommend: {"k": 10},
    feedback_loop: {"n_rounds": 20, "accept": 0.2, "n_random": 0, "n_own": 10, "k": 10, "seed": 0},
}


@pytest.mark.parametrize("call", DEFAULTS, ids=lambda call: call.__qualname__)
def test_the_defaults_are_those_that_the_books_results_rest_on(call):
    parameters = inspect.signature(call).parameters.values()
    assert {p.name: p.default for p in parameters if p.default is not p.empty} == DEFAULTS[call]


def test_the_reranker_answers_alike(task, text):
    model = LikelihoodReranker(PersonalFrequency(), text, decoder=(None, None))
    for call in (lambda: model.score(task.households), lambda: model.prompt(0)):
        with pytest.raises(ValueError, match="has read no history yet"):
            call()
    assert model.fit(task).score([]).shape == (0, len(task.items))
    for call in (lambda: model.score(np.array([60])), lambda: model.prompt(-1)):
        with pytest.raises(ValueError, match="households holds codes"):
            call()
