"""Self-checks of section 4.2, on similarity."""

from typing import Any

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.similarity import cosine_similarity, jaccard_similarity

damped = Exercise("ex-similarity-damped")
dice = Exercise("ex-similarity-dice")
chance = Exercise("ex-similarity-chance")
small_angle = Exercise("ex-similarity-small-angle")
hubs = Exercise("ex-similarity-hubs")


def rows_of(answer: Any, n: int) -> Floats:
    """An answer of n rows of the same length, 2 at least."""
    counted = "应该是 {} 行", "it should have {} rows"
    require(hasattr(answer, "__len__") and len(answer) == n, *counted, n)
    lengths = [np.size(row) if not isinstance(row, str | list | tuple) else len(row) for row in answer]
    require(
        len({*lengths}) == 1 and lengths[0] > 1, "每行要一样长，至少两个数", "rows should be equally long, 2 at least"
    )
    return array(answer, (n, lengths[0]))


@damped.value
def tilted(answer: Any) -> None:
    """Two rows of counts whose cosine a logarithm changes by 0.2 or more."""
    a = rows_of(answer, 2)
    counts = "购买次数是整数，不是负的", "counts are whole numbers, none negative"
    require((a >= 0).all() and np.allclose(a, a.round()), *counts)
    require((a.sum(axis=1) > 0).all(), "有一行全是零，没有余弦", "a row of zeros has no cosine")
    change = abs(cosine_similarity(a)[0, 1] - cosine_similarity(np.log1p(a))[0, 1])
    require(change >= 0.2, "余弦只差 {:.3f}", "the cosines differ by {:.3f} only", change)


damped.choice(
    "seven_and_log",
    right="direction",
    size=("除以 100 也把次数变小，余弦变吗？", "dividing by 100 makes counts smaller, too; does the cosine change?"),
    zeros=("log(1 + 0) 是多少？", "what is log(1 + 0)?"),
)


@dice.function
def dice_from(function: Written) -> None:
    """Dice's coefficient by Jaccard's."""
    rng = np.random.default_rng()
    for jaccard in (0.0, 1.0, *rng.uniform(0.05, 0.9, 6)):
        got, right = number(function(jaccard)), 2 * jaccard / (1 + jaccard)
        inverse = "反了：这是从 Dice 求 Jaccard", "the wrong way round: this finds Jaccard from Dice"
        require(jaccard in (0, 1) or not np.isclose(got, jaccard / (2 - jaccard)), *inverse)
        off = "J = {:.2f} 时得 {:.3f}，不对", "at J = {:.2f} it gives {:.3f}, which isn't right"
        require(np.isclose(got, right, rtol=1e-6), *off, jaccard, got)


@dice.value
def three_sets(answer: Any) -> None:
    """A set, another that cosine prefers and one that Jaccard prefers, as rows of zeros and ones."""
    a = rows_of(answer, 3)
    require(np.isin(a, (0, 1)).all(), "集合写成 0 和 1", "write sets as zeros and ones")
    require((a.sum(axis=1) > 0).all(), "有一个集合是空的", "one of the sets is empty")
    by_cosine, by_jaccard = cosine_similarity(a)[0, 1:], jaccard_similarity(a)[0, 1:]
    cosine = (
        "按余弦，第二行与第一行的相似度是 {:.3f}，第三行是 {:.3f}；第二行应该更像",
        "by cosine the second row is {:.3f} alike to the first and the third {:.3f}; the second should be more so",
    )
    require(by_cosine[0] > by_cosine[1] + 1e-9, *cosine, *by_cosine)
    jaccard = (
        "按 Jaccard，第二行与第一行的相似度是 {:.3f}，第三行是 {:.3f}；第三行应该更像",
        "by Jaccard the second row is {:.3f} alike to the first and the third {:.3f}; the third should be more so",
    )
    require(by_jaccard[1] > by_jaccard[0] + 1e-9, *jaccard, *by_jaccard)


