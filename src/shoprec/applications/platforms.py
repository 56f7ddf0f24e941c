"""One household, several accounts: a shop's purchases as those of several platforms, and what linking them adds.

A household that buys on two platforms has two accounts, and each platform knows one of them. An account is a user like
any other: :func:`split_accounts` renames users, and the book's tasks, counts and metrics work on as they are.
"""

import numpy as np
import pandas as pd
from scipy import sparse

from shoprec.data.report import DataError
from shoprec.formulas.arrays import Codes, Floats, Mask, whole
from shoprec.formulas.checks import number
from shoprec.formulas.similarity import cosine_similarity, largest
from shoprec.tasks import History, Task


def split_accounts(purchases: pd.DataFrame, platform: str = "store") -> tuple[pd.DataFrame, pd.DataFrame]:
    """Part each user into accounts, one for each platform that it buys on.

    Parameters
    ----------
    purchases : DataFrame
        Columns ``user`` and the platform's.
    platform : str
        Column that says where a purchase was made.

    Returns
    -------
    purchases : DataFrame
        The same rows, with the account's number as ``user``.
    accounts : DataFrame
        Indexed by the account's number, from 0, in order of household, then platform: ``household`` and ``platform``.

    Raises
    ------
    DataError
        If a column is missing, or a platform unknown.

    Examples
    --------
    >>> table = pd.DataFrame({"user": [7, 7, 9], "store": ["b", "a", "a"]})
    >>> split, accounts = split_accounts(table)
    >>> split["user"].tolist(), accounts["household"].tolist(), accounts["platform"].tolist()
    ([1, 0, 2], [7, 7, 9], ['a', 'b', 'a'])
    """
    if missing := [name for name in ("user", platform) if name not in purchases]:
        raise DataError(f"purchases lack the columns {missing}; say by platform= where a purchase was made")
    if unknown := int(purchases[platform].isna().sum()):
        raise DataError(
            f"{platform} is missing in {unknown:,} purchases; leave them out: dropna(subset=[{platform!r}])"
        )
    groups = purchases.groupby(["user", platform], sort=True)
    accounts = groups.size().rename_axis(["household", "platform"]).index.to_frame(index=False)
    return purchases.assign(user=groups.ngroup()), accounts.rename_axis("account")


def two_accounts(task: Task, accounts: pd.DataFrame, least: int = 5) -> pd.DataFrame:
    """Accounts with a next basket whose household has a second one: what is asked, and what could help.

    Of each household the two accounts with the most baskets count, at equal numbers the one with the lower number; both
    need ``least`` baskets before the cut. The larger one is the main account.

    Parameters
    ----------
    task : Task
        Of the accounts: its users are their numbers.
    accounts : DataFrame
        From :func:`split_accounts`.
    least : int
        Baskets before the cut that either account needs.

    Returns
    -------
    DataFrame
        One row per account with a next basket: ``household``, ``own`` and ``other``, the codes in the task of the
        account that is asked about and of the one that may help, ``n_own`` and ``n_other``, their baskets, and
        ``second``, whether the account is the smaller of the two. The second accounts come last.

    Raises
    ------
    DataError
        If no household has two such accounts and a next basket.
    """
    history = task.history
    n = np.bincount(history.user, history.opens_basket, minlength=history.n_users).astype(int)
    table = accounts.loc[task.users, ["household"]].assign(code=np.arange(history.n_users), n=n).reset_index(drop=True)
    table = table[table["n"] >= whole(least, "least")].sort_values(
        ["household", "n"], ascending=[True, False], kind="stable"
    )
    table["place"] = table.groupby("household").cumcount()
    first, second = (table[table["place"] == place].set_index("household")["code"] for place in (0, 1))
    pairs = pd.DataFrame({"first": first.reindex(second.index), "second": second})
    sides = [
        pd.DataFrame({"own": pairs[own], "other": pairs[other], "second": own == "second"}).reset_index()
        for own, other in (("first", "second"), ("second", "first"))
    ]
    found = pd.concat(sides, ignore_index=True)
    found = found[np.diff(task.targets.indptr)[found["own"].to_numpy()] > 0].reset_index(drop=True)
    if found.empty:
        raise DataError(
            f"no household has two accounts with {least} baskets before {task.cut:%Y-%m-%d} and a next basket; "
            "lower least, or cut later"
        )
    return found.assign(n_own=n[found["own"]], n_other=n[found["other"]])


