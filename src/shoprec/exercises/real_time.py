"""Self-checks of section 8.4, on counts, shares and queues that are drawn anew."""

import numpy as np

from shoprec.exercises.checking import Exercise, Mistake, Written, number, require

scan = Exercise("ex-realtime-scan")
saving = Exercise("ex-realtime-saving")
cells = Exercise("ex-realtime-cells")
page = Exercise("ex-realtime-page")
little = Exercise("ex-realtime-little")


@scan.function
def after_scan(function: Written) -> None:
    """A decayed count after one more purchase."""
    rng = np.random.default_rng()
    for _ in range(5):
        f, days, half_life = rng.uniform(0.5, 6), rng.uniform(1, 50), rng.uniform(20, 120)
        got, kept = number(function(f, days, half_life)), f * 0.5 ** (days / half_life)
        require(not np.isclose(got, f + 1), "旧的购买没有衰减", "older purchases haven't decayed")
        require(not np.isclose(got, kept), "新的一次没有算进去", "the new purchase isn't counted")
        both = "新的一次刚刚发生，不该衰减", "the new purchase is of this moment, and hasn't decayed"
        require(not np.isclose(got, kept / f * (f + 1)), *both)
        natural = "底数是 2：过一个半衰期，剩一半", "the base is 2: after one half-life, a half is left"
        require(not np.isclose(got, f * np.exp(-days / half_life) + 1), *natural)
        off = "过了 {:.1f} 天、半衰期 {:.1f} 天时不对", "not right after {:.1f} days at a half-life of {:.1f}"
        require(np.isclose(got, kept + 1), *off, days, half_life)


@saving.function
def saved(function: Written) -> None:
    """How many times fewer multiplications the next purchase takes."""
    rng = np.random.default_rng()
    for _ in range(5):
        n, d = int(rng.integers(20, 400)), int(rng.choice([16, 32, 64, 128]))
        again, new = 12 * d * d * (n + 1) + d * (n + 1) * (n + 2), 12 * d * d + 2 * d * (n + 1)
        got, right = number(function(n, d)), again / new
        require(
            not np.isclose(got, new / again, rtol=0.05), "反了：要的是省了多少倍", "upside down: how many times fewer?"
        )
        no_attention = "注意力那一项也要算", "the attention's own term counts, too"
        require(not (np.isclose(got, n, rtol=1e-6) or np.isclose(got, n + 1, rtol=1e-6)), *no_attention)
        off = (
            "n = {}、d = {} 时不对：先分别写出两种做法的乘法次数",
            "not right at n = {}, d = {}: write down both counts first",
        )
        require(np.isclose(got, right, rtol=0.03), *off, n, d)


@cells.function
def compared(function: Written) -> None:
    """Vectors that a query is compared with, on average."""
    rng = np.random.default_rng()
    for _ in range(5):
        n, c = int(rng.integers(10_000, 10_000_000)), int(rng.integers(50, 3000))
        p = int(rng.integers(1, 40))
        got, right = number(function(n, c, p)), c + p * n / c
        centroids = (
            "先要和每个单元的中心比，才知道看哪几个",
            "to know where to look, it is compared with all centroids first",
        )
        require(not np.isclose(got, p * n / c, rtol=1e-6), *centroids)
        one = "看的单元不止一个", "it looks into more than one cell"
        require(p == 1 or not np.isclose(got, c + n / c, rtol=1e-6), *one)
        off = "{:,} 个向量、{} 个单元、看 {} 个时不对", "not right for {:,} vectors, {} cells and {} probes"
        require(np.isclose(got, right, rtol=1e-3), *off, n, c, p)


@cells.function
def best_cells(function: Written) -> None:
    """The number of cells that makes it least."""
    rng = np.random.default_rng()
    for _ in range(5):
        n, p = int(rng.integers(10_000, 10_000_000)), int(rng.integers(2, 40))
        got = number(function(n, p))
        without = "看的单元越多，越要分得细", "the more cells are looked into, the more of them there should be"
        require(not np.isclose(got, n**0.5, rtol=0.02), *without)
        least = 2 * np.sqrt(p * n)
        off = "这样要比 {:,.0f} 次，还可以更少", "that takes {:,.0f} comparisons, and there is less"
        require(got > 0 and got + p * n / got <= least * 1.01, *off, got + p * n / got if got > 0 else np.inf)


@page.function
def slow_pages(function: Written) -> None:
    """Share of pages for which at least one service is slow."""
    rng = np.random.default_rng()
    for _ in range(5):
        n, share = int(rng.integers(5, 100)), rng.uniform(0.002, 0.03)
        got, right = number(function(n, share)), 1 - (1 - share) ** n
        if np.isclose(got, right, rtol=1e-3, atol=1e-6):
            continue  # by chance a typical slip may give the same
        require(
            0 <= got <= 1, "比例在 0 和 1 之间，现在是 {:.3f}", "a share lies between 0 and 1, but this is {:.3f}", got
        )
        require(not np.isclose(got, share**n, rtol=0.02), "不必全都慢，一个就够", "one that is slow is enough, not all")
        require(
            not np.isclose(got, 1 - right, rtol=1e-4), "这是全都快的比例", "that is the share with all of them fast"
        )
        summed = "不能直接相加：两个都慢的页面会算两遍", "don't just add: pages with two slow ones would count twice"
        require(not np.isclose(got, min(1, n * share), rtol=1e-4), *summed)
        off = "{} 个服务、各有 {:.1%} 慢时不对", "not right for {} services of which each is slow {:.1%} of the time"
        raise Mistake(*off, n, share)


little.number(
    "in_the_service",
    2.4,
    {
        2400: ("毫秒要换成秒", "turn milliseconds into seconds"),
        1.6: ("回答的那一段也算", "the time of the answer counts, too"),
        0.8: ("排队的那一段也算", "the time of waiting counts, too"),
        200 / 0.012: ("是相乘，不是相除", "multiply, don't divide"),
    },
    ("每秒来几个，乘以每个待多久", "how many come in a second, times how long each stays"),
)
little.choice(
    "next_step",
    right="capacity",
    median=("单个请求本来就快，慢的是排队", "a single request is fast as it is; the waiting is slow"),
    longer_queue=("队更长，只会等得更久", "with a longer queue, requests only wait longer"),
)
