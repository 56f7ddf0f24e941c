"""Wrong answers to the exercises of section 6.2."""

import numpy as np

from mistakes import Wrong

ANY = "ex-content-any", "at_least_one"
MMR = "ex-content-mmr"
MEAN = (np.linspace(0, 1, 5), np.zeros((5, 5)))  # nothing is alike: greedy is best


def total_from_mean(order: np.ndarray, x: np.ndarray, s: np.ndarray, weight: float) -> float:
    return sum((1 - weight) * x[i] - (weight * s[i, order[:r]].mean() if r else 0) for r, i in enumerate(order))


def total_of_all(order: np.ndarray, x: np.ndarray, s: np.ndarray, weight: float) -> float:
    return sum((1 - weight) * x[i] - weight * s[i, order].max() for i in order)


def counts(bought: np.ndarray, group: np.ndarray) -> np.ndarray:
    return bought @ np.eye(group.max() + 1)[group]


WRONG = [
    Wrong("ex-content-chance", "with_one", 0.5, "目标在列表里的概率", "how often the target is listed"),
    Wrong("ex-content-chance", "with_one", 0.25, "理想列表", "ideal list"),
    Wrong("ex-content-chance", "with_four", 1 + 1 / np.log2(3), "理想列表", "ideal list"),
    Wrong(*ANY, lambda s, m: s @ m, "不会超过 1", "1 at most"),
    Wrong(*ANY, lambda s, m: np.exp(np.log1p(-s) @ m), "一件也不买", "nothing is bought"),
    Wrong(*ANY, lambda s, m: np.log1p(-s) @ m, "不会小于 0", "never negative"),
    Wrong(*ANY, lambda s, m: (1 - np.prod(1 - s, axis=1, keepdims=True)) * np.ones(3), "组里的商品", "of that group"),
    Wrong(*ANY, lambda s, m: s.sum(axis=1), "形状为 (4, 3)", "shape (4, 3)"),
    Wrong(MMR, "total", total_from_mean, "最大值", "largest"),
    Wrong(MMR, "total", total_of_all, "第一步", "first step"),
    Wrong(MMR, "example", MEAN, "没有更高的了", "none has more"),
    Wrong(MMR, "example", np.zeros(4), "(x, s)", "(x, s)"),
    Wrong(MMR, "example", (np.ones(3), np.zeros((3, 3))), "4 到 9", "4 to 9"),
    Wrong("ex-content-finer", "own_shares", counts, "这是次数", "these are counts"),
    Wrong("ex-content-finer", "own_shares", lambda b, g: counts(b, g) / b.sum(), "加起来应该是 1", "add up to 1"),
    Wrong("ex-content-finer", "own_shares", lambda b, g: counts(b, g)[:, :5], "形状", "shape"),
    Wrong("ex-content-new", "allowed", lambda prefix, bought: True, "还在", "still there"),
    Wrong("ex-content-new", "allowed", lambda prefix, bought: prefix[-1] in bought, "什么都没买过", "bought nothing"),
    Wrong("ex-content-new", "allowed", lambda prefix, bought: not bought, "也不见了", "is gone, too"),
    Wrong("ex-content-new", "allowed", lambda prefix, bought: prefix, "True 或 False", "True or False"),
]
