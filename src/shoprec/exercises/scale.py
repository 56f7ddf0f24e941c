"""Self-checks of section 8.1, on sizes, costs and laws that are drawn anew."""

import numpy as np
from scipy.special import logsumexp

from shoprec.exercises.checking import Exercise, Written, array, number, require

memory = Exercise("ex-scale-memory")
growth = Exercise("ex-scale-growth")
softmax = Exercise("ex-scale-softmax")
budget = Exercise("ex-scale-budget")
codes = Exercise("ex-scale-codes")
written = Exercise("ex-scale-written")


@memory.function
def bytes_each(function: Written) -> None:
    """Bytes that each process takes in the forward pass when all is sharded."""
    rng = np.random.default_rng()
    for _ in range(5):
        n, p = int(rng.integers(10**6, 10**10)), int(rng.integers(2, 128))
        n_unit = int(n * rng.uniform(0.01, 0.1))
        got, right = number(function(n, p, n_unit)), 16 * n / p + 4 * n_unit
        unit = "算到的单元要凑齐它的权重", "the unit at work has to be put together"
        require(not np.isclose(got, 16 * n / p, rtol=1e-9), *unit)
        weights = (
            "前向时凑齐的只有权重，没有梯度和矩",
            "in the forward pass, what is put together is weights, not gradients and moments",
        )
        require(not any(np.isclose(got, 16 * n / p + each * n_unit, rtol=1e-9) for each in (8, 16)), *weights)
        cut = "进程越多，每个进程的切片越小", "with more processes, each slice is smaller"
        require(not np.isclose(got, 16 * n + 4 * n_unit, rtol=1e-9), *cut)
        off = "{:,} 个参数、{} 个进程时不对", "not right for {:,} parameters and {} processes"
        require(np.isclose(got, right, rtol=1e-6), *off, n, p)


memory.choice(
    "to_zero", "no", yes=("看看哪一项与进程数无关", "see which term doesn't depend on the number of processes")
)


@growth.function
def gamma(function: Written) -> None:
    """The exponent that two sizes and their costs give."""
    rng = np.random.default_rng()
    for _ in range(5):
        sizes, costs, power = _measured(rng)
        got = number(function(sizes, costs))
        ratio = (costs[1] / costs[0]) / (sizes[1] / sizes[0])
        logs = "倍数之比还不是指数，要先取对数", "a ratio of ratios is no exponent yet: take logarithms first"
        require(not np.isclose(got, ratio, rtol=1e-6), *logs)
        require(not np.isclose(got, 1 / power, rtol=1e-6), "反了：花费在上，规模在下", "upside down: cost over size")
        off = "花费 {:.3g} 倍、规模 {:.3g} 倍时不对", "not right for {:.3g} times the cost at {:.3g} times the size"
        require(np.isclose(got, power, rtol=1e-6), *off, costs[1] / costs[0], sizes[1] / sizes[0])


@growth.function
def predicted(function: Written) -> None:
    """The cost of a third size."""
    rng = np.random.default_rng()
    for _ in range(5):
        sizes, costs, power = _measured(rng)
        size = float(sizes[1] * rng.uniform(2, 20))
        got, right = number(function(sizes, costs, size)), costs[0] * (size / sizes[0]) ** power
        line = costs[0] + (costs[1] - costs[0]) * (size - sizes[0]) / (sizes[1] - sizes[0])
        require(not np.isclose(got, line, rtol=1e-6), "这是直线，不是幂律", "that is a straight line, not a power law")
        off = "规模 {:.3g} 时不对：已知两点在曲线上", "not right at size {:.3g}: both known points lie on the curve"
        require(np.isclose(got, right, rtol=1e-6), *off, size)


@softmax.function
def softmax_share(function: Written) -> None:
    """The share of all operations that goes into scoring."""
    rng = np.random.default_rng()
    for _ in range(5):
        d, n_layers, n = int(rng.integers(8, 300)), int(rng.integers(1, 6)), int(rng.integers(16, 256))
        r, n_items = rng.uniform(0.05, 0.4), int(rng.integers(1000, 100_000))
        scoring, layers, attention = 2 * r * d * n_items, 24 * d**2 * n_layers, 4 * n * d * n_layers
        got, right = number(function(d, n_layers, n, r, n_items)), scoring / (scoring + layers + attention)
        require(0 <= got <= 1, "比例应当在 0 和 1 之间", "a share lies between 0 and 1")
        require(not np.isclose(got, 1 - right, rtol=1e-6), "这是其余各项的比例", "that is the share of all else")
        without = "注意力那一项也要算", "the attention's own term counts, too"
        require(not np.isclose(got, scoring / (scoring + layers), rtol=1e-6), *without)
        off = "d = {}、{} 层、{:,} 件商品时不对", "not right at d = {}, {} layers and {:,} products"
        require(np.isclose(got, right, rtol=1e-6), *off, d, n_layers, n_items)


