"""Self-checks of section 6.1, on recommending products."""

from fractions import Fraction

import numpy as np
import numpy.typing as npt

from shoprec.exercises.checking import Exercise, Mistake, Written, array, number, require

difference = Exercise("ex-products-difference")
seats = Exercise("ex-products-seats")
switch = Exercise("ex-products-switch")
unbiased = Exercise("ex-products-unbiased")
centre = Exercise("ex-products-search-centre")
distortion = Exercise("ex-products-generation-distortion")


def order(scores: list[Fraction]) -> list[int]:
    """Positions from the largest to the smallest."""
    return sorted(range(len(scores)), key=lambda i: -scores[i])


@difference.function
def large_enough(function: Written) -> None:
    """In exact fractions, since with a large a the ratios differ by less than a float tells."""
    rng = np.random.default_rng()
    cases = [(rng.integers(0, 60, 12).astype(float), rng.uniform(0.1, 40, 12)) for _ in range(20)]
    cases += [
        (np.array([1e6, 2e6, 3.0]), np.array([1e6 - 1, 2e6 - 1.00001, 2.5])),
        (np.array([3.0, 1]), np.array([1.0, 2])),
    ]
    for c, e in cases:
        a = number(function(c, e))
        require(a > 0, "a 应该是正数，现在是 {:g}", "a should be positive, but is {:g}", a)
        counts, expected = [*map(Fraction, c)], [*map(Fraction, e)]
        by_difference = order([x - y for x, y in zip(counts, expected, strict=True)])
        for more in (1, 2, 1000):
            ratios = [
                (x + more * Fraction(a)) / (y + more * Fraction(a)) for x, y in zip(counts, expected, strict=True)
            ]
            if order(ratios) != by_difference:
                shown = ", ".join(f"({x:g}, {y:.6g})" for x, y in zip(c[:3], e[:3], strict=True))
                raise Mistake(
                    "有一组商品，取 a = {:g} 时两种次序还不一样；(c, e) 的前几个是 {}",
                    "for some products the two orders still differ at a = {:g}; (c, e) begin with {}",
                    a * more, shown,
                )  # fmt: skip


@seats.function
def share_seats(function: Written) -> None:
    """The candidates as a set, in any order."""
    rng = np.random.default_rng()
    for n, reserved in ((10, 3), (50, 20), (8, 0)):
        first = rng.permutation(200)[:60]
        others = np.setdiff1d(rng.permutation(200), first[:2])
        second = np.concatenate([first[:1], rng.permutation(others)[:40], first[1:2]])  # one double among the reserved
        answer = function(first, second, n, reserved)
        require(np.iterable(answer), "应该是一列商品", "it should be a row of products")
        items = [*answer]
        got = array(items, (len(items),))
        require(len(set(got)) == len(got), "有商品出现了两次", "a product is in it twice")
        wanted = {*first[: n - reserved], *second[:reserved]}
        more = (
            "应有 {} 件，现在是 {} 件；重复的不补",
            "there should be {} products, but there are {}; doubles aren't replaced",
        )
        require(len(got) == len(wanted), *more, len(wanted), len(got))
        stray = (
            "有 {} 件不该在里面：每一路该取哪几件，取几件？",
            "{} don't belong there: which does each source give, and how many?",
        )
        require({*got} == wanted, *stray, len({*got} - wanted))


seats.choice(
    "better",
    right="alike",
    alone=("算一算差多少：第 181 到 200 件还能找到多少？", "see by how much: what do places 181 to 200 still find?"),
    shared=("算一算差多少：有一个百分点吗？", "see by how much: is it as much as a hundredth?"),
)


@switch.function
def switched(function: Written) -> None:
    """Each place from the model that its product's sales choose."""
    rng = np.random.default_rng()
    sales = np.concatenate([rng.integers(0, 200, 30), [0, 49, 50, 51]])
    words = rng.uniform(0, 0.5, len(sales))
    neighbours = words + rng.uniform(0.1, 0.5, len(sales))  # never equal by chance
    got = array(function(sales, words, neighbours), sales.shape)
    sources = {"words": np.isclose(got, words), "neighbours": np.isclose(got, neighbours)}
    neither = "有商品的位置既不是 by_words 的，也不是 by_neighbours 的", "some places are neither model's"
    require((sources["words"] | sources["neighbours"]).all(), *neither)
    limit = "正好卖过 50 次的，算不算“不到 50 次”？", "is a product with exactly 50 sales one with “fewer than 50”?"
    clear = sales != 50
    wrong = np.where(sales < 50, sources["neighbours"], sources["words"])
    swapped = "卖过 {} 次的商品用错了模型", "the product sold {} times has its place from the wrong model"
    require(not wrong[clear].any(), *swapped, int(sales[wrong].min()) if wrong.any() else 0)
    require(not wrong.any(), *limit)


