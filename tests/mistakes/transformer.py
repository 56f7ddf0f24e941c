"""Wrong answers to the exercises of section 3.1."""

import numpy as np

from mistakes import Wrong
from shoprec.formulas.arrays import Floats

COUNT = "ex-transformer-count", "block_parameters"
MASK = "ex-transformer-padding", "not_padding"
MEANS = "ex-transformer-places", "averaged"
SIGHT = "ex-transformer-cheat", "share_in_sight"
POINTING = "ex-transformer-counting", "pointing_term"
COST = "ex-transformer-window", "dearer"


def running(x: Floats, n_layers: int) -> Floats:
    return np.cumsum(x, axis=0) / np.arange(1, len(x) + 1)[:, None]


def anywhere(windows: np.ndarray, position: np.ndarray, target: np.ndarray) -> float:
    return float((windows == target[:, None]).any(axis=1).mean())


def with_position(windows: np.ndarray, position: np.ndarray, target: np.ndarray) -> float:
    from_here = np.arange(windows.shape[1]) >= position[:, None]
    return float(((windows == target[:, None]) & from_here).any(axis=1).mean())


WRONG = [
    Wrong(*COUNT, lambda d: 12 * d**2, "偏置和归一化", "biases and norms"),
    Wrong(*COUNT, lambda d: 12 * d**2 + 9 * d, "归一化", "norms"),
    Wrong(*COUNT, lambda d: 4 * d**2 + 4 * d, "前馈层", "more to a block"),
    Wrong(*COUNT, lambda d: 8 * d**2, "不对", "isn't right"),
    Wrong(*MASK, lambda lengths, size: np.arange(size) >= lengths[:, None], "反了", "wrong way round"),
    Wrong(*MASK, lambda lengths, size: np.arange(size)[::-1] < lengths[:, None], "在末尾", "at the end"),
    Wrong(*MASK, lambda lengths, size: np.arange(size) <= lengths[:, None], "长度是", "of length"),
    Wrong("ex-transformer-padding", "must_be_told", "both", "看得见", "see padding"),
    Wrong(*MEANS, lambda x, n: np.tile(x.mean(axis=0), (len(x), 1)), "自己和以前", "what came before"),
    Wrong(*MEANS, running, "只平均了一层", "only one layer"),
    Wrong(*MEANS, lambda x, n: np.cumsum(x, axis=0), "这是和", "sums"),
    Wrong("ex-transformer-places", "order_matters", "two cloze", "加权平均", "weighted mean"),
    Wrong(*SIGHT, anywhere, "以前也买过", "earlier purchases"),
    Wrong(*SIGHT, with_position, "已知的", "is known"),
    Wrong(*SIGHT, lambda windows, position, target: 7, "0 和 1 之间", "between 0 and 1"),
    Wrong(*POINTING, lambda ages, half_life: (2 ** (-ages / half_life)).sum(), "个人频次", "personal frequency"),
    Wrong(*POINTING, lambda ages, half_life: np.log((2 ** (-ages / half_life)).sum()), "少了 1", "1 is missing"),
    Wrong(*POINTING, lambda ages, half_life: np.log1p(np.exp(-ages / half_life).sum()), "减半", "to a half"),
    Wrong(*COST, lambda short, long: (long / short, (long / short) ** 2), "反了", "wrong way round"),
    Wrong(*COST, lambda short, long: (long / short, long / short), "比", "compared"),
    Wrong(*COST, lambda short, long: ((short / long) ** 2, short / long), "反了", "upside down"),
    Wrong("ex-transformer-window", "far_enough", "48", "全年", "whole year"),
]
