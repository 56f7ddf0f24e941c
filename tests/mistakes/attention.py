"""Wrong answers to the exercises of section 4.1."""

from typing import Any

import numpy as np

from mistakes import Wrong
from shoprec.formulas.arrays import Floats
from shoprec.formulas.attention import scaled_dot_product_attention

SOFTMAX = "ex-attention-shift", "stable_softmax"
WEIGHT = "ex-attention-two", "first_weight"
CAUSAL = "ex-attention-causal"
UPDATE = "ex-attention-online", "update"
MENDED = "ex-attention-repair", "mended"


def naive(s: Floats) -> Floats:
    return np.exp(s) / np.exp(s).sum(axis=1, keepdims=True)


def of_all(s: Floats) -> Floats:
    return np.exp(s - s.max()) / np.exp(s - s.max()).sum()


def linear(s: Floats) -> Floats:
    return (s - s.min() + 1) / (s - s.min() + 1).sum(axis=1, keepdims=True)


def without_mask(x: Floats, order: np.ndarray) -> float:
    y = x[order]
    gap = scaled_dot_product_attention(y, y, y) - scaled_dot_product_attention(x, x, x)[order]
    return float(np.abs(gap).max())


def without_rescaling(m: float, z: float, o: Floats, s: Floats, v: Floats) -> Any:
    new = max(m, s.max())
    return new, z + np.exp(s - new).sum(), o + np.exp(s - new) @ v


def without_memory(m: float, z: float, o: Floats, s: Floats, v: Floats) -> Any:
    new = max(m, s.max())
    return new, np.exp(s - new).sum() + 1e-300, np.exp(s - new) @ v


def normalised(m: float, z: float, o: Floats, s: Floats, v: Floats) -> Any:
    e = np.exp(s - s.max())
    return max(m, s.max()), e.sum(), e @ v / e.sum()


def layer_norm(e: Floats) -> Floats:
    return (e - e.mean(axis=1, keepdims=True)) / e.std(axis=1, keepdims=True)


WRONG = [
    Wrong(*SOFTMAX, naive, "NaN", "NaN"),
    Wrong(*SOFTMAX, of_all, "加起来应该是 1", "add up to 1"),
    Wrong(*SOFTMAX, linear, "不对", "aren't right"),
    Wrong(*WEIGHT, lambda ahead: 1 / (1 + np.exp(ahead)), "反了", "wrong way round"),
    Wrong(*WEIGHT, np.exp, "0 和 1 之间", "between 0 and 1"),
    Wrong(*WEIGHT, lambda ahead: (1 + np.tanh(ahead)) / 2, "不对", "isn't right"),
    Wrong(CAUSAL, "causal_gap", without_mask, "没有掩码", "without the mask"),
    Wrong(CAUSAL, "causal_gap", lambda x, order: 1.0, "不对", "not right"),
    Wrong(CAUSAL, "harmless", [0, 1, 2, 3, 4], "没有变", "as it was"),
    Wrong(CAUSAL, "harmless", [4, 1, 2, 3, 0], "输出变了", "output at the last position changes"),
    Wrong(CAUSAL, "harmless", [1, 1, 2, 3, 4], "各一次", "once"),
    Wrong(CAUSAL, "equivariant", "yes", "causal_gap", "causal_gap"),
    Wrong(*UPDATE, without_rescaling, "旧的 z 和 o", "old z and o"),
    Wrong(*UPDATE, without_memory, "又读了一块", "one more block"),
    Wrong(*UPDATE, normalised, "第一块", "first block"),
    Wrong(*UPDATE, lambda m, z, o, s, v: o, "三样", "three things"),
    Wrong(*MENDED, lambda e, n: layer_norm(e), "两项", "two terms"),
    Wrong(*MENDED, lambda e, n: 2 * layer_norm(e.T).T, "每个向量", "each vector"),
    Wrong(*MENDED, lambda e, n: 2**n * layer_norm(e), "2 层", "2 layers"),
]
