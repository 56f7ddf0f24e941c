"""Attention in NumPy against PyTorch, and the properties that make it attention."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import special

from shoprec.formulas.attention import (
    BlockWeights,
    attention_gradient,
    attention_weights,
    causal_mask,
    feed_forward,
    layer_norm,
    merge_heads,
    multi_head_attention,
    rotary,
    scaled_dot_product_attention,
    sinusoidal_positions,
    softmax,
    split_heads,
    transformer_block,
)

finite = st.floats(-5, 5)
PRECISION = {np.float64: 1e-12, np.float32: 2e-6}


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@st.composite
def sequences(draw):
    """Queries, keys and values of the same length."""
    n, d, d_v = (draw(st.integers(1, 5)) for _ in range(3))
    return tuple(draw(arrays(float, (n, width), elements=finite)) for width in (d, d, d_v))


@given(arrays(float, (3, 4), elements=st.floats(-800, 800)), st.sampled_from([0, 1, -1]), finite)
def test_softmax_sums_to_one_and_ignores_shifts(x, axis, shift):
    weights = softmax(x, axis)
    assert (weights >= 0).all()
    np.testing.assert_allclose(weights.sum(axis=axis), 1)
    np.testing.assert_allclose(softmax(x + shift, axis), weights, atol=1e-12)
    np.testing.assert_allclose(weights, special.softmax(x, axis=axis), atol=1e-15)


@pytest.mark.parametrize("bad", [[1, np.nan], [1, np.inf], [-np.inf, -np.inf]])
def test_softmax_refuses_what_is_undefined(bad):
    with pytest.raises(ValueError, match="softmax is undefined"):
        softmax(bad)


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("batches", [((), ()), ((2,), (2,)), ((2, 3), (2, 3)), ((2, 1), (1, 3)), ((), (4,))])
@pytest.mark.parametrize("kind", ["none", "causal", "boolean", "additive", "one per batch"])
def test_attention_agrees_with_torch(rng, dtype, batches, kind):
    torch = pytest.importorskip("torch")
    n_q, n_k, d, d_v = 5, 5, 8, 3
    q = rng.normal(size=(*batches[0], n_q, d)).astype(dtype)
    k = rng.normal(size=(*batches[1], n_k, d)).astype(dtype)
    v = rng.normal(size=(*batches[1], n_k, d_v)).astype(dtype)
    batch = np.broadcast_shapes(*batches)
    mask = {
        "none": None,
        "causal": causal_mask(n_q),
        "boolean": rng.random((n_q, n_k)) < 0.5,
        "additive": rng.normal(size=(n_q, n_k)).astype(dtype),
        "one per batch": rng.random((*batch, n_q, n_k)) < 0.5,
    }[kind]
    # PyTorch infers the output's batch from the queries; what broadcasts is spelled out for it.
    full = [torch.from_numpy(np.broadcast_to(x, batch + x.shape[-2:]).copy()) for x in (q, k, v)]
    expected = torch.nn.functional.scaled_dot_product_attention(
        *full, attn_mask=None if mask is None else torch.from_numpy(mask)
    )
    ours = scaled_dot_product_attention(q, k, v, mask)
    assert ours.dtype == dtype
    np.testing.assert_allclose(ours, expected.numpy(), atol=PRECISION[dtype])


@pytest.mark.parametrize("as_floats", [False, True])
def test_a_query_that_may_attend_to_nothing_gets_zeros_as_in_torch(rng, as_floats):
    torch = pytest.importorskip("torch")
    q, k, v = rng.normal(size=(3, 4, 6))
    mask = causal_mask(4)
    mask[2] = False
    given_mask = np.where(mask, 0, -np.inf) if as_floats else mask
    ours = scaled_dot_product_attention(q, k, v, given_mask)
    expected = torch.nn.functional.scaled_dot_product_attention(
        *map(torch.from_numpy, (q, k, v)), attn_mask=torch.from_numpy(given_mask)
    )
    assert (ours[2] == 0).all()
    assert (attention_weights(q, k, given_mask)[2] == 0).all()
    np.testing.assert_allclose(ours, expected.numpy(), atol=1e-12)


def test_attention_is_the_weights_times_the_values(rng):
    q, k, v = rng.normal(size=(3, 2, 5, 4))
    weights = attention_weights(q, k)
    for b in range(2):
        for i in range(5):
            scores = np.array([sum(q[b, i] * k[b, j]) / 2 for j in range(5)])  # 2 = sqrt(4 features)
            np.testing.assert_allclose(weights[b, i], np.exp(scores) / np.exp(scores).sum())
    np.testing.assert_allclose(scaled_dot_product_attention(q, k, v), weights @ v)


@given(sequences(), st.data())
def test_weights_sum_to_one_unless_nothing_is_allowed(qkv, data):
    q, k, _ = qkv
    mask = data.draw(arrays(bool, (len(q), len(k))))
    weights = attention_weights(q, k, mask)
    np.testing.assert_allclose(weights.sum(axis=-1), mask.any(axis=-1))
    assert (weights >= 0).all()
    assert (weights[~mask] == 0).all()


@given(sequences())
def test_outputs_are_averages_of_the_values(qkv):
    output, v = scaled_dot_product_attention(*qkv), qkv[2]
    assert (output >= v.min(axis=0) - 1e-9).all()
    assert (output <= v.max(axis=0) + 1e-9).all()


@given(sequences(), st.randoms(use_true_random=False))
def test_without_a_mask_order_does_not_matter(qkv, random):
    q, k, v = qkv
    order = list(range(len(q)))
    random.shuffle(order)
    output = scaled_dot_product_attention(q, k, v)
    np.testing.assert_allclose(scaled_dot_product_attention(q[order], k, v), output[order], atol=1e-9)
    np.testing.assert_allclose(scaled_dot_product_attention(q, k[order], v[order]), output, atol=1e-9)


@given(sequences(), st.data())
def test_under_the_causal_mask_the_future_does_not_change_the_past(qkv, data):
    q, k, v = qkv
    now = data.draw(st.integers(0, len(q) - 1))
    before = scaled_dot_product_attention(q, k, v, causal_mask(len(q)))
    for x in (q, k, v):
        x[now + 1 :] += 3
    after = scaled_dot_product_attention(q, k, v, causal_mask(len(q)))
    # To rounding: how a matrix product adds up depends on where its arrays lie in memory.
    np.testing.assert_allclose(after[: now + 1], before[: now + 1], rtol=1e-12, atol=1e-12)


def test_scaling_keeps_the_variance_of_scores(rng):
    for d in (4, 64, 1024):
        q, k = rng.normal(size=(2, 400, d))
        log_weights = np.log(attention_weights(q, k))
        assert np.var(log_weights - log_weights.mean(axis=1, keepdims=True)) == pytest.approx(1, abs=0.05)


def test_integers_are_welcome():
    np.testing.assert_allclose(scaled_dot_product_attention([[1]], [[0]], [[7]]), [[7]])


@pytest.mark.parametrize(
    ("shapes", "mask", "message"),
    [
        (((2, 3), (2, 4), (2, 4)), None, "q has vectors of length 3, k of 4"),
        (((2, 3), (4, 3), (5, 3)), None, "v has 5 rows, k 4"),
        (((3,), (2, 3), (2, 3)), None, r"q has shape \(3,\)"),
        (((2, 2, 3), (3, 2, 3), (3, 2, 3)), None, r"q and k have batches of shapes \(2,\) and \(3,\)"),
        (((2, 2, 3), (2, 2, 3), (3, 2, 3)), None, r"weights and v have batches of shapes \(2,\) and \(3,\)"),
        (
            ((2, 3), (4, 3), (4, 3)),
            np.ones((4, 2), bool),
            r"mask has shape \(4, 2\).*\(2, 4\); make it broadcast",
        ),
        (((1, 3), (1, 3), (1, 3)), np.ones((2, 2), bool), r"mask has shape \(2, 2\).*\(1, 1\)"),
        (
            ((3, 2, 3), (3, 2, 3), (3, 2, 3)),
            np.ones((2, 2, 2), bool),
            r"mask has shape \(2, 2, 2\).*\(3, 2, 2\)",
        ),
        (((2, 3), (2, 3), (2, 3)), np.ones((2, 2), int), "mask has type int64"),
        (((2, 3), (2, 3), (2, 3)), np.full((2, 2), np.nan), "mask contains NaN"),
    ],
)
def test_attention_says_what_is_wrong(shapes, mask, message):
    with pytest.raises(ValueError, match=message):
        scaled_dot_product_attention(*(np.ones(shape) for shape in shapes), mask)


@pytest.mark.parametrize("name", ["q", "k", "v"])
def test_attention_refuses_nan(name):
    arguments = {"q": np.ones((2, 2)), "k": np.ones((2, 2)), "v": np.ones((2, 2))}
    arguments[name][0, 0] = np.nan
    with pytest.raises(ValueError, match=f"NaN or infinity in {name}"):
        scaled_dot_product_attention(**arguments)


@given(st.integers(1, 4), st.integers(1, 3), st.integers(1, 5), st.lists(st.integers(1, 3), max_size=2))
def test_heads_split_features_not_the_sequence(n_heads, width, n, batch):
    x = np.arange(np.prod([*batch, n, n_heads * width]), dtype=float).reshape(*batch, n, n_heads * width)
    heads = split_heads(x, n_heads)
    assert heads.shape == (*batch, n_heads, n, width)
    for h in range(n_heads):
        np.testing.assert_array_equal(heads[..., h, :, :], x[..., h * width : (h + 1) * width])
    np.testing.assert_array_equal(merge_heads(heads), x)


def test_heads_say_what_is_wrong():
    with pytest.raises(ValueError, match="4 features cannot be split into 3"):
        split_heads(np.ones((2, 4)), 3)
    with pytest.raises(ValueError, match="n_heads is 0"):
        split_heads(np.ones((2, 4)), 0)
    with pytest.raises(ValueError, match="pass a sequence"):
        split_heads(np.ones(4), 2)
    with pytest.raises(ValueError, match="output of heads"):
        merge_heads(np.ones((2, 4)))


@pytest.mark.parametrize("kind", ["none", "causal", "one per batch"])
def test_multi_head_attention_agrees_with_torch(rng, kind):
    torch = pytest.importorskip("torch")
    batch, n, d, n_heads = 3, 6, 8, 4
    layer = torch.nn.MultiheadAttention(d, n_heads, bias=False, batch_first=True, dtype=torch.float64)
    w_q, w_k, w_v = (w.T for w in layer.in_proj_weight.detach().numpy().reshape(3, d, d))
    w_o = layer.out_proj.weight.detach().numpy().T
    x = rng.normal(size=(batch, n, d))
    per_batch = causal_mask(n) & (rng.random((batch, n, n)) < 0.7) | np.eye(n, dtype=bool)
    mask = {"none": None, "causal": causal_mask(n), "one per batch": per_batch}[kind]
    # This layer, unlike the function, marks what may *not* be attended to, and wants one mask per head.
    forbidden = None if mask is None else torch.from_numpy(~mask)
    if kind == "one per batch":
        forbidden = forbidden.repeat_interleave(n_heads, dim=0)
    inputs = torch.from_numpy(x)
    expected, _ = layer(inputs, inputs, inputs, attn_mask=forbidden, need_weights=False)
    ours = multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads, mask)
    np.testing.assert_allclose(ours, expected.detach().numpy(), atol=1e-12)


def test_one_head_with_identities_is_plain_attention(rng):
    x, one = rng.normal(size=(5, 4)), np.eye(4)
    np.testing.assert_allclose(
        multi_head_attention(x, one, one, one, one, n_heads=1), scaled_dot_product_attention(x, x, x)
    )


@pytest.mark.parametrize(
    ("name", "shape", "message"),
    [
        ("x", (4,), r"x has shape \(4,\)"),
        ("w_k", (3, 4), r"w_k has shape \(3, 4\); it needs 4 rows"),
        ("w_o", (6, 4), r"w_o has shape \(6, 4\); it needs 4 rows"),
        ("w_v", (4, 3), "3 features cannot be split into 2"),
        ("w_q", (1, 4, 4), r"w_q has shape \(1, 4, 4\)"),
    ],
)
def test_multi_head_attention_says_what_is_wrong(name, shape, message):
    arguments = {"x": np.ones((5, 4)), **{w: np.eye(4) for w in ("w_q", "w_k", "w_v", "w_o")}}
    with pytest.raises(ValueError, match=message):
        multi_head_attention(**(arguments | {name: np.ones(shape)}), n_heads=2)


def test_positions_follow_the_formula_and_know_distances():
    p = sinusoidal_positions(50, 16)
    for t, i in [(0, 0), (7, 3), (49, 7)]:
        angle = t / 10000 ** (2 * i / 16)
        np.testing.assert_allclose(p[t, [2 * i, 2 * i + 1]], [np.sin(angle), np.cos(angle)])
    gram = p @ p.T
    for lag in (0, 1, 10):
        np.testing.assert_allclose(np.diagonal(gram, lag), gram[0, lag])
    for d in (0, 5):
        with pytest.raises(ValueError, match=f"d is {d}"):
            sinusoidal_positions(3, d)


# What chapter 4.1 proves ---------------------------------------------------------------------------


def entropy(w):
    return -special.xlogy(w, w).sum()


@given(arrays(float, 4, elements=finite), arrays(float, 4, elements=st.floats(0.01, 1)), st.floats(0.1, 10))
def test_softmax_maximises_score_plus_entropy(scores, other, temperature):
    best, other = softmax(scores / temperature), other / other.sum()
    value = best @ scores + temperature * entropy(best)
    assert value >= other @ scores + temperature * entropy(other) - 1e-9
    np.testing.assert_allclose(value, temperature * special.logsumexp(scores / temperature), atol=1e-9)


@given(arrays(float, 5, elements=st.integers(-500, 500).map(lambda i: i / 100), unique=True))
def test_cold_softmax_is_the_maximum_and_hot_softmax_the_mean(scores):
    gap = np.diff(np.sort(scores))[-1]
    cold = softmax(scores / (gap / 40))  # e^-40 of doubt
    np.testing.assert_allclose(cold, np.eye(5)[scores.argmax()], atol=1e-15)
    np.testing.assert_allclose(softmax(scores / 1e9), np.full(5, 1 / 5), atol=1e-8)


@given(sequences(), st.data())
def test_outputs_lie_in_the_convex_hull_of_the_values(qkv, data):
    """In every direction, no output goes further than the furthest value: the hull's definition by half-spaces."""
    output, v = scaled_dot_product_attention(*qkv), qkv[2]
    direction = data.draw(arrays(float, v.shape[1], elements=finite))
    assert (output @ direction).max() <= (v @ direction).max() + 1e-9


