"""Wrong answers to the exercises of chapter 2."""

import numpy as np

from mistakes import Wrong

GINI = "ex-concepts-gini", "same_list_gini"
DISTANCE = "ex-concepts-random", "expected_distance"
LEAD = "ex-concepts-fixed-point", "expected_lead"
NOISE = "ex-concepts-noise", "with_noise"
DAYS = "ex-concepts-months", "within_days"
CAUSED = "ex-concepts-experiment", "caused"


def by_household(scores: np.ndarray, size: float) -> np.ndarray:
    return scores + size * np.random.default_rng().random((len(scores), 1))


def by_product(scores: np.ndarray, size: float) -> np.ndarray:
    return scores + size * np.random.default_rng().random(scores.shape[1])


def normal(scores: np.ndarray, size: float) -> np.ndarray:
    return scores + size * np.random.default_rng().normal(size=scores.shape)


def squared(scores: np.ndarray, size: float) -> np.ndarray:
    return scores + size * np.random.default_rng().random(scores.shape) ** 2


WRONG = [
    Wrong(*GINI, lambda n, k: k / n, "份额", "share"),
    Wrong(*GINI, lambda n, k: n - k, "0 和 1 之间", "between 0 and 1"),
    Wrong(*GINI, lambda n, k: (n - k) / (n + k), "不对", "isn't right"),
    Wrong(*DISTANCE, lambda n, k: k / n, "共有的份额", "share in common"),
    Wrong(*DISTANCE, lambda n, k: k * k / n, "共有的件数", "number in common"),
    Wrong(*DISTANCE, lambda n, k: 1 - (k / n) ** 2, "概率", "probability"),
    Wrong(*LEAD, lambda lead, households, accept, rounds: households * accept * rounds, "起初", "at the start"),
    Wrong(*LEAD, lambda lead, households, accept, rounds: lead + households * rounds, "accept", "accept"),
    Wrong(*LEAD, lambda lead, households, accept, rounds: lead + accept * rounds, "每户", "every household"),
    Wrong("ex-concepts-fixed-point", "with_chance", "order", "运气", "lucky"),
    Wrong(*NOISE, lambda scores, size: scores, "没有变", "as before"),
    Wrong(*NOISE, lambda scores, size: scores + np.random.default_rng().random(scores.shape), "不该变", "should stay"),
    Wrong(*NOISE, by_household, "一户里", "within a household"),
    Wrong(*NOISE, by_product, "每户的噪声都一样", "same for all households"),
    Wrong(*NOISE, normal, "之间", "between"),
    Wrong(*NOISE, squared, "不是均匀", "isn't uniform"),
    Wrong(*DAYS, lambda day, cut, days: day < cut - days, "反了", "wrong way round"),
    Wrong(*DAYS, lambda day, cut, days: day > days, "留错了", "wrongly"),
    Wrong(*DAYS, lambda day, cut, days: np.flatnonzero(day > cut - days), "形状", "shape"),
    Wrong(*CAUSED, lambda a, b: a.mean() - b.mean(), "两个数", "two numbers"),
    Wrong(*CAUSED, lambda a, b: (b.mean() - a.mean(), 0.1), "反了", "reversed"),
    Wrong(*CAUSED, lambda a, b: (a.mean() - b.mean(), a.var() / len(a) + b.var() / len(b)), "开方", "root"),
    Wrong(*CAUSED, lambda a, b: (a.mean() - b.mean(), np.sqrt(a.var() + b.var())), "单户", "one household"),
    Wrong(*CAUSED, lambda a, b: (a.mean() - b.mean(), np.sqrt(a.var() / len(a))), "两组", "both groups"),
    Wrong("ex-concepts-experiment", "also_log", "clicks", "别的策略", "another one"),
]
