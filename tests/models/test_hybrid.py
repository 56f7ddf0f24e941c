"""The hybrid of any models: what its weights do, and how they are found."""

import weakref
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import CUT, Given, make_purchases

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
    in_front,
    pool_candidates,
)
from shoprec.models.neighbors import ItemKNN, UserKNN
from shoprec.tasks import next_basket_split

METHODS = ["weighted", "rank"]


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
        (["a"], {"method": "votes"}, "method is 'votes'; choose one of weighted, rank"),
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
    with pytest.raises(ValueError, match=r"threshold is nan; .*tune\(task\) finds one"):
        Switching(Popularity(), Popularity(), np.nan)
    for bad in (np.zeros(3), np.full(60, np.nan), np.full(60, "a")):
        with pytest.raises(ValueError, match="one number, not NaN, for each of the 60 households"):
            Switching(Popularity(), Popularity(), by=lambda task, bad=bad: bad).fit(task)


def test_switching_leaves_the_scores_of_both_as_they_are(task):
    close = np.nextafter(1.0, 2) - np.zeros((len(task.users), len(task.items)))
    close[:, ::2] = 1.0  # equal in 32 bits
    few, many = Given(close), Given(noise(task, 0).scores.astype(np.float32))
    threshold = float(np.median(history_length(task)))
    scores = Switching(few, many, threshold).fit(task).score(task.households)
    below = history_length(task)[task.households] < threshold
    np.testing.assert_array_equal(scores[below], close[task.households][below])
    np.testing.assert_array_equal(scores[~below], many.scores[task.households][~below])


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
    assert len(np.unique(scores[0])) == len(task.items)
    rest = rank_items(scores, len(task.items))[:, n:]
    np.testing.assert_array_equal(rest, rank_items(first.score(task.households), len(task.items))[:, n:])


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64, np.float16, np.float32, np.float64])
@settings(max_examples=25)
@given(seed=st.integers(0, 50), magnitude=st.floats(-0.9, 0.9), n=st.integers(1, 30))
def test_whatever_is_put_in_front_the_rest_keeps_its_order_at_any_magnitude(dtype, seed, magnitude, n):
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        spread = 10.0 ** rng.integers(-16, 1)  # down to where most are equal
        scores = (rng.normal(1, spread, (4, 200)) * float(np.finfo(dtype).max) ** magnitude).astype(dtype)
        scores[:, ::7] = -np.inf
    else:
        scores = rng.integers(0, {bool: 2, np.uint8: 256, np.int64: 2**50}[dtype], size=(4, 200)).astype(dtype)
    front = np.stack([rng.permutation(200)[:n] for _ in scores])
    order = rank_items(in_front(scores, front), 200)
    for row, values, first in zip(order, scores, front, strict=True):
        rest = [i for i in rank_items(values, 200) if i not in first]
        assert row.tolist() == [*first, *rest]


def test_a_cascade_tells_all_products_apart_in_32_bits(task):
    big = replace(task, items=pd.RangeIndex(1000))
    for offset in (0, 1e6, 1e30):
        first = Given(np.float32(offset) + np.random.default_rng(0).random((60, 1000), np.float32))
        second = Given(np.random.default_rng(1).random((60, 1000), np.float32))
        scores = Cascade(first, second, 50).score(big.households)
        assert scores.dtype == np.float32
        assert all(len(np.unique(row)) == 1000 for row in scores)
        np.testing.assert_array_equal(
            rank_items(scores, 1000)[:, 50:], rank_items(first.score(big.households), 1000)[:, 50:]
        )


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
    for n in (0, -1, 2.5):
        with pytest.raises(ValueError, match=f"n is {n}; pass a whole number, at least 1"):
            Cascade(Popularity(), Popularity(), n)
    for sizes in ((5, 20), ()):
        with pytest.raises(ValueError, match="at least 10 candidates"):
            Cascade(Popularity(), Popularity()).tune(task, sizes=sizes)
    with pytest.raises(ValueError, match=r"a size is 20\.5"):
        Cascade(Popularity(), Popularity()).by_size(task, [20.5])


