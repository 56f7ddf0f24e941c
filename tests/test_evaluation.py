"""Judging, against loops over households and against SciPy's bootstrap."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from synthetic import CUT, Given, make_purchases

from shoprec import evaluation
from shoprec.evaluation import METRICS, SLICES, evaluate, leaderboard, paired_bootstrap, recommend
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.fixture(scope="module")
def scores(task):
    """Coarse random scores, so that many tie."""
    return np.random.default_rng(0).integers(0, 6, size=(len(task.users), len(task.items))).astype(float)


def slow_metrics(ranked, relevant, k):
    gains = [1 / math.log2(rank + 2) for rank, item in enumerate(ranked[:k]) if item in relevant]
    places = [rank + 1 for rank, item in enumerate(ranked[:k]) if item in relevant]
    return {
        "ndcg": sum(gains) / sum(1 / math.log2(rank + 2) for rank in range(min(k, len(relevant)))),
        "recall": len(places) / len(relevant),
        "hit_rate": float(bool(places)),
        "mrr": 1 / places[0] if places else 0.0,
    }


@pytest.mark.parametrize("k", [1, 5, 10])
def test_metrics_equal_the_slow_ones_for_each_household(task, scores, k):
    result = evaluate(Given(scores), task, k=k, batch=7)
    bought = [set(task.history.item[task.history.user == u]) for u in range(len(task.users))]
    shown, missing = set(), {"repeat": 0, "explore": 0}
    for row, u in enumerate(task.households):
        ranked = sorted(range(len(task.items)), key=lambda i: (-scores[u, i], i))  # ties: the lower code
        assert result.ranked[row].tolist() == ranked[:k]
        shown.update(ranked[:k])
        target = set(np.flatnonzero(task.targets[[u]].toarray()[0]))
        slices = {"all": target, "repeat": target & bought[u], "explore": target - bought[u]}
        for name, relevant in slices.items():
            for metric in METRICS:
                value = result.households[name, metric].iloc[row]
                if relevant:
                    assert value == pytest.approx(slow_metrics(ranked, relevant, k)[metric])
                else:
                    assert np.isnan(value)
                    missing[name] += 1
    assert min(missing.values()) > 0, "no household lacks repeat or explore targets: the test tests little"
    assert result.households.index.equals(task.users[task.households])
    assert result.coverage == len(shown) / len(task.items)
    assert result.k == k
    share = np.array([np.mean([i in b for b in bought if b]) for i in range(len(task.items))])
    information = -np.log2(np.maximum(share, share[share > 0].min()))
    assert result.novelty == pytest.approx(np.mean([information[r].mean() for r in result.ranked]))


def test_means_leave_households_without_a_target_out(task, scores):
    result = evaluate(Given(scores), task)
    mean = result.mean()
    assert set(mean.index) == {(s, m) for s in SLICES for m in METRICS}
    for key in mean.index:
        assert mean[key] == pytest.approx(np.nanmean(result.households[key]))
    np.testing.assert_array_equal(result["mrr"], result.households["all", "mrr"])


def test_batches_do_not_matter(task):
    model = PersonalFrequency().fit(task)
    whole = evaluate(model, task, batch=10_000)
    for batch in (1, 13):
        other = evaluate(model, task, batch=batch)
        np.testing.assert_array_equal(other.ranked, whole.ranked)
        assert other.households.equals(whole.households)


def test_the_best_and_the_worst_ranking(task):
    targets = task.targets.toarray().astype(float)
    best = evaluate(Given(targets), task)
    assert (best["ndcg"] == 1).all()
    assert (best["mrr"] == 1).all()
    assert not evaluate(Given(-targets), task)["recall"].any()


@pytest.mark.parametrize("bad", ["columns", "rows", "flat", "nan", "inf", "text"])
def test_scores_that_are_not_what_was_asked_for_are_an_error(task, scores, bad):
    class Bad(Given):
        def score(self, households):
            s = self.scores[households]
            return {
                "columns": s[:, :-1], "rows": s[:1], "flat": s[0], "nan": s * np.nan, "inf": s + np.inf,
                "text": s.astype(str),
            }[bad]  # fmt: skip

    message = {"nan": r"NaN or \+inf", "inf": r"NaN or \+inf", "text": "type <U32; a score is a number"}
    with pytest.raises(ValueError, match=message.get(bad, r"Bad\.score returned shape .* fit it on the task")):
        evaluate(Bad(scores), task)


def test_a_score_of_minus_infinity_puts_a_product_at_the_end(task, scores):
    masked = np.where(np.arange(len(task.items)) < 20, -np.inf, scores)
    assert evaluate(Given(masked), task, k=20).ranked.min() == 20


@pytest.mark.parametrize("argument", ["k", "batch"])
@pytest.mark.parametrize("value", [0, -1, 2.5])
def test_evaluation_takes_whole_numbers(task, scores, argument, value):
    with pytest.raises(ValueError, match=rf"{argument} is {value}; pass a whole number, at least 1"):
        evaluate(Given(scores), task, **{argument: value})


def test_a_list_longer_than_the_catalogue_is_an_error(task, scores):
    with pytest.raises(ValueError, match="k is 41"):
        evaluate(Given(scores), task, k=41)


def test_a_task_without_households_says_so(task, scores):
    with pytest.raises(ValueError, match="no household with a history and a next basket; cut"):
        evaluate(Given(scores), replace(task, households=task.households[:0]))


@pytest.mark.parametrize(("n", "batch", "most"), [(1, 13, 1), (513, None, 256), (26, 13, 13), (27, 13, 9)])
def test_no_more_than_a_batch_is_scored_at_a_time(task, scores, n, batch, most):
    model = Given(scores)
    many = replace(task, households=np.resize(task.households, n))
    evaluate(model, many, **({"batch": batch} if batch else {}))
    assert max(model.asked) <= most
    assert sum(model.asked) == n


# --- Bootstrap ------------------------------------------------------------------------------------------


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    difficulty = rng.beta(1, 3, size=300)
    return difficulty + rng.normal(0.02, 0.1, size=300), difficulty


@pytest.mark.parametrize("level", [0.5, 0.95])
def test_the_interval_agrees_with_scipy(pair, level):
    a, b = pair
    theirs = stats.bootstrap(
        (a, b), lambda x, y, axis: (x - y).mean(axis=axis), paired=True, vectorized=True, method="percentile",
        n_resamples=10_000, confidence_level=level, rng=np.random.default_rng(1),
    ).confidence_interval  # fmt: skip
    mean, low, high = paired_bootstrap(a, b, level=level)
    assert mean == pytest.approx(np.mean(a - b))
    width = theirs.high - theirs.low
    assert low == pytest.approx(theirs.low, abs=0.04 * width)
    assert high == pytest.approx(theirs.high, abs=0.04 * width)


def test_pairing_makes_the_interval_narrow(pair):
    a, b = pair
    _, low, high = paired_bootstrap(a, b)
    _, loose_low, loose_high = paired_bootstrap(a, np.random.default_rng(0).permutation(b))
    assert high - low < 0.6 * (loose_high - loose_low)


def test_exchanging_the_models_mirrors_the_interval(pair):
    a, b = pair
    mean, low, high = paired_bootstrap(a, b)
    np.testing.assert_allclose(paired_bootstrap(b, a), (-mean, -high, -low), atol=1e-12)


@pytest.mark.parametrize("dtype", [bool, np.uint8, np.int64])
def test_hits_may_be_whole_numbers_or_yes_and_no(dtype):
    a, b = np.array([0, 1, 1, 0, 0]), np.array([1, 1, 0, 1, 1])
    assert paired_bootstrap(a.astype(dtype), b.astype(dtype)) == paired_bootstrap(a.astype(float), b.astype(float))


def test_a_constant_difference_has_no_width():
    b = np.arange(16) / 16
    assert paired_bootstrap(b + 0.25, b) == (0.25, 0.25, 0.25)


def test_the_seed_decides_and_households_without_a_value_are_left_out(pair):
    a, b = pair
    assert paired_bootstrap(a, b, seed=3) == paired_bootstrap(a, b, seed=3) != paired_bootstrap(a, b, seed=4)
    with_gaps = np.r_[a, np.nan, 1.0], np.r_[b, 1.0, np.nan]
    assert paired_bootstrap(*with_gaps) == paired_bootstrap(a, b)


def test_resamples_are_drawn_once_for_all_comparisons_and_decide_nothing(pair, monkeypatch):
    drawn = []
    draws = evaluation._draws
    monkeypatch.setattr(evaluation, "_draws", lambda *key: drawn.append(key) or draws(*key))
    evaluation._kept_draws.cache_clear()
    a, b = pair
    kept = [paired_bootstrap(a + gain, b) for gain in (0, 0.5)]
    assert drawn == [(10_000, len(a), 0)]
    monkeypatch.setattr(evaluation, "KEPT", 0)
    assert [paired_bootstrap(a + gain, b) for gain in (0, 0.5)] == kept
    assert len(drawn) == 3


@pytest.mark.parametrize(
    ("a", "b", "message"),
    [
        ([1, 2], [1, 2, 3], "one value per household"),
        ([[1, 2]], [[1, 2]], "one value per household"),
        ([1.0, np.nan], [1.0, 2.0], "only 1 households"),
        ([1.0, np.inf], [1.0, 2.0], "holds infinity"),
        ([1.0, 2.0], [1.0, -np.inf], "holds infinity"),
    ],
)
def test_bootstrap_errors(a, b, message):
    with pytest.raises(ValueError, match=message):
        paired_bootstrap(a, b)


@pytest.mark.parametrize("level", [95, 0, 1, -0.5, np.nan, "0.95"])
def test_a_level_is_a_probability(pair, level):
    with pytest.raises(ValueError, match=r"level is .*; pass a number in \(0, 1\); 0\.95 for 95 %"):
        paired_bootstrap(*pair, level=level)


@pytest.mark.parametrize("n", [0, -1, 10.5])
def test_the_number_of_resamples_is_whole(pair, n):
    with pytest.raises(ValueError, match=rf"n is {n}; pass a whole number, at least 1"):
        paired_bootstrap(*pair, n=n)


@pytest.mark.parametrize("n", [400, 500, 1201])
def test_a_seed_draws_what_it_always_drew(pair, n):
    """The resamples as they are defined: household numbers from one generator, 500 resamples at a time."""
    difference, rng = pair[0] - pair[1], np.random.default_rng(3)
    drawn = [rng.integers(300, size=(min(500, n - i), 300)) for i in range(0, n, 500)]
    means = difference[np.concatenate(drawn)].mean(axis=1)
    found = paired_bootstrap(*pair, n=n, level=0.9, seed=3)
    np.testing.assert_allclose(found, [difference.mean(), *np.quantile(means, [0.05, 0.95])], rtol=1e-12)


def test_a_leaderboard_draws_once_for_all_models(task, scores, monkeypatch):
    drawn = []

    class Counting:
        def __init__(self, seed):
            self.rng = np.random.Generator(np.random.PCG64(seed))

        def integers(self, *args, size):
            drawn.append(size[0])
            return self.rng.integers(*args, size=size)

    results = {str(i): evaluate(Given(np.roll(scores, i)), task) for i in range(5)}
    monkeypatch.setattr("shoprec.evaluation.np.random.default_rng", Counting)
    leaderboard(results)
    assert sum(drawn) == 10_000
    assert max(drawn) <= 500


def test_the_interval_covers_as_often_as_it_says():
    rng = np.random.default_rng(0)
    samples = rng.exponential(size=(300, 80))
    covered = [low <= 1 <= high for _, low, high in (paired_bootstrap(s, 0 * s, n=400, level=0.8) for s in samples)]
    assert np.mean(covered) == pytest.approx(0.8, abs=0.07)


# --- Leaderboard ----------------------------------------------------------------------------------------


def test_the_leaderboard_is_sorted_and_holds_what_was_measured(task, scores):
    models = {"popularity": Popularity().fit(task), "random": Given(scores), "frequency": PersonalFrequency().fit(task)}
    results = {name: evaluate(model, task) for name, model in models.items()}
    board = leaderboard(results)
    assert board.columns.tolist() == [
        "all", "low", "high", "repeat", "explore", "recall", "hit_rate", "mrr", "coverage", "novelty",
    ]  # fmt: skip
    assert board.index.tolist() == ["frequency", "popularity", "random"]
    assert (board["low"] < board["all"]).all()
    assert (board["all"] < board["high"]).all()
    for name, row in board.iterrows():
        mean = results[name].mean()
        assert row["all"] == mean["all", "ndcg"]
        assert row[["repeat", "explore"]].tolist() == [mean["repeat", "ndcg"], mean["explore", "ndcg"]]
        assert row[["recall", "hit_rate", "mrr"]].tolist() == [mean["all", m] for m in ("recall", "hit_rate", "mrr")]
        assert row[["coverage", "novelty"]].tolist() == [results[name].coverage, results[name].novelty]
        np.testing.assert_allclose(
            row[["low", "high"]].tolist(), paired_bootstrap(results[name]["ndcg"], np.zeros(len(task.households)))[1:]
        )
    by_recall = leaderboard(results, metric="recall")
    assert by_recall["all"].tolist() == sorted(by_recall["all"], reverse=True)
    assert by_recall.loc["random", "all"] == board.loc["random", "recall"]


def test_a_leaderboard_compares_what_is_comparable(task, scores):
    result = evaluate(Given(scores), task)
    other = evaluate(Given(scores), replace(task, households=task.households[1:]))
    with pytest.raises(ValueError, match="all on the same task"):
        leaderboard({"one": result, "other": other})
    with pytest.raises(ValueError, match="one evaluation or more"):
        leaderboard({})
    with pytest.raises(ValueError, match="metric is 'ngdc'; choose one of ndcg, recall, hit_rate, mrr"):
        leaderboard({"one": result}, metric="ngdc")


def test_equal_models_keep_their_order(task, scores):
    result = evaluate(Given(scores), task)
    assert leaderboard(dict.fromkeys("bca", result)).index.tolist() == ["b", "c", "a"]


# --- One household --------------------------------------------------------------------------------------


def test_a_households_list_says_what_it_bought_before_and_next(task, scores):
    names = [f"product {i}" for i in task.items]
    products = pd.DataFrame({"name_zh": [f"商品 {i}" for i in task.items], "name_en": names}, index=task.items)
    household = int(task.households[3])
    table = recommend(Given(scores), task, household, products.sample(frac=1, random_state=0), k=7)
    judged = evaluate(Given(scores), task, k=7)
    assert table.index.tolist() == [1, 2, 3, 4, 5, 6, 7]
    assert table["item"].tolist() == task.items[judged.ranked[3]].tolist()
    assert table["bought"].sum() / task.targets[[household]].sum() == pytest.approx(judged["recall"][3])
    history = task.history
    for code, row in zip(judged.ranked[3], table.itertuples(), strict=True):
        days = history.day[(history.user == household) & (history.item == code)]
        assert row.name == (f"商品 {row.item}", f"product {row.item}")
        assert row.purchases == len(days)
        assert row.bought == task.targets[[household]].toarray()[0, code]
        assert np.isnan(row.days_since) if not len(days) else row.days_since == task.cut_day - days.max()
    assert table["days_since"].isna().any()
    assert (table["purchases"] > 0).any()


def test_a_list_needs_a_known_household_and_named_products(task, scores):
    names = pd.DataFrame({"name_zh": "茶", "name_en": "tea"}, index=task.items)
    for household in (-1, len(task.users), 1.5):
        with pytest.raises(ValueError, match="households h"):
            recommend(Given(scores), task, household, names)
    for bad in (names.iloc[:0], names[["name_en"]]):
        with pytest.raises(ValueError, match="name_zh and name_en and a row for each item"):
            recommend(Given(scores), task, int(task.households[0]), bad)
    with pytest.raises(ValueError, match="k is 0"):
        recommend(Given(scores), task, int(task.households[0]), names, k=0)
