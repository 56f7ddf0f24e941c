"""What all recommenders have: the two methods, and the same answers to what can't be answered."""

import numpy as np
import pandas as pd
import pytest
from synthetic import CUT, make_purchases

from shoprec.models.content import ContentTfidf
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.hybrid import Cascade, Hybrid, Stored, Switching
from shoprec.models.language import ContentEncoder, LikelihoodReranker
from shoprec.models.neighbors import ItemKNN, UserKNN
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


def test_the_reranker_answers_alike(task, text):
    model = LikelihoodReranker(PersonalFrequency(), text, decoder=(None, None))
    for call in (lambda: model.score(task.households), lambda: model.prompt(0)):
        with pytest.raises(ValueError, match="has read no history yet"):
            call()
    assert model.fit(task).score([]).shape == (0, len(task.items))
    for call in (lambda: model.score(np.array([60])), lambda: model.prompt(-1)):
        with pytest.raises(ValueError, match="households holds codes"):
            call()