def test_a_tie_of_sizes_goes_to_the_earlier_one(task):
    model = noise(task, 0)
    assert Cascade(model, model).tune(task, sizes=(20, 10, 40)).n == 20


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
    with pytest.raises(ValueError, match="at least one model"):
        pool_candidates([], task)


def test_batches_of_candidates_are_joined_in_the_order_of_the_households(crowd):
    parts = [noise(crowd, s).score(crowd.households) for s in (0, 1)]
    parts[0][:300] = parts[1][:300]  # the first batch needs fewer columns than the second
    pool = pool_candidates(parts, crowd, pool=5)
    targets = crowd.targets[crowd.households].toarray()
    assert pool.items.shape[1] > (~pool.filler[:200]).sum(axis=1).max()
    np.testing.assert_array_equal(pool.n_targets, targets.sum(axis=1))
    for row, (items, filler) in enumerate(zip(pool.items, pool.filler, strict=True)):
        expected = np.union1d(*(rank_items(part[row], 5) for part in parts))
        np.testing.assert_array_equal(items[~filler], expected)
        np.testing.assert_array_equal(pool.hits[row, ~filler], targets[row, expected])
        np.testing.assert_array_equal(pool.scores[:, row, ~filler], [part[row, expected] for part in parts])
    assert not pool.hits[pool.filler].any()
    assert all(array.base is None or array.base.size == array.size for array in vars(pool).values())


def test_what_only_fills_up_is_no_hit(task):
    worst = -task.targets[task.households].toarray().astype(float)  # the targets come last
    worst[0, rank_items(worst, 1)[0]] = -2  # and the first row's candidates differ, so that others are filled up
    pool = pool_candidates([worst, np.roll(worst, 3, axis=1) - (np.arange(len(worst)) == 0)[:, None]], task, pool=1)
    assert pool.filler.any()
    assert not pool.hits[pool.filler].any()


def test_candidates_keep_the_precision_of_the_scores(task):
    close = 1 + np.arange(40)[::-1] * 1e-12 + np.zeros((len(task.households), 1))
    pool = pool_candidates([close], task, pool=12)
    assert pool.scores.dtype == np.float64
    np.testing.assert_array_equal(rank_items(pool.scores[0], 12), np.tile(np.arange(12), (len(close), 1)))


@pytest.mark.parametrize("method", METHODS)
def test_a_hybrids_candidates_are_those_of_its_models_scores_on_the_common_scale(crowd, method):
    models = {"a": noise(crowd, 0), "b": noise(crowd, 1)}
    hybrid = Hybrid(models, method)
    pool = hybrid.candidates(crowd, 7)
    alone = [Hybrid({name: model}, method).score(crowd.households) for name, model in models.items()]
    expected = pool_candidates(alone, crowd, 7)
    for field in ("items", "filler", "scores", "hits", "n_targets"):
        np.testing.assert_array_equal(getattr(pool, field), getattr(expected, field))


# What is asked, and what comes back ----------------------------------------------------------------


@pytest.fixture(scope="module")
def crowd():
    """More households than fit in one batch."""
    task = next_basket_split(make_purchases(n_users=600, n_days=200), "2021-05-01", min_users=1)
    assert len(task.households) > 512
    return task


def test_no_more_than_a_batch_of_households_is_scored_at_a_time(crowd):
    for use in (
        lambda a, b: Hybrid({"a": a, "b": b}).tune(crowd),
        lambda a, b: Hybrid({"a": a, "b": b}, "rank").tune(crowd),
        lambda a, b: Stored(a).fit(crowd) and Stored(b).fit(crowd),
        lambda a, b: Cascade(a, b).by_size(crowd, [10, 20, 30]),
        lambda a, b: Switching(a, b).tune(crowd),
    ):
        models = noise(crowd, 0), noise(crowd, 1)
        use(*models)
        for model in models:
            assert sum(model.asked) == len(crowd.households)  # each once
            assert max(model.asked) <= 256


def test_a_hybrid_drops_one_models_scores_before_it_asks_the_next(task, monkeypatch):
    made = []

    def noted(scores):
        assert not [table for table in made if table() is not None]
        table = scores.copy()
        made.append(weakref.ref(table))
        return table

    monkeypatch.setattr("shoprec.models.hybrid.zscore", noted)
    Hybrid({str(seed): noise(task, seed) for seed in range(9)}).score(task.households)
    assert len(made) == 9


