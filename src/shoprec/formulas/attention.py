"""Attention in NumPy: the mathematics of the Transformer without its training.

Rows are positions of a sequence, such as the purchases of a household, and the last axis holds features.
All leading axes are batches and broadcast. In the shapes, ``L`` is the number of queries, ``S`` the number
of keys, ``d`` the length of both, and ``d_v`` the length of the values.

Everything is computed in 64 bits and returned in the precision of the input; what leaves the range of either is refused
with a ``ValueError``.
"""

from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from shoprec.formulas.arrays import (
    Floats,
    Mask,
    centred,
    exponents,
    finite,
    fitted,
    floats,
    lengths,
    unchecked,
    whole,
    wide,
)
from shoprec.formulas.checks import number


def softmax(x: npt.ArrayLike, axis: int = -1) -> Floats:
    r"""Turn numbers into positive weights that sum to one.

    .. math:: \mathrm{softmax}(\mathbf{x})_i = \frac{e^{x_i}}{\sum_j e^{x_j}}
              = \frac{e^{x_i - m}}{\sum_j e^{x_j - m}}, \qquad m = \max_j x_j

    The second form is computed: subtracting the maximum changes nothing, but keeps :math:`e^{x_i}` from
    overflowing.

    Parameters
    ----------
    x : array
        ``-inf`` gets weight 0.
    axis : int
        Along which the weights sum to one.

    Returns
    -------
    array of the same shape

    Raises
    ------
    ValueError
        If ``x`` contains NaN or ``inf``, or nothing but ``-inf`` along ``axis``, or nothing at all.

    References
    ----------
    Bridle (1990), *Probabilistic interpretation of feedforward classification network outputs*.

    Examples
    --------
    >>> softmax([1000.0, 1000.0, -np.inf])
    array([0.5, 0.5, 0. ])
    """
    x = floats(x, "x")
    if x.ndim == 0 or x.shape[axis] == 0:
        raise ValueError(f"x has shape {x.shape}; pass at least one number along the axis, or the softmax is undefined")
    highest = x.max(axis=axis, keepdims=True)
    if not np.isfinite(highest).all():
        raise ValueError("x contains NaN or inf, or a row of nothing but -inf; its softmax is undefined")
    with unchecked():  # a difference of -inf has the right weight, 0
        e = np.exp(wide(x) - highest)
    return (e / e.sum(axis=axis, keepdims=True)).astype(x.dtype, copy=False)


def attention_weights(q: npt.ArrayLike, k: npt.ArrayLike, mask: npt.ArrayLike | None = None) -> Floats:
    r"""How much each query attends to each key.

    .. math:: A = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt{d}} + M\right)

    The inner product of two vectors of :math:`d` independent entries, with mean 0 and variance 1, has variance
    :math:`d`; dividing by :math:`\sqrt{d}` brings it back to 1, whatever :math:`d`.

    Parameters
    ----------
    q : array of shape (..., L, d)
        Queries.
    k : array of shape (..., S, d)
        Keys.
    mask : array of shape (..., L, S), optional
        Boolean: True where the query may attend to the key; :math:`M` is 0 there and :math:`-\infty`
        elsewhere. Or float: :math:`M` itself.

    Returns
    -------
    array of shape (..., L, S)
        The weights of a query sum to 1. A query that may attend to nothing has only zeros, as in PyTorch.

    Raises
    ------
    ValueError
        If the shapes do not fit, ``q`` or ``k`` holds NaN or infinity, the mask is neither boolean nor float, or
        a score that is not masked leaves the range of float64, ±1.8e308.

    References
    ----------
    Vaswani et al. (2017), *Attention is all you need*, equation 1.

    Examples
    --------
    A query that points along the first of two keys.

    >>> attention_weights(q=[[np.log(9), 0]], k=[[1, 0], [0, 0]], mask=[[True, True]]).round(3)
    array([[0.825, 0.175]])
    """
    (q, k), dtype = _sequences(q=q, k=k)
    if q.shape[-1] != k.shape[-1]:
        raise ValueError(f"q has vectors of length {q.shape[-1]}, k of {k.shape[-1]}; they must agree")
    _check_batches(q=q, k=k)
    with unchecked():
        scores = q @ k.swapaxes(-1, -2) / np.sqrt(q.shape[-1])  # (..., L, S)
        added = _additive(mask, scores.shape)
        hidden = np.isneginf(added)
        scores = np.where(hidden, -np.inf, scores + added)
    fitted(np.where(hidden, 0, scores), scores.dtype, "a score of q and k")
    nothing = hidden.all(axis=-1, keepdims=True)  # queries whose softmax is undefined
    return np.where(nothing, 0, softmax(np.where(nothing, 0, scores))).astype(dtype, copy=False)


