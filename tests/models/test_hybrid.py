"""The hybrid of any models: what its weights do, and how they are found."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import CUT, make_purchases

from shoprec.evaluation import evaluate
from shoprec.formulas.fusion import ranks, zscore
from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.models.hybrid import (
    Cascade,
    Hybrid,
    Stored,
    Switching,
    _coordinate_ascent,
    history_length,
    pool_candidates,
)
from shoprec.models.neighbors import ItemKNN, UserKNN
from shoprec.tasks import next_basket_split

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

    monkeypatch.setattr("shoprec.models.hybrid._coordinate_ascent", probe)
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


# Switching ----------------------------------------------------------------------------------------


@given(st.integers(0, 3), st.sampled_from([-np.inf, np.inf]))
def test_switching_that_always_picks_one_model_is_that_model(task, seed, threshold):
    few, many = noise(task, seed), noise(task, seed + 10)
    switch = Switching(few, many, threshold).fit(task)
    chosen = few if threshold > 0 else many
    np.testing.assert_array_equal(switch.score(task.households), chosen.score(task.households))


def test_switching_gives_each_household_its_model(task):
    few, many = noise(task, 0), noise(task, 1)
    threshold = float(np.median(history_length(task)))
    scores = Switching(few, many, threshold).fit(task).score(task.households)
    for row, u in enumerate(task.households):
        own = few if (task.history.user == u).sum() < threshold else many
        np.testing.assert_array_equal(scores[row], own.scores[u])


def test_the_threshold_is_the_best_of_all(task):
    models = ItemKNN().fit(task), PersonalFrequency(60).fit(task)
    tuned = Switching(*models).fit(task).tune(task)
    levels = [-np.inf, *np.unique(history_length(task)), np.inf]
    best = max(ndcg(Switching(*models, level).fit(task), task) for level in levels)
    assert ndcg(tuned, task) == pytest.approx(best)
    assert ndcg(tuned, task) >= max(ndcg(model, task) for model in models)


def test_switching_finds_a_planted_threshold(task):
    truth, nonsense = task.targets.toarray().astype(float), noise(task, 0).scores
    below = (history_length(task) < np.median(history_length(task)))[:, None]
    few, many = Given(np.where(below, truth, nonsense)), Given(np.where(below, nonsense, truth))
    tuned = Switching(few, many).fit(task).tune(task)
    assert ndcg(tuned, task) == pytest.approx(1)
    assert ndcg(few, task) < 0.9 > ndcg(many, task)


def test_switching_by_anything(task):
    calls = []

    def parity(given):
        calls.append(given)
        return np.arange(len(given.users)) % 2

    scores = Switching(noise(task, 0), noise(task, 1), 1, by=parity).fit(task).score(task.households)
    expected = np.where((task.households % 2 == 0)[:, None], *(noise(task, s).scores[task.households] for s in (0, 1)))
    np.testing.assert_array_equal(scores, expected)
    assert calls == [task]


def test_switching_says_what_is_wrong(task):
    with pytest.raises(ValueError, match="threshold is NaN"):
        Switching(Popularity(), Popularity(), np.nan)
    with pytest.raises(ValueError, match="one number, not NaN, for each of the 60 households"):
        Switching(Popularity(), Popularity(), by=lambda task: np.zeros(3)).fit(task)


# Cascade ------------------------------------------------------------------------------------------


def test_a_cascade_of_the_whole_catalogue_ranks_like_the_second_model(task):
    first, second = PersonalFrequency(60).fit(task), ItemKNN().fit(task)  # with ties
    for n in (len(task.items), 10 * len(task.items)):
        scores = Cascade(first, second, n).score(task.households)
        np.testing.assert_array_equal(ranks(scores), ranks(second.score(task.households)))


@given(st.integers(1, 40), st.integers(0, 5))
def test_a_cascade_keeps_the_first_models_top_set_in_the_second_models_order(task, n, seed):
    rng = np.random.default_rng(seed)
    first, second = (Given(rng.integers(0, 9, (len(task.users), len(task.items)))) for _ in range(2))  # ties
    scores = Cascade(first, second, n).score(task.households)
    top, own = rank_items(scores, n), rank_items(first.score(task.households), n)
    np.testing.assert_array_equal(np.sort(top), np.sort(own))
    by_second = sorted(own[0], key=lambda item: (-second.scores[task.households[0], item], item))
    assert top[0].tolist() == by_second
    rest = rank_items(scores, len(task.items))[:, n:]
    np.testing.assert_array_equal(rest, rank_items(first.score(task.households), len(task.items))[:, n:])


def test_a_cascade_never_recalls_more_than_its_candidates(task):
    first, second = ItemKNN().fit(task), PersonalFrequency(60).fit(task)
    for n in (10, 20, 30):
        recall = evaluate(Cascade(first, second, n), task)["recall"]
        found = np.take_along_axis(
            task.targets[task.households].toarray(), rank_items(first.score(task.households), n), 1
        )
        n_targets = np.diff(task.targets.indptr)[task.households]
        assert (recall <= found.sum(axis=1) / n_targets + 1e-9).all()


def test_sizes_are_judged_like_the_cascades_themselves(task):
    first, second = ItemKNN().fit(task), PersonalFrequency(60).fit(task)
    sizes = [10, 17, 40]
    by_size = Cascade(first, second).by_size(task, sizes)
    for n, values in zip(sizes, by_size, strict=True):
        np.testing.assert_allclose(values, evaluate(Cascade(first, second, n), task)["ndcg"])
    tuned = Cascade(first, second).tune(task, sizes=sizes)
    assert tuned.n == sizes[int(np.argmax(by_size.mean(axis=1)))]


def test_fitting_a_cascade_or_a_switch_fits_both(task):
    for make in (Cascade, Switching):
        models = noise(task, 0), noise(task, 1)
        hybrid = make(*models)
        assert hybrid.fit(task) is hybrid
        assert [model.tasks for model in models] == [[task], [task]]


def test_cascade_says_what_is_wrong(task):
    with pytest.raises(ValueError, match="at least one candidate"):
        Cascade(Popularity(), Popularity(), 0)
    with pytest.raises(ValueError, match="at least 10 candidates"):
        Cascade(Popularity(), Popularity()).tune(task, sizes=(5, 20))


# Candidates ---------------------------------------------------------------------------------------


def test_candidates_hold_every_models_first(task):
    parts = [zscore(noise(task, s).score(task.households)) for s in (0, 1)]
    pool = pool_candidates(parts, task, pool=7)
    for row in range(len(task.households)):
        expected = np.union1d(*(rank_items(part[row], 7) for part in parts))
        np.testing.assert_array_equal(pool.items[row][~pool.filler[row]], expected)
    np.testing.assert_allclose(pool.scores[1], np.take_along_axis(parts[1], pool.items, 1), rtol=1e-6)


def test_one_models_pool_and_the_catalogue_agree(task):
    models = {"a": PersonalFrequency(60).fit(task), "b": ItemKNN().fit(task)}
    pool = pool_candidates([zscore(m.score(task.households)) for m in models.values()], task, len(task.items))
    full = evaluate(Hybrid(models, weights={"a": 0.3, "b": 0.7}), task)["ndcg"]
    np.testing.assert_allclose(pool.ndcg(pool.weighted([0.3, 0.7])), full, atol=1e-6)
    some = np.arange(len(full)) % 3 == 0
    np.testing.assert_allclose(pool.select([1], some).ndcg(pool.scores[1][some]), pool.ndcg(pool.scores[1])[some])


def test_candidates_must_fit_the_task(task):
    with pytest.raises(ValueError, match="score all 40 items"):
        pool_candidates([np.zeros((2, 40))], task)


def test_stored_scores_are_the_models(task):
    model = PersonalFrequency(60)
    stored = Stored(model).fit(task)
    some = task.households[::-3]
    np.testing.assert_array_equal(stored.score(some), model.score(some))
    other = np.setdiff1d(np.arange(len(task.users)), task.households)
    if len(other):
        with pytest.raises(ValueError, match="scores were not kept"):
            stored.score(other[:1])