switch.choice(
    "why",
    right="known",
    noise=("误差互相抵消，说的是求平均，不是切换", "errors that cancel speak for the mean, not for switching"),
    models=("求平均也用了两个模型", "the mean uses two models, too"),
)


@unbiased.function
def spread(function: Written) -> None:
    """The binomial's standard deviation of a share."""
    for m in (600, 100, 37):
        got, p = number(function(m)), 1 / 20
        slips = {
            p * (1 - p) / m: ("这像是方差", "this looks like the variance"),
            np.sqrt(p * (1 - p) * m): (
                "这是次数的标准差，题目问的是份额",
                "this is of the count; asked is that of the share",
            ),
            np.sqrt(p * (1 - p)): ("没有用到 m", "it doesn't use m"),
        }
        for slip, said in slips.items():
            require(not np.isclose(got, slip, rtol=1e-3), *said)
        off = "m = {} 时得 {:.4g}，不对", "at m = {} it gives {:.4g}, which isn't right"
        require(np.isclose(got, np.sqrt(p * (1 - p) / m), rtol=0.03), *off, m, got)


@unbiased.value
def band(answer: object) -> None:
    """About two standard deviations to either side, three are too many."""
    low, high = array(answer, (2,))
    require(low < high, "先写低的，再写高的", "the lower end comes first")
    require(low < 1 / 20 < high, "没有偏差时的份额不在里面", "the share that goes with no bias isn't in it")
    inside = "这个范围太窄，不少单元格会落在外面", "the range is so narrow that many squares lie outside"
    require(low < 0.037 and high > 0.063, *inside)
    wide = "这个范围太宽，几乎没有一格会靠近它的两端", "the range is so wide that hardly a square comes near its ends"
    require(low > 0.02 and high < 0.08, *wide)


def unit(x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Rows of length 1."""
    return x / np.linalg.norm(x, axis=1, keepdims=True)


@centre.function
def centred(function: Written) -> None:
    """Scores of Chinese queries (rows) by English names (columns)."""
    rng = np.random.default_rng()
    zh, en = unit(rng.normal(1, 1, (7, 5))), unit(rng.normal(-0.5, 1, (9, 5)))
    got = array(function(zh, en), (7, 9))
    own_zh, own_en = zh - zh.mean(axis=0), en - en.mean(axis=0)
    common = np.vstack([zh, en]).mean(axis=0)
    slips = [
        (zh @ en.T, ("还没有减去平均", "no mean is subtracted yet")),
        (own_zh @ own_en.T, ("减去平均以后，长度不再是 1", "without the mean, the lengths are no longer 1")),
        (unit(zh - common) @ unit(en - common).T, ("两种语言各减各的平均", "each language has its own mean")),
        (unit(own_zh) @ en.T, ("英文名没有减去平均", "the English names' mean isn't subtracted")),
        (zh @ unit(own_en).T, ("中文名没有减去平均", "the Chinese names' mean isn't subtracted")),
    ]
    for slip, said in slips:
        require(not np.allclose(got, slip, atol=1e-6), *said)
    right = np.allclose(got, unit(own_zh) @ unit(own_en).T, atol=1e-4)
    require(right, "得分不对：平均是沿哪个方向取的？", "the scores aren't right: along which axis is the mean taken?")


centre.choice(
    "reorders",
    right="zh",
    en=(
        "把内积展开：含英文平均的那一项，与商品有关吗？",
        "expand the product: does the term with the English mean depend on the product?",
    ),
    both=("把内积展开：有一项与商品无关", "expand the product: one of its terms doesn't depend on the product"),
    neither=("把内积展开：有一项因商品而异", "expand the product: one of its terms differs between products"),
)

distortion.number(
    "stepwise",
    0.5 / 0.7,
    {
        0.5: ("这还是 P；划掉以后要补足到 1", "this is still P; what is left must be scaled up to 1"),
        0.01: ("这是整个名字的 P", "this is P of the whole name"),
        0.01 / 0.19: ("这是整个名字一起补足的答案", "this is the answer for whole names"),
    },
    (
        "逐步来：第一步剩下哪两个词元，第二步剩下哪一个？",
        "step by step: which two tokens are left at the first step, which one at the second?",
    ),
)
distortion.number(
    "whole",
    0.01 / 0.19,
    {
        0.01: ("这是补足以前的 P", "this is P, before it is scaled up"),
        0.5 / 0.7: ("这是逐步补足的答案", "this is the answer for step by step"),
        0.5 * 0.9 / (0.5 * 0.9 + 0.18): ("“白”之后，货架上有的是哪个词？", "which word after White is on the shelf?"),
    },
    ("先算出两个名字各自的 P，再补足", "first compute P of each of the two names, then scale up"),
)
