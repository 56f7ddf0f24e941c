"""Losses: how far a network's scores are from what was bought, as pure functions of the scores."""

import torch
import torch.nn.functional as F
from torch import Tensor


def bce_loss(positive: Tensor, negative: Tensor) -> Tensor:
    r"""Binary cross-entropy: is this the product that was bought, or one drawn at random?

    .. math:: L = -\frac{1}{1 + k} \Bigl( \log \sigma(s_+) + \sum_{j=1}^{k} \log(1 - \sigma(s_j)) \Bigr)

    Parameters
    ----------
    positive : Tensor, shape (n_targets,)
        Score :math:`s_+` of each target.
    negative : Tensor, shape (n_targets, k)
        Scores :math:`s_j` of the products drawn for it; −∞ leaves one out.

    Returns
    -------
    Tensor
        Mean over the targets, in nats.

    References
    ----------
    Kang and McAuley (2018), *Self-attentive sequential recommendation*, with k = 1.

    Examples
    --------
    Scores of zero say "maybe" to both, which costs log 2 each.

    >>> import torch
    >>> round(float(bce_loss(torch.zeros(3), torch.zeros(3, 1))), 4)
    0.6931
    """
    return gbce_loss(positive, negative, beta=1.0)


def gbce_loss(positive: Tensor, negative: Tensor, beta: float) -> Tensor:
    r"""Generalised binary cross-entropy: the positive probability is raised to the power :math:`\beta`.

    .. math:: L = -\frac{1}{1 + k} \Bigl( \beta \log \sigma(s_+) + \sum_{j=1}^{k} \log(1 - \sigma(s_j)) \Bigr)

    Parameters
    ----------
    positive : Tensor, shape (n_targets,)
        Score :math:`s_+` of each target.
    negative : Tensor, shape (n_targets, k)
        Scores :math:`s_j` of the products drawn for it; −∞ leaves one out.
    beta : float
        From :func:`gbce_power`; 1 is :func:`bce_loss`.

    Returns
    -------
    Tensor
        Mean over the targets, in nats.

    Raises
    ------
    ValueError
        If the shapes don't agree, there is no target, or beta isn't positive.

    References
    ----------
    Petrov and Macdonald (2023), *gSASRec: Reducing overconfidence in sequential recommendation trained with negative
    sampling*.

    Examples
    --------
    >>> import torch
    >>> positive, negative = torch.tensor([2.0]), torch.tensor([[-1.0, 0.5]])
    >>> bool(gbce_loss(positive, negative, beta=0.5) < bce_loss(positive, negative))
    True
    """
    if positive.ndim != 1 or negative.ndim != 2 or len(positive) != len(negative) or not len(positive):
        raise ValueError(
            f"positive and negative have shapes {tuple(positive.shape)} and {tuple(negative.shape)}; "
            "pass (n_targets,) and (n_targets, k), with a target at least"
        )
    if not beta > 0:
        raise ValueError(f"beta must be positive, not {beta}")
    # log σ(s) = −softplus(−s), and log(1 − σ(s)) = −softplus(s)
    each = beta * F.softplus(-positive) + F.softplus(negative).sum(dim=1)
    return each.mean() / (1 + negative.shape[1])


def gbce_power(n_negatives: int, n_items: int, t: float) -> float:
    r"""Power :math:`\beta` of :func:`gbce_loss`, by how calibrated the probabilities are to be.

    .. math:: \beta = \eta \Bigl( t \bigl( 1 - \tfrac{1}{\eta} \bigr) + \tfrac{1}{\eta} \Bigr)
              = 1 - t \, (1 - \eta), \qquad \eta = \frac{k}{|I| - 1}

    Parameters
    ----------
    n_negatives : int
        Products drawn for each target, :math:`k`.
    n_items : int
        Products in the catalogue, :math:`|I|`.
    t : float
        From 0, plain binary cross-entropy, to 1, calibrated probabilities.

    Raises
    ------
    ValueError
        If an argument is out of range.

    References
    ----------
    Petrov and Macdonald (2023), equation for the calibration parameter t.

    Examples
    --------
    >>> gbce_power(n_negatives=10, n_items=101, t=0.0), round(gbce_power(n_negatives=10, n_items=101, t=1.0), 3)
    (1.0, 0.1)
    """
    if not 1 <= n_negatives < n_items:
        raise ValueError(f"n_negatives must be from 1 to n_items - 1 = {n_items - 1}, not {n_negatives}")
    if not 0 <= t <= 1:
        raise ValueError(f"t must be from 0 to 1, not {t}")
    return 1.0 - t * (1.0 - n_negatives / (n_items - 1))


def basket_loss(scores: Tensor, target_query: Tensor, target: Tensor, weight: Tensor | None = None) -> Tensor:
    r"""Softmax cross-entropy when several products are right.

    .. math:: L = -\frac{1}{Q} \sum_q \frac{1}{|T_q|} \sum_{t \in T_q} \log \frac{e^{s_{qt}}}{Z_q}, \qquad
              Z_q = \sum_{t \in T_q} e^{s_{qt}} + \sum_{j \notin T_q} w_j \, e^{s_{qj}}

    With all products as candidates and :math:`w_j = 1` this is the full softmax. If product :math:`j` was drawn
    :math:`m_j` times in :math:`n` draws with probability :math:`\pi_j`, then :math:`w_j = m_j / (n \pi_j)` has mean
    1, and :math:`Z_q` is an unbiased estimate of the full denominator.

    Parameters
    ----------
    scores : Tensor, shape (n_queries, n_candidates)
        :math:`s_{qj}`.
    target_query, target : Tensor of int, shape (n_targets,)
        Query, and column in ``scores``, of each right product, each pair once. A query should have a target; without,
        it adds nothing to the sum.
    weight : Tensor, shape (n_candidates,), optional
        :math:`w_j`, ones by default; 0 leaves a product out wherever it isn't right.

    Returns
    -------
    Tensor
        A scalar, in nats: mean over the queries.

    Raises
    ------
    ValueError
        If the shapes don't agree, or there is no query or no target.

    References
    ----------
    Bengio and Senécal (2008), *Adaptive importance sampling to accelerate training of a neural probabilistic
    language model*.

    Examples
    --------
    Equal scores for four products, one of them right: log 4.

    >>> import math
    >>> one = torch.tensor([0])
    >>> round(float(basket_loss(torch.zeros(1, 4), one, one)), 4) == round(math.log(4), 4)
    True
    """
    shapes = [tuple(x.shape) for x in (scores, target_query, target)]
    if scores.ndim != 2 or target.ndim != 1 or shapes[1] != shapes[2] or 0 in (*shapes[0], *shapes[2]):
        raise ValueError(
            f"scores, target_query and target have shapes {shapes[0]}, {shapes[1]} and {shapes[2]}; pass "
            "(n_queries, n_candidates), (n_targets,) and (n_targets,), none of them empty"
        )
    if weight is None:
        log_z = scores.logsumexp(dim=1)
    else:
        log_w = weight.to(scores.dtype).log().expand(len(scores), -1).clone()
        log_w[target_query, target] = 0.0
        log_z = (scores + log_w).logsumexp(dim=1)
    # Flat and by index_select, not scores[target_query, target], whose gradient is slow on a GPU; and the targets are
    # counted by index_add, not bincount, for which it must be waited.
    right = scores.flatten().index_select(0, target_query * scores.shape[1] + target)
    log_p = right - log_z.index_select(0, target_query)
    n_targets = target_query.new_zeros(len(scores)).index_add(0, target_query, torch.ones_like(target_query))
    return -(log_p / n_targets.index_select(0, target_query)).sum() / len(scores)
