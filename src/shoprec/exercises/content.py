"""Self-checks of section 6.2, on personal content."""

from collections.abc import Sequence
from itertools import permutations
from typing import Any

import numpy as np
import numpy.typing as npt

from shoprec.applications.diversity import mmr as greedy_list
from shoprec.exercises.checking import Exercise, Mistake, Written, array, number, require
from shoprec.formulas.trie import Trie

chance = Exercise("ex-content-chance")
any_of = Exercise("ex-content-any")
mmr = Exercise("ex-content-mmr")
finer = Exercise("ex-content-finer")
new = Exercise("ex-content-new")

Floats = npt.NDArray[np.float64]

chance.number(
    "with_one",
    (1 + 1 / np.log2(3)) / 4,
    {
        0.5: (
            "这是目标在列表里的概率；NDCG 还看它在第几位",
            "this is how often the target is listed; NDCG asks at which place, too",
        ),
        0.25: ("理想列表有几个目标？分母按它算", "how many targets does the ideal list have? Divide by that"),
        (1 + 1 / np.log2(3)) / 2: ("目标占目录的几分之几？", "what share of the catalogue are targets?"),
        1 + 1 / np.log2(3): ("还要乘上每一位是目标的概率", "what is the probability that a place has the target?"),
    },
    (
        "先写出每一位的折扣，再乘上每一位是目标的概率",
        "write down the discount of each place, and how likely it has the target",
    ),
)
chance.number(
    "with_four",
    1,
    {(1 + 1 / np.log2(3)): ("还没有除以理想列表的得分", "it isn't divided yet by the score of the ideal list")},
    ("随便写一份列表，算一算它的 NDCG", "write down any list and work out its NDCG"),
)


@any_of.function
def at_least_one(function: Written) -> None:
    """Probabilities of groups, small ones and such as are near 1."""
    rng = np.random.default_rng()
    for scale in (0.95, 0.05):
        scores = rng.uniform(0, scale, (4, 12))
        members = np.eye(3)[np.concatenate([[0, 1, 2], rng.integers(0, 3, 9)])]
        got = array(function(scores, members), (4, 3))
        require(
            got.max() <= 1 + 1e-9,
            "得到 {:.2f}，概率不会超过 1",
            "{:.2f} is no probability, which is 1 at most",
            got.max(),
        )
        require(
            got.min() >= 0,
            "得到 {:.2f}，概率不会小于 0",
            "{:.2f} is no probability, which is never negative",
            got.min(),
        )
        none = np.stack([np.prod(1 - scores[:, members[:, g] > 0], axis=1) for g in range(3)], axis=1)
        require(not np.allclose(got, none), "这是一件也不买的概率", "this is the probability that nothing is bought")
        whole = 1 - np.prod(1 - scores, axis=1, keepdims=True)
        require(not np.allclose(got, whole), "每一组只算组里的商品", "a group has the products of that group only")
        alike = np.allclose(got, 1 - none, atol=1e-3)
        require(alike, "数值不对：连乘的是什么？", "the values aren't right: what is multiplied?")


any_of.choice(
    "verdict",
    right="between",
    below=("与相加比一比，看区间", "compare with the sum, and look at the interval"),
    above=("与按组计数比一比，看区间", "compare with the count by group, and look at the interval"),
)


def steps(order: npt.ArrayLike, x: Floats, s: Floats, weight: float) -> float:
    """Sum of what MMR's steps are worth."""
    picked = [*np.asarray(order, dtype=int)]
    worth = [(1 - weight) * x[i] - (weight * s[i, picked[:at]].max() if at else 0) for at, i in enumerate(picked)]
    return float(np.sum(worth))


@mmr.function
def total(function: Written) -> None:
    """The sum for random lists of several lengths and weights."""
    rng = np.random.default_rng()
    for k, weight in ((1, 0.5), (3, 0.5), (4, 0.2)):
        x, s = rng.random(6), rng.random((6, 6))
        s = (s + s.T) / 2
        order = rng.permutation(6)[:k]
        got = number(function(order, x, s, weight))
        first = "第一步还没有选过别的，只看相关性", "at the first step nothing is chosen yet: relevance alone counts"
        require(k > 1 or np.isclose(got, (1 - weight) * x[order[0]]), *first)
        mean = sum(s[i, order[:at]].mean() - s[i, order[:at]].max() for at, i in enumerate(order) if at)
        of_mean = "相似的程度，取的是与已选各件的最大值", "similarity is the largest with what is chosen so far"
        require(k < 3 or not np.isclose(got, steps(order, x, s, weight) - weight * mean), *of_mean)
        off = "{} 件的列表，总分不对", "the total of a list of {} isn't right"
        require(np.isclose(got, steps(order, x, s, weight), rtol=1e-4), *off, k)