@given(arrays(float, 5, elements=finite), arrays(float, 5, elements=finite))
def test_the_jacobian_of_softmax(x, direction):
    w, h = softmax(x), 1e-6
    jacobian = np.diag(w) - np.outer(w, w)
    difference = (softmax(x + h * direction) - softmax(x - h * direction)) / (2 * h)
    np.testing.assert_allclose(jacobian @ direction, difference, atol=1e-8)
    assert np.linalg.norm(jacobian, 2) <= 0.5 + 1e-12
    np.testing.assert_allclose(jacobian.sum(axis=1), 0, atol=1e-15)


@given(st.integers(1, 6), st.integers(0, 2**32 - 1))
def test_self_attention_and_blocks_commute_with_permutations(n, seed):
    rng = np.random.default_rng(seed)
    x, order = rng.normal(size=(n, 4)), rng.permutation(n)
    w_q, w_k, w_v, w_o = rng.normal(size=(4, 4, 4))
    moved = multi_head_attention(x[order], w_q, w_k, w_v, w_o, n_heads=2)
    np.testing.assert_allclose(moved, multi_head_attention(x, w_q, w_k, w_v, w_o, n_heads=2)[order], atol=1e-9)
    weights = BlockWeights(w_q, w_k, w_v, w_o, rng.normal(size=(4, 8)), np.ones(8), rng.normal(size=(8, 4)), np.ones(4))
    for norm in ("pre", "post"):
        after = transformer_block(x[order], weights, 2, norm)
        np.testing.assert_allclose(after, transformer_block(x, weights, 2, norm)[order], atol=1e-9)


