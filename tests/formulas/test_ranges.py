"""Every formula over every type and its whole range: the right value, or an error that names the range.

The right values come from fractions and 60-digit decimals, which neither overflow nor cancel. Warnings are errors here.
"""

import itertools
import math
import re
import warnings
from decimal import Context, Decimal, localcontext
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays, from_dtype
from scipy import sparse

from shoprec.formulas import attention, fusion, metrics, similarity
from shoprec.formulas.arrays import lengths

INTEGERS = [np.bool_, *(np.dtype(kind + size) for kind in "iu" for size in "1248")]
FLOATS = [np.float16, np.float32, np.float64]
TYPES = [np.dtype(t) for t in INTEGERS + FLOATS]
LARGE = [np.dtype("i8"), np.dtype("u8")]  # hold integers that no float64 can tell apart


def elements(dtype):
    """Any number of the type, its extremes, and small ones that make ties."""
    small = st.sampled_from([dtype.type(x) for x in (0, 1)])
    if dtype.kind == "b":
        return small
    limits = np.finfo(dtype) if dtype.kind == "f" else np.iinfo(dtype)
    ends = [limits.max, limits.min] + ([limits.tiny, limits.smallest_subnormal] if dtype.kind == "f" else [])
    whole = from_dtype(dtype, allow_nan=False, allow_infinity=False)
    return st.one_of(small, whole, st.sampled_from([dtype.type(x) for x in ends]))


def numbers(*shapes, types=TYPES):
    """Arrays of these shapes, all of one type; the first one may be a tuple of the largest sides."""
    return st.sampled_from(types).flatmap(lambda t: st.tuples(*(arrays(t, s, elements=elements(t)) for s in shapes)))


def rows(n=3, d=4):
    return st.tuples(st.integers(1, n), st.integers(1, d))


