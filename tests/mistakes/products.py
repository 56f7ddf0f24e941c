"""Wrong answers to the exercises of section 6.1."""

import numpy as np

from mistakes import Wrong

LISTS = "ex-products-seats", "share_seats"


def scores(zh: np.ndarray, en: np.ndarray) -> np.ndarray:
    return (zh - zh.mean(axis=1, keepdims=True)) @ (en - en.mean(axis=1, keepdims=True)).T


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


WRONG = [
    Wrong("ex-products-difference", "large_enough", lambda c, e: 1e6, "次序还不一样", "orders still differ"),
    Wrong("ex-products-difference", "large_enough", lambda c, e: e.max(), "次序还不一样", "orders still differ"),
    Wrong("ex-products-difference", "large_enough", lambda c, e: -1, "应该是正数", "should be positive"),
    Wrong("ex-products-difference", "large_enough", lambda c, e: c - e, "应该是一个数", "should be one number"),
    Wrong(*LISTS, lambda a, b, n, r: [*a[: n - r], *b[:r]], "有商品出现了两次", "in it twice"),
    Wrong(*LISTS, lambda a, b, n, r: [*dict.fromkeys([*a[: n - r], *b])][:n], "重复的不补", "aren't replaced"),
    Wrong(*LISTS, lambda a, b, n, r: a[: n - r], "应有", "should be"),
    Wrong("ex-products-switch", "switched", lambda n, a, b: np.where(n < 50, b, a), "用错了模型", "wrong model"),
    Wrong("ex-products-switch", "switched", lambda n, a, b: np.where(n <= 50, a, b), "正好卖过 50 次", "exactly 50"),
    Wrong("ex-products-switch", "switched", lambda n, a, b: (a + b) / 2, "既不是", "neither model's"),
    Wrong("ex-products-unbiased", "spread", lambda m: 0.05 * 0.95 / m, "方差", "variance"),
    Wrong("ex-products-unbiased", "spread", lambda m: (0.05 * 0.95 * m) ** 0.5, "次数的标准差", "of the count"),
    Wrong("ex-products-unbiased", "band", (0.045, 0.055), "太窄", "narrow"),
    Wrong("ex-products-unbiased", "band", (0.07, 0.03), "先写低的", "lower end comes first"),
    Wrong("ex-products-unbiased", "band", (0, 0.1), "太宽", "wide"),
    Wrong("ex-products-search-centre", "centred", lambda zh, en: zh @ en.T, "还没有减去平均", "no mean"),
    Wrong("ex-products-search-centre", "centred", scores, "哪个方向", "which axis"),
    Wrong("ex-products-search-centre", "centred", lambda zh, en: unit(zh) @ en, "出错", "raised an error"),
    Wrong("ex-products-search-centre", "centred", lambda zh, en: en @ zh.T, "形状", "shape"),
    Wrong("ex-products-generation-distortion", "stepwise", 0.5, "补足到 1", "scaled up"),
    Wrong("ex-products-generation-distortion", "whole", 0.01, "补足以前", "before it is scaled"),
]