def scaled_dot_product_attention(
    q: npt.ArrayLike, k: npt.ArrayLike, v: npt.ArrayLike, mask: npt.ArrayLike | None = None
) -> Floats:
    r"""Average the values, weighted by how well their keys match the query.

    .. math:: \mathrm{Attention}(Q, K, V) = \mathrm{softmax}\left(\frac{Q K^\top}{\sqrt{d}} + M\right) V

    Parameters
    ----------
    q, k, mask
        As in :func:`attention_weights`.
    v : array of shape (..., S, d_v)
        Values, one per key.

    Returns
    -------
    array of shape (..., L, d_v)
        Each row lies between the smallest and largest values, feature by feature; a query that may attend to
        nothing gets zeros. Equal to ``torch.nn.functional.scaled_dot_product_attention``.

    Raises
    ------
    ValueError
        As :func:`attention_weights`, and if ``v`` does not fit or holds NaN or infinity.

    References
    ----------
    Vaswani et al. (2017), *Attention is all you need*, equation 1.

    Examples
    --------
    All keys match alike, so the first query sees the mean; the second may see only the first value.

    >>> scaled_dot_product_attention(
    ...     q=np.ones((2, 4)), k=np.ones((2, 4)), v=[[1, 0], [0, 1]], mask=[[True, True], [True, False]]
    ... )
    array([[0.5, 0.5],
           [1. , 0. ]])
    """
    (q, k, v), dtype = _sequences(q=q, k=k, v=v)
    weights = attention_weights(q, k, mask)
    if v.shape[-2] != weights.shape[-1]:
        raise ValueError(f"v has {v.shape[-2]} rows, k {weights.shape[-1]}; each key needs its value")
    _check_batches(weights=weights, v=v)
    longest = np.abs(v).max(axis=-2, keepdims=True)  # what an average exceeds by rounding alone
    with unchecked():
        return np.clip(weights @ v, -longest, longest).astype(dtype, copy=False)


def attention_gradient(
    q: npt.ArrayLike, k: npt.ArrayLike, v: npt.ArrayLike, grad: npt.ArrayLike, mask: npt.ArrayLike | None = None
) -> tuple[Floats, Floats, Floats]:
    r"""Send the gradient of a loss back through :func:`scaled_dot_product_attention`.

    With the weights :math:`A`, the output :math:`O = A V` and :math:`G = \partial \ell / \partial O`,

    .. math::

        \frac{\partial \ell}{\partial V} &= A^\top G, \qquad
        D = A \odot \left(G V^\top - (G \odot O)\, \mathbf{1} \mathbf{1}^\top\right) \\
        \frac{\partial \ell}{\partial Q} &= \frac{D K}{\sqrt{d}}, \qquad
        \frac{\partial \ell}{\partial K} = \frac{D^\top Q}{\sqrt{d}}

    where :math:`D` is the gradient at the scores: the softmax's Jacobian, row by row.

    Parameters
    ----------
    q, k, v, mask
        As in :func:`scaled_dot_product_attention`, the first three with the same leading axes.
    grad : array of shape (..., L, d_v)
        :math:`G`, in the unit of the loss per unit of the output.

    Returns
    -------
    tuple of three arrays
        The gradients at ``q``, ``k`` and ``v``, of their shapes.

    Raises
    ------
    ValueError
        As :func:`scaled_dot_product_attention`, and if leading axes differ or ``grad`` has not the output's shape.

    References
    ----------
    Dao et al. (2022), *FlashAttention*, appendix B, has the same steps.

    Examples
    --------
    The loss is the output's first feature. Both keys match alike, so each value has half of the say; a longer
    query would shift weight from the second key to the first, whose value is larger.

    >>> dq, dk, dv = attention_gradient(q=[[0.0]], k=[[1.0], [-1.0]], v=[[3.0, 0.0], [1.0, 0.0]], grad=[[1.0, 0.0]])
    >>> dq, dv
    (array([[1.]]), array([[0.5, 0. ], [0.5, 0. ]]))
    """
    (q, k, v, grad), dtype = _sequences(q=q, k=k, v=v, grad=grad)
    if not q.shape[:-2] == k.shape[:-2] == v.shape[:-2]:
        raise ValueError(f"q, k and v have leading axes {q.shape[:-2]}, {k.shape[:-2]}, {v.shape[:-2]}; spell them out")
    output = scaled_dot_product_attention(q, k, v, mask)
    if grad.shape != output.shape:
        raise ValueError(f"grad has shape {grad.shape}; it needs the output's, {output.shape}")
    weights, scale = attention_weights(q, k, mask), np.sqrt(q.shape[-1])
    with unchecked():
        # Each row of weights has the Jacobian diag(w) - w w^T; since w^T V is the output, no Jacobian is built.
        at_scores = weights * (grad @ v.swapaxes(-1, -2) - (grad * output).sum(axis=-1, keepdims=True))
        at_q, at_k = at_scores @ k / scale, at_scores.swapaxes(-1, -2) @ q / scale
        at_v = weights.swapaxes(-1, -2) @ grad
    return fitted(at_q, dtype, "a gradient"), fitted(at_k, dtype, "a gradient"), fitted(at_v, dtype, "a gradient")