def test_positions_break_the_symmetry(rng):
    x, one = rng.normal(size=(5, 4)), np.eye(4)
    order, p = np.array([1, 0, 2, 3, 4]), sinusoidal_positions(5, 4)

    def attend(x):
        return multi_head_attention(x + p, one, one, one, one, n_heads=1)

    assert np.abs(attend(x[order]) - attend(x)[order]).max() > 0.01


# Rotary positions ----------------------------------------------------------------------------------

angles = st.lists(st.floats(-50, 50), min_size=4, max_size=4).map(np.array)


@given(arrays(float, (4, 6), elements=finite), angles)
def test_rotary_keeps_lengths_and_is_multiplication_by_complex_units(x, positions):
    turned = rotary(x, positions)
    np.testing.assert_allclose(np.linalg.norm(turned, axis=1), np.linalg.norm(x, axis=1), atol=1e-12)
    z = x[:, ::2] + 1j * x[:, 1::2]
    frequency = 10000.0 ** -np.array([0, 1 / 3, 2 / 3])
    expected = z * np.exp(1j * positions[:, None] * frequency)
    np.testing.assert_allclose(turned[:, ::2] + 1j * turned[:, 1::2], expected, atol=1e-10)


@given(arrays(float, (2, 4, 6), elements=finite), angles, st.floats(-50, 50))
def test_positions_enter_rotary_scores_by_their_difference_alone(qk, positions, shift):
    q, k = qk
    before = rotary(q, positions) @ rotary(k, positions).T
    after = rotary(q, positions + shift) @ rotary(k, positions + shift).T
    np.testing.assert_allclose(after, before, atol=1e-9)
    for m, n in ((0, 1), (3, 2)):  # R_m^T R_n = R_{n-m}
        turned = rotary(k[[n]], positions[[n]] - positions[[m]])[0]
        np.testing.assert_allclose(before[m, n], q[m] @ turned, atol=1e-9)


