"""Self-checks of chapter 7, on choosing libraries and reading them."""

from typing import Any

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require

budget = Exercise("ex-tools-budget")
direction = Exercise("ex-tools-direction")
lift = Exercise("ex-tools-lift")
pays = Exercise("ex-tools-pays")

budget.number(
    "milliseconds",
    10,
    {
        5: ("两个核可以同时应答", "two cores answer at the same time"),
        2.5: ("两个核让每次的时间变多，不是变少", "with two cores each may take longer, not less"),
        0.01: ("要的是毫秒", "it is asked for in milliseconds"),
    },
    ("先算一个核每秒要应答几次", "first, how many requests a second does one core answer?"),
)


@budget.function
def best_within(function: Written) -> None:
    """The place of the best model among those within the budget."""
    rng = np.random.default_rng()
    for n in (4, 9):
        seconds, quality = rng.permutation(n) / 100 + 0.01, rng.permutation(n) / 10 + 0.1
        limit = float(np.sort(seconds)[n // 2])
        got = function(seconds, quality, limit)
        place = int(number(-1 if got is None else got))
        require(
            0 <= place < n,
            "应该是 0 到 {} 的位置，现在是 {}",
            "it should be a place from 0 to {}, but is {}",
            n - 1,
            place,
        )
        over = "选中的那个超出了预算", "what it picks is over the budget"
        require(seconds[place] <= limit, *over)
        require(
            quality[place] == quality[seconds <= limit].max(),
            "预算内还有更好的",
            "something better is within the budget",
        )
    none = function(np.array([2.0, 3.0]), np.array([0.1, 0.2]), 1.0)
    require(none is None or number(none) == -1, "都超出预算时应该返回 -1", "if all are over the budget, return -1")


@direction.function
def both_ways(function: Written) -> None:
    """Scores by the neighbours of what was bought, and by those of what is scored."""
    rng = np.random.default_rng()
    similar = rng.random((6, 6)) * (rng.random((6, 6)) < 0.5) + np.eye(6)
    bought = rng.integers(0, 4, (3, 6)).astype(float)
    answer = function(similar, bought)
    pair = isinstance(answer, tuple | list) and len(answer) == 2
    require(pair, "应该返回两张表", "it should return two tables")
    of_bought, of_scored = (array(table, (3, 6)) for table in answer)
    swapped = "两张表的次序反了", "the two tables are the wrong way round"
    right = bought @ similar, bought @ similar.T
    require(not (np.allclose(of_bought, right[1]) and np.allclose(of_scored, right[0])), *swapped)
    require(
        not np.allclose(of_bought, of_scored),
        "两张表一样：相似度表不对称",
        "both are the same; the table isn't symmetric",
    )
    require(np.allclose(of_bought, right[0]), "第一张不对", "the first one isn't right")
    require(np.allclose(of_scored, right[1]), "第二张不对", "the second one isn't right")


direction.choice(
    "symmetric_if",
    right="all kept",
    cosine=("余弦对称，截断以后呢？", "the cosine is symmetric, but after the cut?"),
    never=("什么也不截断，会怎样？", "what if nothing is cut off?"),
)


@lift.function
def lifted(function: Written) -> None:
    """Vectors of one length that have the same inner products with any query that gets a zero appended."""
    rng = np.random.default_rng()
    for n, d in ((5, 3), (12, 8)):
        items = rng.normal(size=(n, d)) * rng.uniform(0.2, 3, (n, 1))
        longer = array(function(items), (n, d + 1))
        kept = "前面的坐标要原样留下，内积才不变", "keep the other coordinates, or inner products change"
        require(np.allclose(longer[:, :d], items), *kept)
        lengths = np.linalg.norm(longer, axis=1)
        squares = "长度要先平方再相减", "square the lengths before you subtract"
        longest = np.linalg.norm(items, axis=1)
        require(not np.allclose(longer[:, d] ** 2, longest.max() - longest), *squares)
        unequal = "补上以后，长度从 {:.2f} 到 {:.2f}，还不一样", "lengths still differ, from {:.2f} to {:.2f}"
        require(np.allclose(lengths, lengths[0]), *unequal, lengths.min(), lengths.max())


lift.choice(
    "nearest",
    right="same",
    reversed=(
        "长度固定以后，内积大，距离是大是小？",
        "at one length, is what has the larger product near or far?",
    ),
    unrelated=("把距离的平方展开看看", "expand the squared distance"),
)


@pays.function
def break_even(function: Written) -> None:
    """Requests after which an index has paid for its building."""
    rng = np.random.default_rng()
    for _ in range(5):
        build, exact = rng.uniform(1, 50), rng.uniform(0.01, 0.02)
        near = exact * rng.uniform(0.1, 0.8)
        got, right = _requests(function(build, exact, near)), build / (exact - near)
        require(not np.isclose(got, build / exact), "近似检索也要花时间", "approximate search takes time, too")
        require(not np.isclose(got, build / near), "要除以省下的时间", "divide by what is saved")
        require(
            np.isclose(got, right, rtol=1e-3, atol=1), "先写出两边的总时间", "write down the total time of both first"
        )
    never = _requests(function(5.0, 0.01, 0.02))
    require(np.isinf(never), "不比精确快，就永远不回本", "if it isn't faster, it never pays: inf")


def _requests(answer: Any) -> float:
    """A number of requests, which may be infinite."""
    return np.inf if isinstance(answer, float) and answer == np.inf else number(answer)


pays.choice(
    "first_check",
    right="recall",
    seconds=("快，可是结果还对吗？", "it is fast, but are the results still right?"),
    memory=("内存要看，但先看结果还对不对", "memory matters, but are the results still right?"),
)