def basket_rank(history: History, seed: int | None = None) -> Codes:
    """Number each user's baskets from 0, from the latest back, or in a random order; shape (n_events,).

    Where it is below ``n``, an event belongs to the ``n`` latest baskets of its user, or to ``n`` random ones. The same
    seed gives the same order, so that fewer baskets are always some of the more.

    Parameters
    ----------
    history : History
    seed : int, optional
        Of a random order.

    Examples
    --------
    Three baskets of one user, the first of which holds two products.

    >>> user = np.zeros(4, int)
    >>> history = History(user, np.array([0, 1, 1, 2]), np.array([0, 0, 1, 2]), np.array([1.0, 1, 3, 9]), 1, 3)
    >>> basket_rank(history)
    array([2, 2, 1, 0])
    """
    owner = history.user[history.opens_basket]
    n = len(owner)
    key = -np.arange(n) if seed is None else np.random.default_rng(seed).random(n)
    order = np.lexsort((key, owner))
    rank = np.empty(n, int)
    rank[order] = np.arange(n) - np.searchsorted(owner, owner[order])
    return rank[history.basket]


def joined(own: sparse.csr_array, other: sparse.csr_array, weight: float) -> sparse.csr_array:
    r"""Frequencies of two linked accounts, where a purchase on the other platform counts ``weight`` of one here.

    .. math:: f_{ui} = f^B_{ui} + w \, f^A_{ui}

    Parameters
    ----------
    own, other : sparse arrays of shape (n_households, n_items)
        :math:`f^B` of the platform that recommends and :math:`f^A` of the other, row by row the same household.
    weight : float
        :math:`w`, at least 0: with 0 the platforms are not linked, with 1 they are one.

    Raises
    ------
    ValueError
        If the shapes differ, or the weight is negative or infinite.

    Examples
    --------
    >>> joined(sparse.csr_array([[2.0, 0]]), sparse.csr_array([[1.0, 4]]), weight=0.5).toarray()
    array([[2.5, 2. ]])
    """
    if own.shape != other.shape:
        raise ValueError(f"own has shape {own.shape} and other {other.shape}; pass the same households and products")
    w = own.dtype.type(number(weight, "weight", 0, np.finfo(own.dtype).max, note=", what a purchase elsewhere counts"))
    return own if w == 0 else sparse.csr_array(own + w * other)


def rank_frequencies(frequency: sparse.csr_array, n_buyers: Floats, k: int = 10) -> Codes:
    """The ``k`` most frequent products of each row; ties, and rows with fewer products, go by the number of buyers.

    The lists of :class:`shoprec.models.counting.PersonalFrequency`, for frequencies that come from anywhere, and
    without a table of all products.

    Parameters
    ----------
    frequency : sparse array of shape (n_rows, n_items)
        Not negative.
    n_buyers : array of float, shape (n_items,)
    k : int

    Returns
    -------
    array of int, shape (n_rows, k)

    Raises
    ------
    ValueError
        If ``k`` exceeds the number of products.

    Examples
    --------
    >>> rank_frequencies(sparse.csr_array([[0, 2.0, 0, 2.0]]), n_buyers=np.array([5, 1, 9, 3]), k=4)
    array([[3, 1, 2, 0]])
    """
    n_rows, n_items = frequency.shape
    if whole(k, "k") > n_items:
        raise ValueError(f"k is {k}, but there are {n_items} products")
    frequency = sparse.csr_array(frequency)
    frequency.eliminate_zeros()
    popular = np.lexsort((np.arange(n_items), -n_buyers))
    standing = np.empty(n_items, int)
    standing[popular] = np.arange(n_items)
    row = np.repeat(np.arange(n_rows), np.diff(frequency.indptr))
    order = np.lexsort((standing[frequency.indices], -frequency.data, row))
    place = np.arange(len(row)) - frequency.indptr[row]
    ranked = np.full((n_rows, k), -1)
    ranked[row[place < k], place[place < k]] = frequency.indices[order][place < k]
    front = popular[: 2 * k]  # a list has fewer than k of its own, and lacks k at most
    for short in np.flatnonzero(ranked[:, -1] < 0):
        own = ranked[short][ranked[short] >= 0]
        ranked[short, len(own) :] = front[~np.isin(front, own)][: k - len(own)]
    return ranked


