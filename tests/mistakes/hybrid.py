"""Wrong answers to the exercises of section 3.3."""

import numpy as np

from mistakes import Wrong
from shoprec.formulas.arrays import Floats

EXTREMES = "ex-hybrid-always", "extreme_thresholds"
LEAD = "ex-hybrid-luck", "oracle_lead"
EQUAL = "ex-hybrid-equal", "equal_among"
WEIGHTS = "ex-hybrid-redundant", "best_weights"
COLUMNS = "ex-hybrid-redundant", "three_columns"
SEAT = "ex-hybrid-slot", "with_seat"


def independent(n: int) -> Floats:
    return np.random.default_rng().normal(size=(n, 3))


def two_views(n: int) -> Floats:
    """Each member has noise of its own on the target, so that the second does know more."""
    t, one, two = np.random.default_rng().normal(size=(3, n))
    return np.stack([t, t + one, t + two], axis=1)


def copied(n: int) -> Floats:
    t, one = np.random.default_rng().normal(size=(2, n))
    return np.stack([t, t + one, t + one], axis=1)


WRONG = [
    Wrong(*EXTREMES, lambda x: (0, 1), "第二个模型", "second model"),
    Wrong(*EXTREMES, lambda x: (-np.inf, np.inf), "反了", "wrong way round"),
    Wrong(*EXTREMES, lambda x: (np.inf, np.median(x)), "第一个模型", "first model"),
    Wrong(*EXTREMES, lambda x: (np.nan, np.nan), "NaN", "NaN"),
    Wrong(*EXTREMES, lambda x: np.inf, "两个数", "two numbers"),
    Wrong(*LEAD, lambda ndcg: ndcg.max(axis=0).mean(), "还没有减去", "without the best"),
    Wrong(*LEAD, lambda ndcg: ndcg.max(axis=0).mean() - ndcg.mean(), "不是平均", "not that of all"),
    Wrong(*LEAD, lambda ndcg: ndcg.max(axis=1).mean() - ndcg.mean(axis=1).max(), "每户", "each household"),
    Wrong(*LEAD, lambda ndcg: ndcg.max(axis=0) - ndcg.mean(axis=1).max(), "应该是一个数", "should be one number"),
    Wrong("ex-hybrid-luck", "foreseen", "yes", "走运", "lucky"),
    Wrong(*EQUAL, lambda members, keep: np.full(len(members), 1 / len(members)), "去掉的成员", "left out"),
    Wrong(*EQUAL, lambda members, keep: np.isin(members, keep) * 1.0, "加起来应该是 1", "add up to 1"),
    Wrong(*EQUAL, lambda members, keep: np.full(len(keep), 1 / len(keep)), "形状", "shape"),
    Wrong("ex-hybrid-equal", "four_or_six", "same", "并排", "side by side"),
    Wrong(*WEIGHTS, lambda rho1, rho2, r: (rho1, rho2), "那一份", "shares with the first"),
    Wrong(*WEIGHTS, lambda rho1, rho2, r: (r * rho2 - rho1, r * rho1 - rho2), "符号", "sign"),
    Wrong(*WEIGHTS, lambda rho1, rho2, r: (1, rho2 - r * rho1), "比例", "ratio"),
    Wrong(*COLUMNS, independent, "应该相关", "should correlate"),
    Wrong(*COLUMNS, two_views, "没有的", "z₁ doesn't"),
    Wrong(*COLUMNS, copied, "噪声", "noise"),
    Wrong(*COLUMNS, lambda n: independent(n).T, "形状", "shape"),
    Wrong(*SEAT, lambda ranked, newest: ranked, "没有变", "as they were"),
    Wrong(*SEAT, lambda ranked, newest: np.c_[newest, ranked[:, :9]], "第 1 名", "place 1"),
    Wrong(*SEAT, lambda ranked, newest: np.c_[ranked, newest], "形状", "shape"),
    Wrong("ex-hybrid-slot", "seat_or_curve", "curve", "召回", "recall"),
]
