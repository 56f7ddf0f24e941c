"""Self-checks of section 3.1, on Transformers over purchases."""

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require
from shoprec.formulas.arrays import Floats

count = Exercise("ex-transformer-count")
padding = Exercise("ex-transformer-padding")
places = Exercise("ex-transformer-places")
cheat = Exercise("ex-transformer-cheat")
counting = Exercise("ex-transformer-counting")
window = Exercise("ex-transformer-window")


@count.function
def block_parameters(function: Written) -> None:
    """Of one block, by its width."""
    for d in (8, 48, 64):
        got, right = number(function(d)), 12 * d**2 + 13 * d
        slips = [
            (12 * d**2, ("偏置和归一化也有参数", "biases and norms have parameters, too")),
            (12 * d**2 + 9 * d, ("两个归一化也有参数", "the two norms have parameters, too")),
            (12 * d**2 + 11 * d, ("每个归一化有增益，也有偏置", "each norm has a gain, and a bias as well")),
            (12 * d**2 + 4 * d, ("线性层的偏置呢？", "what of the biases of linear layers?")),
            (
                4 * d**2 + 4 * d,
                ("这只是注意力，还有前馈层和归一化", "this is attention alone; there is more to a block"),
            ),
        ]
        for slip, said in slips:
            require(got != slip, *said)
        off = "宽度 {} 时得 {:,.0f}，不对", "at width {} it gives {:,.0f}, which isn't right"
        require(got == right, *off, d, got)


@padding.function
def not_padding(function: Written) -> None:
    """Which places of windows are purchases, the padding being at the end."""
    rng = np.random.default_rng()
    for size in (6, 9):
        lengths = rng.permutation([0, 1, 3, size - 1, size])
        given = function(lengths, size)
        got, right = array(given, (5, size)), np.arange(size) < lengths[:, None]
        mask = "应该是 True 或 False，现在是 {}", "it should be True or False, but is {}"
        require(np.asarray(given).dtype == bool, *mask, str(np.asarray(given).dtype))
        reverse = "反了：True 的地方是购买，不是填充", "the wrong way round: True is where a purchase stands"
        require(not np.array_equal(got, ~right), *reverse)
        front = "填充在末尾，不在前面", "padding is at the end, not in front"
        require(not np.array_equal(got, right[:, ::-1]), *front)
        off = "长度是 {} 的窗口不对", "the window of length {} isn't right"
        wrong = np.flatnonzero((got != right).any(axis=1))
        require(not wrong.size, *off, int(lengths[wrong[0]]) if wrong.size else 0)


padding.choice(
    "must_be_told",
    right="cloze",
    causal=("因果网络的一个位置，看得见它后面的填充吗？", "can a position of the causal network see padding after it?"),
    both=("因果网络的一个位置，看得见它后面的填充吗？", "can a position of the causal network see padding after it?"),
)


def running(x: Floats) -> Floats:
    """The mean of each row and those before it."""
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


@places.function
def averaged(function: Written) -> None:
    """Running means, several times over."""
    rng = np.random.default_rng()
    for n_layers in (1, 2, 3):
        x = rng.normal(size=(6, 3))
        got = array(function(x, n_layers), (6, 3))
        right: Floats = x
        for _ in range(n_layers):
            right = running(right)
        whole = (
            "每个位置都得了全部的平均；因果的只看自己和以前",
            ("each position has the mean of all; a causal one sees itself and what came before"),
        )
        require(not np.allclose(got, x.mean(axis=0)), *whole)
        once = "只平均了一层", "only one layer is averaged"
        require(n_layers == 1 or not np.allclose(got, running(x)), *once)
        sums = "这是和，不是平均", "these are sums, not means"
        require(n_layers > 1 or not np.allclose(got, np.cumsum(x, axis=0)), *sums)
        off = "{} 层时不对", "with {} layers it isn't right"
        require(np.allclose(got, right), *off, n_layers)


MEAN = "换了次序的加权平均会变吗？", "does a weighted mean change when what is averaged is reordered?"
places.choice(
    "order_matters",
    right="two causal",
    **{"one causal": MEAN, "two cloze": MEAN},
    every=("一层的时候，最后一个位置得到的是什么？", "with one layer, what does the last position get?"),
)


