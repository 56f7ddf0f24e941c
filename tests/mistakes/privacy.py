"""Wrong answers to the exercises of section 8.5.1."""

import numpy as np

from mistakes import Wrong

CLIP = "ex-privacy-clip", "clipped_sum"
LEAVES = "ex-privacy-clip", "after_one_leaves"
MEAN = "ex-privacy-mean", "mean_of_stores"


def factor(gradients: np.ndarray, limit: float) -> np.ndarray:
    return limit / np.linalg.norm(gradients, axis=-1, keepdims=True)


def whole(gradients: np.ndarray, limit: float) -> np.ndarray:
    total = gradients.sum(axis=0)
    return total * np.minimum(1, factor(total, limit))


WRONG = [
    Wrong("ex-privacy-bound", "at_most", 1 / 3, "曲线下面的面积", "lies below"),
    Wrong("ex-privacy-bound", "at_most", 2.0, "不会大于 1", "never above 1"),
    Wrong("ex-privacy-bound", "at_most", 0.5, "两条直线的交点", "where the two lines meet"),
    Wrong("ex-privacy-bound", "half", "private", "别的攻击", "another one may not"),
    Wrong("ex-privacy-bound", "half", "epsilon", "上限", "upper bound"),
    Wrong(*CLIP, lambda g, c: g.sum(axis=0), "没有裁剪", "nothing is clipped"),
    Wrong(*CLIP, whole, "先逐户裁剪", "clip each household"),
    Wrong(*CLIP, lambda g, c: (g * factor(g, c)).sum(axis=0), "不要拉长", "aren't to be lengthened"),
    Wrong(*CLIP, lambda g, c: np.clip(g, -c, c).sum(axis=0), "不按分量", "not by entry"),
    Wrong(*CLIP, lambda g, c: (g * np.minimum(1, factor(g, c))).mean(axis=0), "不求平均", "not a mean"),
    Wrong(*CLIP, lambda g, c: (g * np.minimum(1, factor(g, c / 2))).sum(axis=0), "C / 长度", "C / its length"),
    Wrong(*CLIP, lambda g, c: g, "形状", "shape"),
    Wrong(*LEAVES, lambda c: 2 * c, "换一户", "swap one"),
    Wrong(*LEAVES, lambda c: 0.0, "最长多少", "how long"),
    Wrong(*MEAN, lambda w, n: w.mean(axis=0), "不一样重", "weigh more"),
    Wrong(*MEAN, lambda w, n: n @ w, "除以权重的和", "by their sum"),
    Wrong(*MEAN, lambda w, n: w[np.argmax(n)], "加权平均", "weighted by households"),
    Wrong("ex-privacy-forget", "proves", "loss", "每一户未必", "need not"),
    Wrong("ex-privacy-forget", "proves", "rows", "模型里", "in the model"),
    Wrong("ex-privacy-mean", "protects", "everything", "买了什么", "what was bought"),
    Wrong("ex-privacy-mean", "protects", "epsilon", "裁剪和噪声", "clipping and noise"),
]
