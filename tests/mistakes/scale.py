"""Wrong answers to the exercises of section 8.1."""

import math

import numpy as np

from mistakes import Wrong

BYTES = "ex-scale-memory", "bytes_each"
ZERO = "ex-scale-memory", "to_zero"
GAMMA = "ex-scale-growth", "gamma"
PREDICTED = "ex-scale-growth", "predicted"
SHARE = "ex-scale-softmax", "softmax_share"
WIDER = "ex-scale-softmax", "wider"
BEST = "ex-scale-budget", "best_size"
GROWS = "ex-scale-budget", "grows"
CODES = "ex-scale-codes", "codes_of"
WRITTEN = "ex-scale-written", "log_probability"
TOTAL = "ex-scale-written", "total"


def nearest_to_the_whole(vector, books):
    return [int(np.linalg.norm(vector - book, axis=1).argmin()) for book in books]


def largest_product(vector, books):
    codes, left = [], vector
    for book in books:
        codes.append(int((book @ left).argmax()))
        left = left - book[np.linalg.norm(left - book, axis=1).argmin()]
    return codes


def free(logits, allowed, path):
    return sum(one[c] - np.log(np.exp(one).sum()) for one, c in zip(logits, path, strict=True))


def probability(logits, allowed, path):
    each = (np.exp(one[c]) / np.exp(one[may]).sum() for one, may, c in zip(logits, allowed, path, strict=True))
    return math.prod(each)


WRONG = [
    Wrong(*BYTES, lambda n, p, n_unit: 16 * n / p, "凑齐", "put together"),
    Wrong(*BYTES, lambda n, p, n_unit: 16 * n / p + 8 * n_unit, "只有权重", "weights"),
    Wrong(*BYTES, lambda n, p, n_unit: 16 * n / p + 16 * n_unit, "只有权重", "weights"),
    Wrong(*BYTES, lambda n, p, n_unit: 16 * n + 4 * n_unit, "切片越小", "slice is smaller"),
    Wrong(*BYTES, lambda n, p, n_unit: 4 * n / p, "不对", "not right"),
    Wrong(*ZERO, "yes", "与进程数无关", "depend on the number"),
    Wrong(*GAMMA, lambda s, c: (c[1] / c[0]) / (s[1] / s[0]), "取对数", "logarithms"),
    Wrong(*GAMMA, lambda s, c: math.log(s[1] / s[0]) / math.log(c[1] / c[0]), "反了", "upside down"),
    Wrong(*GAMMA, lambda s, c: 7.0, "不对", "not right"),
    Wrong(*PREDICTED, lambda s, c, x: c[0] + (c[1] - c[0]) * (x - s[0]) / (s[1] - s[0]), "直线", "straight line"),
    Wrong(*PREDICTED, lambda s, c, x: c[0] * x, "不对", "not right"),
    Wrong(*SHARE, lambda d, layers, n, r, items: 2 * r * d * items, "0 和 1 之间", "between 0 and 1"),
    Wrong(*SHARE, lambda d, layers, n, r, items: r * items / (r * items + 12 * d * layers), "注意力", "attention"),
    Wrong(
        *SHARE,
        lambda d, layers, n, r, items: 1 - r * items / (r * items + 12 * d * layers + 2 * n * layers),
        "其余各项",
        "all else",
    ),
    Wrong(*SHARE, lambda d, layers, n, r, items: 0.5, "不对", "not right"),
    Wrong(*WIDER, "larger", "怎样变大", "each term grows"),
    Wrong(*BEST, lambda c, a, p, b, q: (p * a / q / b * c**q) ** (1 / (p + q)), "别忘了 6", "the 6"),
    Wrong(*BEST, lambda c, a, alpha, b, beta: (c / 6) ** 0.5, "更小", "smaller"),
    Wrong(*BEST, lambda c, a, alpha, b, beta: -1.0, "正数", "positive"),
    Wrong(*CODES, nearest_to_the_whole, "剩下的部分", "left over"),
    Wrong(*CODES, largest_product, "内积", "inner product"),
    Wrong(*CODES, lambda vector, books: [99] * len(books), "第 1 级", "level 1"),
    Wrong(*WRITTEN, free, "允许的编码", "allowed"),
    Wrong(*WRITTEN, probability, "对数", "logarithm"),
    Wrong(*WRITTEN, lambda logits, allowed, path: -77.0, "相加", "added"),
    Wrong(*TOTAL, "less", "不许写", "no longer"),
    Wrong(*GROWS, "size", "怎样随 C 变", "goes with C"),
]
