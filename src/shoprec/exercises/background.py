"""Self-checks of chapter 1, on the data of a shop and its first recommendations."""

import numpy as np
import numpy.typing as npt

from shoprec.exercises.checking import Exercise, Written, array, number, require
from shoprec.formulas.arrays import Codes, Mask
from shoprec.words import Pair

by_hand = Exercise("ex-background-by-hand")
recent = Exercise("ex-background-recent")
households = Exercise("ex-background-lorenz-households")
centre = Exercise("ex-background-centre")
blend = Exercise("ex-background-blend")
feedback = Exercise("ex-background-feedback")

BEST = 1 + 1 / np.log2(3) + 1 / 2
BEFORE = 1 / np.log2(3) + 1 / np.log2(6)
AFTER = 1 + 1 / np.log2(3)
UNDIVIDED = "还没有除以最好的列表的得分", "it isn't divided yet by the score of the best list"
OF_HITS = (
    "最好的列表能命中几件？看篮子，不看这份列表",
    "how many hits can the best list have? Look at the basket, not at this list",
)
RECALL = "这是召回率；NDCG 还看命中在第几名", "this is the recall; NDCG asks at which ranks, too"
BY_COUNT = "分母是最好的列表的得分，不是件数", "divide by the score of the best list, not by a number of products"

by_hand.number(
    "ndcg_before",
    BEFORE / BEST,
    {BEFORE: UNDIVIDED, BEFORE / AFTER: OF_HITS, 2 / 3: RECALL, BEFORE / 3: BY_COUNT, BEFORE / 2: BY_COUNT},
    (
        "先写出两处命中的折扣，再写出最好的列表的三个折扣",
        "write down the discounts of both hits, then the three of the best list",
    ),
)
by_hand.number(
    "ndcg_after",
    AFTER / BEST,
    {AFTER: UNDIVIDED, 1: OF_HITS, 2 / 3: RECALL, AFTER / 3: BY_COUNT, AFTER / 2: BY_COUNT},
    ("现在命中在第几名和第几名？", "at which two ranks are the hits now?"),
)


def buyers(user: Codes, item: Codes, keep: Mask, n_items: int) -> list[int]:
    """Different buyers of each product among the purchases that are kept."""
    return [len({*user[keep & (item == i)]}) for i in range(n_items)]


@recent.function
def recent_buyers(function: Written) -> None:
    """Different buyers of each product since a day; a household buys some products twice, nobody buys the last."""
    rng = np.random.default_rng()
    for n_items in (6, 9):
        day, since = rng.integers(0, 60, 120).astype(float), 30.0
        user, item = rng.integers(0, 12, 120), rng.integers(0, n_items - 1, 120)
        day[:5], user[:5], item[:5] = (30, 31, 31, 10, 29), (12, 13, 13, 14, 15), 0
        got = array(function(day, user, item, since, n_items), (n_items,))
        slips: list[tuple[npt.ArrayLike, Pair]] = [
            (buyers(user, item, day >= 0, n_items), ("还在数全部历史", "it still counts the whole history")),
            (
                buyers(user, item, day < since, n_items),
                ("留下的是这一天以前的购买", "what is kept is from before that day"),
            ),
            (
                np.bincount(item[day >= since], minlength=n_items),
                ("同一户买了两次，也只是一位买家", "a household that buys twice is one buyer"),
            ),
        ]
        for slip, said in slips:
            require(not np.array_equal(got, slip), *said)
        off = "买家数不对；这一天当天的购买也算", "the numbers aren't right; purchases on that very day count, too"
        require(np.array_equal(got, buyers(user, item, day >= since, n_items)), *off)


recent.choice(
    "recent_or_year",
    right="recent",
    year=("哪个减哪个？再看一眼差值的符号", "which minus which? Look at the sign of the difference again"),
    undecided=("区间的两端都在零的同一边吗？", "are both ends of the interval on the same side of zero?"),
)