def test_stored_scores_are_kept_in_the_precision_in_which_they_come(crowd):
    close = 1 + np.arange(40) * 1e-12 + np.zeros((len(crowd.users), 1))
    for dtype in (np.float32, np.float64):
        model = Given(close.astype(dtype))
        stored = Stored(model).fit(crowd).score(crowd.households)
        assert stored.dtype == dtype
        np.testing.assert_array_equal(stored, model.scores[crowd.households])
    mixed = Switching(
        Given(close), Given(close.astype(np.float32)), 1, by=lambda task: np.arange(len(task.users)) > 300
    )
    stored = Stored(mixed).fit(crowd)
    early = crowd.households[crowd.households <= 300][:5]
    np.testing.assert_array_equal(stored.score(early), close[early])


def test_stored_popularity_takes_the_memory_of_one_list(task):
    stored = Stored(Popularity()).fit(task)
    assert {row.base.nbytes for row in stored.scores_} == {4 * len(task.items)}


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_scores_that_are_no_numbers_are_refused_by_the_models_name(task, bad):
    scores = noise(task, 0).scores
    scores[task.households[3], 5] = bad
    given, sound = Given(scores), noise(task, 1)
    for use in (
        lambda: Hybrid({"a": sound, "b": given}).score(task.households),
        lambda: Hybrid({"a": sound, "b": given}, "rank").tune(task),
        lambda: Cascade(given, sound).score(task.households),
        lambda: Cascade(sound, given).score(task.households),
        lambda: Cascade(sound, given).by_size(task, [10]),
        lambda: Switching(sound, given).tune(task),
        lambda: Stored(given).fit(task),
    ):
        with pytest.raises(ValueError, match=r"Given\.score returned NaN or \+inf"):
            use()


def test_models_of_different_catalogues_do_not_mix(task):
    short, sound = Given(noise(task, 0).scores[:, :-1]), noise(task, 1)
    for use in (
        lambda: Cascade(sound, short).score(task.households),
        lambda: Hybrid({"a": sound, "b": short}).tune(task),
        lambda: Hybrid({"a": sound, "b": short}).score(task.households),
        lambda: Stored(short).fit(task),
        lambda: Switching(short, sound).tune(task),
    ):
        with pytest.raises(ValueError, match=r"fit (it|all) on the"):
            use()


def test_what_one_model_rules_out_is_not_in_its_list(task):
    scores = noise(task, 0).scores
    scores[:, :20] = -np.inf
    fused = Hybrid({"a": Given(scores)}, "rank").score(task.households)
    assert (fused[:, :20] == 0).all()
    assert (fused[:, 20:] > 0).all()


def test_a_models_list_has_two_hundred_places():
    scores = np.random.default_rng(0).random((3, 300))
    fused = Hybrid({"a": Given(scores)}, "rank").score(np.arange(3))
    for row, own in zip(fused, scores, strict=True):
        order = np.argsort(-own)
        np.testing.assert_allclose(row[order[:200]], 1 / (60 + np.arange(1, 201)))
        assert not row[order[200:]].any()


def test_equal_models_are_not_switched(task):
    model = noise(task, 0)
    assert Switching(model, model).tune(task).threshold == -np.inf


@pytest.mark.parametrize("argument", ["k", "pool"])
@pytest.mark.parametrize("value", [0, -1, 1.5])
def test_tuning_arguments_are_whole_numbers(task, argument, value):
    with pytest.raises(ValueError, match=rf"{argument} is {value}; pass a whole number"):
        Hybrid({"a": noise(task, 0)}).tune(task, **{argument: value})


def test_a_pool_below_one_is_named(task):
    with pytest.raises(ValueError, match="pool is 0"):
        pool_candidates([noise(task, 0).score(task.households)], task, pool=0)


def test_stored_scores_are_the_models(task):
    model = PersonalFrequency(60)
    stored = Stored(model).fit(task)
    some = task.households[::-3]
    np.testing.assert_array_equal(stored.score(some), model.score(some))
    other = np.setdiff1d(np.arange(len(task.users)), task.households)
    if len(other):
        with pytest.raises(ValueError, match="scores were not kept"):
            stored.score(other[:1])
