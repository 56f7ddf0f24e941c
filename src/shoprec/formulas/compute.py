r"""What a Transformer's training computes: floating-point operations, counted from the shapes of its matrices."""

from shoprec.formulas.arrays import whole


def forward_flops(
    d: int, n_layers: int, n_windows: int, length: int, n_queries: int, n_items: int, pointing: bool = False
) -> dict[str, int]:
    r"""Operations of one forward pass, by the part of the network that they are done in.

    A product of an :math:`a \times b` with a :math:`b \times c` matrix is :math:`2abc` operations, a multiplication and
    an addition for each pair. With :math:`T = n \ell` places in :math:`n` windows of length :math:`\ell`, :math:`Q`
    queries and :math:`I` products

    .. math:: C = \underbrace{24 \, T d^2 L}_\text{blocks} + \underbrace{4 \, T \ell \, d L}_\text{attention}
              + \underbrace{2 \, Q \, I d}_\text{softmax},

    since a block of width :math:`d` has :math:`12 d^2` weights in its matrices. Norms, activations, and the look-up of
    a product's vector are left out: they grow with :math:`d`, not with its square.

    Parameters
    ----------
    d, n_layers : int
        Width, :math:`d`, and number of layers, :math:`L`.
    n_windows, length : int
        Windows of a batch and their length, padding included, since that is computed, too.
    n_queries, n_items : int
        Rows and columns of the table of scores.
    pointing : bool
        Whether each query also points at the purchases of its window: two more matrices, and an affinity of each place
        with each other.

    Returns
    -------
    dict of str to int
        ``blocks``, ``attention`` and ``softmax``.

    Raises
    ------
    ValueError
        If a number is no whole number of at least 1 (of layers, 0).

    References
    ----------
    Kaplan et al. (2020), *Scaling laws for neural language models*, section 2.1.

    Examples
    --------
    >>> forward_flops(d=2, n_layers=1, n_windows=1, length=3, n_queries=1, n_items=5)
    {'blocks': 288, 'attention': 72, 'softmax': 20}
    """
    sizes = {"d": d, "n_windows": n_windows, "length": length, "n_queries": n_queries, "n_items": n_items}
    for name, value in sizes.items():
        whole(value, name)
    whole(n_layers, "n_layers", least=0)
    places = n_windows * length
    return {
        "blocks": 24 * places * d**2 * n_layers + 4 * places * d**2 * pointing,
        "attention": 4 * places * length * d * n_layers + 2 * places * length * d * pointing,
        "softmax": 2 * n_queries * n_items * d,
    }


def training_flops(
    d: int, n_layers: int, n_windows: int, length: int, n_queries: int, n_items: int, pointing: bool = False
) -> int:
    """Operations of one training step: forward once, and backward twice as many, for inputs and for weights.

    Parameters
    ----------
    d, n_layers, n_windows, length, n_queries, n_items, pointing
        As for :func:`forward_flops`.

    Examples
    --------
    >>> training_flops(d=2, n_layers=1, n_windows=1, length=3, n_queries=1, n_items=5)
    1140
    """
    return 3 * sum(forward_flops(d, n_layers, n_windows, length, n_queries, n_items, pointing).values())
