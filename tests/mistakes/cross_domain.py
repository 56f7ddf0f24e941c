"""Wrong answers to the exercises of section 8.2."""

import numpy as np

from mistakes import Wrong

NEAREST = "ex-domain-witness", "nearest_others"
PARTS = "ex-domain-personal", "in_two"
LEFT = "ex-domain-refit", "left_out"


def with_itself(similar: np.ndarray, readers: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-similar, axis=1)[:, :k]


def without_it(similar: np.ndarray, readers: np.ndarray) -> np.ndarray:
    similar = similar.copy()
    similar[np.arange(len(readers)), readers] = -1
    return similar


def farthest(similar: np.ndarray, readers: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(np.where(without_it(similar, readers) < 0, 2, similar), axis=1)[:, :k]


def second_to(similar: np.ndarray, readers: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-without_it(similar, readers), axis=1)[:, 1 : k + 1]


def backwards(similar: np.ndarray, readers: np.ndarray, k: int) -> np.ndarray:
    return np.argsort(-without_it(similar, readers), axis=1)[:, :k][:, ::-1]


def hat(factors: np.ndarray, strength: float) -> np.ndarray:
    return factors @ np.linalg.solve(factors.T @ factors + strength * np.eye(factors.shape[1]), factors.T)


def residuals(factors: np.ndarray, bought: np.ndarray, strength: float) -> np.ndarray:
    h = hat(factors, strength)
    return (bought - h @ bought) / (1 - np.diag(h))[:, None]


def half_way(factors: np.ndarray, bought: np.ndarray, strength: float) -> np.ndarray:
    return bought - residuals(factors, bought, strength) * 0.9


WRONG = [
    Wrong("ex-domain-hand", "tea", 3, "除以茶的买家数", "divided by the number of tea's buyers"),
    Wrong("ex-domain-hand", "tea", 1, "两件相同", "shares two products"),
    Wrong("ex-domain-hand", "tea", 0.7, "谁买茶", "who buys tea"),
    Wrong("ex-domain-hand", "jam", 3, "除以果酱的买家数", "divided by the number of jam's buyers"),
    Wrong("ex-domain-hand", "jam", 1.5, "丁也是", "the fourth household"),
    Wrong(*NEAREST, with_itself, "自己的邻居", "its own neighbour"),
    Wrong(*NEAREST, farthest, "最不像的", "the least alike"),
    Wrong(*NEAREST, second_to, "没选上", "aren't chosen"),
    Wrong(*NEAREST, backwards, "次序不对", "the order is off"),
    Wrong(*NEAREST, lambda similar, readers, k: readers, "形状", "shape"),
    Wrong(*PARTS, lambda o, lent, p: ((o - lent).mean(), (lent - p).mean()), "次序反了", "wrong way round"),
    Wrong(*PARTS, lambda o, lent, p: ((lent - p).mean(), (o - p).mean()), "加起来", "together"),
    Wrong(*PARTS, lambda o, lent, p: (0.0, (o - p).mean()), "算哪一部分", "which part is that"),
    Wrong(*PARTS, lambda o, lent, p: (o - p).mean(), "两个数", "two numbers"),
    Wrong(*LEFT, lambda f, b, s: hat(f, s) @ b, "参加了训练", "took part in the training"),
    Wrong(*LEFT, residuals, "残差", "residuals"),
    Wrong(*LEFT, lambda f, b, s: b - residuals(f, b, 0), "没有用上", "isn't used"),
    Wrong(*LEFT, half_way, "最多相差", "differs from fitting anew"),
]