@chance.function
def towards(function: Written) -> None:
    """The posterior mean with a prior for each pair."""
    rng = np.random.default_rng()
    for strength in (4.0, 30.0, 0.0):
        s, prior, n = rng.random(20), rng.random(20) * 0.3, rng.integers(1, 40, 20)
        got, share = array(function(s, n, prior, strength), (20,)), n / (n + strength)
        slips = [
            (share * s, ("这是向 0 收缩", "this shrinks towards 0")),
            (share * (s - prior), ("收缩以后还没有加回先验", "after shrinking, the prior isn't added back")),
            (share * s + prior, ("s 里的那份先验也要一起收缩", "the prior's part in s has to shrink, too")),
            (prior - share * (s - prior), ("符号反了", "the sign is wrong")),
            (
                s + share * (prior - s),
                ("n 越大，应该离先验越远", "the larger n, the farther from the prior it should be"),
            ),
        ]
        for slip, said in slips:
            require(strength == 0 or not np.allclose(got, slip), *said)
        right = prior + share * (s - prior)
        off = "λ = {:g} 时不对", "not right at a strength of {:g}"
        require(np.allclose(got, right, atol=1e-6), *off, strength)


ERRORS = "两个最小的误差，哪个小？", "which of the two least errors is smaller?"
chance.choice("better_prior", right="chance", zero=ERRORS, alike=ERRORS)


@small_angle.function
def angle_between(function: Written) -> None:
    """Of unit vectors in several dimensions, from tiny angles to large ones."""
    rng = np.random.default_rng()
    for angle in (1e-9, 3e-7, 1e-4, 0.5, 1.4, 2.9):
        a, b = np.linalg.qr(rng.normal(size=(5, 2)))[0].T
        b = np.cos(angle) * a + np.sin(angle) * b
        chord = np.linalg.norm(a - b)
        got = number(function(a, b))
        require(
            angle < 0.4 or not np.isclose(got, chord), "这是弦长，还不是角", "this is the chord's length, not the angle"
        )
        degrees = "这是度数，要的是弧度", "this is in degrees; radians are asked"
        require(not np.isclose(got, np.degrees(angle), rtol=1e-3), *degrees)
        half = "角的一半？", "is it half of the angle?"
        require(not np.isclose(got, angle / 2, rtol=1e-3, atol=0), *half)
        off = "夹角是 {:g} 时得 {:g}", "where the angle is {:g}, it gives {:g}"
        require(np.isclose(got, angle, rtol=1e-4, atol=0), *off, angle, got)


@small_angle.value
def by_arccos(answer: Any) -> None:
    """What arccos makes of an angle so small that its cosine is 1."""
    given = number(answer)
    require(given != 1e-9, "这是真正的角；算一算 `np.arccos`", "this is the true angle; try `np.arccos`")
    require(given == 0, "双精度里，这个余弦等于多少？", "what does this cosine come to in double precision?")


def nearest(similar: Floats, own: Codes, item: int, k: int, itself: bool) -> int:
    """In how many rows an item is among the k largest, a row's own included or not."""
    values = similar.copy()
    if not itself:
        values[np.arange(len(own)), own] = -np.inf
    return int((np.argsort(-values, axis=1)[:, :k] == item).sum())


@hubs.function
def times_near(function: Written) -> None:
    """In how many rows a product is among the nearest, the row's own product aside."""
    rng = np.random.default_rng()
    for k in (3, 10):
        counts: list[int] = []
        while len({*counts}) < 4:  # so that each slip has a number of its own
            similar, own = rng.random((60, 40)), rng.integers(0, 8, 60)
            item = int(own[0])
            similar[:, item] += 0.2
            similar[np.arange(60), own] = 2
            ways = ((k, False, 1), (k, True, 1), (k + 1, True, 1), (k, True, -1))
            counts = [nearest(sign * similar, own, item, first, itself) for first, itself, sign in ways]
        got = number(function(similar, own, item, k))
        says = (
            ("商品自己占去了一个位置，也被数了进去", "a product is counted as its own neighbour, and takes a place"),
            ("这件商品自己的那一行，不算它自己", "in its own row the product doesn't count"),
            ("这是最不像的", "these are the least alike"),
        )
        for slip, said in zip(counts[1:], says, strict=True):
            require(got != slip, *said)
        require(got == counts[0], "k = {} 时的次数不对", "the number at k = {} isn't right", k)


MEASURES = "用哪个相似度数出来的更多？", "which similarity gave the larger number?"
hubs.choice("more_hubs", right="cosine", pearson=MEASURES, alike=MEASURES)