def causal_mask(n: int) -> Mask:
    """Mask under which each position sees itself and the past, never the future.

    Parameters
    ----------
    n : int
        Length of the sequence.

    Returns
    -------
    array of bool, shape (n, n)
        True where the column's position is not after the row's.

    Examples
    --------
    >>> causal_mask(3).astype(int)
    array([[1, 0, 0],
           [1, 1, 0],
           [1, 1, 1]])
    """
    return np.tri(whole(n, "n", least=0), dtype=bool)


def split_heads(x: npt.ArrayLike, n_heads: int) -> Floats:
    """Deal the features of every position out to the heads.

    Heads split the features, not the sequence: every head sees all positions, and a part of each.

    Parameters
    ----------
    x : array of shape (..., n, d)
    n_heads : int
        A divisor of ``d``.

    Returns
    -------
    array of shape (..., n_heads, n, d / n_heads)

    Raises
    ------
    ValueError
        If ``n_heads`` does not divide ``d``.

    Examples
    --------
    Two positions with four features each.

    >>> split_heads([[1, 2, 3, 4], [5, 6, 7, 8]], n_heads=2)
    array([[[1., 2.],
            [5., 6.]],
           [[3., 4.],
            [7., 8.]]])
    """
    x, n_heads = _vectors(x, "x"), whole(n_heads, "n_heads")
    if x.shape[-1] % n_heads:
        raise ValueError(f"{x.shape[-1]} features cannot be split into {n_heads} equal heads; choose a divisor")
    return x.reshape(*x.shape[:-1], n_heads, -1).swapaxes(-2, -3)


def merge_heads(x: npt.ArrayLike) -> Floats:
    """Put the heads' features side by side again: the inverse of :func:`split_heads`.

    Parameters
    ----------
    x : array of shape (..., n_heads, n, d_head)

    Returns
    -------
    array of shape (..., n, n_heads * d_head)

    Raises
    ------
    ValueError
        If ``x`` has fewer than three axes.

    Examples
    --------
    >>> merge_heads([[[1, 2], [5, 6]], [[3, 4], [7, 8]]])
    array([[1., 2., 3., 4.],
           [5., 6., 7., 8.]])
    """
    x = _vectors(x, "x")
    if x.ndim < 3:
        raise ValueError(f"x has shape {x.shape}; pass the output of heads, shape (..., n_heads, n, d_head)")
    *batch, n_heads, n, d_head = x.shape
    return x.swapaxes(-2, -3).reshape(*batch, n, n_heads * d_head)