def test_rotary_agrees_with_transformers(rng):
    torch = pytest.importorskip("torch")
    gptj = pytest.importorskip("transformers.models.gptj.modeling_gptj")
    x = rng.normal(size=(2, 7, 3, 8))  # batch, positions, heads, features
    sin, cos = gptj.create_sinusoidal_positions(7, 8).expand(2, 7, 8).chunk(2, dim=-1)
    expected = gptj.apply_rotary_pos_emb(torch.from_numpy(x), sin, cos).numpy()
    ours = rotary(x.swapaxes(1, 2), np.arange(7)).swapaxes(1, 2)
    np.testing.assert_allclose(ours, expected, atol=1e-6)  # their table is float32


def test_rotary_says_what_is_wrong():
    with pytest.raises(ValueError, match="x has 3 features"):
        rotary(np.ones((2, 3)), [0, 1])
    for positions in ([0], [0, np.nan], [[0, 1]]):
        with pytest.raises(ValueError, match="one finite number for each of the 2 vectors"):
            rotary(np.ones((2, 4)), positions)
    assert rotary(np.ones((2, 4), np.float32), [0, 1]).dtype == np.float32


# The block -----------------------------------------------------------------------------------------


@given(arrays(float, (3, 5), elements=finite, unique=True), st.floats(0.5, 20), finite)
def test_layer_norm_ignores_shift_and_scale(x, scale, shift):
    y = layer_norm(x, eps=1e-12)
    spread = x.var(axis=1)
    if spread.min() > 1e-3:
        np.testing.assert_allclose(y.mean(axis=1), 0, atol=1e-9)
        np.testing.assert_allclose(y.var(axis=1), 1, atol=1e-6)
        np.testing.assert_allclose(layer_norm(scale * x + shift, eps=1e-12), y, atol=1e-5)


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_layer_norm_agrees_with_torch(rng, dtype):
    torch = pytest.importorskip("torch")
    x, gain, bias = (rng.normal(size=shape).astype(dtype) for shape in ((2, 3, 6), 6, 6))
    expected = torch.nn.functional.layer_norm(
        *(map(torch.from_numpy, (x,))), (6,), *map(torch.from_numpy, (gain, bias))
    )
    ours = layer_norm(x, gain, bias)
    assert ours.dtype == dtype
    np.testing.assert_allclose(ours, expected.numpy(), atol=PRECISION[dtype])