def answer(formula, *args, **kwargs):
    """What the formula returns, free of NaN and infinity; None if it refuses the numbers, by their range."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            result = formula(*args, **kwargs)
        except ValueError as error:
            if re.search(r"out of the range|leaves the range", str(error)) is None:
                raise
            return None
    for part in result if isinstance(result, tuple) else (result,):
        assert np.isfinite(part.data if sparse.issparse(part) else part).all()
    return result


def unless_too_large(result, *given):
    """Only integers that a float64 cannot hold may be refused where every result fits."""
    if result is None:
        assert any(x.dtype in LARGE and max(int(x.max()), -int(x.min())) > 2**53 for x in given)
        assume(False)
    return result


def exact(x):
    """The numbers as fractions, in lists as deep as the array."""
    return [exact(row) for row in x] if np.ndim(x) else Fraction(x.item())


def decimal(x):
    return Decimal(x.numerator) / Decimal(x.denominator) if isinstance(x, Fraction) else x


def root(x):
    return decimal(x).sqrt()


def dot(x, y):
    return sum((a * b for a, b in zip(x, y, strict=True)), Fraction(0))


@pytest.fixture(autouse=True)
def _digits():
    with localcontext(Context(prec=60, Emin=-999999, Emax=999999)):
        yield


def assert_close(ours, right, tolerance, least=0.0):
    """Number by number; the tolerance is relative to the largest right one of the row."""
    ours, right = np.atleast_1d(ours), np.atleast_1d(np.array(right, dtype=object))
    assert ours.shape == right.shape
    for ours_row, right_row in zip(ours.reshape(-1, ours.shape[-1]), right.reshape(-1, ours.shape[-1]), strict=True):
        size = max((abs(decimal(x)) for x in right_row), default=Decimal(0))
        for a, b in zip(ours_row, right_row, strict=True):
            assert abs(Decimal(a.item()) - decimal(b)) <= Decimal(tolerance) * size + Decimal(least)


def eps(dtype, least=np.float64):
    """Rounding of a result of this type."""
    return float(np.finfo(dtype if np.dtype(dtype).kind == "f" else least).eps)


def tiny(dtype):
    return float(np.finfo(dtype if np.dtype(dtype).kind == "f" else float).smallest_subnormal)


def too_large(right, dtype):
    """Whether a number is beyond the type, or so close to its end that rounding decides."""
    limit = Fraction(float(np.finfo(dtype if np.dtype(dtype).kind == "f" else float).max)) * Fraction(999, 1000)
    return any(abs(decimal(x)) > decimal(limit) for x in np.ravel(np.array(right, dtype=object)))


def sparse_too(x):
    """The matrix, and the same stored sparsely, where SciPy knows the type."""
    return (x,) if x.dtype == np.float16 else (x, sparse.csr_array(x))


# Attention -----------------------------------------------------------------------------------------


def exact_softmax(scores):
    gaps = [decimal(x) - max(map(decimal, scores)) for x in scores]
    e = [gap.exp() if gap > -3000 else Decimal(0) for gap in gaps]
    return [x / sum(e) for x in e]


@given(numbers(rows()))
def test_softmax(x):
    (x,) = x
    weights = unless_too_large(answer(attention.softmax, x), x)
    assert_close(weights, [exact_softmax(row) for row in exact(x)], 1e-12 + 2 * eps(x.dtype), tiny(x.dtype))


def exact_scores(q, k):
    return [[decimal(dot(a, b)) / root(Fraction(len(a))) for b in k] for a in q]


def doubt(*arrays):
    """How far rounding in 64 bits may move a score."""
    return 8 * 2.0**-53 * math.prod(max(1.0, float(np.abs(x.astype(float)).max())) for x in arrays) * arrays[0].shape[1]


@given(numbers((2, 3), (3, 3), (3, 2)))
def test_attention(qkv):
    q, k, v = qkv
    weights, output = answer(attention.attention_weights, q, k), answer(attention.scaled_dot_product_attention, q, k, v)
    if weights is None:
        assert q.dtype in LARGE or q.dtype == np.float64
        return
    np.testing.assert_allclose(weights.sum(axis=1), 1, rtol=4 * eps(q.dtype))
    moved = doubt(q, k)
    if moved > 1e-3:
        return
    right = [exact_softmax(row) for row in exact_scores(exact(q), exact(k))]
    assert_close(weights, right, 2 * moved + 2 * eps(q.dtype), tiny(q.dtype))
    if output is not None:
        columns = list(zip(*exact(v), strict=True))
        averages = [[sum(w * decimal(x) for w, x in zip(row, c, strict=True)) for c in columns] for row in right]
        longest = max(abs(decimal(x)) for c in columns for x in c)
        error = Decimal(4 * moved + 4 * eps(q.dtype)) * longest + Decimal(tiny(q.dtype))
        assert_close(output, averages, 0, error)


def product(x, y):
    columns = list(zip(*y, strict=True))
    return [[sum(decimal(a) * decimal(b) for a, b in zip(row, c, strict=True)) for c in columns] for row in x]


@given(numbers((2, 3), (2, 3), (2, 2), (2, 2)))
def test_attention_gradient(arguments):
    gradients = answer(attention.attention_gradient, *arguments)
    if gradients is None:
        return  # how far it is to the end of the range differs from one gradient to the other
    moved = doubt(*arguments[:2])
    if moved > 1e-3:
        return
    q, k, v, grad = map(exact, arguments)
    weights = [exact_softmax(row) for row in exact_scores(q, k)]
    gains = product(grad, list(zip(*v, strict=True)))
    means = [sum(w * g for w, g in zip(*both, strict=True)) for both in zip(weights, gains, strict=True)]
    at_scores = [
        [w * (g - mean) / root(Fraction(3)) for w, g in zip(ws, gs, strict=True)]
        for ws, gs, mean in zip(weights, gains, means, strict=True)
    ]
    right = product(at_scores, k), product(zip(*at_scores, strict=True), q), product(zip(*weights, strict=True), grad)
    size = [float(np.abs(x.astype(float)).max()) for x in arguments]
    sizes = size[3] * size[2] * size[1], size[3] * size[2] * size[0], size[3]
    for ours, one, whole in zip(gradients, right, sizes, strict=True):
        error = (
            Decimal(40 * moved + 40 * 2.0**-53) * Decimal(min(whole, 1e308)) + Decimal(tiny(ours.dtype)) + Decimal(1)
        )
        assert_close(ours, one, 2 * eps(ours.dtype), error if whole > 1e250 else error - Decimal(1))


def assert_same_in_64_bits(ours, wide, dtype):
    """Equal to the result in 64 bits, rounded once at the end; refused where that does not fit."""
    wide = wide if isinstance(wide, tuple) else (wide,)
    with np.errstate(over="ignore"):
        rounded = [x.astype(dtype) for x in wide]
    if not all(np.isfinite(x).all() for x in rounded):
        assert ours is None
        return
    for a, b in zip(ours if isinstance(ours, tuple) else (ours,), rounded, strict=True):
        assert a.dtype == dtype
        np.testing.assert_array_equal(a, b)


def block_of(x, square, hidden):
    return attention.BlockWeights(*[square] * 4, hidden, hidden[0], hidden.T, square[0], square[0])


CHAINS = {
    "heads": lambda x, square, hidden: attention.multi_head_attention(x, *[square] * 4, n_heads=2),
    "feed forward": lambda x, square, hidden: attention.feed_forward(x, hidden, hidden[0], hidden.T, square[0]),
    "pre": lambda x, square, hidden: attention.transformer_block(x, block_of(x, square, hidden), 2, "pre"),
    "post": lambda x, square, hidden: attention.transformer_block(x, block_of(x, square, hidden), 2, "post"),
    "turned": lambda x, square, hidden: attention.rotary(x, np.arange(len(x))),
    "norm": lambda x, square, hidden: attention.layer_norm(x, square[0], hidden[0, :2]),
}


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
@given(numbers((2, 2), (2, 2), (2, 3)))
def test_chains_are_rounded_once_at_their_end(chain, arguments):
    ours, dtype = answer(chain, *arguments), arguments[0].dtype
    if dtype.kind != "f" or dtype == np.float64:
        return  # finite, or refused
    assert_same_in_64_bits(ours, answer(chain, *(x.astype(float) for x in arguments)), dtype)


@given(numbers((2, 2), (2, 3), (3,), (3, 2), (2,)))
def test_feed_forward(arguments):
    output = answer(attention.feed_forward, *arguments)
    x, w_1, b_1, w_2, b_2 = map(exact, arguments)

    def layer(x, w, b):
        columns = list(zip(*w, strict=True))
        return [[dot(row, column) + bias for column, bias in zip(columns, b, strict=True)] for row in x]

    right = layer([[max(h, Fraction(0)) for h in row] for row in layer(x, w_1, b_1)], w_2, b_2)
    dtype = arguments[0].dtype
    size = math.prod(max(1.0, float(np.abs(a.astype(float)).max())) for a in arguments)
    rounding = 2**-48 * min(size, 1e300)  # of what may cancel
    if output is None:
        right = [[abs(y) + Fraction(rounding) for y in row] for row in right]
        assert dtype in LARGE or dtype == np.float64 or too_large(right, dtype)
    elif doubt(*arguments[:2]) < 1e-3:
        assert_close(output, right, 2 * eps(dtype), rounding + tiny(dtype))


@given(numbers(rows()), st.sampled_from([1e-5, 1e-300, 1.0, 1e300]))
def test_layer_norm(x, epsilon):
    (x,) = x
    y = unless_too_large(answer(attention.layer_norm, x, eps=epsilon), x)
    right = []
    for row in exact(x):
        mean = sum(row) / len(row)
        variance = sum((a - mean) ** 2 for a in row) / len(row)
        right.append([decimal(a - mean) / root(variance + Fraction(epsilon)) for a in row])
    assert_close(y, right, 1e-13 + eps(x.dtype), tiny(x.dtype))


@given(numbers((3, 4)), arrays(float, 3, elements=st.floats(-(2.0**32), 2.0**32)))
def test_rotary(x, positions):
    (x,) = x
    turned = answer(attention.rotary, x, positions)
    if turned is None:
        assert x.dtype in LARGE or np.abs(x.astype(float)).max() > np.finfo(turned_type(x)).max / 1.5
    else:
        np.testing.assert_allclose(
            lengths(turned.astype(float) / 4),
            lengths(x.astype(float) / 4),
            rtol=4 * eps(x.dtype),
            atol=4 * tiny(x.dtype),
        )


def turned_type(x):
    return x.dtype if x.dtype.kind == "f" else np.float64


@given(numbers((3, 4)))
def test_heads_hold_what_they_are_given(x):
    (x,) = x
    heads = unless_too_large(answer(attention.split_heads, x, 2), x)
    np.testing.assert_array_equal(attention.merge_heads(heads), x)


# Similarity ----------------------------------------------------------------------------------------


def pairs():
    return st.integers(1, 5).flatmap(lambda d: numbers((3, d), (2, d)))


def exact_cosine(x, y):
    both = dot(x, x) * dot(y, y)
    return decimal(dot(x, y)) / root(both) if both else Decimal(0)


def exact_pearson(x, y):
    return exact_cosine([a - sum(x) / len(x) for a in x], [a - sum(y) / len(y) for a in y])


def exact_distance(x, y):
    return root(sum((a - b) ** 2 for a, b in zip(x, y, strict=True)))


def exact_jaccard(x, y):
    union = sum(1 for a, b in zip(x, y, strict=True) if a or b)
    return Fraction(sum(1 for a, b in zip(x, y, strict=True) if a and b), union or 1)


MEASURES = [
    (similarity.cosine_similarity, exact_cosine),
    (similarity.pearson_similarity, exact_pearson),
    (similarity.jaccard_similarity, exact_jaccard),
]


@pytest.mark.parametrize(("measure", "right"), MEASURES)
@given(pairs())
def test_similarities(measure, right, ab):
    expected = [[right(x, y) for y in exact(ab[1])] for x in exact(ab[0])]
    for a, b in zip(*map(sparse_too, ab), strict=True):
        ours = unless_too_large(answer(measure, a, b), *ab)
        assert ours.dtype == (a.dtype if a.dtype.kind == "f" else float)
        assert_close(ours, expected, 0, 20 * eps(a.dtype))


@given(pairs())
def test_distances(ab):
    expected = [[exact_distance(x, y) for y in exact(ab[1])] for x in exact(ab[0])]
    for a, b in zip(*map(sparse_too, ab), strict=True):
        ours = answer(similarity.euclidean_distances, a, b)
        if too_large(expected, a.dtype):
            return
        ours = unless_too_large(ours, *ab)
        for one, right in zip(ours.ravel(), itertools.chain(*expected), strict=True):
            assert_close(one, right, 1e-11 + 2 * eps(a.dtype), tiny(a.dtype))


@given(pairs(), st.integers(1, 3), st.sampled_from([0, 1, 2.5, 2**53]))
def test_cosine_top_k(ab, k, strength):
    a, b = ab
    full = unless_too_large(answer(similarity.cosine_similarity, a, b), a, b)
    support = (a != 0).astype(int) @ (b != 0).T.astype(int)
    full = similarity.shrink(full, support, strength) if strength else full
    for x, y in zip(*map(sparse_too, ab), strict=True):
        kept = answer(similarity.cosine_top_k, x, y, k, strength).toarray()
        best = -np.sort(-full, axis=1)[:, :k]
        padded = np.pad(np.where(best > 0, best, 0), ((0, 0), (0, max(0, kept.shape[1] - k))))
        tolerance = 20 * max(eps(a.dtype), eps(np.float32) if a.dtype == np.float16 else 0)
        np.testing.assert_allclose(np.sort(np.maximum(kept, 0), axis=1), np.sort(padded, axis=1), atol=tolerance)


@given(numbers((6,)), numbers((6,)), st.one_of(st.floats(0, 2.0**53), st.integers(0, 2**53)))
def test_shrink(s, n, strength):
    (s,), (n,) = s, n
    shrunk = answer(similarity.shrink, s, n, strength)
    if shrunk is None:
        support = n.astype(float)
        assert s.dtype in LARGE or not ((support == 0) | ((support >= 2.0**-53) & (support <= 2.0**53))).all()
        return
    right = [a * b / (b + Fraction(strength)) if b else Fraction(0) for a, b in zip(exact(s), exact(n), strict=True)]
    for ours, one in zip(shrunk, right, strict=True):
        assert_close(ours, one, 8 * max(eps(s.dtype), eps(n.dtype)), 4 * tiny(shrunk.dtype))


@given(numbers(rows(3, 6)), st.data())
def test_orders(x, data):
    """Nothing is refused: an order needs no arithmetic."""
    (x,) = x
    k = data.draw(st.integers(1, x.shape[1]))
    order = [sorted(range(len(row)), key=lambda i, row=row: (-row[i], i)) for row in exact(x)]
    np.testing.assert_array_equal(answer(metrics.rank_items, x, k), np.array(order)[:, :k])
    np.testing.assert_array_equal(answer(fusion.ranks, x), np.argsort(order, axis=1) + 1)
    marked = answer(similarity.largest, x, k)
    assert [set(np.flatnonzero(row)) for row in marked] == [set(row[:k]) for row in order]
    kept = answer(similarity.top_k, x, k)
    if kept is None:
        unless_too_large(kept, x)
    np.testing.assert_array_equal(kept.toarray(), np.where(marked, x, 0))


# Fusion --------------------------------------------------------------------------------------------


@given(numbers((2, 3), (3, 3), (3, 2), (2, 2)), st.floats(allow_nan=False, allow_infinity=False), st.floats(-1, 1))
def test_hybrid_score(parts, w1, w2):
    scores = answer(fusion.hybrid_score, *parts, w1, w2)
    u, v, p, b = map(exact, parts)
    right = [
        [Fraction(w1) * dot(u_, v_) + Fraction(w2) * dot(p_, b_) for v_, p_ in zip(v, p, strict=True)]
        for u_, b_ in zip(u, b, strict=True)
    ]
    both = itertools.product(zip(u, b, strict=True), zip(v, p, strict=True))
    terms = [(dot(map(abs, u_), map(abs, v_)), dot(map(abs, p_), map(abs, b_))) for (u_, b_), (v_, p_) in both]
    size = [abs(Fraction(w1)) * one + abs(Fraction(w2)) * two for one, two in terms]
    if scores is None:
        assert parts[0].dtype in LARGE or too_large([*itertools.chain(*terms), *size], float)
        return
    for ours, one, whole in zip(scores.ravel(), itertools.chain(*right), size, strict=True):
        assert_close(ours, one, 0, decimal(whole) * Decimal("1e-14") + Decimal("1e-322") * (1 + abs(Decimal(w1))))


@given(numbers(rows()))
def test_min_max_and_zscore(x):
    (x,) = x
    stretched, standard = (unless_too_large(answer(f, x), x) for f in (fusion.min_max, fusion.zscore))
    ratios, deviations = [], []
    for row in exact(x):
        low, spread, mean = min(row), max(row) - min(row), sum(row) / len(row)
        sigma = root(sum((a - mean) ** 2 for a in row) / len(row)) or Decimal(1)
        ratios.append([(a - low) / (spread or 1) for a in row])
        deviations.append([decimal(a - mean) / sigma for a in row])
    assert stretched.dtype == standard.dtype == (x.dtype if x.dtype.kind == "f" else float)
    assert_close(stretched, ratios, 4 * eps(x.dtype), tiny(x.dtype))
    assert_close(standard, deviations, 16 * eps(x.dtype), tiny(x.dtype))


@given(numbers((2, 3)), st.lists(st.floats(0, allow_infinity=False), min_size=2, max_size=2), st.floats(0, 2.0**53))
def test_reciprocal_rank_fusion(lists, weights, k):
    (lists,) = lists
    lists = np.maximum(lists, lists.dtype.type(1))
    fused = answer(fusion.reciprocal_rank_fusion, lists, weights, k)
    columns = zip(*exact(lists), strict=True)
    right = [sum(Fraction(w) / (Fraction(k) + r) for w, r in zip(weights, c, strict=True)) for c in columns]
    if fused is None:
        assert lists.dtype in LARGE or too_large(right, float)
    else:
        for ours, one in zip(fused, right, strict=True):
            assert_close(ours, one, 1e-15, 1e-323)


planes = numbers((2, 5))


def exact_swaps(a, b):
    return {
        (i, j): (b[j] - b[i]) / ((a[i] - a[j]) + (b[j] - b[i]))
        for i in range(len(a))
        for j in range(len(a))
        if a[i] > a[j] and b[i] < b[j]
    }


@given(planes)
def test_crossings(points):
    (points,) = points
    found = unless_too_large(answer(fusion.crossings, *points), points)
    right = exact_swaps(*exact(points))
    ours = dict(zip(zip(found[1].tolist(), found[2].tolist(), strict=True), found[0], strict=True))
    assert ours.keys() == right.keys()
    assert all(0 < w < 1 for w in found[0])
    for pair, w in ours.items():
        assert_close(w, right[pair], 1e-15, 5e-324)


def exact_order(a, b, w):
    fused = [w * x + (1 - w) * y for x, y in zip(a, b, strict=True)]
    return sorted(range(len(a)), key=lambda i: (-fused[i], i))


@given(planes, st.integers(1, 4), st.data())
def test_skyband_and_paths(points, k, data):
    (points,) = points
    inside = unless_too_large(answer(fusion.skyband, *points, k), points)
    a, b = exact(points)
    dominators = [
        sum(a[j] >= a[i] and b[j] >= b[i] and ((a[j], b[j]) != (a[i], b[i]) or j < i) for j in range(5))
        for i in range(5)
    ]
    np.testing.assert_array_equal(inside, np.array(dominators) < k)

    edges, lists = answer(fusion.weight_path, *points, k)
    targets = np.array([data.draw(st.lists(st.booleans(), min_size=5, max_size=5).filter(any))])
    candidates = fusion.SkybandCandidates.select(points[:1], points[1:], targets, k)
    path = fusion.ndcg_path(candidates)
    swaps = sorted(exact_swaps(a, b).values())
    for low, high in zip([Fraction(0), *swaps], [*swaps, Fraction(1)], strict=True):
        if high - low > 1e-9:
            w = (low + high) / 2
            order = np.array([exact_order(a, b, w)])
            np.testing.assert_array_equal(lists[np.searchsorted(edges, float(w)) - 1], order[0, :k])
            np.testing.assert_allclose(path.at(float(w)), metrics.ndcg_at_k(order, targets, k), atol=1e-12)


@given(numbers((4,)), st.integers(0, 3))
def test_a_bootstrap_may_count_with_any_numbers(counts, seed):
    (counts,) = counts
    rng = np.random.default_rng(seed)
    first, second = rng.normal(size=(2, 4, 6))
    path = fusion.ndcg_path(fusion.SkybandCandidates.select(first, second, np.eye(4, 6), 2))
    if (counts < 0).any() or not counts.any():
        with pytest.raises(ValueError, match="counts"):
            path.mean(counts)
        return
    _, values = unless_too_large(answer(path.mean, counts), counts)
    share = [c / sum(exact(counts)) for c in exact(counts)]
    assert_close(values[0], dot(share, exact(path.start)), 1e-14)


# Metrics -------------------------------------------------------------------------------------------

CODES = [np.dtype(kind + size) for kind in "iu" for size in "1248"]


@given(numbers((2, 6)), st.sampled_from(CODES), st.integers(1, 4), st.randoms(use_true_random=False))
def test_metrics(relevant, code, k, random):
    """Whatever the types: what is positive is relevant, and what is negative is refused."""
    (relevant,) = relevant
    ranked = np.array([random.sample(range(6), 4) for _ in range(2)], dtype=code)
    for metric in (metrics.recall_at_k, metrics.ndcg_at_k, metrics.hit_rate_at_k, metrics.mrr_at_k):
        for table in sparse_too(relevant):
            if (relevant < 0).any() or not (relevant > 0).any(axis=1).all():
                with pytest.raises(ValueError, match=r"negative numbers|no relevant item"):
                    metric(ranked, table, k)
            else:
                expected = metric(ranked.astype(int), relevant > 0, k)
                np.testing.assert_array_equal(metric(ranked, table, k), expected)
    assert metrics.coverage(ranked, 6, k) == metrics.coverage(ranked.tolist(), 6, k)
    assert metrics.inter_list_distance(ranked, 6, k) == metrics.inter_list_distance(ranked.tolist(), 6, k)
    share = metrics.novelty(ranked, np.float16([0.5, 1, 0, 0.25, 2**-24, 0.125]), k)
    np.testing.assert_array_equal(share, metrics.novelty(ranked.tolist(), [0.5, 1, 0, 0.25, 2**-24, 0.125], k))


@given(numbers((5,)))
def test_gini(counts):
    (counts,) = counts
    if (counts < 0).any() or not counts.any():
        with pytest.raises(ValueError, match="counts"):
            metrics.gini(counts)
        return
    ours = unless_too_large(answer(metrics.gini, counts), counts)
    c = exact(counts)
    right = sum(abs(a - b) for a in c for b in c) / (2 * 5 * sum(c))
    assert 0 <= ours <= 1 - 1 / 5 + 1e-15
    assert_close(np.float64(ours), right, 1e-14, 1e-15)


@given(numbers((3,)), st.integers(1, 300))
def test_ideal_dcg_counts_whole_items(n, k):
    (n,) = n
    valid = all(0 <= x <= 2**53 and x.denominator == 1 for x in exact(n))
    if not valid:
        with pytest.raises(ValueError, match=r"range"):
            metrics.ideal_dcg(n, k)
    else:
        right = [sum(1 / math.log2(r + 1) for r in range(1, min(k, int(x)) + 1)) for x in exact(n)]
        np.testing.assert_allclose(answer(metrics.ideal_dcg, n, k), right)


# What once went wrong ------------------------------------------------------------------------------


def test_scores_that_overflow_are_not_read_as_masked():
    q, k = np.full((1, 64), 40, np.float16), np.float16([[-40] * 64, [-40] * 64])
    np.testing.assert_array_equal(attention.attention_weights(q, k), [[0.5, 0.5]])
    np.testing.assert_array_equal(attention.attention_weights(q, [k[0], -k[0]]), [[0, 1]])
    for sign in (-1, 1):
        with pytest.raises(ValueError, match=r"a score of q and k leaves the range of float64, ±1.8e\+308"):
            attention.attention_weights([[1e200]], [[sign * 1e200]])
    masked = attention.attention_weights([[1e200]], [[1e200], [1.0]], mask=[[False, True]])
    np.testing.assert_array_equal(masked, [[0, 1]])
    with pytest.raises(ValueError, match="a score of q and k leaves the range"):
        attention.attention_weights([[1e154]], [[-1e154]], mask=[[-1.7e308]])


def test_an_average_of_the_largest_number_is_the_largest_number():
    largest = np.finfo(float).max
    for n in range(1, 200):  # some of these n rounded weights sum to more than 1
        output = attention.scaled_dot_product_attention(np.ones((1, 1)), np.ones((n, 1)), np.full((n, 1), largest))
        np.testing.assert_allclose(output, largest, rtol=1e-14)


@pytest.mark.parametrize(
    ("dtype", "row"), [(np.float16, [1000, 3000]), (float, [1e200, 3e200]), (float, [1e308, -1e308])]
)
def test_layer_norm_squares_nothing_too_large(dtype, row):
    y = attention.layer_norm(np.array([row], dtype))
    np.testing.assert_array_equal(np.abs(y), [[1, 1]])
    assert y.dtype == dtype


def test_layer_norm_of_the_smallest_numbers_is_small():
    assert attention.layer_norm([[5e-324, 0]]) == pytest.approx(np.array([[7.8e-322, -7.8e-322]]), rel=0.01, abs=0)


@pytest.mark.parametrize("value", [0.1, 0.1e20, 0.1e200])
def test_layer_norm_of_equal_numbers_is_nothing(value):
    assert (attention.layer_norm(np.full((1, 3), value)) == 0).all()


@pytest.mark.parametrize("size", [1e20, 1e38, 1e-20, 1e-44])
@pytest.mark.parametrize("convert", [np.asarray, sparse.csr_array])
def test_cosines_of_single_precision_have_no_size(size, convert):
    a = convert(np.float32([[size, 0], [size, size]]))
    np.testing.assert_allclose(similarity.cosine_similarity(a), [[1, 0.5**0.5], [0.5**0.5, 1]], rtol=1e-6)
    np.testing.assert_allclose(similarity.cosine_top_k(a, k=1).toarray(), np.eye(2), rtol=1e-6)


@pytest.mark.parametrize("dtype", FLOATS)
def test_scales_reach_the_ends_of_each_type(dtype):
    ends = np.array([[np.finfo(dtype).min, 0, np.finfo(dtype).max], [0, 0, np.finfo(dtype).smallest_subnormal]], dtype)
    np.testing.assert_array_equal(fusion.min_max(ends), [[0, 0.5, 1], [0, 0, 1]])
    np.testing.assert_allclose(
        fusion.zscore(ends), [[-(1.5**0.5), 0, 1.5**0.5], [-(0.5**0.5), -(0.5**0.5), 2**0.5]], rtol=1e-3
    )


@pytest.mark.parametrize("measure", [similarity.cosine_similarity, similarity.pearson_similarity])
def test_many_columns_lose_no_digits(measure):
    rng = np.random.default_rng(0)
    a = (rng.random((3, 200_000), dtype=np.float32) * (rng.random((3, 200_000)) < 0.9)).astype(np.float32)
    right = measure(a.astype(float))
    for convert in (np.asarray, sparse.csr_array):
        ours = measure(convert(a))
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, right, atol=1e-7)
    if measure is similarity.pearson_similarity:
        np.testing.assert_allclose(right, np.corrcoef(a.astype(float)), atol=1e-12)


def test_a_sparse_row_without_zeros_is_centred_first():
    row = 1e9 + np.array([[1.0, 2, 4, 8], [5, 4, 1, 1]])
    np.testing.assert_allclose(similarity.pearson_similarity(sparse.csr_array(row)), np.corrcoef(row - 1e9), atol=1e-12)


def test_close_rows_far_from_the_origin_have_a_distance():
    a = [[1e8, 1.0], [1e8, 1.5], [1e-200, 0], [0, 0]]
    unlike = np.random.default_rng(0).random((9, 3))
    for convert in (np.asarray, sparse.csr_array):
        distance = similarity.euclidean_distances(convert(a))
        assert (distance[0, 1], distance[2, 3], distance[3, 3]) == (0.5, 1e-200, 0)
        close = convert(1e8 * unlike), convert(1e8 * unlike + 0.125)
        np.testing.assert_allclose(np.diag(similarity.euclidean_distances(*close)), 0.125 * 3**0.5, rtol=1e-6)
    with pytest.raises(ValueError, match="a distance leaves the range of float16"):
        similarity.euclidean_distances(np.float16([[6e4], [-6e4]]))


@pytest.mark.parametrize("dtype", FLOATS)
def test_shares_of_the_largest_totals(dtype):
    largest = np.finfo(dtype).max
    assert metrics.gini(np.array([largest] * 4, dtype)) == pytest.approx(0, abs=1e-15)
    assert metrics.gini(np.array([0, 0, largest, largest], dtype)) == pytest.approx(0.5)


def test_support_of_few_bits_does_not_wrap():
    np.testing.assert_allclose(similarity.shrink([1.0, 1.0], np.uint8([250, 0]), 10), [250 / 260, 0])


def test_weights_between_0_and_1_stay_there():
    for first, second in (([1e300, 0], [0, 1e-300]), ([1e-300, 0], [0, 1e300]), ([1e308, -1e308], [-1e308, 1e308])):
        w = fusion.crossings(first, second)[0]
        assert 0 < w[0] < 1
        edges, lists = fusion.weight_path(first, second, 1)
        np.testing.assert_array_equal(edges, [0, w[0], 1])
        np.testing.assert_array_equal(lists, [[1], [0]])


@pytest.mark.parametrize(
    "call",
    [
        lambda x: attention.softmax(x),
        lambda x: attention.layer_norm(x),
        lambda x: attention.attention_weights(x, x),
        lambda x: attention.rotary(np.ones((2, 2)), x[0]),
        lambda x: similarity.cosine_similarity(x),
        lambda x: similarity.cosine_similarity(sparse.csr_array(x)) if x.dtype.kind == "c" else similarity.top_k(x, 1),
        lambda x: similarity.largest(x, 1),
        lambda x: similarity.shrink(x, np.ones((2, 2)), 1),
        lambda x: fusion.hybrid_score(x, x, x, x, 1, 1),
        lambda x: fusion.min_max(x),
        lambda x: fusion.ranks(x),
        lambda x: fusion.reciprocal_rank_fusion([x]),
        lambda x: fusion.crossings(x[0], x[1]),
        lambda x: metrics.recall_at_k([[0], [1]], x, 1),
        lambda x: metrics.gini(x),
        lambda x: metrics.novelty([[0]], x[0], 1),
        lambda x: metrics.ideal_dcg(x),
    ],
)
@pytest.mark.parametrize("dtype", [complex, object, "U1", "M8[s]"])
def test_what_is_no_number_is_refused(call, dtype):
    x = np.zeros((2, 2), "i8").astype(dtype)
    with pytest.raises(ValueError, match="type"):
        call(x)


@pytest.mark.parametrize("k", [0, -1, 2.5, np.nan])
def test_lists_have_a_whole_positive_length(k):
    for call in (
        lambda: similarity.largest([[1, 2]], k),
        lambda: similarity.top_k([[1, 2]], k),
        lambda: similarity.cosine_top_k([[1, 2]], k=k),
        lambda: similarity.top_k([[1, 2]], 1, block=k),
        lambda: fusion.skyband([1, 2], [2, 1], k),
        lambda: fusion.weight_path([1, 2], [2, 1], k),
        lambda: metrics.rank_items([[1, 2]], k),
        lambda: metrics.ndcg_at_k([[0, 1]], [[1, 0]], k),
        lambda: metrics.discounts(k),
        lambda: metrics.ideal_dcg([1], k),
        lambda: metrics.coverage([[0, 1]], 2, k),
        lambda: metrics.coverage([[0, 1]], k, 1),
        lambda: metrics.novelty([[0, 1]], [0.5, 0.5], k),
        lambda: attention.split_heads(np.ones((2, 4)), k),
        lambda: attention.sinusoidal_positions(2, k),
    ):
        with pytest.raises(ValueError, match="pass a whole number, at least 1"):
            call()


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: attention.softmax(np.empty((2, 0))), "at least one number"),
        (lambda: attention.attention_weights(np.empty((2, 0)), np.empty((2, 0))), r"q has shape \(2, 0\)"),
        (lambda: attention.layer_norm(np.ones((2, 2)), gain=np.nan), "NaN or infinity in gain"),
        (lambda: attention.layer_norm(np.ones((2, 2)), eps=np.inf), "eps is inf"),
        (lambda: attention.rotary(np.ones((1, 2)), [1e18]), r"out of the range ±2\*\*32"),
        (lambda: similarity.cosine_similarity(np.empty((2, 0))), r"a has shape \(2, 0\)"),
        (lambda: similarity.shrink([np.nan], [1], 1), "NaN or infinity in similarity"),
        (lambda: similarity.shrink([1], [np.inf], 1), "support is negative, NaN or out of the range"),
        (lambda: similarity.shrink([1], [1], np.inf), "strength is inf"),
        (lambda: similarity.cosine_top_k([[1]], strength=np.nan), "strength is nan"),
        (lambda: fusion.hybrid_score([np.nan], [1], [1], [1], 1, 1), "NaN or infinity in user"),
        (lambda: fusion.hybrid_score([1], [1], [1], [1], np.inf, 1), "NaN or infinity in w1 or w2"),
        (lambda: fusion.ranks(3.0), "single number"),
        (lambda: fusion.ranks(np.empty((2, 0))), "at least one item"),
        (lambda: fusion.reciprocal_rank_fusion([[1]], [np.inf]), "NaN or infinity in weights"),
        (lambda: fusion.reciprocal_rank_fusion([[1]], k=np.inf), "k is inf"),
        (lambda: fusion.marked_items(np.array([[0, 1]])), "pass a matrix of booleans"),
        (lambda: metrics.recall_at_k([[0]], [[1, -1]], 1), "negative numbers"),
        (lambda: metrics.recall_at_k([[0]], sparse.csr_array([[1, np.nan]]), 1), "NaN"),
        (lambda: metrics.ideal_dcg([1.5]), "whole numbers"),
        (lambda: metrics.ideal_dcg([-1]), "whole numbers"),
        (lambda: fusion.SkybandCandidates.select(*np.ones((2, 1, 2)), [[1, np.nan]]), "NaN"),
    ],
)
def test_what_has_no_right_value_is_refused(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_no_rows_are_no_trouble():
    assert fusion.marked_items(np.empty((0, 3), bool))[0].shape == (0, 0)
    assert metrics.rank_items(np.empty((0, 3)), 2).shape == (0, 2)
    assert similarity.cosine_top_k(np.ones((2, 3)), np.empty((0, 3)), k=1).shape == (2, 0)
    assert attention.attention_weights(np.empty((0, 3)), np.ones((2, 3))).shape == (0, 2)


def test_stored_zeros_are_nothing_to_be_found():
    stored = sparse.csr_array((np.array([0.0, 1]), np.array([0, 1]), np.array([0, 2])), shape=(1, 3))
    candidates = fusion.SkybandCandidates.select(np.ones((1, 3)), np.ones((1, 3)), stored)
    assert candidates.n_relevant.tolist() == [1]


def test_candidates_are_rescaled_by_scores_of_the_same_households():
    candidates = fusion.SkybandCandidates.select(np.ones((2, 3)), np.ones((2, 3)), np.eye(2, 3))
    with pytest.raises(ValueError, match="pass 2 rows"):
        candidates.rescaled(np.ones((1, 3)), np.ones((2, 3)))
    with pytest.raises(ValueError, match="NaN or infinity in the second scores"):
        candidates.rescaled(np.ones((2, 3)), np.full((2, 3), np.nan))


def test_large_tables_are_ranked_as_small_ones():
    """Rows are worked on in blocks, which the result must not show."""
    scores = np.random.default_rng(0).integers(0, 9, size=(5, 700_000)).astype(np.float32)
    one_by_one = [similarity.largest(row, 3) for row in scores]
    np.testing.assert_array_equal(similarity.largest(scores, 3), one_by_one)
    np.testing.assert_array_equal(fusion.zscore(scores), [fusion.zscore(row) for row in scores])
