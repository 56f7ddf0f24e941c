"""Self-checks of section 6.3, on advertising and marketing."""

import numpy as np

from shoprec.applications.off_policy import clipped_moments
from shoprec.exercises.checking import Exercise, Written, array, number, require

hand = Exercise("ex-ads-hand")
placeholder = Exercise("ex-ads-placeholder")
shift = Exercise("ex-ads-shift")
mix = Exercise("ex-ads-mix")
threshold = Exercise("ex-ads-threshold")
best = Exercise("ex-ads-best-log")


@hand.value
def hand_weights(answer: object) -> None:
    """Of shoes, hats and umbrellas."""
    got, right = array(answer, (3,)), np.array([0.5, 1, 1.5])
    upside_down = "反了：权重是哪个策略的概率除以哪个的？", "upside down: whose probability is divided by whose?"
    require(not np.allclose(got, 1 / right, rtol=0.01), *upside_down)
    alone = (
        "这是新策略的概率，还没有除以日志里的概率",
        "these are the new policy's probabilities, not yet divided by the log's",
    )
    require(not np.allclose(got, right / 3, rtol=0.02), *alone)
    names = ("鞋", "shoes"), ("帽子", "hats"), ("雨伞", "umbrellas")
    for name, fits in zip(names, np.isclose(got, right, rtol=0.01), strict=True):
        require(fits, "{}的权重不对", "the weight of {} isn't right", name)


hand.number(
    "hand_ips",
    1 / 6,
    {
        1 / 4: ("这是日志自己的点击率，没有用到权重", "this is the log's own click rate, without weights"),
        2 / 3: ("除以的是行数，不是点击数", "divide by the number of rows, not of clicks"),
        2: (
            "这是加权的点击数，还要除以行数",
            "these are the weighted clicks, still to be divided by the number of rows",
        ),
    },
    (
        "把每次点击换成它那一行的权重，再对所有行求平均",
        "put its row's weight in place of each click, and take the mean of all rows",
    ),
)


@placeholder.function
def effective_rows(function: Written) -> None:
    """Rows of equal or very different propensities, the smallest in any place."""
    rng = np.random.default_rng()
    for least in (1e-6, 0.003, 0.02):
        propensity = rng.uniform(0.03, 0.4, 200)
        propensity[rng.integers(200)] = 1e-5
        got = number(function(propensity, least, 46))
        before = 1 / propensity
        w = 1 / np.where(propensity == propensity.min(), least, propensity)
        stays = "最小的倾向没有换掉", "the smallest propensity isn't replaced"
        require(not np.isclose(got, before.sum() ** 2 / (before**2).sum(), rtol=1e-3), *stays)
        range_ = "有效样本量在 1 和行数之间，现在是 {:.4g}", "it lies between 1 and the number of rows, but is {:.4g}"
        require(1 - 1e-9 <= got <= 200 + 1e-9, *range_, got)
        off = "数值不对：平方与求和，哪个在先？", "the value isn't right: what comes first, the square or the sum?"
        require(np.isclose(got, w.sum() ** 2 / (w**2).sum(), rtol=0.01), *off)


placeholder.choice(
    "defensible",
    right="neither",
    guess=("“很可能抽不到”不等于知道它的概率", "that draws may well miss it doesn't tell its probability"),
    next_smallest=("凭什么说它和那一行的概率一样？", "what says that it is as likely as that row?"),
)


@shift.function
def ips_off(function: Written) -> None:
    """By how much the change of IPS is off, from the weights and the constant."""
    rng = np.random.default_rng()
    for c in (3.0, -1.0, 0.5):
        w = rng.exponential(1.3, 50)
        got = number(function(w, c))
        rise = (
            "这是 IPS 增加了多少；题目问的是它与 c 差多少",
            "this is how much IPS rises; asked is how far that is from c",
        )
        require(not np.isclose(got, c * w.mean(), rtol=1e-6), *rise)
        sign = "符号反了：IPS 增加的，减去该增加的", "the sign: what IPS rises by, minus what it should"
        require(not np.isclose(got, c * (1 - w.mean()), rtol=1e-6), *sign)
        sums = "IPS 除以的是行数", "IPS divides by the number of rows"
        require(not np.isclose(got, c * (w.sum() - 1), rtol=1e-6), *sums)
        off = "c = {} 时的数值不对", "the value at c = {} isn't right"
        require(np.isclose(got, c * (w.mean() - 1), rtol=1e-4), *off, c)


