"""Self-checks of section 8.5.1, on privacy."""

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require

bound = Exercise("ex-privacy-bound")
clip = Exercise("ex-privacy-clip")
mean = Exercise("ex-privacy-mean")
forgotten = Exercise("ex-privacy-forget")

bound.number(
    "at_most",
    2 / 3,
    {
        1 / 3: (
            "这是两个三角形之外剩下的部分；AUC 是曲线下面的面积",
            "that is what lies above the curve; the AUC lies below",
        ),
        2.0: ("AUC 不会大于 1", "an AUC is never above 1"),
    },
    ("先求两条直线的交点，再求折线下面的面积", "find first where the two lines meet, then the area below"),
)
bound.choice(
    "half",
    right="nothing",
    private=("一种攻击猜不出，别的攻击也许猜得出", "one attack fails, and another one may not"),
    epsilon=("测得的 AUC 给不出 ε 的上限", "an AUC that was measured gives no upper bound on ε"),
)


@clip.function
def clipped_sum(function: Written) -> None:
    """The sum of gradients, each shortened to a bound."""
    rng = np.random.default_rng()
    for n, d in ((5, 3), (8, 2)):
        gradients = rng.normal(size=(n, d)) * rng.choice([0.05, 4.0], size=(n, 1))
        gradients[:2] = [[0.01] * d, [3.0] * d]
        gradients *= np.sign(gradients.sum(axis=1, keepdims=True))  # none cancels another: the total is long, too
        limit = float(rng.uniform(0.3, 1))
        answer = array(function(gradients.copy(), limit), (d,))
        length = np.linalg.norm(gradients, axis=1, keepdims=True)
        right = (gradients * np.minimum(1, limit / length)).sum(axis=0)
        total = gradients.sum(axis=0)
        wrongs = [
            (total, "没有裁剪", "nothing is clipped"),
            (total * min(1, limit / np.linalg.norm(total)), "要先逐户裁剪，再相加", "clip each household, then add"),
            ((gradients * limit / length).sum(axis=0), "短的不要拉长", "short ones aren't to be lengthened"),
            (np.clip(gradients, -limit, limit).sum(axis=0), "按长度裁剪，不按分量", "clip by length, not by entry"),
            (right / n, "求和，不求平均", "a sum, not a mean"),
        ]
        for wrong, zh, en in wrongs:
            require(np.allclose(answer, right) or not np.allclose(answer, wrong), zh, en)
        require(np.allclose(answer, right), "每户乘以 min(1, C / 长度)", "each is multiplied by min(1, C / its length)")


@clip.function
def after_one_leaves(function: Written) -> None:
    """How far a sum of clipped gradients moves at most when one household leaves."""
    for limit in np.random.default_rng().uniform(0.1, 3, 3):
        answer = number(function(float(limit)))
        require(not np.isclose(answer, 2 * limit), "那是换一户；这里只少一户", "that is to swap one; here one leaves")
        require(np.isclose(answer, limit), "一户裁剪后最长多少？", "how long is one household's, once clipped?")


@mean.function
def mean_of_stores(function: Written) -> None:
    """The federated mean: by households."""
    rng = np.random.default_rng()
    for _ in range(2):
        weights, households = rng.normal(size=(3, 4)), rng.permutation([1, 4, 20])
        answer = array(function(weights.copy(), households.copy()), (4,))
        right = households @ weights / households.sum()
        if not np.allclose(answer, right):
            require(
                not np.allclose(answer, weights.mean(axis=0)),
                "大店和小店不一样重",
                "large stores weigh more than small",
            )
            require(not np.allclose(answer, households @ weights), "要除以权重的和", "divide the weights by their sum")
        require(np.allclose(answer, right), "按家庭数加权平均", "a mean, weighted by households")


mean.choice(
    "protects",
    right="rows",
    everything=("更新本身会说出买了什么", "an update tells what was bought"),
    epsilon=("没有裁剪和噪声，就没有 ε", "without clipping and noise there is no ε"),
)

forgotten.choice(
    "proves",
    right="attack",
    loss=("平均对上了，每一户未必", "the mean fits, but each household's need not"),
    rows=("表里没有了，模型里也许还有", "gone from the table, it may still be in the model"),
)