def multi_head_attention(
    x: npt.ArrayLike,
    w_q: npt.ArrayLike,
    w_k: npt.ArrayLike,
    w_v: npt.ArrayLike,
    w_o: npt.ArrayLike,
    n_heads: int,
    mask: npt.ArrayLike | None = None,
) -> Floats:
    r"""Self-attention, several times side by side, each time on other features.

    .. math::

        \mathrm{MultiHead}(X) &= [H_1, \dots, H_h]\, W^O \\
        H_i &= \mathrm{Attention}(X W^Q_i, X W^K_i, X W^V_i)

    Parameters
    ----------
    x : array of shape (..., n, d_model)
        A sequence of vectors.
    w_q, w_k : arrays of shape (d_model, d)
        The heads' :math:`W^Q_i` and :math:`W^K_i`, side by side. They multiply from the right; a
        ``torch.nn.Linear`` stores the transpose.
    w_v : array of shape (d_model, d_v)
        The heads' :math:`W^V_i`, side by side.
    w_o : array of shape (d_v, d_model)
        Mixes what the heads found.
    n_heads : int
        :math:`h`, a divisor of ``d`` and ``d_v``.
    mask : array of shape (..., n, n), optional
        As in :func:`attention_weights`, the same for all heads.

    Returns
    -------
    array of shape (..., n, d_model)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Vaswani et al. (2017), *Attention is all you need*, section 3.2.2.

    Examples
    --------
    Heads that compare nothing, and pass on what they see: each position gets the mean of its past.

    >>> zero, one = np.zeros((2, 2)), np.eye(2)
    >>> multi_head_attention([[2, 4], [0, 6]], zero, zero, one, one, n_heads=2, mask=causal_mask(2))
    array([[2., 4.],
           [1., 5.]])
    """
    x, dtype = _vectors(x, "x"), _common_type(x=x, w_q=w_q, w_k=w_k, w_v=w_v, w_o=w_o)
    projections = {"w_q": w_q, "w_k": w_k, "w_v": w_v}
    q, k, v = (split_heads(_project(x, w, name), n_heads) for name, w in projections.items())
    if mask is not None and np.ndim(mask) > 2:  # one mask per batch
        mask = np.expand_dims(np.asarray(mask), -3)  # an axis for the heads
    heads = scaled_dot_product_attention(q, k, v, mask)  # (..., n_heads, n, d_v / n_heads)
    return fitted(_project(merge_heads(heads), w_o, "w_o"), dtype, "the output")


def sinusoidal_positions(n: int, d: int) -> Floats:
    r"""Vectors that tell positions apart, for attention itself does not see the order.

    .. math::

        P_{t, 2i} = \sin\frac{t}{10000^{2i/d}}, \qquad P_{t, 2i+1} = \cos\frac{t}{10000^{2i/d}}

    Each pair of features is the hand of a clock. The first turns once in :math:`2\pi` positions, the last up
    to 10,000 times more slowly, and the inner product of two positions depends on their distance alone.

    Parameters
    ----------
    n : int
        Number of positions :math:`t = 0, \dots, n - 1`.
    d : int
        Number of features, even.

    Returns
    -------
    array of shape (n, d)
        Between -1 and 1.

    Raises
    ------
    ValueError
        If ``d`` is not a positive even number.

    References
    ----------
    Vaswani et al. (2017), *Attention is all you need*, section 3.5.

    Examples
    --------
    >>> sinusoidal_positions(2, 4).round(3)
    array([[0.   , 1.   , 0.   , 1.   ],
           [0.841, 0.54 , 0.01 , 1.   ]])
    """
    if whole(d, "d") % 2:
        raise ValueError(f"d is {d}; sines and cosines come in pairs, so choose an even number")
    angle = np.arange(whole(n, "n", least=0))[:, None] / 10000 ** (np.arange(0, d, 2) / d)  # (n, d / 2)
    return np.stack([np.sin(angle), np.cos(angle)], axis=-1).reshape(n, d)


