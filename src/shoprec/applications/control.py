"""What a household or a shop forbids: lists with at most so many products of a kind."""

from collections import Counter
from collections.abc import Hashable, Sequence

import numpy as np

from shoprec.formulas.arrays import Codes, whole


def at_most(paths: Sequence[Sequence[Hashable]], caps: Sequence[int | None], k: int = 10) -> Codes:
    r"""Walk down a ranking and take what no cap forbids.

    With caps :math:`c_l` on each level :math:`l` of a hierarchy, a list :math:`S` is allowed if, for each prefix
    :math:`a` of length :math:`l`, at most :math:`c_l` of its products begin with :math:`a`. Such caps are nested, which
    is why no look ahead is needed: of all allowed lists of as many products, this has the largest sum of scores.

    Parameters
    ----------
    paths : sequence of sequences
        Of each candidate, best first: its way from the root, such as department, category and type.
    caps : sequence of int or None
        How many products may share a prefix of length 1, 2, …; None for any number.
    k : int
        Length of the list.

    Returns
    -------
    array of int
        Positions in the ranking, ascending; fewer than ``k`` if the ranking ends before.

    Raises
    ------
    ValueError
        If a cap isn't a whole number of at least 1, or a path has fewer levels than there are caps.

    Examples
    --------
    At most one per type: the second cheddar is passed over.

    >>> at_most([("cheese", "cheddar"), ("cheese", "cheddar"), ("cheese", "brie")], caps=(None, 1), k=2)
    array([0, 2])
    """
    limits = [None if cap is None else whole(cap, "a cap") for cap in caps]
    taken: list[int] = []
    count: Counter[tuple[Hashable, ...]] = Counter()
    for position, path in enumerate(paths):
        if len(taken) == whole(k, "k"):
            break
        if len(path) < len(limits):
            raise ValueError(f"the path {tuple(path)} has {len(path)} levels, but there are {len(limits)} caps")
        prefixes = [tuple(path[:level]) for level, cap in enumerate(limits, 1) if cap is not None]
        if all(count[prefix] < (limits[len(prefix) - 1] or 0) for prefix in prefixes):
            taken.append(position)
            count.update(prefixes)
    return np.array(taken, dtype=np.intp)
