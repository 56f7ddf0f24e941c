"""Self-checks of section 3.3, on hybrids."""

from typing import Any

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require
from shoprec.formulas.arrays import Floats

always = Exercise("ex-hybrid-always")
luck = Exercise("ex-hybrid-luck")
strong = Exercise("ex-hybrid-equal")
redundant = Exercise("ex-hybrid-redundant")
slot = Exercise("ex-hybrid-slot")


@always.function
def extreme_thresholds(function: Written) -> None:
    """Thresholds with which all, and no, households are below."""
    rng = np.random.default_rng()
    for scale in (1.0, 1e6):
        x = rng.normal(0, scale, 50)
        first, second = np.asarray(pair_of(function(x)), dtype=float)
        require(not np.isnan([first, second]).any(), "门槛不能是 NaN", "a threshold can't be NaN")
        swapped = "两个门槛的次序反了", "the two thresholds are the wrong way round"
        require(not ((x < second).all() and not (x < first).any()), *swapped)
        all_first = "有 {} 户还在用第二个模型", "{} households still get the second model"
        require((x < first).all(), *all_first, int((x >= first).sum()))
        all_second = "有 {} 户还在用第一个模型", "{} households still get the first model"
        require(not (x < second).any(), *all_second, int((x < second).sum()))


def pair_of(answer: Any) -> list[float]:
    """Two numbers, which may be infinite."""
    pair = "应该返回两个数：(总用第一个, 总用第二个)", "it should return two numbers: (always first, always second)"
    require(hasattr(answer, "__len__") and len(answer) == 2 and not isinstance(answer, str | set | dict), *pair)
    single = [np.size(value) == 1 and isinstance(value, int | float | np.number) for value in answer]
    require(all(single), *pair)
    return [float(value) for value in answer]


@luck.function
def oracle_lead(function: Written) -> None:
    """By how much each household's best model beats the best model."""
    rng = np.random.default_rng()
    for n_models in (2, 6):
        ndcg = rng.random((n_models, 40))
        ndcg[0] += 0.1
        got, best = number(function(ndcg)), ndcg.mean(axis=1).max()
        slips = [
            (
                ndcg.max(axis=0).mean(),
                ("这是理想规则的得分，还没有减去最好的模型", "this is the oracle's score, without the best model's"),
            ),
            (
                ndcg.max(axis=0).mean() - ndcg.mean(),
                ("减的是最好的那个模型，不是平均", "subtract the best model's mean, not that of all"),
            ),
            (
                ndcg.max(axis=1).mean() - best,
                ("最大值要在每户的各个模型之间取", "the maximum is over the models of each household"),
            ),
            (best - ndcg.max(axis=0).mean(), ("符号反了", "the sign is wrong")),
        ]
        for slip, said in slips:
            require(not np.isclose(got, slip), *said)
        require(
            np.isclose(got, ndcg.max(axis=0).mean() - best), "{} 个模型时不对", "not right with {} models", n_models
        )


luck.choice(
    "foreseen",
    right="no",
    yes=("噪声是事后才看得出谁走运的", "which copy was lucky shows only afterwards"),
)


@strong.function
def equal_among(function: Written) -> None:
    """Weights of all members: equal for those kept, and zero for the others."""
    rng = np.random.default_rng()
    for n, kept in ((6, 4), (5, 2), (3, 3)):
        members = [f"m{i}" for i in rng.permutation(n)]
        keep = [members[i] for i in rng.permutation(n)[:kept]]
        got = array(function(members, keep), (n,))
        require((got >= 0).all(), "权重不能是负的", "no weight should be negative")
        right = np.isin(members, keep) / kept
        everybody = "去掉的成员还有权重", "members that are left out still have weight"
        require(not got[right == 0].any(), *everybody)
        total = "权重加起来应该是 1，现在是 {:.3f}", "the weights should add up to 1, but make {:.3f}"
        require(np.isclose(got.sum(), 1), *total, got.sum())
        require(np.allclose(got, right), "留下的成员权重不相等", "those kept don't weigh the same")


SCORES = "把两个得分并排看一看", "put the two scores side by side"
strong.choice("four_or_six", right="four", six=SCORES, same=SCORES)


