"""The hybrid of any models: what its weights do, and how they are found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import CUT, make_purchases

from shoprec.baselines import PersonalFrequency, Popularity
from shoprec.evaluation import evaluate
from shoprec.hybrid import Hybrid, _coordinate_ascent, ranks
from shoprec.metrics import rank_items
from shoprec.neighbors import ItemKNN, UserKNN
from shoprec.splits import next_basket_split

METHODS = ["weighted", "rank"]


class Given:
    """A model that returns the scores that it was given, one row per household code."""

    def __init__(self, scores):
        self.scores, self.tasks = scores, []

    def fit(self, task):
        self.tasks.append(task)
        return self

    def score(self, households):
        return self.scores[households]


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


def noise(task, seed):
    return Given(np.random.default_rng(seed).random((len(task.users), len(task.items))))


def ndcg(model, task):
    return evaluate(model, task)["ndcg"].mean()


@pytest.mark.parametrize("method", METHODS)
def test_one_model_ranks_like_itself(task, method):
    # Without ties: a z-score may round two close scores to the same number.
    model = noise(task, 0)
    hybrid = Hybrid({"only": model}, method).score(task.households)
    np.testing.assert_array_equal(ranks(hybrid), ranks(model.score(task.households)))
    zero = Hybrid({"only": model, "other": noise(task, 1)}, method, {"only": 0.2, "other": 0})
    np.testing.assert_array_equal(rank_items(zero.score(task.households)), rank_items(hybrid))


@pytest.mark.parametrize("method", METHODS)
def test_weights_matter_up_to_their_scale(task, method):
    models = {"a": noise(task, 0), "b": noise(task, 1)}

    def ranking(a, b):
        return rank_items(Hybrid(models, method, {"a": a, "b": b}).score(task.households), k=40)

    np.testing.assert_array_equal(ranking(1, 3), ranking(0.25, 0.75))
    np.testing.assert_array_equal(ranking(1, 3), ranking(64, 192))
    assert (ranking(1, 3) != ranking(3, 1)).any()
    np.testing.assert_array_equal(ranking(0.5, 0.5), rank_items(Hybrid(models, method).score(task.households), k=40))


def test_scores_are_the_weighted_sums(task):
    a, b = noise(task, 0), noise(task, 1)
    weighted = Hybrid({"a": a, "b": b}, weights={"a": 2, "b": 3}).score(task.households)
    fused = Hybrid({"a": a, "b": b}, "rank", weights={"a": 2, "b": 3}).score(task.households)
    for row, u in enumerate(task.households):
        z = [(s - s.mean()) / s.std() for s in (a.scores[u], b.scores[u])]
        np.testing.assert_allclose(weighted[row], 2 * z[0] + 3 * z[1], atol=1e-9)
        place = [np.argsort(np.argsort(-s)) + 1 for s in (a.scores[u], b.scores[u])]
        np.testing.assert_allclose(fused[row], 2 / (60 + place[0]) + 3 / (60 + place[1]))


@given(st.sampled_from([np.exp, np.cbrt, lambda x: 5 * x - 2, lambda x: x**3]), st.integers(0, 5))
def test_rank_fusion_sees_only_the_order(transform, seed):
    scores = np.random.default_rng(seed).integers(-4, 5, size=(2, 3, 12)) / 2  # with ties
    plain = {"a": Given(scores[0]), "b": Given(scores[1])}
    changed = plain | {"b": Given(transform(scores[1]))}
    households = np.arange(3)
    np.testing.assert_array_equal(Hybrid(plain, "rank").score(households), Hybrid(changed, "rank").score(households))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("pool", [40, 15])
def test_tuning_never_ends_below_the_best_single_model(task, method, pool):
    for extra in (noise(task, 0), ItemKNN(), UserKNN(k=10)):
        models = {"popularity": Popularity(), "frequency": PersonalFrequency(60), "extra": extra}
        hybrid = Hybrid(models, method).fit(task)
        best = max(ndcg(Hybrid({name: model}, method), task) for name, model in models.items())
        assert ndcg(hybrid.tune(task, pool=pool), task) >= best - 1e-6
        assert sum(hybrid.weights.values()) == pytest.approx(1)
        assert min(hybrid.weights.values()) >= 0


@pytest.mark.parametrize("method", METHODS)
def test_a_random_model_gets_hardly_any_weight(task, method):
    frequency = PersonalFrequency(60).fit(task)
    hybrid = Hybrid({"noise": noise(task, 5), "frequency": frequency}, method).tune(task)
    assert hybrid.weights["noise"] < 0.2
    # On other households than those whose luck it was tuned on, it must not cost anything much.
    assert ndcg(hybrid, task) < ndcg(frequency, task) + 0.05


def test_two_halves_of_the_truth_are_both_used(task):
    targets = task.targets.toarray().astype(float)
    half = np.random.default_rng(0).random(targets.shape) < 0.5
    rng = np.random.default_rng(1)
    models = {
        "one": Given(targets * half + rng.random(targets.shape)),
        "other": Given(targets * ~half + rng.random(targets.shape)),
    }
    hybrid = Hybrid(models).tune(task)
    assert min(hybrid.weights.values()) > 0.25
    assert ndcg(hybrid, task) > max(ndcg(model, task) for model in models.values()) + 0.05


def test_tuning_measures_what_evaluation_measures(task, monkeypatch):
    models = {"frequency": PersonalFrequency(60).fit(task), "noise": noise(task, 0)}
    values = {}

    def probe(objective, n):
        for weights in ((1.0, 0.0), (0.0, 1.0), (0.5, 0.5), (0.9, 0.1)):
            values[weights] = objective(np.array(weights))
        return np.array([1.0, 0.0])

    monkeypatch.setattr("shoprec.hybrid._coordinate_ascent", probe)
    Hybrid(models).tune(task, pool=len(task.items))
    for weights, value in values.items():
        hybrid = Hybrid(models, weights=dict(zip(models, weights, strict=True)))
        assert value == pytest.approx(ndcg(hybrid, task), abs=2e-3)


def test_a_small_pool_still_fills_the_list(task):
    models = {"frequency": PersonalFrequency().fit(task), "popularity": Popularity().fit(task)}
    hybrid = Hybrid(models).tune(task, k=10, pool=1)
    assert sum(hybrid.weights.values()) == pytest.approx(1)


def test_the_search_finds_a_peak_and_never_a_negative_weight():
    def objective(w):
        assert (w >= 0).all()
        w = w / w.sum()
        return -((w[0] - 0.2) ** 2) - (w[1] - 0.8) ** 2 - w[2] ** 2

    found = _coordinate_ascent(objective, 3)
    np.testing.assert_allclose(found / found.sum(), [0.2, 0.8, 0], atol=0.03)


def test_the_search_starts_at_the_best_single_model():
    # A needle that no step from elsewhere finds.
    found = _coordinate_ascent(lambda w: float(w[1] > 0 and not w[[0, 2]].any()), 3)
    assert found[1] > 0
    assert not found[[0, 2]].any()


def test_fitting_fits_every_model_and_keeps_the_weights(task):
    models = {"a": noise(task, 0), "b": noise(task, 1)}
    hybrid = Hybrid(models, weights={"a": 0.7, "b": 0.3})
    assert hybrid.fit(task) is hybrid
    assert [model.tasks for model in models.values()] == [[task], [task]]
    assert hybrid.weights == {"a": 0.7, "b": 0.3}


@pytest.mark.parametrize(
    ("models", "arguments", "message"),
    [
        ([], {}, "at least one model"),
        (["a"], {"method": "votes"}, "'votes'; choose"),
        (["a"], {"weights": {"a": 1, "z": 1}}, r"unknown models \['z'\]"),
        (["a", "b"], {"weights": {"a": 1, "b": -0.1}}, "none may be negative"),
        (["a", "b"], {"weights": {"a": 1, "b": np.nan}}, "none may be negative or NaN"),
        (["a", "b"], {"weights": {"a": 0, "b": 0}}, "one must be positive"),
        (["a", "b"], {"weights": {}}, "one must be positive"),
    ],
)
def test_errors_say_what_is_wrong(models, arguments, message):
    with pytest.raises(ValueError, match=message):
        Hybrid(dict.fromkeys(models, Popularity()), **arguments)
