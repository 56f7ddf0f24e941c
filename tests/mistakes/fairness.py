"""Wrong answers to the exercises of section 8.5.3."""

import numpy as np

from mistakes import Wrong

SHOWN = "ex-fair-exposure", "shown_to_bought"
GAP = "ex-fair-strata", "stratified_gap"
LEFT = "ex-fair-left", "left_when_off"


def exposure(ranked: np.ndarray, is_store: np.ndarray, normed: bool = True) -> float:
    weights = 1 / np.log2(np.arange(2, ranked.shape[1] + 2))
    return float((is_store[ranked] @ weights).mean() / (weights.sum() if normed else 1))


def plain(values: np.ndarray, first: np.ndarray, stratum: np.ndarray) -> float:
    return float(values[first].mean() - values[~first].mean())


def by_stratum(values: np.ndarray, first: np.ndarray, stratum: np.ndarray) -> tuple[list, list, list]:
    groups, sizes, firsts = [], [], []
    for s in np.unique(stratum):
        a, b = values[(stratum == s) & first], values[(stratum == s) & ~first]
        if len(a) and len(b):
            groups.append(a.mean() - b.mean())
            sizes.append(len(a) + len(b))
            firsts.append(len(a))
    return groups, sizes, firsts


def backwards(values: np.ndarray, first: np.ndarray, stratum: np.ndarray) -> float:
    found, sizes, _ = by_stratum(values, first, stratum)
    return -float(np.average(found, weights=sizes))


def by_the_first(values: np.ndarray, first: np.ndarray, stratum: np.ndarray) -> float:
    found, _, firsts = by_stratum(values, first, stratum)
    return float(np.average(found, weights=firsts))


def left(on: np.ndarray, off: np.ndarray, group: np.ndarray) -> np.ndarray:
    return np.array([off[group == g].mean() / on[group == g].mean() for g in np.unique(group)])


def ratios(on: np.ndarray, off: np.ndarray, group: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore"):
        return np.array([(off / on)[group == g].mean() for g in np.unique(group)])


def of_those_above_zero(on: np.ndarray, off: np.ndarray, group: np.ndarray) -> np.ndarray:
    return np.array([(off[some] / on[some]).mean() for g in np.unique(group) for some in [(group == g) & (on > 0)]])


WRONG = [
    Wrong("ex-fair-gaps", "quality_gap", 0.04, "热门榜的差距", "popularity's gap"),
    Wrong("ex-fair-gaps", "quality_gap", -0.03, "不会小于零", "never negative"),
    Wrong("ex-fair-gaps", "quality_gap", 0.285, "最好的组减最差的组", "the best group less the worst"),
    Wrong("ex-fair-gaps", "improvement_gap", 0.03, "质量的差距", "the gap in quality"),
    Wrong("ex-fair-gaps", "improvement_gap", -0.01, "不会小于零", "never negative"),
    Wrong("ex-fair-gaps", "improvement_gap", 0.37, "多得多少", "gains over popularity"),
    Wrong("ex-fair-gaps", "worse_off", "A", "甲组的列表更好", "A has the better lists"),
    Wrong("ex-fair-gaps", "worse_off", "B", "乙组得到的更多", "B gains more"),
    Wrong(*SHOWN, lambda r, s, b: exposure(r, s), "除以购买的份额", "by the share of purchases"),
    Wrong(*SHOWN, lambda r, s, b: b / exposure(r, s), "上下颠倒", "upside down"),
    Wrong(*SHOWN, lambda r, s, b: exposure(r, s, normed=False) / b, "除以它们的和", "divided by their sum"),
    Wrong(*SHOWN, lambda r, s, b: s[r].mean() / b, "分量不一样", "don't all weigh the same"),
    Wrong(*SHOWN, lambda r, s, b: exposure(r, ~s) / b, "份额对不上", "the share is off"),
    Wrong(*GAP, plain, "没有分层", "no strata"),
    Wrong(*GAP, lambda v, f, s: float(np.mean(by_stratum(v, f, s)[0])), "按家庭数加权", "weighted by their households"),
    Wrong(*GAP, backwards, "次序反了", "the wrong way round"),
    Wrong(*GAP, lambda v, f, s: float("nan"), "不算", "doesn't count"),
    Wrong(*GAP, by_the_first, "两组合计", "of both groups"),
    Wrong(*LEFT, ratios, "除以了零", "divides by zero"),
    Wrong(*LEFT, lambda on, off, g: 1 - left(on, off, g), "不是剩下的", "not what is left"),
    Wrong(*LEFT, lambda on, off, g: left(off, on, g), "上下颠倒", "upside down"),
    Wrong(*LEFT, of_those_above_zero, "先各自平均", "both means within a group"),
    Wrong(*LEFT, lambda on, off, g: left(on, off, g * 0), "形状", "shape"),
    Wrong("ex-fair-left", "loses_more", "least", "本来就少", "gave it little"),
    Wrong("ex-fair-strata", "follows", "caused", "一起变", "change along"),
    Wrong("ex-fair-strata", "follows", "fair", "要求什么相等", "what should be equal"),
]
