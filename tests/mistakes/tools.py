"""Wrong answers to the exercises of chapter 7."""

import numpy as np

from mistakes import Wrong

WITHIN = "ex-tools-budget", "best_within"
WAYS = "ex-tools-direction", "both_ways"
LIFT = "ex-tools-lift", "lifted"
EVEN = "ex-tools-pays", "break_even"


def unsquared(v: np.ndarray) -> np.ndarray:
    return np.column_stack([v, np.sqrt(lengths(v).max() - lengths(v))])


def lengths(vectors: np.ndarray) -> np.ndarray:
    return np.linalg.norm(vectors, axis=1)


WRONG = [
    Wrong("ex-tools-budget", "milliseconds", 5, "同时应答", "at the same time"),
    Wrong("ex-tools-budget", "milliseconds", 2.5, "变多", "take longer"),
    Wrong("ex-tools-budget", "milliseconds", 0.01, "毫秒", "milliseconds"),
    Wrong("ex-tools-budget", "milliseconds", 7, "一个核", "one core"),
    Wrong(*WITHIN, lambda s, q, limit: 99, "位置", "place"),
    Wrong(*WITHIN, lambda s, q, limit: int(np.argmax(s)), "超出了预算", "over the budget"),
    Wrong(*WITHIN, lambda s, q, limit: int(np.where(s <= limit, -q, -np.inf).argmax()), "更好的", "something better"),
    Wrong(
        *WITHIN,
        lambda s, q, limit: int(np.where(s <= limit, q, -np.inf).argmax()),
        "返回 -1",
        "return -1",
    ),
    Wrong(*WAYS, lambda S, f: (f @ S.T, f @ S), "次序反了", "wrong way round"),
    Wrong(*WAYS, lambda S, f: (f @ S, f @ S), "一样", "the same"),
    Wrong(*WAYS, lambda S, f: f @ S, "两张表", "two tables"),
    Wrong(*WAYS, lambda S, f: (2 * f @ S, f @ S.T), "第一张", "the first one"),
    Wrong(*WAYS, lambda S, f: (f @ S, 2 * f @ S.T), "第二张", "the second one"),
    Wrong(*LIFT, lambda v: np.column_stack([v, np.ones(len(v))]), "还不一样", "still differ"),
    Wrong(*LIFT, lambda v: np.column_stack([np.ones(len(v)), v]), "原样留下", "keep the other coordinates"),
    Wrong(*LIFT, unsquared, "先平方", "square the lengths"),
    Wrong(*LIFT, lambda v: v / lengths(v)[:, None], "形状", "shape"),
    Wrong(*EVEN, lambda b, e, a: b / e, "也要花时间", "takes time"),
    Wrong(*EVEN, lambda b, e, a: b / a, "省下的时间", "what is saved"),
    Wrong(*EVEN, lambda b, e, a: b * (e - a), "总时间", "total time"),
    Wrong(*EVEN, lambda b, e, a: b / (e - a), "永远不回本", "never pays"),
]
