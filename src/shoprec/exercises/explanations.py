"""Self-checks of section 8.5.2, on explanations."""

from collections.abc import Callable

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require

saturated = Exercise("ex-explain-saturation")
started = Exercise("ex-explain-start")
deleted = Exercise("ex-explain-deletion")
fewest = Exercise("ex-explain-fewest")

saturated.number(
    "along_the_way",
    float(np.log(7) / 2),
    {
        float(np.log(7)): ("这是两次加起来的", "this is what the two add up to"),
        float(np.log(7 / 4)): ("这是单独删掉一次的", "this is for deleting one alone"),
        float(np.log(4)): ("这是只有一次购买时的得分", "this is the score with one purchase only"),
    },
    ("两次购买一样，平分 f(满) − f(空)", "the two are alike and share f(whole) − f(nothing)"),
)
saturated.number(
    "one_alone",
    float(np.log(7 / 4)),
    {
        float(np.log(7) / 2): ("这是积分梯度", "these are integrated gradients"),
        float(np.log(4)): ("这是剩下的得分，不是失去的", "this is what is left, not what is lost"),
        3.0: ("对数里面少了 3，对数本身少得没有这么多", "3 is lost within the logarithm, and less of the logarithm"),
    },
    ("删一次，对数里面从 7 变成 4", "delete one, and 7 within the logarithm becomes 4"),
)
saturated.choice(
    "adds_up",
    right="gradients",
    occlusion=(
        "两次单独删掉的加起来，还不到 f(满) − f(空)",
        "two single deletions sum to less than the change",
    ),
    both=("有一种加起来小了", "one of the two falls short"),
    neither=("有一种按定义就加得起来", "one of the two adds up by its definition"),
)


@started.function
def product_attributions(function: Written) -> None:
    """Integrated gradients of a product of two inputs, from any baseline."""
    rng = np.random.default_rng()
    for _ in range(3):
        x, start = rng.uniform(1, 4, 2), rng.uniform(-1, 1, 2)
        answer = array(function(x.copy(), start.copy()), (2,))
        right = (x - start) * (x + start)[::-1] / 2
        wrongs = [
            ((x - start) * x[::-1], "这是终点的梯度，不是路上的平均", "this is the gradient at the end, not its mean"),
            (x * x[::-1] / 2, "基线不总是零", "the baseline isn't always zero"),
            (right[::-1], "两个输入换了位置", "the two inputs have changed places"),
        ]
        for wrong, zh, en in wrongs:
            require(np.allclose(answer, right) or not np.allclose(answer, wrong), zh, en)
        require(
            np.allclose(answer, right),
            "每个是它的变化乘以另一个在路上的平均",
            "each is its change times the mean of the other on the way",
        )


started.choice(
    "larger",
    right="second",
    first=("代进去算一算", "put the numbers in"),
    equal=("那是从零出发的", "that is from zero"),
)


@deleted.function
def deletion_curve(function: Written) -> None:
    """Scores as purchases are deleted, the most important first."""
    rng = np.random.default_rng()
    for n in (5, 8):
        says, value = rng.normal(size=n), rng.normal(size=n)
        # The heaviest of all is negative, the next one positive: whatever the slip, another one goes first.
        says[1] = np.abs(says).max() + 1
        says[0] = -says[1] - 1
        shares = np.array([0.0, 0.2, 0.5, 0.9])

        def score(kept: np.ndarray, value: np.ndarray = value) -> float:
            return float(value @ np.asarray(kept, float))

        answer = array(function(score, says.copy(), shares.copy()), (4,))
        right = _curve(score, says, shares, first=-1)
        wrongs = [
            (_curve(score, says, shares, first=1), "次序反了：最重要的先删", "the least important goes first here"),
            (
                _curve(score, np.abs(says), shares, first=-1),
                "别取绝对值：负的是在拉低得分",
                "take no absolute value: what is negative lowers the score",
            ),
            (
                _kept_instead(score, says, shares),
                "这是插入：留下的该是没删的",
                "this is insertion: keep what isn't deleted",
            ),
        ]
        for wrong, zh, en in wrongs:
            require(np.allclose(answer, right) or not np.allclose(answer, wrong), zh, en)
        require(
            np.allclose(answer, right),
            "曲线对不上：件数向上取整，从完整的记录开始",
            "the curve is off: round numbers up, and begin with the whole history",
        )


def _curve(score: Callable[[np.ndarray], float], says: np.ndarray, shares: np.ndarray, first: int) -> np.ndarray:
    order = np.argsort(first * says, kind="stable")
    return np.array([score(~np.isin(np.arange(len(says)), order[: _number(s, says)])) for s in shares])


def _kept_instead(score: Callable[[np.ndarray], float], says: np.ndarray, shares: np.ndarray) -> np.ndarray:
    order = np.argsort(-says, kind="stable")
    return np.array([score(np.isin(np.arange(len(says)), order[: _number(s, says)])) for s in shares])


def _number(share: float, says: np.ndarray) -> int:
    return int(np.ceil(share * len(says) - 1e-9))


@fewest.function
def fewest_deletions(function: Written) -> None:
    """The smallest number of purchases without which a count isn't among the first n."""
    for n in (1, 1, 3, 3):
        own, others, right, many = _telling(n)
        answer = number(function(own.copy(), others.copy(), n))
        require(answer != many, "先删轻的，要删得更多", "light ones first takes more of them")
        require(answer != len(own) - right, "这是留下的，不是删掉的", "this is how many stay, not go")
        require(
            answer == right,
            "从最重的删起，删到低于其他商品里的第 n 名为止",
            "delete the heaviest first, until the count is below the n-th of the other products",
        )


def _telling(n: int) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Counts for which the usual slips give other numbers; how many go if the heaviest, or the lightest, go first."""
    rng = np.random.default_rng()
    while True:
        own, others = rng.uniform(0.1, 1, 6), rng.uniform(0.3, 3, 9)
        least, up = np.sort(others)[-n], np.cumsum(np.sort(own))
        left = {"heavy": np.append(up[::-1], 0), "light": up[-1] - np.append(0, up)}
        right, many = (int(np.argmax(left[way] < least)) for way in ("heavy", "light"))
        if len({right, many, 6 - right, 6, 0}) == 5:
            return own, others, right, many


fewest.choice(
    "for_the_network",
    right="bound",
    exact=("网络里，删别的购买也可能压低它", "in the network, deleting other purchases may lower it, too"),
    nothing=("找到的一组确实够用", "a set that was found does suffice"),
)
