"""Wrong answers to the exercises of section 8.3."""

import numpy as np

from mistakes import Wrong

KNOWN = "ex-modal-known", "discount_known"
EXCHANGE = "ex-modal-placebo", "exchange"


def of_week(days: np.ndarray, depths: np.ndarray, sold: np.ndarray, end: float) -> float:
    return depths[sold & (days >= end - 7)].mean()


def with_the_future(days: np.ndarray, depths: np.ndarray, cut: float) -> float:
    return of_week(days, depths, days > -1, days.max())


def with_the_cut(days: np.ndarray, depths: np.ndarray, cut: float) -> float:
    return of_week(days, depths, days <= cut, days[days <= cut].max())


def from_the_cut(days: np.ndarray, depths: np.ndarray, cut: float) -> float:
    some = (days < cut) & (days >= cut - 7)
    return depths[some].mean() if some.any() else 0.0


def ever(days: np.ndarray, depths: np.ndarray, cut: float) -> float:
    return depths[days < cut].mean()


def everywhere(n_buyers: np.ndarray, alike: int, rng: np.random.Generator) -> np.ndarray:
    return np.roll(np.argsort(-n_buyers), alike)[np.argsort(np.argsort(-n_buyers))]


def in_groups(n_buyers: np.ndarray, alike: int, rng: np.random.Generator | None, stay: bool) -> np.ndarray:
    order, ranked = np.empty(len(n_buyers), int), np.argsort(-n_buyers)
    for start in range(0, len(ranked), alike):
        group = ranked[start : start + alike]
        group = group if rng is None else rng.permutation(group)
        order[group] = group if stay else np.roll(group, 1)
    return order


def twice(n_buyers: np.ndarray, alike: int, rng: np.random.Generator) -> np.ndarray:
    return rng.integers(len(n_buyers), size=len(n_buyers)) // 2


WRONG = [
    Wrong("ex-modal-scale", "z", 2, "还要除以", "still to be divided"),
    Wrong("ex-modal-scale", "z", 1, "不是件数减一", "not by one less"),
    Wrong("ex-modal-scale", "z", 0.75, "不是方差", "not by the variance"),
    Wrong("ex-modal-scale", "z", 0.1, "均值和方差", "mean and variance"),
    Wrong("ex-modal-fuse", "weight", 2, "颠倒了", "wrong way round"),
    Wrong("ex-modal-fuse", "weight", 0.6, "不是 1", "not 1"),
    Wrong("ex-modal-fuse", "weight", 3, "一个正", "one is positive"),
    Wrong("ex-modal-fuse", "weight", 0.25, "总分相等", "totals of the two"),
    Wrong(*KNOWN, with_the_future, "切分日之后", "after the cut"),
    Wrong(*KNOWN, with_the_cut, "严格在它之前", "strictly before"),
    Wrong(*KNOWN, from_the_cut, "往回数", "back from the last sale"),
    Wrong(*KNOWN, ever, "只要最近七天", "only the last seven days"),
    Wrong(*KNOWN, lambda days, depths, cut: 0.123, "均值不对", "the mean is off"),
    Wrong(*EXCHANGE, everywhere, "热门程度不同", "another popularity"),
    Wrong(*EXCHANGE, lambda n, alike, rng: in_groups(n, alike, rng, stay=True), "留在原位", "stay where they are"),
    Wrong(*EXCHANGE, lambda n, alike, rng: in_groups(n, alike, None, stay=False), "没有用上随机数", "aren't used"),
    Wrong(*EXCHANGE, twice, "恰好出现一次", "exactly once"),
]