def rotary(x: npt.ArrayLike, positions: npt.ArrayLike) -> Floats:
    r"""Turn each pair of features by an angle that grows with the position.

    .. math::

        \begin{pmatrix} y_{2i} \\ y_{2i+1} \end{pmatrix} =
        \begin{pmatrix} \cos t\theta_i & -\sin t\theta_i \\ \sin t\theta_i & \cos t\theta_i \end{pmatrix}
        \begin{pmatrix} x_{2i} \\ x_{2i+1} \end{pmatrix}, \qquad \theta_i = 10000^{-2i/d}

    The rotation :math:`R_t` keeps lengths, and :math:`R_m^\top R_n = R_{n-m}`: applied to queries and keys,
    positions :math:`m` and :math:`n` enter their score by the difference :math:`n - m` alone.

    Parameters
    ----------
    x : array of shape (..., n, d)
        Queries or keys, ``d`` even.
    positions : array of shape (n,)
        :math:`t`, in steps of the sequence, or in any unit of time such as days; real numbers within ±2**32, as
        larger ones leave too few digits for the angle.

    Returns
    -------
    array of shape (..., n, d)

    Raises
    ------
    ValueError
        If ``d`` is odd, or ``positions`` has not one number per vector, in its range.

    References
    ----------
    Su et al. (2024), *RoFormer: enhanced Transformer with rotary position embedding*, section 3.2.

    Examples
    --------
    The first pair turns by one radian per position.

    >>> rotary([[1, 0], [1, 0], [1, 0]], positions=[0, np.pi / 2, np.pi]).round(3) + 0
    array([[ 1.,  0.],
           [ 0.,  1.],
           [-1.,  0.]])
    """
    x, t = _vectors(x, "x"), wide(floats(positions, "positions"))
    d = x.shape[-1]
    if d % 2:
        raise ValueError(f"x has {d} features; rotations turn pairs, so choose an even number")
    if t.shape != x.shape[-2:-1] or not np.isfinite(t).all():
        raise ValueError(f"positions has shape {t.shape}; pass one finite number for each of the {x.shape[-2]} vectors")
    if (np.abs(t) > 2**32).any():
        raise ValueError("positions are out of the range ±2**32; count from the sequence's start, or in a larger unit")
    angle = t[:, None] / 10000 ** (np.arange(0, d, 2) / d)  # (n, d / 2)
    cos, sin = np.cos(angle), np.sin(angle)
    even, odd = wide(x)[..., 0::2], wide(x)[..., 1::2]
    with unchecked():
        turned = np.stack([even * cos - odd * sin, even * sin + odd * cos], axis=-1)
    return fitted(turned.reshape(x.shape), x.dtype, "a turned vector")


def layer_norm(x: npt.ArrayLike, gain: npt.ArrayLike = 1.0, bias: npt.ArrayLike = 0.0, eps: float = 1e-5) -> Floats:
    r"""Give every vector mean 0 and variance 1, then a learned scale and shift.

    .. math::

        \mathrm{LN}(\mathbf{x}) = \mathbf{g} \odot \frac{\mathbf{x} - \mu}{\sqrt{\sigma^2 + \epsilon}} + \mathbf{b},
        \qquad \mu = \frac{1}{d} \sum_i x_i, \quad \sigma^2 = \frac{1}{d} \sum_i (x_i - \mu)^2

    Parameters
    ----------
    x : array of shape (..., n, d)
    gain, bias : arrays of shape (d,), or numbers
        :math:`\mathbf{g}` and :math:`\mathbf{b}`.
    eps : float
        Keeps the root away from 0, in the unit of ``x`` squared.

    Returns
    -------
    array of shape (..., n, d)

    Raises
    ------
    ValueError
        If the shapes do not fit, ``eps`` is not positive and finite, or the result leaves the range of its type.

    References
    ----------
    Ba, Kiros and Hinton (2016), *Layer normalization*.

    Examples
    --------
    >>> layer_norm([[1, 3], [10, 30]]).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """
    x = _vectors(x, "x")
    number(eps, "eps", 0, ends="()", note="; 1e-5 is customary")
    gain, bias = _per_feature(gain, x, "gain"), _per_feature(bias, x, "bias")
    # Large vectors are scaled down, so that no square overflows, and tiny ones up, so that a mean has its digits.
    scale = np.maximum(exponents(wide(x)), -60)
    deviations = centred(np.ldexp(wide(x), -scale))
    sigma = lengths(deviations)[..., None] / np.sqrt(x.shape[-1])
    root = np.hypot(sigma, np.ldexp(np.sqrt(eps), -scale))
    with unchecked():
        return fitted(gain * (deviations / np.where(root > 0, root, 1)) + bias, x.dtype, "the output")


