"""Self-checks of section 6.4, on one customer with several accounts."""

from math import comb

import numpy as np
from scipy import sparse

from shoprec.exercises.checking import Exercise, Mistake, Written, array, number, require

hand = Exercise("ex-cross-hand")
linker = Exercise("ex-cross-linker")
certain = Exercise("ex-cross-certain")
new = Exercise("ex-cross-new")
gallery = Exercise("ex-cross-gallery")

hand.number(
    "swap",
    1 / 3,
    {
        3: ("反了：w 乘的是哪一边？", "upside down: which side does w multiply?"),
        2 / 3: ("B 的面包也要算进去", "the bread bought at B counts, too"),
        1: ("w 乘的是 A 的次数，三次", "w multiplies what was bought at A, three times"),
    },
    ("分别写出牛奶和面包的得分，令两者相等", "write down the scores of milk and of bread, and let them be equal"),
)


@linker.function
def mean_change(function: Written) -> None:
    """Mean change over all accounts."""
    rng = np.random.default_rng()
    for _ in range(5):
        precision, share, gain, loss = rng.uniform(0.1, 0.9, 4)
        got = number(function(precision, share, gain, loss))
        right = share * (precision * gain - (1 - precision) * loss)
        every = "没有链接的账户不变，也要算在平均里", "accounts without a link don't change, and count in the mean"
        require(not np.isclose(got, right / share), *every)
        no_loss = "错误的链接也要算", "wrong links count, too"
        require(not np.isclose(got, share * precision * gain), *no_loss)
        sign = "错误的链接是减，不是加", "a wrong link takes away"
        require(not np.isclose(got, share * (precision * gain + (1 - precision) * loss)), *sign)
        off = "精确率 {:.2f}、链接 {:.2f} 时不对", "not right at precision {:.2f} and share {:.2f}"
        require(np.isclose(got, right, rtol=1e-4, atol=1e-9), *off, precision, share)


COMPARE = ("两个工具都代进公式，比一比", "put both tools into the formula, and compare")
linker.choice("small_loss", right="two", one=COMPARE, none=COMPARE)
linker.choice("large_loss", right="one", two=COMPARE, none=COMPARE)


@certain.function
def certain_half(function: Written) -> None:
    """A mask of accounts: the lead of the best candidate over the second."""
    rng = np.random.default_rng()
    for n in (20, 50):
        similar = rng.random((n, 30))
        similar[rng.integers(n)] *= 0.1
        given = function(similar)
        answer = array(given, (n,)) == 1
        mask = "应该是 True 或 False，现在是 {}", "it should be True or False, but is {}"
        require(np.asarray(given).dtype == bool, *mask, str(np.asarray(given).dtype))
        require(
            answer.sum() == n // 2,
            "一半是 {} 个，现在选了 {} 个",
            "half are {}, but {} are chosen",
            n // 2,
            answer.sum(),
        )
        second, first = np.sort(similar, axis=1)[:, -2:].T
        by_best = first > np.median(first)
        only_best = "不看最像的有多像，看它领先多少", "it isn't how alike the best is, but by how much it leads"
        require(
            (answer != by_best).any() or (by_best == (first - second > np.median(first - second))).all(), *only_best
        )
        lead = first - second
        off = "有账户领先得多却没选上", "an account with a larger lead isn't chosen"
        require(lead[answer].min() >= lead[~answer].max() - 1e-12, *off)


certain.choice(
    "compared",
    right="undecided",
    better=("看区间，不只看差值", "look at the interval, and not only at the difference"),
    worse=("看区间，不只看差值", "look at the interval, and not only at the difference"),
)


@new.function
def parted(function: Written) -> None:
    """Two tables, which together are the targets."""
    rng = np.random.default_rng()
    targets = sparse.csr_array((rng.random((6, 15)) < 0.3).astype(np.float32))
    own = sparse.csr_array(rng.integers(0, 4, (6, 15)) * (rng.random((6, 15)) < 0.4) * 0.5)
    answer = function(targets, own)
    pair = isinstance(answer, tuple | list) and len(answer) == 2
    require(pair, "应该返回两张表：(repeats, firsts)", "it should return two tables: (repeats, firsts)")
    repeats, firsts = (array(table, (6, 15)) for table in answer)
    wanted, bought = targets.toarray() > 0, own.toarray() > 0
    swapped = "两张表的次序反了", "the two tables are the wrong way round"
    require(
        not (np.array_equal(repeats > 0, wanted & ~bought) and np.array_equal(firsts > 0, wanted & bought)), *swapped
    )
    both = "有目标同时在两张表里", "a target is in both tables"
    require(not ((repeats > 0) & (firsts > 0)).any(), *both)
    strangers = "有不是目标的商品混了进来", "something that isn't a target got in"
    require(not ((repeats > 0) & ~wanted).any() and not ((firsts > 0) & ~wanted).any(), *strangers)
    require(np.array_equal(repeats > 0, wanted & bought), "repeats 不对", "repeats aren't right")
    require(np.array_equal(firsts > 0, wanted & ~bought), "firsts 不对", "firsts aren't right")


new.choice(
    "gains_on",
    right="firsts",
    repeats=("看区间，不只看差值", "look at the interval, and not only at the difference"),
    both=("复购那一半的区间也看一看", "look at the interval of the other half, too"),
)


@gallery.function
def found_rate(function: Written) -> None:
    """Mean probability that no rival in front is among those kept; a simulation may be off by a little."""
    rng = np.random.default_rng()
    for n, n_all in ((100, 1000), (400, 1000), (1000, 1000)):
        ahead = rng.geometric(0.25, 2000) - 1
        got = number(function(ahead, n, n_all))
        chances = [comb(n_all - 1 - int(r), n - 1) / comb(n_all - 1, n - 1) for r in range(int(ahead.max()) + 1)]
        right, now = np.mean(np.array(chances)[ahead]), np.mean(ahead == 0)
        require(
            0 <= got <= 1, "命中率在 0 和 1 之间，现在是 {:.3f}", "a rate lies between 0 and 1, but this is {:.3f}", got
        )
        unmoved = "候选少了，命中率却没有变", "with fewer candidates the rate hasn't changed"
        require(n == n_all or abs(got - now) > 1e-9 or abs(got - right) < 0.02, *unmoved)
        if abs(got - right) >= 0.02:
            raise Mistake(
                "只留 {} 个时得 {:.2f}，不对：排在前面的，一个也没留下的概率是多少？",
                "with {} kept it gives {:.2f}, which isn't right: how likely is none of those in front kept?",
                n, got,
            )  # fmt: skip


gallery.choice(
    "caution",
    right="other people",
    arithmetic=("算术没有问题，问题在新来的顾客", "the arithmetic is fine; the new customers are the trouble"),
    luck=("抽样的误差可以用区间说清楚", "what sampling leaves open, an interval can tell"),
)
