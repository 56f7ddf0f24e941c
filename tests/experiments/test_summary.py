"""Means and intervals from a recording: as a plain loop finds them, right as often as they say, and never made up."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from recordings import CUTS, made_up
from scipy import stats

from shoprec.experiments.records import Record
from shoprec.experiments.summary import SLICES, by_shop, cuts_of, holm, resample, scoreboard


def recording(households: pd.DataFrame) -> Record:
    return Record("r", pd.DataFrame(), households, {}, True)


KEYS = pd.MultiIndex.from_product(
    [["A", "B"], range(6), range(4), range(50)], names=["model", "cut", "seed", "household"]
)
GAIN = 0.01


def simulated(rng: np.random.Generator, between_months: float) -> Record:
    """Two models whose expected scores are 0.2 and 0.21: households, months and seeds differ, and there is noise."""
    gain, month, home = np.array([0, GAIN]), rng.normal(0, between_months, 6), rng.normal(0.2, 0.1, 50)
    score = gain[:, None, None, None] + month[:, None, None] + rng.normal(0, 0.01, (2, 6, 4, 1)) + home
    score += rng.normal(0, 0.05, score.shape)
    return recording(KEYS.to_frame(index=False).assign(all=score.ravel()))


def test_means_are_those_of_a_plain_loop() -> None:
    record = made_up({"A": 3, "B": 1}, cuts=CUTS[:4], households=20)
    for column in SLICES:
        found = resample(record, column, n=1)
        for model in ("A", "B"):
            by_cut = []
            for cut in CUTS[:4]:
                seeds = []
                for _, cell in record.households.query(f"model == '{model}' and cut == '{cut}'").groupby("seed"):
                    known = [value for value in cell[column] if value == value]
                    seeds.append(sum(known) / len(known))
                by_cut.append(sum(seeds) / len(seeds))
            assert found.by_cut().loc[model].xs("mean", level=1).tolist() == pytest.approx(by_cut)
            assert found.pooled()["mean"][model] == pytest.approx(sum(by_cut) / 4)


def test_a_draw_is_the_mean_of_what_is_drawn() -> None:
    """With two months and two seeds one of each is drawn, so that a draw is a mean over drawn households alone."""
    rng = np.random.default_rng(1)
    rows = [("A", cut, seed, home) for cut in range(2) for seed in range(2) for home in range(3)]
    households = pd.DataFrame(rows, columns=["model", "cut", "seed", "household"]).assign(all=rng.random(12))
    drawn = resample(recording(households), n=300)
    chosen = np.einsum("nc,nmc->nm", drawn.months, drawn.drawn)[:, 0]
    possible = {
        round(sum(cell["all"].iloc[[a, b, c]]) / 3, 9)
        for _, cell in households.groupby(["cut", "seed"])
        for a in range(3) for b in range(3) for c in range(3)
    }  # fmt: skip
    assert {round(value, 9) for value in chosen} <= possible
    assert len({round(value, 9) for value in chosen}) > len(possible) / 2


@pytest.mark.parametrize(("months", "between"), [(False, 0.0), (True, 0.03)])
def test_intervals_cover_the_truth_about_as_often_as_they_say(months: bool, between: float) -> None:
    """The gain of one model has nothing of its own in a month, so that drawing months makes its interval too wide."""
    rng, inside = np.random.default_rng(0), []
    for _ in range(60):
        drawn = resample(simulated(rng, between), n=200, months=months)
        a, gain = drawn.pooled().loc["A"], drawn.differences("A").loc["B"]
        inside.append([a["low"] <= 0.2 <= a["high"], gain["low"] <= GAIN <= gain["high"]])
    of_mean, of_gain = np.mean(inside, axis=0)
    assert 0.88 <= of_mean < 1
    assert (of_gain == 1) if months else (0.88 <= of_gain < 1)


def test_pairing_narrows() -> None:
    record = made_up(["A", "B"], households=200)
    drawn = resample(record)
    difference, apart = drawn.differences("A").loc["B"], drawn.pooled()
    assert difference["mean"] == pytest.approx(apart["mean"]["B"] - apart["mean"]["A"])
    widths = apart["high"] - apart["low"]
    assert difference["high"] - difference["low"] < 0.5 * np.hypot(*widths)


def test_other_months_make_intervals_wider() -> None:
    record = simulated(np.random.default_rng(3), 0.1)
    widths = [
        (pooled["high"] - pooled["low"]).iloc[0]
        for pooled in (resample(record, months=months).pooled() for months in (False, True))
    ]
    assert widths[1] > 1.5 * widths[0]


def test_households_without_a_target_are_left_out() -> None:
    record = made_up(["A", "B"])
    without = record.households[record.households["explore"].notna()]
    left, given = (resample(each, "explore", n=1).by_cut() for each in (record, recording(without)))
    pd.testing.assert_frame_equal(left.xs("mean", axis=1, level=1), given.xs("mean", axis=1, level=1))


@pytest.mark.parametrize("missing", ["cut == '2017-09-01'", "cut == '2017-12-01' and seed == 1"])
def test_what_is_not_recorded_is_missing_and_not_averaged(missing: str) -> None:
    record = made_up({"A": 2, "B": 2})
    households = record.households.drop(record.households.query(f"model == 'A' and {missing}").index)
    record = replace(record, households=households)
    board = scoreboard(record, n=50)
    cut = "2017-09-01" if "09" in missing else "2017-12-01"
    assert board.index.tolist() == ["B", "A"]
    assert cuts_of(board) == list(CUTS)
    assert board.loc["A", "all"].isna().all()
    assert board.loc["A", cut].isna().all()
    assert board.loc["A", sorted(set(CUTS) - {cut})].notna().all()
    assert board.loc["B", list(SLICES)].notna().all()
    assert resample(record, n=50).differences("B").empty


def test_the_same_draws_are_the_same() -> None:
    record = made_up({"A": 3, "B": 1})
    pd.testing.assert_frame_equal(scoreboard(record, n=50), scoreboard(record, n=50))
    one, other = (resample(record, column, n=20) for column in ("all", "repeat"))
    np.testing.assert_array_equal(one.months, other.months)
    gap = (other.drawn - one.drawn).ravel()  # made up as 0.05 for every household, but for what is cut off at 0
    assert gap.std() < 0.1 * one.drawn.std()


def test_the_scoreboard_is_sorted_and_has_the_costs() -> None:
    record = made_up(["C", "A", "B"], households=300)
    board = scoreboard(record, n=20)
    assert board.index.tolist() == ["C", "A", "B"]
    assert board["fit_seconds", "mean"].tolist() == pytest.approx([0.01, 0.04, 0.16])
    assert board["parameters", "mean"].tolist() == [0, 10_000, 20_000]


def test_holm_is_bonferroni_for_the_smallest_and_never_falls() -> None:
    p = np.random.default_rng(0).random(9) ** 3
    corrected = holm(p)
    assert corrected.min() == pytest.approx(min(1, 9 * p.min()))
    assert (np.diff(corrected[np.argsort(p)]) >= 0).all()
    assert (corrected >= stats.false_discovery_control(p)).all()  # which is less strict
    assert holm(np.array([])).size == 0


def test_p_values_tell_a_difference_from_none() -> None:
    record = made_up(["A", "B", "C"], households=400)
    same = record.households[record.households["model"] == "A"].assign(model="D")
    p = resample(recording(pd.concat([record.households, same]))).differences("A")["p"]
    assert p["C"] < 0.05
    assert p["D"] == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda table: pd.concat([table, table.tail(1)]), "stands twice"),
        (lambda table: table.iloc[:-1], "different households at the cut 2017-12-01"),
    ],
)
def test_what_cannot_be_right_is_named(change, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        resample(recording(change(made_up(["A", "B"]).households)))


def test_pairs_agree_with_the_differences_from_one_model():
    six = resample(made_up({"A": 1, "B": 3, "C": 1}), n=200)
    pairs, differences = six.pairs([("A", "C"), ("B", "C")]), six.differences("C")
    np.testing.assert_allclose(pairs[["mean", "low", "high", "p"]], differences.loc[["A", "B"]])
    swapped = six.pairs([("C", "A")]).iloc[0]
    np.testing.assert_allclose(swapped[["mean", "low", "high"]], -pairs.loc[("A", "C"), ["mean", "high", "low"]])
    months = pd.DataFrame(six.mean, six.models, six.cuts)
    assert pairs.loc[("A", "C"), "ahead"] == (months.loc["A"] > months.loc["C"]).sum()


def test_a_pair_that_lacks_a_month_has_no_difference():
    record = made_up({"A": 1, "B": 1})
    few = record.households.query("not (model == 'B' and cut == '2017-08-01')")
    pair = resample(replace(record, households=few), n=50).pairs([("A", "B")]).iloc[0]
    assert pair[["mean", "low", "high", "p"]].isna().all()


def test_a_model_that_is_not_recorded_is_named():
    with pytest.raises(ValueError, match="nothing is recorded of Oracle; recorded are A, B"):
        resample(made_up({"A": 1, "B": 1}), n=50).pairs([("A", "Oracle")])


def test_shops_are_compared_each_by_its_own_households():
    small, large = made_up(["a: x", "a: y"], households=20), made_up(["b: x", "b: y"], households=50, seed=1)
    cells = pd.concat([small.cells, large.cells], ignore_index=True)
    cells[["shop", "name"]] = cells["model"].str.split(": ", expand=True).to_numpy()
    cells["repeat_share"] = cells["shop"].map({"a": 0.2, "b": 0.5}) + 0.01 * cells.groupby("model").cumcount()
    record = replace(small, cells=cells, households=pd.concat([small.households, large.households]))
    table = by_shop(record, "x", n=200).set_index("shop")
    assert table["name"].tolist() == ["y", "y"]
    for shop, each in (("a", small), ("b", large)):
        means = each.households.groupby(["model", "cut"])["all"].mean().unstack()
        x, y = means.loc[f"{shop}: x"], means.loc[f"{shop}: y"]
        row = table.loc[shop]
        assert row["mean"] == pytest.approx((y - x).mean() / x.mean(), rel=1e-4)
        assert row["low"] < row["mean"] < row["high"]
        assert row["ahead"] == (y > x).sum()
        assert row["repeat_share"] == pytest.approx({"a": 0.225, "b": 0.525}[shop])