@cheat.function
def share_in_sight(function: Written) -> None:
    """Targets that stand in their window, after what is known."""
    rng = np.random.default_rng()
    for n_items in (8, 15):
        windows, position = rng.integers(0, n_items, (200, 6)), rng.integers(0, 6, 200)
        target = rng.integers(0, n_items, 200)
        got = number(function(windows, position, target))
        there = windows == target[:, None]
        later = np.arange(6) > position[:, None]
        right = (there & later).any(axis=1).mean()
        slips = [
            (
                there.any(axis=1).mean(),
                ("以前也买过的不算，只看 position 之后", "earlier purchases don't count: look after position"),
            ),
            (
                (there & (np.arange(6) >= position[:, None])).any(axis=1).mean(),
                ("position 那一处是已知的，不算在后面", "what stands at position is known, and isn't after it"),
            ),
            ((there & ~later).any(axis=1).mean(), ("这是 position 及以前的", "this is at position and before it")),
            (
                (there & later).sum() / 200,
                ("同一个目标出现两次，只算一次", "a target that stands there twice counts once"),
            ),
        ]
        for slip, said in slips:
            require(np.isclose(slip, right) or not np.isclose(got, slip), *said)
        range_ = "份额在 0 和 1 之间，现在是 {:.3g}", "a share lies between 0 and 1, but this is {:.3g}"
        require(0 <= got <= 1, *range_, got)
        require(np.isclose(got, right), "份额不对", "the share isn't right")


@counting.function
def pointing_term(function: Written) -> None:
    """Of a product whose purchases are so many days old."""
    rng = np.random.default_rng()
    for half_life in (30.0, 90.0):
        for n in (1, 4):
            ages = rng.uniform(0, 200, n)
            got = number(function(ages, half_life))
            f = (2.0 ** (-ages / half_life)).sum()
            slips = [
                (
                    f,
                    (
                        "这是个人频次的分数；指向项还要再变换一次",
                        "this is personal frequency; pointing maps it once more",
                    ),
                ),
                (np.log(f), ("对数里少了 1", "1 is missing in the logarithm")),
                (
                    np.log1p(np.exp(-ages / half_life).sum()),
                    (
                        "半衰期是减半的时间：κ 里还有一个因子",
                        "a half-life is the time to a half: κ has one more factor",
                    ),
                ),
            ]
            for slip, said in slips:
                require(not np.isclose(got, slip, rtol=1e-6), *said)
            off = "{} 次购买、半衰期 {:g} 天时不对", "not right for {} purchases at a half-life of {:g} days"
            require(np.isclose(got, np.log1p(f), rtol=1e-5), *off, n, half_life)


counting.choice(
    "told_apart_by",
    right="old",
    frequent=(
        "买了许多次，和里只是多几项；次序还是一样的",
        "many purchases are more terms of the sum; the order is the same",
    ),
    recent=("最近的购买，两边的分量一样", "a recent purchase has the same weight in both"),
)


@window.function
def dearer(function: Written) -> None:
    """By what factors attention and counting cost more on a longer window."""
    for short, long in ((12, 48), (128, 512), (50, 75)):
        attention, linear = array(function(short, long), (2,))
        ratio = long / short
        require(not np.isclose(attention, 1 / ratio**2), "倍数反了", "the factors are upside down")
        swapped = "两个倍数的次序反了", "the two factors are the wrong way round"
        require(not (np.isclose(attention, ratio) and np.isclose(linear, ratio**2)), *swapped)
        pairs = "自注意力：每个位置要和几个位置比？", "attention: with how many positions is each one compared?"
        require(np.isclose(attention, ratio**2), *pairs)
        require(np.isclose(linear, ratio), "计数：每次购买加几次？", "counting: how often is each purchase added?")


WHOLE = "它的得分比看全年的还差多少？", "how far is its score from that of the whole year?"
window.choice("far_enough", right="512", **{"12": WHOLE, "48": WHOLE, "128": WHOLE})
