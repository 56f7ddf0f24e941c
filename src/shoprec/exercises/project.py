"""Self-checks of chapter 5, on a system from purchases to a leaderboard."""

from typing import Any

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require
from shoprec.tasks import History

ratio = Exercise("ex-project-ratio")
half_life = Exercise("ex-project-half-life")
explore = Exercise("ex-project-explore")
joint = Exercise("ex-project-joint")


@ratio.function
def adding_to_one(function: Written) -> None:
    """Weights of the same ranking that add to 1."""
    for w1, w2 in ((0.3, 0.6), (5.0, 1.0), (1e-3, 4.0), (0.25, 0.75)):
        answer = function(w1, w2)
        first, second = array(answer, (2,))
        require(first > 0 and second > 0, "两个权重都应该是正数", "both weights should be positive")
        total = "两个权重应该加起来是 1，现在是 {:.4g}", "the weights should add up to 1, but make {:.4g}"
        require(np.isclose(first + second, 1), *total, first + second)
        swapped = "两个权重放反了", "the weights are the wrong way round"
        require(np.isclose(first * w2, second * w1) or not np.isclose(first * w1, second * w2), *swapped)
        kept = (
            "排序变了：({:g}, {:g}) 的比值没有留住",
            "the ranking changes: the ratio of ({:g}, {:g}) isn't kept",
        )
        require(np.isclose(first * w2, second * w1), *kept, w1, w2)


@half_life.function
def best_of_halves(function: Written) -> None:
    """Columns that are best for short and long histories; the household in the middle may be on either side."""
    rng = np.random.default_rng()
    for for_short, for_long in ((0, 2), (2, 1), (1, 1)):
        n_events = rng.permutation(np.arange(60) * 7 + 3)
        ndcg = rng.random((60, 3)) * 0.2
        few = n_events <= np.median(n_events)
        ndcg[few, for_short] += 0.4
        ndcg[~few, for_long] += 0.5
        answer = function(ndcg, n_events)
        require(np.iterable(answer), "应该返回两个列号：(短, 长)", "it should return two columns: (short, long)")
        got = [number(column) for column in [*answer][:3]]
        require(len(got) == 2, "应该返回两个列号：(短, 长)", "it should return two columns: (short, long)")
        known = "列号是 0 到 2，现在是 {:g}", "columns are 0 to 2, but this is {:g}"
        for column in got:
            require(column in (0, 1, 2), *known, column)
        swapped = "两组的次序反了：历史短的在前", "the groups are the wrong way round: short histories come first"
        require(for_short == for_long or got != [for_long, for_short], *swapped)
        off = "历史{}的一组选错了", "the choice for {} histories isn't right"
        require(got[0] == for_short, *off, ("短", "short"))
        require(got[1] == for_long, *off, ("长", "long"))


half_life.choice(
    "of_the_three",
    right="same",
    longer=("30、90、180 天里，两组各是哪一个最高？", "of 30, 90 and 180 days, which is the highest in each half?"),
    shorter=("30、90、180 天里，两组各是哪一个最高？", "of 30, 90 and 180 days, which is the highest in each half?"),
)


@explore.function
def only_new(function: Written) -> None:
    """Scores with minus infinity where something was bought."""
    rng = np.random.default_rng()
    for low in (0.0, -5.0):
        scores, bought = rng.uniform(low, 5, (6, 9)), rng.integers(0, 3, (6, 9)) * (rng.random((6, 9)) < 0.5)
        bought[0, :2] = 0, 2
        got = np.asarray(function(scores, bought), dtype=object)
        shape = "应该是形状为 {} 的分数", "expected are scores of shape {}"
        require(got.shape == (6, 9), *shape, "(6, 9)")
        got = got.astype(float)
        zero = (
            "买过的商品应该是负无穷，这样无论别的分数多低都排不上来",
            ("what was bought should be minus infinity, so as not to come up however low the rest is"),
        )
        require(not np.isfinite(got[bought > 0]).any() or not np.isfinite(got[bought == 0]).all(), *zero)
        require(not np.isnan(got).any(), "有分数是 NaN", "some scores are NaN")
        reverse = "反了：没买过的商品的分数不该动", "the wrong way round: what was never bought should keep its score"
        require(np.isfinite(got[bought == 0]).all(), *reverse)
        require((got[bought > 0] == -np.inf).all(), *zero)
        require(np.allclose(got[bought == 0], scores[bought == 0]), *reverse)


WHICH = "把三个模型的探索分并排看一看", "put the explore scores of the three side by side"
explore.choice("best_at_new", right="item_knn", popularity=WHICH, transformer=WHICH)


def weekly_shoppers() -> History:
    """Households that buy the same few products every week."""
    rng = np.random.default_rng()
    n_users, n_weeks, n_items = 24, 12, 15
    user, week = (each.ravel() for each in np.mgrid[:n_users, :n_weeks])
    user, week = np.repeat(user, 2), np.repeat(week, 2)
    own = np.sort(rng.permuted(np.tile(np.arange(n_items), (n_users, 1)), axis=1)[:, :2], axis=1)
    item = own[user, np.tile([0, 1], n_users * n_weeks)]
    basket = np.repeat(np.arange(n_users * n_weeks), 2)
    return History(user, item, basket, 17_000.0 + 7 * week + user / 50, n_users, n_items)


@joint.function
def small_network(function: Written) -> None:
    """A network with the terms that were asked for, trained as long, and better than untrained."""
    import torch

    from shoprec.models.batches import TrainingSet
    from shoprec.models.transformer import PurchaseTransformer

    history, epochs = weekly_shoppers(), 3
    for terms in ((True, True), (False, True)):
        judged: list[Any] = []

        def validate(network: Any, judged: list[Any] = judged) -> float:
            judged.append(network)
            return float(len(judged))

        given = function(*terms, history, validate, epochs)
        kind = "应该返回 PurchaseTransformer，现在是 {}", "it should return a PurchaseTransformer, but returns {}"
        require(isinstance(given, PurchaseTransformer), *kind, type(given).__name__)
        asked = (
            "要的是 taste={}、behaviour={}，网络的设置却不是",
            "asked for is taste={}, behaviour={}, but the network's settings differ",
        )
        require((given.config.taste, given.config.behaviour) == terms, *asked, *terms)
        require(judged, "还没有训练，或者没有用 validate 挑选", "it isn't trained, or not judged by validate")
        long = "应该训练 {} 轮，现在是 {} 轮", "it should be trained for {} epochs, but was for {}"
        require(len(judged) == epochs, *long, epochs, len(judged))
        batch = next(iter(TrainingSet(history, given.config.max_length)(np.random.default_rng(0))))
        torch.manual_seed(0)
        untrained = PurchaseTransformer(history, given.config)
        with torch.no_grad():
            losses = [float(network.eval().loss(batch)) for network in (given, untrained)]
        worse = (
            "训练以后，损失没有变小；是不是返回了另一个网络？",
            "the loss isn't less than before training; is it another network that is returned?",
        )
        require(losses[0] < losses[1], *worse)


SIDE = "看区间：它在零的哪一边，还是含零？", "look at the interval: on which side of zero is it, or does it hold zero?"
joint.choice("joint_or_mix", right="undecided", above=SIDE, below=SIDE)