def feed_forward(
    x: npt.ArrayLike, w_1: npt.ArrayLike, b_1: npt.ArrayLike, w_2: npt.ArrayLike, b_2: npt.ArrayLike
) -> Floats:
    r"""Two linear maps with a ReLU between, for every position by itself.

    .. math:: \mathrm{FFN}(\mathbf{x}) = \max(0,\ \mathbf{x} W_1 + \mathbf{b}_1)\, W_2 + \mathbf{b}_2

    Parameters
    ----------
    x : array of shape (..., n, d_model)
    w_1 : array of shape (d_model, d_hidden)
        Multiplies from the right, as all matrices here.
    b_1 : array of shape (d_hidden,)
    w_2 : array of shape (d_hidden, d_model)
    b_2 : array of shape (d_model,)

    Returns
    -------
    array of shape (..., n, d_model)

    Raises
    ------
    ValueError
        If the shapes do not fit.

    References
    ----------
    Vaswani et al. (2017), *Attention is all you need*, equation 2.

    Examples
    --------
    The absolute value, made of two ReLUs.

    >>> feed_forward([[3], [-2]], w_1=[[1, -1]], b_1=[0, 0], w_2=[[1], [1]], b_2=[0])
    array([[3.], [2.]])
    """
    hidden = _project(_vectors(x, "x"), w_1, "w_1")
    hidden = np.maximum(_sum(hidden, _per_feature(b_1, hidden, "b_1"), "w_1 and b_1"), 0)
    output = _project(hidden, w_2, "w_2")
    output = _sum(output, _per_feature(b_2, output, "b_2"), "w_2 and b_2")
    return fitted(output, _common_type(x=x, w_1=w_1, w_2=w_2), "the output")


class BlockWeights(NamedTuple):
    """Weights of one :func:`transformer_block`; matrices multiply from the right.

    Attributes
    ----------
    w_q, w_k, w_v, w_o
        As in :func:`multi_head_attention`.
    w_1, b_1, w_2, b_2
        As in :func:`feed_forward`.
    gain_1, bias_1, gain_2, bias_2
        Of the layer norms that belong to attention (1) and to the feed-forward layer (2).
    """

    w_q: npt.ArrayLike
    w_k: npt.ArrayLike
    w_v: npt.ArrayLike
    w_o: npt.ArrayLike
    w_1: npt.ArrayLike
    b_1: npt.ArrayLike
    w_2: npt.ArrayLike
    b_2: npt.ArrayLike
    gain_1: npt.ArrayLike = 1.0
    bias_1: npt.ArrayLike = 0.0
    gain_2: npt.ArrayLike = 1.0
    bias_2: npt.ArrayLike = 0.0


def transformer_block(
    x: npt.ArrayLike,
    weights: BlockWeights,
    n_heads: int,
    norm: Literal["pre", "post"] = "pre",
    mask: npt.ArrayLike | None = None,
) -> Floats:
    r"""One layer of a Transformer: attention between positions, then a feed-forward layer at each.

    .. math::

        \text{pre:} \quad  & Y = X + \mathrm{MHA}(\mathrm{LN}_1(X)), &\quad Z &= Y + \mathrm{FFN}(\mathrm{LN}_2(Y)) \\
        \text{post:} \quad & Y = \mathrm{LN}_1(X + \mathrm{MHA}(X)), &\quad Z &= \mathrm{LN}_2(Y + \mathrm{FFN}(Y))

    Parameters
    ----------
    x : array of shape (..., n, d_model)
        Positions have been added before the first block, not here.
    weights : BlockWeights
    n_heads : int
        A divisor of ``d_model``.
    norm : {"pre", "post"}
        Whether layer norm comes before each part, leaving the residual path free, or after each sum.
    mask : array of shape (..., n, n), optional
        As in :func:`attention_weights`.

    Returns
    -------
    array of shape (..., n, d_model)
        Equal to ``torch.nn.TransformerEncoderLayer`` without dropout and without biases in its attention.

    Raises
    ------
    ValueError
        If the shapes do not fit, or ``norm`` is neither.

    References
    ----------
    Vaswani et al. (2017), post-norm; Xiong et al. (2020), pre-norm.

    Examples
    --------
    With all matrices zero, the residual paths hand the input through, up to the norms.

    >>> square, hidden = np.zeros((2, 2)), np.zeros((2, 8))
    >>> nothing = BlockWeights(square, square, square, square, hidden, np.zeros(8), hidden.T, np.zeros(2))
    >>> transformer_block([[1, 3]], nothing, n_heads=1)
    array([[1., 3.]])
    >>> transformer_block([[1, 3]], nothing, n_heads=1, norm="post").round(3)
    array([[-1.,  1.]])
    """
    if norm not in ("pre", "post"):
        raise ValueError(f'norm is {norm!r}; choose "pre" or "post"')
    w, x = weights, _vectors(x, "x")
    matrices = {name: getattr(w, name) for name in ("w_q", "w_k", "w_v", "w_o", "w_1", "w_2")}
    dtype, x = _common_type(x=x, **matrices), wide(x)

    def norm_1(x: Floats) -> Floats:
        return layer_norm(x, w.gain_1, w.bias_1)

    def norm_2(x: Floats) -> Floats:
        return layer_norm(x, w.gain_2, w.bias_2)

    def mha(x: Floats) -> Floats:
        return multi_head_attention(x, w.w_q, w.w_k, w.w_v, w.w_o, n_heads, mask)

    def ffn(x: Floats) -> Floats:
        return feed_forward(x, w.w_1, w.b_1, w.w_2, w.b_2)

    if norm == "pre":
        x = _sum(x, mha(norm_1(x)), "x and its attention")
        return fitted(_sum(x, ffn(norm_2(x)), "x and its feed-forward layer"), dtype, "the output")
    x = norm_1(_sum(x, mha(x), "x and its attention"))
    return fitted(norm_2(_sum(x, ffn(x), "x and its feed-forward layer")), dtype, "the output")


