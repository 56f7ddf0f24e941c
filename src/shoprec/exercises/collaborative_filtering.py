"""Self-checks of section 3.2, on collaborative filtering."""

from typing import Any

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, require
from shoprec.formulas.arrays import Floats
from shoprec.formulas.similarity import cosine_similarity

hand = Exercise("ex-cf-hand")
rows = Exercise("ex-cf-rows")
bm25 = Exercise("ex-cf-bm25")
own = Exercise("ex-cf-own")
ease = Exercise("ex-cf-ease")

#: Households 39 and 332 in the corner of the purchase matrix, as on the page.
FIRST, OTHER = np.array([0, 2, 0, 0, 5, 0, 2, 5]), np.array([1, 0, 0, 0, 7, 4, 5, 2])
DOT, LENGTHS = FIRST @ OTHER, np.sqrt((FIRST @ FIRST) * (OTHER @ OTHER))

hand.number(
    "raw_cosine",
    DOT / LENGTHS,
    {
        DOT: ("这是内积，还要除以两个长度", "this is the dot product, still to be divided by both lengths"),
        DOT / LENGTHS**2: ("长度要开方", "lengths are roots"),
        DOT / (FIRST.sum() * OTHER.sum()): ("长度不是各数之和", "a length isn't the sum of the entries"),
        cosine_similarity(np.log1p([FIRST, OTHER]))[0, 1]: ("这是取了对数的", "this is with the logarithm"),
    },
    ("先算内积，再算两行各自的平方和", "first the dot product, then each row's sum of squares"),
)
BOTH = "两个都算出来，比一比", "work out both, and compare"
hand.choice("raw_is", right="smaller", larger=BOTH, equal=BOTH)


@rows.value
def column_example(answer: Any) -> None:
    """A table and a positive factor for each column that change the cosine of two rows by 0.1 or more."""
    pair = hasattr(answer, "__len__") and len(answer) == 2
    require(pair, "应该是两样：(表, 倍数)", "it should be two things: (table, factors)")
    try:
        n = np.shape(np.asarray(answer[0], dtype=float))[-1]
    except (TypeError, ValueError, IndexError, KeyError):
        n = 0
    require(1 < n < 100, "表有两行，每行至少两个数", "the table has two rows of 2 numbers at least")
    table, factors = array(answer[0], (2, n)), array(answer[1], (n,))
    require((factors > 0).all(), "倍数都应该是正数", "all factors should be positive")
    require(table.any(axis=1).all(), "有一行全是零，没有余弦", "a row of zeros has no cosine")
    change = abs(cosine_similarity(table * factors)[0, 1] - cosine_similarity(table)[0, 1])
    require(change >= 0.1, "余弦只变了 {:.3f}", "the cosine changes by {:.3f} only", change)


rows.choice(
    "row_factor",
    right="cancels",
    dot=("长度里有没有它？", "isn't it in the length, too?"),
    neighbours=("先看相似度本身变不变", "look at the similarity itself first"),
)


@bm25.function
def saturated(function: Written) -> None:
    """BM25's weight of a count, for a row of mean length and without rarity."""
    for k1 in (1.2, 100.0):
        n = np.array([0.0, 1, 2, 5, 12, 60])
        got = array(function(n, k1), (6,))
        slips = [
            (n / (n + k1), ("分子里少了 k₁ + 1", "k₁ + 1 is missing in the numerator")),
            (n, ("这还是次数", "these are still the counts")),
            (np.log1p(n), ("这是对数", "this is the logarithm")),
            (
                n * (k1 + 1) / (n + k1 * 0.25),
                ("长度等于平均时，括号里是多少？", "at mean length, what is in the brackets?"),
            ),
        ]
        for slip, said in slips:
            require(not np.allclose(got, slip), *said)
        off = "k₁ = {:g} 时不对", "not right at k₁ = {:g}"
        require(np.allclose(got, n * (k1 + 1) / (n + k1)), *off, k1)


