"""Wrong answers to the exercises of section 8.4."""

import math

from mistakes import Wrong

SCAN = "ex-realtime-scan", "after_scan"
SAVED = "ex-realtime-saving", "saved"
COMPARED = "ex-realtime-cells", "compared"
CELLS = "ex-realtime-cells", "best_cells"
PAGES = "ex-realtime-page", "slow_pages"
HERE = "ex-realtime-little", "in_the_service"
NEXT = "ex-realtime-little", "next_step"


def again(n: int, d: int) -> float:
    return sum(12 * d * d + 2 * m * d for m in range(1, n + 2))


WRONG = [
    Wrong(*SCAN, lambda f, days, half_life: f + 1, "没有衰减", "haven't decayed"),
    Wrong(*SCAN, lambda f, days, half_life: f * 0.5 ** (days / half_life), "没有算进去", "isn't counted"),
    Wrong(*SCAN, lambda f, days, half_life: (f + 1) * 0.5 ** (days / half_life), "刚刚发生", "of this moment"),
    Wrong(*SCAN, lambda f, days, half_life: f * math.exp(-days / half_life) + 1, "底数是 2", "the base is 2"),
    Wrong(*SCAN, lambda f, days, half_life: f * 0.5 ** (days * half_life) + 1.5, "不对", "not right"),
    Wrong(*SAVED, lambda n, d: (12 * d * d + 2 * (n + 1) * d) / again(n, d), "反了", "upside down"),
    Wrong(*SAVED, lambda n, d: n + 1, "注意力", "attention"),
    Wrong(*SAVED, lambda n, d: again(n, d), "两种做法", "both counts"),
    Wrong(*COMPARED, lambda n, c, p: p * n / c, "中心", "centroids"),
    Wrong(*COMPARED, lambda n, c, p: n, "不对", "not right"),
    Wrong(*CELLS, lambda n, p: n**0.5, "分得细", "the more of them"),
    Wrong(*CELLS, lambda n, p: p * n, "还可以更少", "there is less"),
    Wrong(*PAGES, lambda n, share: share**n, "一个就够", "is enough"),
    Wrong(*PAGES, lambda n, share: (1 - share) ** n, "全都快", "all of them fast"),
    Wrong(*PAGES, lambda n, share: 100 * n * share, "0 和 1 之间", "between 0 and 1"),
    Wrong(*PAGES, lambda n, share: share, "不对", "not right"),
    Wrong(*HERE, 2400, "毫秒", "milliseconds"),
    Wrong(*HERE, 1.6, "回答的那一段", "time of the answer"),
    Wrong(*HERE, 0.8, "排队的那一段", "time of waiting"),
    Wrong(*HERE, 200 / 0.012, "相乘", "multiply"),
    Wrong(*NEXT, "median", "慢的是排队", "the waiting is slow"),
    Wrong(*NEXT, "longer_queue", "等得更久", "wait longer"),
]