shift.number(
    "snips_off",
    0,
    {},
    ("把 r + c 代进 SNIPS 的分子，再拆成两个和", "put r + c into the numerator of SNIPS, and part it into two sums"),
)


@mix.function
def mixed_policy(function: Written) -> None:
    """Rows of a policy over any number of items."""
    rng = np.random.default_rng()
    for n, epsilon in ((34, 0.05), (5, 0.2), (3, 0.0)):
        policy = rng.dirichlet(np.full(n, 0.1), 4)
        got = array(function(policy, epsilon), (4, n))
        sums = (
            "每一行的概率加起来应该是 1，现在第一行是 {:.3f}",
            "each row should add up to 1, but the first makes {:.3f}",
        )
        require(np.allclose(got.sum(axis=1), 1), *sums, got[0].sum())
        swapped = "ε 和 1 − ε 放反了", "ε and 1 − ε are the wrong way round"
        require(not np.allclose(got, epsilon * policy + (1 - epsilon) / n) or epsilon == 0.5, *swapped)
        off = (
            "ε = {} 时不对：随机的那一份，每件商品得多少？",
            "not right at ε = {}: how much of the random part has each item?",
        )
        require(np.allclose(got, (1 - epsilon) * policy + epsilon / n, atol=1e-6), *off, epsilon)


mix.number(
    "largest_weight",
    20,
    {
        680: ("目标的概率也要除以商品数", "the target's probability has the number of items in it, too"),
        0.05: ("反了：目标的概率在上面", "upside down: the target's probability goes on top"),
    },
    ("写日志的概率最小是多少？目标的概率除以它", "what is the log's probability at least? Divide the target's by it"),
)
mix.choice(
    "ips_spread",
    right="a third",
    half=("方差要开方，再相除", "divide the roots of the variances"),
    same=("ε 不是零，小概率的商品影响最大", "ε isn't zero, and the rarest items matter most"),
)


@threshold.function
def worth_sending(function: Written) -> None:
    """True or False for each household."""
    rng = np.random.default_rng()
    for cost, margin in ((0.5, 10.0), (1.0, 4.0), (3.0, 2.0)):
        p = rng.random(300)
        got = array(function(p, cost, margin), (300,))
        require(np.isin(got, (0, 1)).all(), "每户应该是 True 或 False", "it should be True or False for each household")
        bar = cost / margin
        never = "成本比毛利还高，一封也不该寄", "a letter costs more than the margin: none should go out"
        require(cost <= margin or not got.any(), *never)
        low, high = p[got == 1].min(initial=1), p[got == 0].max(initial=0)
        too_low = "p = {:.3f} 时寄了，期望的收益是负的", "sent at p = {:.3f}, where the expected gain is negative"
        require(low >= bar or bar > 1, *too_low, low)
        too_high = (
            "p = {:.3f} 时没有寄，期望的收益却是正的",
            "not sent at p = {:.3f}, where the expected gain is positive",
        )
        require(high <= bar, *too_high, high)


threshold.choice(
    "calibrated",
    right="stop",
    order=("排序不需要校准", "an order needs no calibration"),
    gain=("校准不改变谁会兑换", "calibration doesn't change who redeems"),
)


@best.function
def best_log(function: Written) -> None:
    """A policy is right if IPS has the least variance that there is."""
    rng = np.random.default_rng()
    for n in (4, 9):
        policy, q = rng.dirichlet(np.ones(n), 3), rng.uniform(0.01, 0.6, (3, n))
        got = array(function(policy, q), (3, n))
        require((got > 0).all(), "有商品的概率不是正数", "an item has no positive probability")
        sums = (
            "每一行的概率加起来应该是 1，现在第一行是 {:.3f}",
            "each row should add up to 1, but the first makes {:.3f}",
        )
        require(np.allclose(got.sum(axis=1), 1), *sums, got[0].sum())
        least = np.mean((policy * np.sqrt(q)).sum(axis=1) ** 2) - np.mean((policy * q).sum(axis=1)) ** 2
        variance = clipped_moments(policy, got / got.sum(axis=1, keepdims=True), q)[1]
        more = (
            "方差还能更小：现在 {:.5f}，最小 {:.5f}",
            "the variance can be less: it is {:.5f}, and the least is {:.5f}",
        )
        require(variance <= least + 1e-4 * (1e-3 + abs(least)), *more, variance, least)