def test_layer_norm_and_feed_forward_say_what_is_wrong():
    x = np.ones((2, 4))
    with pytest.raises(ValueError, match=r"gain has shape \(3,\)"):
        layer_norm(x, np.ones(3))
    with pytest.raises(ValueError, match="eps is 0"):
        layer_norm(x, eps=0)
    with pytest.raises(ValueError, match=r"w_1 has shape \(3, 8\)"):
        feed_forward(x, np.ones((3, 8)), np.ones(8), np.ones((8, 4)), np.ones(4))
    with pytest.raises(ValueError, match=r"b_1 has shape \(4,\); it needs 8"):
        feed_forward(x, np.ones((4, 8)), np.ones(4), np.ones((8, 4)), np.ones(4))


def torch_block(rng, d, n_heads, norm):
    """A layer of PyTorch with random norms, and its weights for ours; its attention starts without biases."""
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    layer = torch.nn.TransformerEncoderLayer(
        d, n_heads, 3 * d, dropout=0.0, batch_first=True, norm_first=norm == "pre", dtype=torch.float64
    ).eval()
    with torch.no_grad():
        for part in (layer.norm1, layer.norm2):
            part.weight.copy_(torch.from_numpy(rng.normal(size=d)))
            part.bias.copy_(torch.from_numpy(rng.normal(size=d)))
    w = {name: p.detach().numpy().T for name, p in layer.named_parameters()}
    return layer, BlockWeights(
        *np.split(w["self_attn.in_proj_weight"], 3, axis=1), w["self_attn.out_proj.weight"],
        w["linear1.weight"], w["linear1.bias"], w["linear2.weight"], w["linear2.bias"],
        w["norm1.weight"], w["norm1.bias"], w["norm2.weight"], w["norm2.bias"],
    )  # fmt: skip


