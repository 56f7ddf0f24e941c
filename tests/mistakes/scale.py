"""Wrong answers to the exercises of section 8.1."""

import math

from mistakes import Wrong

BYTES = "ex-scale-memory", "bytes_each"
ZERO = "ex-scale-memory", "to_zero"
GAMMA = "ex-scale-growth", "gamma"
PREDICTED = "ex-scale-growth", "predicted"
SHARE = "ex-scale-softmax", "softmax_share"
WIDER = "ex-scale-softmax", "wider"
BEST = "ex-scale-budget", "best_size"
GROWS = "ex-scale-budget", "grows"

WRONG = [
    Wrong(*BYTES, lambda n, p, n_unit: 16 * n / p, "凑齐", "put together"),
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
    Wrong(*GROWS, "size", "怎样随 C 变", "goes with C"),
]