bm25.choice(
    "up_to_a_dozen",
    right="straight",
    flat=("代进 1 和 12，看一看相差几倍", "put in 1 and 12, and see by what factor they differ"),
    logarithmic=("代进 1、6 和 12：增加得越来越慢吗？", "put in 1, 6 and 12: does it grow more and more slowly?"),
)
bm25.choice(
    "interval_is",
    right="above",
    below=("哪个减哪个？看区间两端的符号", "which minus which? Look at the signs of both ends"),
    undecided=("看区间下端的符号", "look at the sign of the lower end"),
)


@own.function
def own_first(function: Written) -> None:
    """Own frequency plus a share of what neighbours give; a product isn't its own neighbour."""
    rng = np.random.default_rng()
    for c in (0.03, 1.0, 0.0):
        f, s = rng.integers(0, 4, (5, 7)).astype(float), rng.random((7, 7)) * (rng.random((7, 7)) < 0.5)
        np.fill_diagonal(s, 1)
        got = array(function(f, s, c), (5, 7))
        off_diagonal = s - np.eye(7)
        right = f + c * f @ off_diagonal.T
        slips = [
            (f + c * f @ s.T, ("商品自己不算自己的邻居", "a product isn't its own neighbour")),
            (c * f @ off_diagonal.T, ("自己的频次没有加上", "own frequency isn't added")),
            (c * f + f @ off_diagonal.T, ("c 乘的是邻居那一项", "it is the neighbours' term that c multiplies")),
            (f + c * f @ off_diagonal, ("相似度的行是 i，不是 j", "the row of a similarity is i, not j")),
        ]
        for slip, said in slips:
            require(np.allclose(slip, right) or not np.allclose(got, slip), *said)
        require(np.allclose(got, right, rtol=1e-5), "c = {:g} 时不对", "not right at c = {:g}", c)


TRIED = "把几个 c 的得分并排看一看", "put the scores at several c side by side"
own.choice("best_share", right="small", one=TRIED, large=TRIED)


@ease.function
def ease_weights(function: Written) -> None:
    """The best matrix with a zero diagonal: no derivative off the diagonal."""
    rng = np.random.default_rng()
    for n, strength in ((5, 2.0), (8, 0.5)):
        x = rng.integers(0, 4, (12, n)).astype(float)
        got = array(function(x, strength), (n, n))
        off = ~np.eye(n, dtype=bool)
        p = np.linalg.inv(x.T @ x + strength * np.eye(n))
        right = np.where(off, -p / np.diag(p), 0)
        ridge = "这是不管对角线的岭回归", "this is ridge regression, whatever the diagonal"
        require(not np.allclose(got, np.eye(n) - strength * p), *ridge)
        zero = "对角线应该是零，现在最大是 {:.3g}", "the diagonal should be zero, but has {:.3g}"
        require(np.allclose(np.diag(got), 0, atol=1e-8), *zero, np.abs(np.diag(got)).max())
        slips: list[tuple[Floats, tuple[str, str]]] = [
            (-right, ("符号反了", "the sign is wrong")),
            (right.T, ("除以的是哪个对角元：行的，还是列的？", "by which diagonal entry: the row's, or the column's?")),
            (
                np.where(off, np.eye(n) - strength * p, 0),
                ("只把对角线改成零，不是最小的", "a zeroed diagonal isn't the minimum"),
            ),
        ]
        for slip, said in slips:
            require(not np.allclose(got, slip), *said)

        def loss(b: Floats, x: Floats = x, strength: float = strength) -> float:
            return float(((x - x @ b) ** 2).sum() + strength * (b**2).sum())

        more = "损失还能更小：现在 {:.5g}，最小 {:.5g}", "the loss can be less: it is {:.5g}, and the least is {:.5g}"
        require(loss(got) <= loss(right) * (1 + 1e-6), *more, loss(got), loss(right))
