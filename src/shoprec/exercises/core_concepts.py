"""Self-checks of chapter 2, on a pipeline and what goes wrong in it."""

import numpy as np
import numpy.typing as npt

from shoprec.exercises.checking import Exercise, Mistake, Written, array, number, require
from shoprec.words import Pair

same_list = Exercise("ex-concepts-gini")
random_lists = Exercise("ex-concepts-random")
fixed_point = Exercise("ex-concepts-fixed-point")
noise = Exercise("ex-concepts-noise")
months = Exercise("ex-concepts-months")
experiment = Exercise("ex-concepts-experiment")


@same_list.function
def same_list_gini(function: Written) -> None:
    """Of the exposure, by the size of catalogue and list."""
    for n, k in ((10, 1), (50, 10), (20, 15), (9000, 10)):
        got = number(function(n, k))
        share = "这是上榜商品的份额；榜越短，曝光越集中", "this is the list's share of the products; is exposure even?"
        require(not np.isclose(got, k / n, rtol=1e-6), *share)
        range_ = "基尼系数在 0 和 1 之间，现在是 {:.4g}", "a Gini coefficient lies between 0 and 1, but this is {:.4g}"
        require(0 <= got <= 1, *range_, got)
        off = "n = {}、k = {} 时得 {:.4g}，不对", "at n = {}, k = {} it gives {:.4g}, which isn't right"
        require(np.isclose(got, (n - k) / n, atol=1e-6), *off, n, k, got)


@random_lists.function
def expected_distance(function: Written) -> None:
    """Of two random lists; a simulation may be off by a little."""
    for n, k in ((50, 10), (20, 15), (40, 5)):
        got = number(function(n, k))
        overlap = "这是共有的份额，距离还要用 1 去减", "this is the share in common; distance is 1 less that"
        require(not np.isclose(got, k / n, rtol=1e-6), *overlap)
        count = "这是共有的件数，还要除以 k", "this is the number in common, still to be divided by k"
        require(not np.isclose(got, k * k / n, rtol=1e-6) and not np.isclose(got, k - k * k / n), *count)
        off = (
            "n = {}、k = {} 时不对：一份里的一件，也在另一份里的概率是多少？",
            "not right at n = {}, k = {}: with what probability is a product of one list in the other?",
        )
        require(np.isclose(got, (n - k) / n, atol=0.01), *off, n, k)


@fixed_point.function
def expected_lead(function: Written) -> None:
    """After rounds in which only what is on the list is bought."""
    for lead, households, accept, rounds in ((1, 100, 1.0, 5), (3, 40, 0.3, 20), (7, 10, 0.5, 0)):
        got = number(function(lead, households, accept, rounds))
        gained = households * accept * rounds
        start = "起初领先的那几次也要算", "what it leads by at the start counts, too"
        require(rounds == 0 or not np.isclose(got, gained), *start)
        sure = "每件只以 accept 的概率被买下", "a product is bought with probability accept only"
        require(accept == 1 or rounds == 0 or not np.isclose(got, lead + households * rounds), *sure)
        one = "每一轮里每户都会看到这件商品", "in each round every household is shown the product"
        require(households == 1 or rounds == 0 or not np.isclose(got, lead + accept * rounds), *one)
        off = "领先 {} 次、{} 轮之后的数不对", "from a lead of {}, the value after {} rounds isn't right"
        require(np.isclose(got, lead + gained), *off, lead, rounds)


fixed_point.choice(
    "with_chance",
    right="products",
    order=("榜上两件商品的运气会一直相同吗？", "are any two products on the list equally lucky forever?"),
    nothing=("榜外的商品有没有机会增加？", "can a product off the list gain anything?"),
)