def neighbours_of(
    guests: sparse.csr_array, population: sparse.csr_array, but: Codes, k: int = 100, block: int = 256
) -> sparse.csr_array:
    """The ``k`` rows of a population that are nearest to each guest by cosine, other than the guest itself.

    Parameters
    ----------
    guests : sparse array of shape (n_guests, n_items)
        Vectors of those whose neighbours are sought.
    population : sparse array of shape (n_users, n_items)
    but : array of int, shape (n_guests,)
        The row of the population that is the guest itself and no neighbour.
    k : int
        Neighbours per guest; fewer where fewer have anything in common with it.

    Returns
    -------
    sparse array of shape (n_guests, n_users)
        1 for each neighbour.

    Examples
    --------
    >>> population = sparse.csr_array([[1.0, 0, 0], [1, 1, 0], [0, 0, 1]])
    >>> neighbours_of(sparse.csr_array([[2.0, 0, 0]]), population, but=np.array([0]), k=1).toarray()
    array([[0., 1., 0.]], dtype=float32)
    """
    found = []
    for start in range(0, guests.shape[0], whole(block, "block")):
        rows = slice(start, start + block)
        alike = np.array(cosine_similarity(guests[rows], population))
        alike[np.arange(len(alike)), but[rows]] = 0
        near = largest(alike, min(whole(k, "k"), alike.shape[1])) & (alike > 0)
        found.append(sparse.csr_array(near.astype(np.float32)))
    return sparse.vstack(found, format="csr")


def shared_counts(bought: sparse.csr_array, least: int = 1, block: int = 512) -> sparse.csr_array:
    r"""How many accounts bought both of two products, where counts below a threshold are left out.

    .. math:: n_{ij} = |\{a : i \in H_a, \, j \in H_a\}|, \qquad n_{ij} := 0 \text{ if } n_{ij} < k

    What a platform can share instead of histories: no number in the table stands for fewer than :math:`k` accounts.
    That protects against the plainest attack alone, not against one that subtracts tables from each other.

    Parameters
    ----------
    bought : sparse array of shape (n_accounts, n_items)
        Nonzero where an account bought a product.
    least : int
        :math:`k`.
    block : int
        Products to count at a time.

    Returns
    -------
    sparse array of float32, shape (n_items, n_items)
        Symmetric; its diagonal counts the buyers of each product.

    Examples
    --------
    >>> bought = sparse.csr_array([[1, 1, 0], [1, 1, 0], [0, 1, 1]])
    >>> shared_counts(bought, least=2).toarray()
    array([[2., 2., 0.],
           [2., 3., 0.],
           [0., 0., 0.]], dtype=float32)
    """
    ones = sparse.csr_array(bought.astype(np.float32).sign())
    rows, parts = sparse.csr_array(ones.T), []
    for start in range(0, rows.shape[0], whole(block, "block")):
        part = sparse.csr_array(rows[start : start + block] @ ones)
        part.data[part.data < whole(least, "least")] = 0
        part.eliminate_zeros()
        parts.append(part)
    return sparse.vstack(parts, format="csr")


def paired_in_time(history: History, own: Codes, other: Codes, within: float = 7.0) -> Mask:
    """Baskets of two accounts that can be paired so that both of a pair are from the same days; shape (n_events,).

    Each basket of ``own`` takes the nearest one of ``other``; of several that want the same, the nearest gets it. Of
    the pairs' baskets all events are marked: as many baskets on one side as on the other, and as old.

    Parameters
    ----------
    history : History
    own, other : arrays of int, shape (n_pairs,)
        Users; each occurs once.
    within : float
        Days that may lie between the two baskets of a pair.

    Examples
    --------
    >>> user = np.array([0, 0, 1, 1])
    >>> history = History(user, user, np.arange(4), np.array([1.0, 30, 2, 60]), n_users=2, n_items=2)
    >>> paired_in_time(history, own=np.array([0]), other=np.array([1]))
    array([ True, False,  True, False])
    """
    opens = history.opens_basket
    baskets = pd.DataFrame({"user": history.user[opens], "day": history.day[opens], "basket": history.basket[opens]})
    sides = []
    for side in (own, other):
        pair = pd.Series(np.arange(len(side)), index=side)
        of_pair = baskets["user"].map(pair)
        sides.append(
            baskets[of_pair.notna()].assign(pair=of_pair.dropna().astype(int)).sort_values("day", kind="stable")
        )
    right = sides[1].assign(then=sides[1]["day"])
    met = pd.merge_asof(sides[0], right, on="day", by="pair", direction="nearest", tolerance=within).dropna()  # type: ignore[arg-type]
    met = met.assign(gap=(met["day"] - met["then"]).abs()).sort_values("gap", kind="stable").drop_duplicates("basket_y")
    return np.isin(history.basket, np.concatenate([met["basket_x"], met["basket_y"]]).astype(int))