@households.function
def top_share(function: Written) -> None:
    """The share of the largest tenth, in any order."""
    rng = np.random.default_rng()
    for n in (50, 200):
        counts = rng.permutation(rng.pareto(1.2, n) + 0.1)
        got = number(function(counts))
        ordered = np.sort(counts)
        slips = [
            (ordered[: n // 10].sum() / counts.sum(), ("这是最少的十分之一", "this is the smallest tenth")),
            (
                counts[: n // 10].sum() / counts.sum(),
                ("排在前面的不一定最多，先排序", "the first aren't the largest: sort them"),
            ),
            (ordered[-(n // 10) :].sum(), ("还要除以总数", "it is still to be divided by the total")),
            (1 - ordered[-(n // 10) :].sum() / counts.sum(), ("这是其余十分之九", "this is the other nine tenths")),
        ]
        for slip, said in slips:
            require(not np.isclose(got, slip, rtol=1e-6), *said)
        off = "{} 个数时的份额不对", "for {} numbers the share isn't right"
        require(np.isclose(got, ordered[-(n // 10) :].sum() / counts.sum(), rtol=1e-6), *off, n)


households.choice(
    "more_concentrated",
    right="products",
    households=("把两个份额并排看一看", "put the two shares side by side"),
    alike=("把两个份额相除", "divide one share by the other"),
)


@centre.function
def mean_cosine_of(function: Written) -> None:
    """Over all pairs, with a row beside itself or without."""
    rng = np.random.default_rng()
    for n, shift in ((40, 1.0), (25, 0.0)):
        rows = rng.normal(shift, 1, (n, 6))
        unit = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        got = number(function(rows))
        cosines = unit @ unit.T
        right = {cosines.mean(), (cosines.sum() - n) / (n * (n - 1))}
        inner = rows @ rows.T
        no_length = (
            "行的长度不是 1，内积还不是余弦",
            "the rows aren't of length 1, so products aren't cosines yet",
        )
        require(not np.isclose(got, (inner.mean(), (inner.sum() - n) / (n * (n - 1)))).any(), *no_length)
        root = "这是平均向量的长度；余弦的平均是它的平方", "this is the mean vector's length, but its square is asked"
        require(not np.isclose(got, np.linalg.norm(unit.mean(axis=0))), *root)
        total = "这是总和，不是平均", "this is the sum, not the mean"
        require(not np.isclose(got, cosines.sum()), *total)
        off = "{} 行的平均余弦不对", "the mean cosine of {} rows isn't right"
        require(any(np.isclose(got, value, atol=1e-6) for value in right), *off, n)


centre.choice(
    "what_spoils",
    right="common",
    length=("两种做法的向量都缩成了单位长度", "in both, vectors are scaled to unit length"),
    words=(
        "编码器和商品名没有变，变的只是减不减平均",
        "encoder and names are the same; all that differs is the mean",
    ),
)


@blend.function
def fused_order(function: Written) -> None:
    """The same products again, by falling sums; products with equal sums in any order."""
    rng = np.random.default_rng()
    for n in (10, 6, 10, 10):
        first = rng.permutation(50)[:n]
        second = rng.permutation(first)
        answer = function(first, second)
        require(np.iterable(answer), "应该是一列商品", "it should be a row of products")
        got = array(answer, (n,))
        same = "应该还是那 {} 件商品，每件一次", "they should be the same {} products, each once"
        require(np.array_equal(np.sort(got), np.sort(first)), *same, n)
        worth = {int(i): 0.0 for i in first}
        for ranked in (first, second):
            for rank, i in enumerate(ranked, 1):
                worth[int(i)] += 1 / (60 + rank)
        sums = np.array([worth[int(i)] for i in got])
        upside_down = "倒过来了：和大的在前", "upside down: large sums come first"
        require((np.diff(sums) <= 1e-12).all() or (np.diff(sums) < -1e-12).any(), *upside_down)
        off = "有商品的和更大，却排在后面", "a product with a larger sum comes later"
        require((np.diff(sums) <= 1e-12).all(), *off)


blend.choice(
    "half_and_half",
    right="worse",
    better=("再看一眼平均的 NDCG@10", "look at the mean NDCG@10 again"),
    same=("次序变了，分数也变了，比一比平均", "the order changes, and so do the scores: compare the means"),
)


@feedback.function
def seen_and_bought(function: Written) -> None:
    """1 bought, -1 shown and not bought, 0 unknown."""
    rng = np.random.default_rng()
    shown, bought = rng.integers(0, 3, (5, 8)), rng.integers(0, 2, (5, 8))
    shown[0, :4], bought[0, :4] = (0, 0, 2, 2), (0, 1, 0, 1)
    got = array(function(shown, bought), (5, 8))
    values = "只用 1、-1 和 0，现在还有 {:g}", "use 1, -1 and 0 alone; there is also {:g}"
    strange = got[~np.isin(got, (-1, 0, 1))]
    require(not strange.size, *values, strange[0] if strange.size else 0)
    require((got[bought > 0] == 1).all(), "买过的，有的不是 1", "of what was bought, some isn't 1")
    unseen = "没展示过也没买过的，分不清，应该是 0", "what was neither shown nor bought can't be told, and should be 0"
    require((got[(shown == 0) & (bought == 0)] == 0).all(), *unseen)
    refused = "展示过而没买的，有的不是 -1", "of what was shown and not bought, some isn't -1"
    require((got[(shown > 0) & (bought == 0)] == -1).all(), *refused)


feedback.choice(
    "still_open",
    right="looked",
    place=("第几位，曝光日志可以记下来", "the rank is something that a log can hold"),
    day=("哪一天，曝光日志可以记下来", "the day is something that a log can hold"),
)
