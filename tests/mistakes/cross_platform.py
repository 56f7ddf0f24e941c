"""Wrong answers to the exercises of section 6.4."""

import numpy as np

from mistakes import Wrong

CHANGE = "ex-cross-linker", "mean_change"
HALF = "ex-cross-certain", "certain_half"
PARTS = "ex-cross-new", "parted"
RATE = "ex-cross-gallery", "found_rate"


def most_alike(similar: np.ndarray) -> np.ndarray:
    best = similar.max(axis=1)
    return best > np.median(best)


def leads(similar: np.ndarray) -> np.ndarray:
    second, first = np.sort(similar, axis=1)[:, -2:].T
    return first - second


WRONG = [
    Wrong(*HALF, lambda s: leads(s), "True 或 False", "True or False"),
    Wrong("ex-cross-hand", "swap", 3, "反了", "upside down"),
    Wrong("ex-cross-hand", "swap", 2 / 3, "B 的面包", "bread bought at B"),
    Wrong("ex-cross-hand", "swap", 0.7, "令两者相等", "let them be equal"),
    Wrong(*CHANGE, lambda p, k, g, lost: p * g - (1 - p) * lost, "没有链接的账户", "accounts without a link"),
    Wrong(*CHANGE, lambda p, k, g, lost: k * p * g, "错误的链接也要算", "wrong links count"),
    Wrong(*CHANGE, lambda p, k, g, lost: k * (p * g + (1 - p) * lost), "是减", "takes away"),
    Wrong(*HALF, most_alike, "领先多少", "how much it leads"),
    Wrong(*HALF, lambda s: np.argsort(leads(s))[len(s) // 2 :], "形状", "shape"),
    Wrong(*HALF, lambda s: leads(s) > 0, "一半", "half are"),
    Wrong(*HALF, lambda s: leads(s) < np.median(leads(s)), "没选上", "isn't chosen"),
    Wrong(*PARTS, lambda t, own: (t - t.multiply(own > 0), t.multiply(own > 0)), "次序反了", "wrong way round"),
    Wrong(*PARTS, lambda t, own: (t, t), "同时在两张表里", "in both tables"),
    Wrong(*PARTS, lambda t, own: (own, t.toarray() * (own.toarray() == 0)), "不是目标", "isn't a target"),
    Wrong(*PARTS, lambda t, own: t, "两张表", "two tables"),
    Wrong(*RATE, lambda ahead, n, n_all: np.mean(ahead == 0), "没有变", "hasn't changed"),
    Wrong(*RATE, lambda ahead, n, n_all: np.mean((n / n_all) ** ahead), "一个也没留下", "none of those in front"),
    Wrong(*RATE, lambda ahead, n, n_all: np.sum(ahead), "在 0 和 1 之间", "between 0 and 1"),
]
