"""Wrong answers to the exercises of section 3.2."""

import numpy as np

from mistakes import Wrong
from shoprec.formulas.arrays import Floats

HAND = "ex-cf-hand", "raw_cosine"
COLUMN = "ex-cf-rows", "column_example"
BM25 = "ex-cf-bm25", "saturated"
OWN = "ex-cf-own", "own_first"
EASE = "ex-cf-ease", "ease_weights"


def inverse(x: Floats, strength: float) -> Floats:
    return np.linalg.inv(x.T @ x + strength * np.eye(x.shape[1]))


def ridge(x: Floats, strength: float) -> Floats:
    return np.eye(x.shape[1]) - strength * inverse(x, strength)


def zeroed(x: Floats, strength: float) -> Floats:
    return ridge(x, strength) * ~np.eye(x.shape[1], dtype=bool)


def by_row(x: Floats, strength: float) -> Floats:
    p = inverse(x, strength)
    return -p / np.diag(p)[:, None] * ~np.eye(len(p), dtype=bool)


def cosines(x: Floats, strength: float) -> Floats:
    length = np.sqrt((x**2).sum(axis=0))
    return x.T @ x / np.outer(length, length) * ~np.eye(x.shape[1], dtype=bool)


WRONG = [
    Wrong(*HAND, 55, "内积", "dot product"),
    Wrong(*HAND, 55 / (58 * 95), "开方", "roots"),
    Wrong(*HAND, 0.5, "平方和", "squares"),
    Wrong("ex-cf-hand", "raw_is", "larger", "比一比", "compare"),
    Wrong(*COLUMN, ([[1, 2], [2, 1]], [3, 3]), "只变了 0.000", "by 0.000"),
    Wrong(*COLUMN, ([[1, 2], [2, 1]], [3, -3]), "正数", "positive"),
    Wrong(*COLUMN, ([[1, 2], [2, 1]], [3, 3, 3]), "形状", "shape"),
    Wrong(*COLUMN, 3, "两样", "two things"),
    Wrong("ex-cf-rows", "row_factor", "dot", "长度里", "in the length"),
    Wrong(*BM25, lambda n, k1: n / (n + k1), "k₁ + 1", "k₁ + 1"),
    Wrong(*BM25, lambda n, k1: n, "还是次数", "still the counts"),
    Wrong(*BM25, lambda n, k1: n * (k1 + 1) / (n + k1 * 0.25), "括号里", "in the brackets"),
    Wrong(*BM25, lambda n, k1: n * k1, "不对", "not right"),
    Wrong("ex-cf-bm25", "up_to_a_dozen", "flat", "几倍", "factor"),
    Wrong(*OWN, lambda f, s, c: f + c * f @ s.T, "自己的邻居", "its own neighbour"),
    Wrong(*OWN, lambda f, s, c: c * f @ (s - np.eye(7)).T, "没有加上", "isn't added"),
    Wrong(*OWN, lambda f, s, c: f + c * f @ (s - np.eye(7)), "不是 j", "not j"),
    Wrong("ex-cf-own", "best_share", "one", "并排", "side by side"),
    Wrong(*EASE, ridge, "岭回归", "ridge"),
    Wrong(*EASE, zeroed, "不是最小", "isn't the minimum"),
    Wrong(*EASE, by_row, "行的", "row's"),
    Wrong(*EASE, cosines, "更小", "less"),
    Wrong(*EASE, inverse, "对角线", "diagonal"),
]