@redundant.function
def best_weights(function: Written) -> None:
    """Weights up to a positive factor, from correlations; with a redundant second member it gets none."""
    rng = np.random.default_rng()
    for rho2_over in (1.0, 0.3, 1.4):
        rho1, r = rng.uniform(0.4, 0.6), rng.uniform(0.3, 0.6)
        rho2 = rho2_over * r * rho1
        got = array(function(rho1, rho2, r), (2,))
        right = np.array([rho1 - r * rho2, rho2 - r * rho1])
        require(got.any(), "两个权重都是零", "both weights are zero")
        shared = "第二个成员与第一个相关的那一份还没有去掉", "what the second shares with the first isn't taken off yet"
        require(not np.isclose(got[0] * rho2, got[1] * rho1), *shared)
        sign = "符号反了", "the sign is wrong"
        require(got @ right > 0, *sign)
        off = (
            "ρ₁ = {:.2f}、ρ₂ = {:.2f}、r = {:.2f} 时，比例不对",
            "at ρ₁ = {:.2f}, ρ₂ = {:.2f}, r = {:.2f} the ratio isn't right",
        )
        size = np.linalg.norm(got) * np.linalg.norm(right)
        require(np.isclose(got[0] * right[1], got[1] * right[0], atol=1e-6 * size), *off, rho1, rho2, r)


def correlations(columns: Floats) -> tuple[float, float, float]:
    """Of the second and third column with the first, and with each other."""
    c = np.atleast_2d(np.corrcoef(columns, rowvar=False))
    return c[0, 1], c[0, 2], c[1, 2]


@redundant.function
def three_columns(function: Written) -> None:
    """Target, first and second member; the second is the first with noise of its own."""
    n = 40_000
    columns = array(function(n), (n, 3))
    require((columns.std(axis=0) > 0).all(), "有一列是常数", "a column is constant")
    rho1, rho2, r = correlations(columns)
    require(abs(rho1) < 0.99, "z₁ 和 t 不该几乎一样", "z₁ shouldn't be all but the same as t")
    require(
        abs(r) < 0.99, "z₂ 和 z₁ 不该几乎一样：噪声呢？", "z₂ shouldn't be all but the same as z₁: where is the noise?"
    )
    related = "z₂ 和 z₁ 应该相关，现在的相关系数是 {:.3f}", "z₂ and z₁ should correlate, but by {:.3f} only"
    require(abs(r) > 0.1, *related, r)
    require(
        abs(rho1) > 0.1,
        "z₁ 和 t 应该相关，现在的相关系数是 {:.3f}",
        "z₁ and t should correlate, but by {:.3f} only",
        rho1,
    )
    more = (
        "z₂ 里还有 z₁ 没有的、关于 t 的信息：ρ₂ 和 r ρ₁ 差 {:.3f}",
        "z₂ tells of t what z₁ doesn't: ρ₂ and r ρ₁ differ by {:.3f}",
    )
    require(abs(rho2 - r * rho1) < 0.03, *more, rho2 - r * rho1)


@slot.function
def with_seat(function: Written) -> None:
    """The first nine places, then the new product."""
    rng = np.random.default_rng()
    for n in (4, 7):
        ranked = np.array([rng.permutation(50)[:10] for _ in range(n)])
        newest = rng.integers(50, 60, n)
        got = array(function(ranked, newest), (n, 10))
        require(not np.array_equal(got, ranked), "列表没有变", "the lists are as they were")
        front = np.concatenate([newest[:, None], ranked[:, :9]], axis=1)
        require(not np.array_equal(got, front), "新品放在了第 1 名", "the new product is at place 1")
        nine = "前 9 名应该照旧", "the first 9 places should stay"
        require(np.array_equal(got[:, :9], ranked[:, :9]), *nine)
        require(
            np.array_equal(got[:, 9], newest),
            "第 10 名应该是各户自己的新品",
            "place 10 should have each household's own new product",
        )


CURVE = "同样的 NDCG@10 上，曲线召回多少新品？", "at the same NDCG@10, what does the curve recall of new products?"
slot.choice("seat_or_curve", right="seat", curve=CURVE, same=CURVE)