@mmr.value
def example(answer: Any) -> None:
    """Relevance and similarities of which MMR's list of three, at weight 0.5, isn't the best."""
    pair = isinstance(answer, tuple | list) and len(answer) == 2
    require(pair, "应该是 (x, s)：相关性和相似度", "it should be (x, s): relevance and similarities")
    n = np.size(answer[0])
    require(3 < n < 10, "x 要有 4 到 9 件商品，现在是 {}", "x should have 4 to 9 products, but has {}", n)
    x, s = array(answer[0], (n,)), array(answer[1], (n, n))
    require(np.allclose(s, s.T), "s 应该是对称的", "s should be symmetric")
    require(x.min() >= 0 and x.max() <= 1, "x 应该在 0 到 1 之间", "x should lie between 0 and 1")
    require(s.min() >= 0 and s.max() <= 1, "s 应该在 0 到 1 之间", "s should lie between 0 and 1")
    greedy = steps(greedy_list(x, s, 0.5, k=3), x, s, 0.5)
    best = max(steps(order, x, s, 0.5) for order in permutations(range(n), 3))
    tie = "这里 MMR 的列表总分 {:.3f}，没有更高的了", "here MMR's list has a total of {:.3f}, and none has more"
    require(best > greedy + 1e-9, *tie, greedy)


mmr.choice(
    "contradicts",
    right="no",
    yes=(
        "定理说的是哪一种得分？MMR 的一步会拖累后面各步吗？",
        "which value is the theorem about? And can a step of MMR spoil later ones?",
    ),
)


@finer.function
def own_shares(function: Written) -> None:
    """Shares of groups in households' purchases; the last group may be one that nobody buys."""
    rng = np.random.default_rng()
    bought, group = rng.integers(0, 4, (5, 14)).astype(float), np.array([*range(6), *rng.integers(0, 5, 8)])
    bought[:, group == 5], bought[:, 0] = 0, 1
    got = array(function(bought, group), (5, 6))
    counts = bought @ np.eye(6)[group]
    require(
        not np.allclose(got, counts),
        "这是次数，份额要除以每户的总数",
        "these are counts; shares are of each household's total",
    )
    sums = (
        "每户的份额加起来应该是 1，现在第一户是 {:.3f}",
        "each household's shares should add up to 1; the first's make {:.3f}",
    )
    require(np.allclose(got.sum(axis=1), 1), *sums, got[0].sum())
    kinds = (bought > 0) @ np.eye(6)[group]
    of_kinds = "买了几次也要算，不只是买了几种", "how often each was bought counts, not only how many kinds"
    require(not np.allclose(got, kinds / kinds.sum(axis=1, keepdims=True)), *of_kinds)
    right = np.allclose(got, counts / counts.sum(axis=1, keepdims=True), atol=1e-6)
    require(
        right,
        "份额不对：每件商品算在它自己的组里了吗？",
        "the shares aren't right: is each product counted in its own group?",
    )


finer.choice(
    "dearer",
    right="more",
    same=("两个 λ 都算一算，与按部门的代价并排看", "compute both weights, and put them beside the cost by department"),
    less=(
        "品类比部门细，列表要迁就的更多还是更少？",
        "categories are finer: has the list to give way more often, or less?",
    ),
)
finer.choice(
    "why",
    right="places",
    weight=("λ 再大也一样，试试看", "a larger weight doesn't help either; try"),
    noise=("买得多的家庭也一样", "households that buy much have it, too"),
)


def asks(function: Written, ways: Sequence[tuple[str, ...]], bought: set[str]) -> list[tuple[str, ...]]:
    """What is left on a tree by the reader's rule, which must answer yes or no."""

    def allows(prefix: Any) -> bool:
        answer = function(prefix, bought)
        word = "应该回答 True 或 False，现在是 {}", "it should answer True or False, but says {}"
        require(isinstance(answer, bool | np.bool_), *word, repr(answer)[:40])
        return bool(answer)

    return [*Trie(ways).restrict(allows)]


@new.function
def allowed(function: Written) -> None:
    """A small shop's tree, with and without purchases."""
    ways = [("food", "milk", "m1"), ("food", "milk", "m2"), ("food", "bread", "b1"), ("home", "soap", "s1")]
    everything = "什么都没买过时，应该什么都留下", "to a household that has bought nothing, everything is new"
    require(len(asks(function, ways, set())) == 4, *everything)
    for bought in ({"m1", "s1"}, {"b1"}, {"m1", "m2"}):
        left = {way[-1] for way in asks(function, ways, bought)}
        require(
            not left & bought,
            "买过的商品 {} 还在",
            "{}, which was bought, is still there",
            ", ".join(sorted(left & bought)),
        )
        lost = {"m1", "m2", "b1", "s1"} - bought - left
        if lost:
            raise Mistake("没买过的 {} 也不见了", "{}, which was never bought, is gone, too", ", ".join(sorted(lost)))


new.choice(
    "how_often",
    right="more",
    fewer=("数一数：前面各层有没有哪一层说得出“不”？", "count: is there a level before the last that can say no?"),
    as_many=("除了商品，还问了哪些节点？", "which nodes are asked besides products?"),
)
