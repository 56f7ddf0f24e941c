"""Self-checks of section 4.3, on the hybrid score."""

from typing import Any

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require

swap = Exercise("ex-score-swap")
three = Exercise("ex-score-three")
size = Exercise("ex-score-size")
logarithm = Exercise("ex-score-log")
equal = Exercise("ex-score-equal")
front = Exercise("ex-score-front")

swap.number(
    "swap_w",
    2 / 3,
    {
        1 / 3: ("这是另一项的权重", "this is the other term's weight"),
        2: ("这是两个权重之比，w 在 0 和 1 之间", "this is the ratio of the weights; w lies between 0 and 1"),
        1 / 2: ("这是两个权重之比，倒过来的；w 在 0 和 1 之间", "this is the ratio of the weights, upside down"),
    },
    ("令两件商品的得分相等，解出 w", "let the two scores be equal, and solve for w"),
)
swap.choice("ahead_beyond", right="bread", milk=("w 接近 1 时，谁的第一项大？", "whose first term is larger?"))


@three.function
def rank_bound(function: Written) -> None:
    """Of the score matrix, by its shape and the lengths of the vectors."""
    cases = ((2000, 9000, 64, 13, 5), (2000, 9000, 1, 1, 1), (50, 9000, 64, 13, 5), (2000, 30, 64, 13, 5))
    for n_users, n_items, *lengths in cases:
        got, right = number(function(n_users, n_items, *lengths)), min(n_users, n_items, sum(lengths))
        product = "向量是接起来的，不是乘起来的", "vectors are joined, not multiplied"
        require(right == np.prod(lengths) or got != np.prod(lengths), *product)
        one = "三项都有份，不只是最长的那一项", "all three terms count, not only the longest"
        require(right == max(lengths) or got != max(lengths), *one)
        shape = "秩也不超过行数和列数", "nor is the rank more than the number of rows or columns"
        require(right == sum(lengths) or got != sum(lengths), *shape)
        off = (
            "{} 户、{} 件、长度 {} 时得 {:g}，不对",
            "for {} households, {} products, lengths {} it gives {:g}, not right",
        )
        require(got == right, *off, n_users, n_items, str(tuple(lengths)), got)


three.number(
    "freedom",
    2,
    {3: ("三个权重同乘一个正数，排序变吗？", "does the ranking change if all three weights are doubled?")},
    ("先数权重，再想想哪些改变不了排序", "count the weights, then what can't change a ranking"),
)


@size.function
def front_size(function: Written) -> None:
    """The expected number of items that none dominates; a simulation may be off by a little."""
    for n in (1, 2, 10, 400):
        got = number(function(n))
        right = (1 / np.arange(1, n + 1)).sum()
        slips = [
            (
                np.log(n),
                ("{} 件时还差一点：第一件总是不被支配的", "with {} it falls short: the first is never dominated"),
            ),
            (
                np.sqrt(n),
                ("{} 件时不对：第 m 件不被支配的概率是多少？", "not right with {}: how likely is item m undominated?"),
            ),
            (n / 2, ("{} 件时太多了", "with {} it is far too many")),
        ]
        for slip, said in slips:
            require(np.isclose(slip, right, rtol=0.02) or not np.isclose(got, slip), *said, n)
        off = (
            "{} 件时得 {:.2f}，不对：第 m 件不被支配的概率是多少？",
            ("with {} it gives {:.2f}, which isn't right: how likely is item m undominated?"),
        )
        require(np.isclose(got, right, rtol=0.02), *off, n, got)


