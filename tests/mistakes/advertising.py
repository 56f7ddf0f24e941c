"""Wrong answers to the exercises of section 6.3."""

import numpy as np

from mistakes import Wrong

ROWS = "ex-ads-placeholder", "effective_rows"
BEST = "ex-ads-best-log", "best_log"


def size(w: np.ndarray) -> float:
    return w.sum() ** 2 / (w**2).sum()


def normal(x: np.ndarray) -> np.ndarray:
    return x / x.sum(axis=1, keepdims=True)


def size_of_squares(p: np.ndarray, least: float, n: int) -> float:
    w = 1 / np.where(p == p.min(), least, p)
    return w.sum() / (w**2).sum() * w.mean()


WRONG = [
    Wrong("ex-ads-hand", "hand_weights", [2, 1, 2 / 3], "反了", "upside down"),
    Wrong("ex-ads-hand", "hand_weights", [1 / 6, 1 / 3, 1 / 2], "还没有除以", "not yet divided"),
    Wrong("ex-ads-hand", "hand_weights", [0.5, 1, 2], "雨伞的权重不对", "weight of umbrellas"),
    Wrong("ex-ads-hand", "hand_weights", [0.5, 1], "形状为 (3,)", "shape (3,)"),
    Wrong("ex-ads-hand", "hand_ips", 0.25, "点击率", "click rate"),
    Wrong("ex-ads-hand", "hand_ips", "1/6", "不加引号", "without quotation marks"),
    Wrong(*ROWS, lambda p, least, n: size(1 / p), "没有换掉", "isn't replaced"),
    Wrong(*ROWS, lambda p, least, n: 1e6, "在 1 和行数之间", "between 1 and the number of rows"),
    Wrong(*ROWS, lambda p, least, n: size(np.where(p == p.min(), least, p)), "平方与求和", "square or the sum"),
    Wrong("ex-ads-shift", "ips_off", lambda w, c: c * w.mean(), "与 c 差多少", "how far that is from c"),
    Wrong("ex-ads-shift", "ips_off", lambda w, c: c * (1 - w.mean()), "符号反了", "the sign"),
    Wrong("ex-ads-shift", "ips_off", lambda w, c: c * (w.sum() - 1), "行数", "number of rows"),
    Wrong("ex-ads-shift", "snips_off", 1, "拆成两个和", "two sums"),
    Wrong("ex-ads-mix", "mixed_policy", lambda p, e: (1 - e) * p + e, "加起来应该是 1", "add up to 1"),
    Wrong("ex-ads-mix", "mixed_policy", lambda p, e: e * p + (1 - e) / p.shape[1], "放反了", "wrong way round"),
    Wrong("ex-ads-mix", "largest_weight", 680, "除以商品数", "number of items"),
    Wrong("ex-ads-threshold", "worth_sending", lambda p, c, g: p > c, "没有寄", "not sent"),
    Wrong("ex-ads-threshold", "worth_sending", lambda p, c, g: p > c / g / 2, "是负的", "negative"),
    Wrong("ex-ads-threshold", "worth_sending", lambda p, c, g: p * g - c, "True 或 False", "True or False"),
    Wrong(*BEST, lambda p, q: normal(p * q), "方差还能更小", "variance can be less"),
    Wrong(*BEST, lambda p, q: p, "方差还能更小", "variance can be less"),
    Wrong(*BEST, lambda p, q: p * np.sqrt(q), "加起来应该是 1", "add up to 1"),
]
