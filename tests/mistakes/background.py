"""Wrong answers to the exercises of chapter 1."""

import numpy as np

from mistakes import Wrong

RECENT = "ex-background-recent", "recent_buyers"
SHARE = "ex-background-lorenz-households", "top_share"
COSINE = "ex-background-centre", "mean_cosine_of"
ORDER = "ex-background-blend", "fused_order"
SEEN = "ex-background-feedback", "seen_and_bought"


def purchases(day: np.ndarray, user: np.ndarray, item: np.ndarray, since: float, n: int) -> np.ndarray:
    return np.bincount(item[day >= since], minlength=n)


def of_ever(day: np.ndarray, user: np.ndarray, item: np.ndarray, since: float, n: int) -> list[int]:
    return [len({*user[item == i]}) for i in range(n)]


def earlier(day: np.ndarray, user: np.ndarray, item: np.ndarray, since: float, n: int) -> list[int]:
    return [len({*user[(item == i) & (day < since)]}) for i in range(n)]


def from_the_next_day(day: np.ndarray, user: np.ndarray, item: np.ndarray, since: float, n: int) -> list[int]:
    return [len({*user[(item == i) & (day > since)]}) for i in range(n)]


def lowest_first(first: np.ndarray, second: np.ndarray) -> list[int]:
    places = {i: 1 / (61 + r) + 1 / (61 + [*second].index(i)) for r, i in enumerate(first)}
    return sorted(first, key=lambda i: places[i])


def unit(x: np.ndarray) -> np.ndarray:
    return x / np.linalg.norm(x, axis=1, keepdims=True)


WRONG = [
    Wrong("ex-background-by-hand", "ndcg_before", 1 / np.log2(3) + 1 / np.log2(6), "最好的列表", "best list"),
    Wrong("ex-background-by-hand", "ndcg_before", 2 / 3, "召回率", "recall"),
    Wrong("ex-background-by-hand", "ndcg_after", 1, "看篮子", "Look at the basket"),
    Wrong("ex-background-by-hand", "ndcg_after", "0.7", "不加引号", "quotation marks"),
    Wrong(*RECENT, purchases, "一位买家", "is one buyer"),
    Wrong(*RECENT, of_ever, "全部历史", "whole history"),
    Wrong(*RECENT, earlier, "以前的购买", "before that day"),
    Wrong(*RECENT, from_the_next_day, "当天", "that very day"),
    Wrong(*RECENT, lambda *a: purchases(*a)[:3], "形状", "shape"),
    Wrong("ex-background-recent", "recent_or_year", "year", "符号", "sign"),
    Wrong(*SHARE, lambda counts: counts[: len(counts) // 10].sum() / counts.sum(), "先排序", "sort them"),
    Wrong(*SHARE, lambda counts: np.sort(counts)[: len(counts) // 10].sum() / counts.sum(), "最少", "smallest"),
    Wrong(*SHARE, lambda counts: np.sort(counts)[-(len(counts) // 10) :].sum(), "总数", "total"),
    Wrong(*COSINE, lambda rows: (rows @ rows.T).mean(), "内积", "products"),
    Wrong(*COSINE, lambda rows: np.linalg.norm(unit(rows).mean(axis=0)), "平方", "square"),
    Wrong(*COSINE, lambda rows: (unit(rows) @ unit(rows).T).sum(), "总和", "sum"),
    Wrong(*ORDER, lowest_first, "和大的在前", "large sums"),
    Wrong(*ORDER, lambda first, second: [*first[::2], *first[1::2]], "却排在后面", "comes later"),
    Wrong(*ORDER, lambda first, second: [*first[:-1], first[0]], "每件一次", "each once"),
    Wrong(*SEEN, lambda shown, bought: np.where(bought > 0, 1, -1), "应该是 0", "should be 0"),
    Wrong(*SEEN, lambda shown, bought: np.where(bought > 0, 1, 0), "不是 -1", "isn't -1"),
    Wrong(*SEEN, lambda shown, bought: shown, "只用 1", "use 1"),
]