@noise.function
def with_noise(function: Written) -> None:
    """Uniform noise from 0 to a size, for each household and product by itself."""
    scores = np.random.default_rng().integers(0, 5, (40, 50)).astype(float)
    for size in (0.0, 1.0, 30.0):
        added = array(function(scores, size), scores.shape) - scores
        none = "size 是 0 的时候，分数不该变", "with size 0 the scores should stay"
        require(size > 0 or np.allclose(added, 0), *none)
        if size == 0:
            continue
        require(not np.allclose(added, 0), "分数没有变：噪声加上了吗？", "the scores are as before: is noise added?")
        rows = "每户的噪声都一样，列表不会因此不同", "the noise is the same for all households"
        require(not np.allclose(added, added[:1]), *rows)
        columns = "一户里每件商品的噪声都一样，次序不会变", "within a household the noise is the same for all products"
        require(not np.allclose(added, added[:, :1]), *columns)
        within = "噪声应该在 0 和 {:g} 之间", "noise should lie between 0 and {:g}"
        require(-1e-9 * size <= added.min() and added.max() <= size * (1 + 1e-9), *within, size)
        even = "噪声不是均匀的：平均应该在正中间", "the noise isn't uniform: its mean should be in the middle"
        require(abs(added.mean() - size / 2) < 0.04 * size, *even)


noise.choice(
    "for_free",
    right="no",
    yes=("噪声加大一点，NDCG@10 怎样变？", "what does NDCG@10 do when there is a little more noise?"),
)


@months.function
def within_days(function: Written) -> None:
    """A mask of purchases; whether the day at the edge counts is left open."""
    rng = np.random.default_rng()
    for days in (30, 90):
        cut = 17_000.0
        day = cut - rng.integers(0, 200, 300) - 0.5
        given = function(day, cut, days)
        answer = array(given, day.shape) == 1
        mask = "应该是 True 或 False，现在是 {}", "it should be True or False, but is {}"
        require(np.asarray(given).dtype == bool, *mask, str(np.asarray(given).dtype))
        right = day > cut - days
        require(not np.array_equal(answer, ~right), "反了：留下的是旧的", "the wrong way round: the old ones are kept")
        off = "有 {} 次购买留错了", "{} purchases are kept or dropped wrongly"
        require(np.array_equal(answer, right), *off, int((answer != right).sum()))


months.choice(
    "more_days",
    right="less and less",
    evenly=("把相邻两个得分的差除以相差的天数", "divide the differences of scores by those of days"),
    harmful=("看一看最长的那一段历史的得分", "look at the score of the longest history"),
)


@experiment.function
def caused(function: Written) -> None:
    """A difference of means and its standard error, pooled or not."""
    rng = np.random.default_rng()
    for n, m in ((400, 300), (200, 200)):
        treated, control = rng.poisson(5.0, n).astype(float), rng.poisson(2.9, m).astype(float)
        answer = function(treated, control)
        pair = hasattr(answer, "__len__") and len(answer) == 2
        require(pair, "应该返回两个数：(差值, 标准误)", "it should return two numbers: (difference, standard error)")
        effect, error = array(answer, (2,))
        require(not np.isclose(effect, control.mean() - treated.mean()), "差值的方向反了", "the difference is reversed")
        require(np.isclose(effect, treated.mean() - control.mean()), "差值不对", "the difference isn't right")
        variances = treated.var() / n, control.var() / m
        pooled = (treated.var() * n + control.var() * m) / (n + m) * (1 / n + 1 / m)
        right = np.sqrt([sum(variances), pooled])
        slips: list[tuple[npt.ArrayLike, Pair]] = [
            (right**2, ("这是方差，标准误要开方", "this is the variance; take the root")),
            (
                np.sqrt([treated.var() + control.var()]),
                ("这是单户的标准差，平均的误差小得多", "this is for one household; a mean is off by far less"),
            ),
            (
                [np.sqrt(variances[0]) + np.sqrt(variances[1])],
                ("相加的是方差，不是标准差", "it is variances that add, not standard deviations"),
            ),
            (np.sqrt(variances), ("两组各有误差，都要算", "both groups have errors, and both count")),
        ]
        for slip, said in slips:
            if np.isclose(error, np.asarray(slip), rtol=5e-3).any():
                raise Mistake(*said)
        require(np.isclose(error, right, rtol=0.02).any(), "标准误不对", "the standard error isn't right")


experiment.choice(
    "also_log",
    right="chances",
    clicks=(
        "点击说的是这一个策略的结果，别的策略会怎样展示？",
        "clicks tell what this policy led to; what would another one have shown?",
    ),
    prices=(
        "价格与怎么挑选商品无关，别的策略会怎样展示？",
        "prices have no part in how products were picked; what would another policy have shown?",
    ),
)
