"""Self-checks of section 8.3, on text, price and promotion beside the purchase history."""

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require

scale = Exercise("ex-modal-scale")
fuse = Exercise("ex-modal-fuse")
known = Exercise("ex-modal-known")
placebo = Exercise("ex-modal-placebo")

FROM_AFTER = "用到了切分日之后的小票", "receipts from after the cut are used"
ALL_BEFORE = "只要最近七天", "only the last seven days count"
AT_THE_CUT = (
    "切分日当时的那一张小票还不知道：要严格在它之前",
    "the receipt at the cut itself isn't known yet: take what is strictly before",
)
FROM_THE_CUT = (
    "七天从最后一次卖出往回数，不是从切分日",
    "count the seven days back from the last sale, not from the cut",
)

scale.number(
    "z",
    np.sqrt(3 / 2),
    {
        2: ("还要除以标准差", "it is still to be divided by the standard deviation"),
        1: ("标准差要除以件数，不是件数减一", "the standard deviation divides by the number, not by one less"),
        0.75: ("除以标准差，不是方差", "divide by the standard deviation, not by the variance"),
    },
    ("先求均值和方差", "find mean and variance first"),
)

fuse.number(
    "weight",
    0.5,
    {
        2: ("分子和分母颠倒了", "numerator and denominator are the wrong way round"),
        0.6: ("文字的差距是 1.2，不是 1", "the difference in text is 1.2, not 1"),
        3: ("文字上的差距：一个正，一个负", "the difference in text: one is positive, the other negative"),
    },
    ("令两件商品的总分相等", "set the totals of the two products equal"),
)
fuse.choice(
    "place",
    right="first",
    third=("把三件的总分各算一遍", "work out the total of each of the three"),
    second=("在这个权重上，乙还没有被谁超过吗？", "at this weight, is the second product still behind another?"),
)


@known.function
def discount_known(function: Written) -> None:
    """Mean discount in the week up to a product's last sale before the cut."""
    rng = np.random.default_rng()
    for _ in range(6):
        days, depths, cut, right, wrongs = _receipts(rng)
        answer = number(function(days.copy(), depths.copy(), cut))
        for wrong, (zh, en) in zip(wrongs, (FROM_AFTER, AT_THE_CUT, FROM_THE_CUT, ALL_BEFORE), strict=True):
            require(not np.isclose(answer, wrong), zh, en)
        require(np.isclose(answer, right), "均值不对", "the mean is off")
    few = number(function(np.array([1.0, 2.0, 30.0]), np.array([0.2, 0.4, 0.9]), 20.0))
    require(np.isclose(few, 0.3), "最后一次卖出在很久以前时不对", "it is off where the last sale was long ago")


known.choice(
    "allowed",
    right="running week",
    **{
        "next visit": ("哪一周来，切分日当天没有人知道", "in which week it comes, nobody knows on the day of the cut"),
        "both": ("其中一个要知道这户何时再来", "one of them takes knowing when the household comes again"),
    },
)


@placebo.function
def exchange(function: Written) -> None:
    """An order in which each product is exchanged with one of its own group."""
    rng = np.random.default_rng()
    orders = []
    for n, alike in ((12, 4), (30, 5), (30, 5)):
        n_buyers = rng.permutation(n) * 3 + 1
        answer = array(function(n_buyers.copy(), alike, np.random.default_rng(rng.integers(1000))), (n,)).astype(int)
        once = sorted(answer.tolist()) == list(range(n))
        require(once, "每件商品要恰好出现一次", "each product must occur exactly once")
        group = np.argsort(np.argsort(-n_buyers)) // alike
        require(
            (group[answer] == group).all(),
            "有的商品和热门程度不同的换了",
            "some were exchanged with products of another popularity",
        )
        require(not (answer == np.arange(n)).any(), "有的商品留在原位", "some products stay where they are")
        orders.append(answer.tolist())
    other = [
        tuple(array(function(np.arange(30), 10, np.random.default_rng(seed)), (30,)).astype(int)) for seed in range(8)
    ]
    require(
        len(set(other)) > 1, "没有用上随机数：每次都一样", "the random numbers aren't used: it is the same each time"
    )


placebo.choice(
    "reading",
    right="not this text",
    text=("换成别的商品的文字，好处照样在", "with another product's text the gain is still there"),
    nothing=("相对基线的区间在零之上", "the interval of the gain over the base is above zero"),
)


def _receipts(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float, float, list[float]]:
    """Days, discounts and a cut for which each usual slip gives a number of its own; the right one, and those."""
    while True:
        cut = float(rng.integers(40, 60))
        days = np.sort(rng.uniform(0, 90, 60)).round(2)
        days[days > cut - 3] += 4  # some time passes between the last sale and the cut
        days = np.append(days, [cut - 5, cut])  # one in the week before the cut, one at the cut itself: not known
        depths, before = rng.random(len(days)), days < cut
        right = before & (days >= days[before].max() - 7)
        slips = days >= days.max() - 7, (days >= cut - 7) & (days <= cut), before & (days >= cut - 7), before
        means = [float(depths[rows].mean()) for rows in (right, *slips)]
        if len({*means}) == len(means):
            return days, depths, cut, means[0], means[1:]