@pytest.mark.parametrize("norm", ["pre", "post"])
@pytest.mark.parametrize("causal", [False, True])
def test_block_agrees_with_torch(rng, norm, causal):
    torch = pytest.importorskip("torch")
    layer, weights = torch_block(rng, 8, 2, norm)
    x = rng.normal(size=(3, 5, 8))
    mask = causal_mask(5) if causal else None
    forbidden = torch.from_numpy(~mask) if causal else None
    expected = layer(torch.from_numpy(x), src_mask=forbidden).detach().numpy()
    np.testing.assert_allclose(transformer_block(x, weights, 2, norm, mask), expected, atol=1e-12)


def test_block_says_what_is_wrong(rng):
    _, weights = torch_block(rng, 8, 2, "pre")
    with pytest.raises(ValueError, match="norm is 'middle'"):
        transformer_block(np.ones((5, 8)), weights, 2, norm="middle")


# The gradient --------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["none", "causal", "boolean", "additive"])
@pytest.mark.parametrize("batch", [(), (2, 3)])
def test_gradient_agrees_with_autograd(rng, kind, batch):
    torch = pytest.importorskip("torch")
    q, k, v, grad = (rng.normal(size=(*batch, 5, d)) for d in (4, 4, 3, 3))
    mask = {
        "none": None,
        "causal": causal_mask(5),
        "boolean": (rng.random((5, 5)) < 0.5) | np.eye(5, dtype=bool),
        "additive": rng.normal(size=(5, 5)),
    }[kind]
    inputs = [torch.from_numpy(x).requires_grad_() for x in (q, k, v)]
    given_mask = None if mask is None else torch.from_numpy(mask)
    output = torch.nn.functional.scaled_dot_product_attention(*inputs, attn_mask=given_mask)
    expected = torch.autograd.grad(output, inputs, torch.from_numpy(grad))
    for ours, theirs in zip(attention_gradient(q, k, v, grad, mask), expected, strict=True):
        np.testing.assert_allclose(ours, theirs.numpy(), atol=1e-12)


@given(sequences(), st.data())
def test_gradient_agrees_with_finite_differences(qkv, data):
    grad = data.draw(arrays(float, qkv[2].shape, elements=finite))
    mask = data.draw(arrays(bool, (len(qkv[0]), len(qkv[0]))))
    directions = [data.draw(arrays(float, x.shape, elements=st.floats(-1, 1))) for x in qkv]
    h = 1e-5

    def loss(step):
        moved = (x + step * d for x, d in zip(qkv, directions, strict=True))
        return (grad * scaled_dot_product_attention(*moved, mask)).sum()

    parts = zip(attention_gradient(*qkv, grad, mask), directions, strict=True)
    slope = sum((g * d).sum() for g, d in parts)
    assert slope == pytest.approx((loss(h) - loss(-h)) / (2 * h), rel=1e-5, abs=1e-4)


@given(sequences(), st.data())
def test_scores_have_a_gradient_without_a_common_part(qkv, data):
    """Shifting all scores of a query changes nothing: the keys' gradient along a common shift is zero."""
    grad = data.draw(arrays(float, qkv[2].shape, elements=finite))
    _, dk, dv = attention_gradient(*qkv, grad)
    np.testing.assert_allclose(dk.sum(axis=0), 0, atol=1e-8)  # k + c adds q.c to every score of a query
    np.testing.assert_allclose(dv.sum(axis=0), grad.sum(axis=0), atol=1e-9)  # each query's weights sum to 1


def test_gradient_says_what_is_wrong():
    x = np.ones((2, 3))
    with pytest.raises(ValueError, match=r"grad has shape \(2, 2\)"):
        attention_gradient(x, x, x, np.ones((2, 2)))
    with pytest.raises(ValueError, match="leading axes"):
        attention_gradient(x, x[None], x, x)