softmax.choice("wider", "smaller", larger=("比较两项各随 d 怎样变大", "see how each term grows with d"))


@budget.function
def best_size(function: Written) -> None:
    """The number of parameters with the least loss for a budget."""
    rng = np.random.default_rng()
    for _ in range(5):
        compute, a, b = 10 ** rng.uniform(12, 18), rng.uniform(20, 500), rng.uniform(20, 500)
        alpha, beta = rng.uniform(0.2, 0.6), rng.uniform(0.2, 0.6)

        def loss(n: float) -> float:
            return float(a * n**-alpha + b * (compute / 6 / n) ** -beta)  # noqa: B023

        got = number(function(compute, a, alpha, b, beta))
        require(got > 0, "参数的个数是正数", "a number of parameters is positive")
        six = "运算是 6ND，别忘了 6", "operations are 6 N D; mind the 6"
        without = (alpha * a / (beta * b) * compute**beta) ** (1 / (alpha + beta))
        require(not np.isclose(got, without, rtol=1e-4), *six)
        off = "{:.3g} 个参数时损失更小", "with {:.3g} parameters the loss is smaller"
        for better in (got * 0.98, got * 1.02):
            require(loss(better) >= loss(got), *off, better)


budget.choice("grows", "both", size=("由最小值的等式看 D 怎样随 C 变", "see by the equation how D goes with C"))


@codes.function
def codes_of(function: Written) -> None:
    """The codes of a vector, level after level."""
    rng = np.random.default_rng()
    for _ in range(5):
        whole = right = inner = list[int]()
        while right in (whole, inner) or whole == inner:  # each slip is to be told by what it gives
            d, sizes = int(rng.integers(2, 5)), rng.integers(3, 7, size=3)
            books = [rng.normal(size=(size, d)) * scale for size, scale in zip(sizes, (3.0, 1.5, 0.7), strict=True)]
            vector = rng.normal(size=d) * 3
            left, right, whole, inner = vector.copy(), [], [], []
            for book in books:
                whole.append(int(np.linalg.norm(vector - book, axis=1).argmin()))
                inner.append(int((book @ left).argmax()))
                right.append(int(np.linalg.norm(left - book, axis=1).argmin()))
                left = left - book[right[-1]]
        got = array(function(vector.copy(), [book.copy() for book in books]), (3,))
        over = "每一级量化的是前几级剩下的部分", "each level quantises what those before left over"
        require(got.tolist() != whole, *over)
        near = "要的是距离最近的，不是内积最大的", "the nearest is asked for, not the largest inner product"
        require(got.tolist() != inner, *near)
        off = "第 {} 级的编码不对", "the code of level {} is not right"
        for level, (one, other) in enumerate(zip(got.tolist(), right, strict=True), start=1):
            require(one == other, *off, level)


@written.function
def log_probability(function: Written) -> None:
    """A product's log-probability, when only codes that exist may be written."""
    rng = np.random.default_rng()
    for _ in range(5):
        sizes = rng.integers(4, 8, size=3)
        logits = [rng.normal(size=size) * 2 for size in sizes]
        allowed = [np.arange(size) % 2 == 0 for size in sizes]
        path = [int(rng.choice(np.flatnonzero(may))) for may in allowed]
        args = [one.copy() for one in logits], [may.copy() for may in allowed], list(path)
        got = number(function(*args))
        right = sum(one[c] - logsumexp(one[may]) for one, may, c in zip(logits, allowed, path, strict=True))
        free = sum(one[c] - logsumexp(one) for one, c in zip(logits, path, strict=True))
        require(not np.isclose(got, np.exp(right), rtol=1e-6), "要的是概率的对数", "its logarithm is asked for")
        only = "分母里只有允许的编码", "only codes that are allowed are in the denominator"
        require(not np.isclose(got, free, rtol=1e-6), *only)
        off = (
            "{} 级时不对：各级的对数概率要相加",
            "not right with {} levels: the levels' log-probabilities are to be added",
        )
        require(np.isclose(got, right, rtol=1e-6), *off, len(path))


written.choice("total", "one", less=("没有商品的编码已经不许写了", "codes of no product may no longer be written"))


def _measured(rng: np.random.Generator) -> tuple[tuple[float, float], tuple[float, float], float]:
    """Two sizes, their costs, and the exponent behind them."""
    power, first = rng.uniform(0.3, 2.5), rng.uniform(10, 1000)
    sizes = float(first), float(first * rng.uniform(2, 20))
    start = rng.uniform(1, 50)
    return sizes, (float(start), float(start * (sizes[1] / sizes[0]) ** power)), float(power)