@logarithm.function
def logged_zscore(function: Written) -> None:
    """Of the logarithm, within each household."""
    rng = np.random.default_rng()
    for tail in (1.0, 40.0):
        x = rng.exponential(3, (4, 30))
        x[:, 0] *= tail
        got = array(function(x), (4, 30))

        def standard(v: np.ndarray, axis: int | None = 1) -> np.ndarray:
            return (v - v.mean(axis=axis, keepdims=True)) / v.std(axis=axis, keepdims=True)

        slips = [
            (np.log1p(x), ("还没有标准化", "it isn't standardised yet")),
            (standard(x), ("还没有取对数", "the logarithm isn't taken yet")),
            (standard(np.log1p(x), 0), ("标准化是在每户（行）之内做的", "standardise within each household, a row")),
            (standard(np.log1p(x), None), ("标准化是在每户（行）之内做的", "standardise within each household, a row")),
            (standard(np.log(x)), ("取对数之前要先加 1，次数会是零", "add 1 before the logarithm: counts may be zero")),
        ]
        for slip, said in slips:
            require(not np.allclose(got, slip, atol=1e-4), *said)
        require(np.allclose(got, standard(np.log1p(x)), rtol=0.03, atol=0.03), "数值不对", "the values aren't right")


logarithm.choice(
    "skyband_stays",
    right="order",
    small=("取对数把 100 变成不到 5，不算小", "it makes less than 5 of 100, which isn't little"),
    scale=(
        "标准化以前就已经如此：只取对数，谁支配谁变吗？",
        "it is so before standardising: with the logarithm alone, does who dominates whom change?",
    ),
)


@equal.function
def gain_of_two(function: Written) -> None:
    """The factor by which two equally strong models discriminate better together."""
    for rho in (0.0, 0.5, 0.9, -0.3):
        got, right = number(function(rho)), np.sqrt(2 / (1 + rho))
        root = "还没有开方", "the root isn't taken yet"
        require(not np.isclose(got, right**2) or np.isclose(right, 1), *root)
        more = "这是多出来的那一份；要的是变成几倍", "this is what is gained; asked is how many times as much it is"
        require(not np.isclose(got, right - 1), *more)
        off = "ρ = {:g} 时得 {:.3f}，不对", "at ρ = {:g} it gives {:.3f}, which isn't right"
        require(np.isclose(got, right, rtol=1e-3), *off, rho, got)


equal.number(
    "rho_for_tenth",
    2 / 1.21 - 1,
    {
        2 / 1.1 - 1: ("平方了吗？", "is it squared?"),
        1 - 0.1: ("代进公式看一看", "put it into the formula"),
        2 / 1.21: ("还要减去 1", "1 is still to be subtracted"),
    },
    ("令那个倍数等于 1.1，解出 ρ", "let the factor be 1.1, and solve for ρ"),
)


@front.value
def three_points(answer: Any) -> None:
    """Two points and a third in the hollow between them."""
    points = array(answer, (3, 2))
    for other in points[:2]:
        dominated = "第三个点被 ({:g}, {:g}) 支配了", "the third point is dominated by ({:g}, {:g})"
        require(not ((other >= points[2]).all() and (other > points[2]).any()), *dominated, *other)
        require(not np.allclose(other, points[2]), "有两个点相同", "two of the points are the same")
    for w in np.linspace(0, 1, 2001)[1:-1]:
        scores = points @ [w, 1 - w]
        first = "w = {:.3f} 时第三个点得了第一", "at w = {:.3f} the third point comes first"
        require(scores[:2].max() > scores[2] + 1e-9 * np.abs(points).max(), *first, w)


@front.function
def hollow_first(function: Written) -> None:
    """A fusion that puts the point in the hollow first, and a dominated one never before what dominates it."""
    rng = np.random.default_rng()
    for share in (0.2, 0.4, 0.48):
        top = rng.uniform(5, 20)
        first, second = np.array([0, top, share * top]), np.array([top, 0, share * top])
        got = array(function(first, second), (3,))
        lost = "({:.1f}, {:.1f}) 没有排到第一", "({:.1f}, {:.1f}) doesn't come first"
        require(got[2] > got[:2].max(), *lost, first[2], second[2])
        a, b = rng.uniform(0.1, 10, (2, 8))
        got = array(function(a, b), (8,))
        order = (
            "两项都大的 ({:.1f}, {:.1f})，反而排在 ({:.1f}, {:.1f}) 后面",
            "({:.1f}, {:.1f}), larger in both terms, comes after ({:.1f}, {:.1f})",
        )
        for i, j in np.argwhere((a[:, None] > a) & (b[:, None] > b)):
            require(got[i] >= got[j] - 1e-12, *order, a[i], b[i], a[j], b[j])
