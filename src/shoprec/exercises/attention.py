"""Self-checks of section 4.1, on attention."""

from typing import Any

import numpy as np

from shoprec.exercises.checking import Exercise, Written, array, number, require
from shoprec.formulas.arrays import Floats
from shoprec.formulas.attention import causal_mask, scaled_dot_product_attention

shift = Exercise("ex-attention-shift")
two = Exercise("ex-attention-two")
causal = Exercise("ex-attention-causal")
online = Exercise("ex-attention-online")
repair = Exercise("ex-attention-repair")


def softmax(s: Floats) -> Floats:
    """Along the last axis."""
    e = np.exp(s - s.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@shift.function
def stable_softmax(function: Written) -> None:
    """Rows of ordinary, very large and very small scores."""
    rng = np.random.default_rng()
    for offset in (0.0, 1000.0, -1000.0):
        rows = rng.normal(size=(3, 5)) + np.array([[0.0], [1.0], [-1.0]]) * 3 + offset
        with np.errstate(all="ignore"):
            answer = function(rows)
        overflow = "分数在 {:g} 上下时得到 NaN 或无穷", "with scores around {:g} it gives NaN or infinity"
        shaped = np.asarray(answer, dtype=object)
        wanted = "应该是形状为 {} 的数组", "expected is an array of shape {}"
        require(shaped.shape == (3, 5), *wanted, "(3, 5)")
        got = shaped.astype(float)
        require(np.isfinite(got).all(), *overflow, offset)
        whole = "每一行的权重加起来应该是 1，现在第一行是 {:.3f}", "each row should add up to 1; the first makes {:.3f}"
        require(np.allclose(got.sum(axis=1), 1), *whole, got[0].sum())
        require(np.allclose(got, softmax(rows)), "权重不对", "the weights aren't right")


@two.function
def first_weight(function: Written) -> None:
    """Of two keys, by how much the first's score is ahead."""
    for ahead in (1.5, -4.0, 0.3, 20.0, 0.0):
        got = number(function(ahead))
        reverse = "反了：领先得越多，权重应该越大", "the wrong way round: the more it leads, the larger its weight"
        require(ahead == 0 or not np.isclose(got, 1 / (1 + np.exp(ahead))), *reverse)
        range_ = "权重在 0 和 1 之间，现在是 {:.3g}", "a weight lies between 0 and 1, but this is {:.3g}"
        require(0 <= got <= 1, *range_, got)
        off = "领先 {:g} 时得 {:.3f}，不对", "ahead by {:g}, it gives {:.3f}, which isn't right"
        require(np.isclose(got, 1 / (1 + np.exp(-ahead)), rtol=1e-6), *off, ahead, got)


def masked(x: Floats) -> Floats:
    """Attention of the rows of x to one another, each to itself and those before."""
    return scaled_dot_product_attention(x, x, x, causal_mask(len(x)))


@causal.function
def causal_gap(function: Written) -> None:
    """The largest difference between reordering before and after causal attention."""
    rng = np.random.default_rng()
    for n in (5, 8):
        x, order = rng.normal(size=(n, 4)), np.roll(np.arange(n), 2)
        got, full = number(function(x, order)), scaled_dot_product_attention
        slips = [
            (0.0, ("没有掩码的时候才是零", "it is zero without the mask only")),
            (
                np.abs(masked(x[order]) - masked(x)).max(),
                ("换了次序的输入，要和换了次序的输出比", "compare reordered inputs with reordered outputs"),
            ),
            (np.abs(full(x[order], x[order], x[order]) - full(x, x, x)).max(), ("还没有掩码", "there is no mask yet")),
        ]
        for slip, said in slips:
            require(not np.isclose(got, slip, atol=1e-9), *said)
        off = (
            "{} 个位置时不对；分数要除以宽度的平方根",
            "not right with {} positions; scores are divided by the root of the width",
        )
        require(np.isclose(got, np.abs(masked(x[order]) - masked(x)[order]).max(), rtol=1e-5), *off, n)


@causal.value
def harmless(answer: Any) -> None:
    """An order of five positions that leaves the last one's output alone."""
    order = array(answer, (5,)).astype(int)
    positions = "应该是 0 到 4 各一次", "it should have each of 0 to 4 once"
    require(np.array_equal(np.sort(order), np.arange(5)), *positions)
    require(not np.array_equal(order, np.arange(5)), "次序没有变", "this is the order as it was")
    x = np.random.default_rng().normal(size=(5, 3))
    same = "最后一个位置的输出变了", "the output at the last position changes"
    require(np.allclose(masked(x[order])[-1], masked(x)[-1]), *same)


causal.choice(
    "equivariant",
    right="no",
    yes=("`causal_gap` 得多少？", "what does `causal_gap` give?"),
)


@online.function
def update(function: Written) -> None:
    """Block after block, the state gives what attention gives; scores may be so large that exp overflows."""
    rng = np.random.default_rng()
    for scale in (1.0, 400.0):
        s, v = scale * rng.normal(size=12), rng.normal(size=(12, 3))
        s[4] = s.max() + 1  # in the third block, so that the maximum changes
        state: tuple[float, float, Floats] = (-np.inf, 0.0, np.zeros(3))
        for at in (0, 3, 4, 9):
            until = {0: 3, 3: 4, 4: 9, 9: 12}[at]
            with np.errstate(all="ignore"):
                answer = function(*state, s[at:until], v[at:until])
            triple = "应该返回三样：(m, z, o)", "it should return three things: (m, z, o)"
            require(isinstance(answer, tuple | list) and len(answer) == 3, *triple)
            state = number(answer[0]), number(answer[1]), array(answer[2], (3,))
            largest = "m 应该是到此为止的最大值", "m should be the largest so far"
            require(np.isclose(state[0], s[:until].max()), *largest)
            require(state[1] > 0, "z 应该是正数", "z should be positive")
            right = softmax(s[:until]) @ v[:until]
            fits = np.allclose(state[2] / state[1], right, atol=1e-6)
            require(at > 0 or fits, "第一块之后，o / z 就不对", "after the first block, o / z isn't right")
            later = (
                "又读了一块，o / z 不对：最大值变了，旧的 z 和 o 怎么办？",
                "after one more block o / z isn't right: what of the old z and o when m changes?",
            )
            require(fits, *later)


@repair.function
def mended(function: Written) -> None:
    """The mended block several times, without attention; LN has neither gain nor bias."""
    rng = np.random.default_rng()
    for n_layers in (1, 2, 24):
        e = rng.normal(1, 3, (4, 8))
        got = array(function(e, n_layers), (4, 8))
        normal = (e - e.mean(axis=1, keepdims=True)) / e.std(axis=1, keepdims=True)
        once = "这是一个 LN；块里有两项", "this is one LN; the block has two terms"
        require(not np.allclose(got, normal, atol=1e-3), *once)
        columns = (e - e.mean(axis=0)) / e.std(axis=0)
        axis = "LN 是对每个向量（行）做的", "LN works on each vector, a row"
        require(not np.allclose(got, 2 * columns, atol=1e-3), *axis)
        whole = (
            "{} 层之后不对：再过一层，LN 得到的是什么？",
            "not right after {} layers: what does LN make of it in one more?",
        )
        require(np.allclose(got, 2 * normal, atol=1e-2), *whole, n_layers)


repair.choice(
    "washed_away",
    right="no",
    yes=("一层之后再过一层，内容还会缩小吗？", "once through a layer, does another make content any smaller?"),
)
