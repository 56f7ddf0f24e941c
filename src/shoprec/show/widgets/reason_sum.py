"""A household's list as sums over its purchases: take a purchase away, and see list and reasons change."""

from html import escape
from typing import NamedTuple

import numpy as np
from IPython.display import HTML

from shoprec.formulas.arrays import Floats
from shoprec.show.widgets.element import both, choice, custom_element
from shoprec.words import Pair

_DIGITS = 3


class Sums(NamedTuple):
    """A household whose products' scores are sums over its purchases.

    Attributes
    ----------
    name : pair
        What it is called, in Chinese and English.
    purchases, products : list of pairs
        What it bought, and what may be listed.
    parts : array of float, shape (n_products, n_purchases)
        What each purchase adds to each product's score; not negative.
    """

    name: Pair
    purchases: list[Pair]
    products: list[Pair]
    parts: Floats


def reason_sum(households: list[Sums], n: int = 5) -> HTML:
    """Show the first products of a list with the purchases that their scores are sums of.

    The output holds tables of all parts. Where scripts run, purchases can be taken away, one by one or several: the
    script adds up what is left, lists the largest sums, and says which products came and went.

    Parameters
    ----------
    households
        One at least; their ``products`` should be all that can be listed, whatever is taken away.
    n
        Length of the list.

    Returns
    -------
    IPython.display.HTML
        The element ``<reason-sum>`` with its styles and its script.

    Raises
    ------
    ValueError
        If there is no household, a name is missing, or numbers don't fit the names or are negative.

    Examples
    --------
    >>> sums = Sums(("甲", "A"), [("茶", "Tea"), ("奶", "Milk")], [("糖", "Sugar")], np.array([[0.5, 0.25]]))
    >>> "0.750" in reason_sum([sums]).data
    True
    """
    _check(households)
    names = [(escape(zh), escape(en)) for zh, en in (each.name for each in households)]
    panes = "".join(_pane(each, at) for at, each in enumerate(households))
    body = f"""\
{choice(("家庭", "Household"), names)}
{panes}<ol class="list">{_list(households[0], n)}</ol>
<p class="status" role="status">{both("现在是完整的购买记录。", "This is the whole history.")}</p>
<details><summary>{both("全部数字", "All numbers")}</summary>{"".join(map(_table, households, names))}</details>"""
    return custom_element("reason-sum", body, n=n)


def _check(households: list[Sums]) -> None:
    """Raise a ValueError that says what is wrong."""
    if not households:
        raise ValueError("there is no household to show")
    for each in households:
        called = [*each.name, *(word for pair in (*each.purchases, *each.products) for word in pair)]
        if not all(isinstance(word, str) for word in called):
            raise ValueError("every household, purchase and product needs a name in both languages")
        shape = len(each.products), len(each.purchases)
        if np.shape(each.parts) != shape or not (np.asarray(each.parts) >= 0).all():
            raise ValueError(f"parts must have the shape {shape}, of products and purchases, and none be negative")


def _named(pair: Pair) -> str:
    return both(*map(escape, pair))


def _pane(household: Sums, at: int) -> str:
    """Return a box to tick for each purchase; all but the first household's are hidden."""
    zh, en = "买过的商品：去掉勾，就当没买过", "Bought: untick one, as if it had never been bought"
    boxes = "".join(
        f'<label><input type="checkbox" checked autocomplete="off"><span>{_named(pair)}</span></label>'
        for pair in household.purchases
    )
    return f"<fieldset{' hidden' if at else ''}><legend>{both(zh, en)}</legend>{boxes}</fieldset>\n"


def _list(household: Sums, n: int) -> str:
    """Return the list with everything kept; the script writes the same of other histories."""
    parts = np.round(household.parts, _DIGITS)
    total = parts.sum(axis=1).round(_DIGITS)
    first = [i for i in np.argsort(-total, kind="stable")[:n] if total[i] > 0]
    return "".join(
        f'<li>{_named(household.products[i])} <b>{total[i]:.{_DIGITS}f}</b> <span class="why">= '
        + " + ".join(
            f"{parts[i, j]:.{_DIGITS}f} {_named(household.purchases[j])}"
            for j in np.argsort(-parts[i], kind="stable")
            if parts[i, j] > 0
        )
        + "</span></li>"
        for i in first
    )


def _table(household: Sums, name: Pair) -> str:
    """Return all parts of a household, which the script reads, too."""
    zh = f"{name[0]}：每一行是一件可能上榜的商品，每一列是一件买过的，表里的数是它给得分添的部分"
    en = f"{name[1]}: a row for each product that may be listed, a column for each purchase; cells are what it adds"
    head = "".join(f'<th scope="col">{_named(pair)}</th>' for pair in household.purchases)
    rows = "".join(
        f'<tr><th scope="row">{_named(pair)}</th>'
        + "".join(f"<td>{part:.{_DIGITS}f}</td>" if part >= 0.5 / 10**_DIGITS else "<td></td>" for part in parts)
        + "</tr>\n"
        for pair, parts in zip(household.products, household.parts, strict=True)
    )
    corner = both("商品", "Product")
    return (
        f'<div class="table-scroll" tabindex="0"><table><caption>{both(zh, en)}</caption>'
        f'<thead><tr><th scope="col">{corner}</th>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>\n'
    )
