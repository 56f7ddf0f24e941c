"""Wrong answers to the exercises of section 4.3."""

import numpy as np

from mistakes import Wrong
from shoprec.formulas.arrays import Floats

RANK = "ex-score-three", "rank_bound"
SIZE = "ex-score-size", "front_size"
LOGGED = "ex-score-log", "logged_zscore"
GAIN = "ex-score-equal", "gain_of_two"
POINTS = "ex-score-front", "three_points"
HOLLOW = "ex-score-front", "hollow_first"


def standard(x: Floats, axis: int) -> Floats:
    return (x - x.mean(axis=axis, keepdims=True)) / x.std(axis=axis, keepdims=True)


WRONG = [
    Wrong("ex-score-swap", "swap_w", 1 / 3, "另一项", "other term"),
    Wrong("ex-score-swap", "swap_w", 0.8, "相等", "equal"),
    Wrong("ex-score-swap", "ahead_beyond", "milk", "第一项", "first term"),
    Wrong(*RANK, lambda n, m, a, b, c: a * b * c, "接起来", "joined"),
    Wrong(*RANK, lambda n, m, a, b, c: max(a, b, c), "最长", "longest"),
    Wrong(*RANK, lambda n, m, a, b, c: a + b + c, "行数和列数", "rows or columns"),
    Wrong(*RANK, lambda n, m, a, b, c: min(n, m), "不对", "not right"),
    Wrong("ex-score-three", "freedom", 3, "同乘", "doubled"),
    Wrong(*SIZE, np.log, "差一点", "falls short"),
    Wrong(*SIZE, np.sqrt, "概率", "how likely"),
    Wrong(*SIZE, lambda n: n / 2, "太多", "too many"),
    Wrong(*SIZE, lambda n: 1 + np.log(n), "不对", "isn't right"),
    Wrong(*LOGGED, np.log1p, "标准化", "standardised"),
    Wrong(*LOGGED, lambda x: standard(x, 1), "取对数", "logarithm"),
    Wrong(*LOGGED, lambda x: standard(np.log1p(x), 0), "之内", "within each household"),
    Wrong(*LOGGED, lambda x: standard(np.log(x), 1), "加 1", "add 1"),
    Wrong(*GAIN, lambda rho: 2 / (1 + rho), "开方", "root"),
    Wrong(*GAIN, lambda rho: np.sqrt(2 / (1 + rho)) - 1, "几倍", "how many times"),
    Wrong(*GAIN, lambda rho: np.sqrt(2 * (1 - rho)), "不对", "isn't right"),
    Wrong("ex-score-equal", "rho_for_tenth", 2 / 1.1 - 1, "平方", "squared"),
    Wrong(*POINTS, [[0, 10], [10, 0], [6, 6]], "得了第一", "comes first"),
    Wrong(*POINTS, [[0, 10], [10, 5], [4, 4]], "支配", "dominated"),
    Wrong(*POINTS, [[0, 10], [10, 0]], "形状", "shape"),
    Wrong(*HOLLOW, lambda a, b: 0.5 * a + 0.5 * b, "没有排到第一", "doesn't come first"),
    Wrong(*HOLLOW, np.maximum, "没有排到第一", "doesn't come first"),
    Wrong(*HOLLOW, lambda a, b: -np.abs(a - b), "反而排在", "comes after"),
]