def _vectors(x: npt.ArrayLike, name: str) -> Floats:
    """A sequence of vectors, shape (..., n, d)."""
    x = finite(x, name, "leave positions out with a mask instead")
    if x.ndim < 2 or x.shape[-1] == 0:
        raise ValueError(f"{name} has shape {x.shape}; pass a sequence of vectors, shape (..., n, d)")
    return x


def _sequences(**named: npt.ArrayLike) -> tuple[list[Floats], np.dtype]:
    """Sequences of vectors in 64 bits, and the type in which what is computed from them goes back."""
    return [wide(_vectors(x, name)) for name, x in named.items()], _common_type(**named)


def _common_type(**named: npt.ArrayLike) -> np.dtype:
    """The type in which a result of all these arrays goes back."""
    return np.result_type(*(floats(x, name) for name, x in named.items()))


def _project(x: Floats, w: npt.ArrayLike, name: str) -> Floats:
    """Multiply every vector by the matrix ``w``, in 64 bits."""
    w = wide(_vectors(w, name))
    if w.ndim != 2 or w.shape[0] != x.shape[-1]:
        raise ValueError(f"{name} has shape {w.shape}; it needs {x.shape[-1]} rows, one per feature")
    with unchecked():
        product = wide(x) @ w
    return fitted(product, product.dtype, f"the product with {name}")


def _sum(x: Floats, y: Floats, of: str) -> Floats:
    """Both together, in 64 bits."""
    with unchecked():
        return fitted(x + y, np.result_type(x, y), f"the sum of {of}")


def _per_feature(b: npt.ArrayLike, x: Floats, name: str) -> Floats:
    """One number per feature of ``x``, or one for all, in 64 bits."""
    values = wide(finite(b, name, "it is learned, so look at the training"))
    if values.shape not in ((), x.shape[-1:]):
        raise ValueError(f"{name} has shape {values.shape}; it needs {x.shape[-1]} numbers, one per feature")
    return values


def _additive(mask: npt.ArrayLike | None, shape: tuple[int, ...]) -> Floats:
    """The mask as numbers to add to scores of this shape."""
    m = np.asarray(True if mask is None else mask)
    if m.dtype == bool:
        m = np.where(m, 0, -np.inf)
    elif not np.issubdtype(m.dtype, np.floating):  # 0 and 1 could be meant either way
        raise ValueError(f"mask has type {m.dtype}; pass booleans (True: may attend), or floats to be added")
    if not (m < np.inf).all():
        raise ValueError("mask contains NaN or inf; use -inf for keys that must not be attended to")
    try:
        whole_shape = np.broadcast_shapes(m.shape, shape)
        fits = whole_shape[-2:] == shape[-2:]
    except ValueError:
        fits = False
    if not fits:
        raise ValueError(f"mask has shape {m.shape}, the scores of q and k {shape}; make it broadcast")
    return np.broadcast_to(wide(m), whole_shape)


def _check_batches(**arrays: Floats) -> None:
    """Raise if the axes before the last two cannot be broadcast."""
    (one, a), (two, b) = ((name, x.shape[:-2]) for name, x in arrays.items())
    try:
        np.broadcast_shapes(a, b)
    except ValueError:
        raise ValueError(f"{one} and {two} have batches of shapes {a} and {b}; make them broadcast") from None
