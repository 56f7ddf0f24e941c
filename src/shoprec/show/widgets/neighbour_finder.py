"""A product's nearest products by behaviour and by text, side by side, for the product that the reader chooses."""

from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, choice, custom_element

_COLUMNS = ("product", "product_zh", "product_en", "kind", "name_zh", "name_en", "score")
_KINDS = {
    "behaviour": ("谁买了它们（行为）", "Who buys them (behaviour)"),
    "text": ("写着什么（文本）", "What they say (text)"),
}


def neighbour_finder(neighbours: pd.DataFrame) -> HTML:
    """Show the nearest products of one product at a time, by behaviour and by text.

    The output holds all products, each behind a summary that opens it; where scripts run, a choice replaces the
    summaries. A neighbour in both lists is marked. Every text stands there in Chinese and in English.

    Parameters
    ----------
    neighbours
        One row per neighbour, best first: ``product`` (its id), ``product_zh``, ``product_en``, ``kind``
        ("behaviour" or "text"), ``neighbour`` (its id), ``name_zh``, ``name_en`` and ``score``, from 0 to 1. Products
        stand in the order in which they first appear. Thirty of them with eight neighbours each are plenty.

    Returns
    -------
    IPython.display.HTML
        The element ``<neighbour-finder>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column is missing, a value doesn't fit, or a product lacks one of the two kinds.

    Examples
    --------
    >>> rows = [("tea", "茶", "Tea", kind, "jam", "果酱", "Jam", 0.4) for kind in ("behaviour", "text")]
    >>> names = ["product", "product_zh", "product_en", "kind", "neighbour", "name_zh", "name_en", "score"]
    >>> '<b class="count">1</b> in both' in neighbour_finder(pd.DataFrame(rows, columns=names)).data
    True
    """
    _check(neighbours)
    groups = [group for _, group in neighbours.groupby("product", sort=False)]
    names = [(escape(group["product_zh"].iloc[0]), escape(group["product_en"].iloc[0])) for group in groups]
    shared = [len(_shared(group)) for group in groups]
    body = f"""\
{choice(("商品", "Product"), names)}
{_status(names[0], shared[0])}
{"".join(_product(g, n, s, i == 0) for i, (g, n, s) in enumerate(zip(groups, names, shared, strict=True)))}"""
    return custom_element("neighbour-finder", body)


def _check(neighbours: pd.DataFrame) -> None:
    """Raise a ValueError that says what is wrong with the table."""
    missing = [name for name in (*_COLUMNS, "neighbour") if name not in neighbours]
    if missing:
        raise ValueError(f"neighbours lack the columns {missing}")
    if neighbours.empty:
        raise ValueError("neighbours are empty")
    names = neighbours[["product_zh", "product_en", "name_zh", "name_en"]].to_numpy().ravel()
    if not all(isinstance(name, str) for name in names):
        raise ValueError("every product needs a name in both languages")
    score = neighbours["score"].to_numpy(dtype=float)
    if not (np.isfinite(score) & (score >= 0) & (score <= 1)).all():
        raise ValueError("scores must lie between 0 and 1")
    if not neighbours["kind"].isin(list(_KINDS)).all():
        raise ValueError(f"kind is one of {list(_KINDS)}")
    if (neighbours.groupby("product")["kind"].nunique() < len(_KINDS)).any():
        raise ValueError("every product needs neighbours of both kinds")


def _shared(group: pd.DataFrame) -> set:
    """Neighbours that stand in both lists of one product."""
    by_kind = group.groupby("kind")["neighbour"].agg(set)
    return by_kind["behaviour"] & by_kind["text"]


def _status(names: tuple[str, str], shared: int) -> str:
    """Return the live line: the chosen product, and how many neighbours the two lists share."""
    count = f'<b class="count">{shared}</b>'
    zh = f'<b class="name" lang="zh">{names[0]}</b>：{count} 件两边都有（●）。'
    en = f'<b class="name" lang="en">{names[1]}</b>: {count} in both lists (●).'
    return f'<p class="status" role="status">{both(zh, en)}</p>'


def _product(group: pd.DataFrame, names: tuple[str, str], shared: int, opened: bool) -> str:
    """Return one product: a summary, and its two lists of neighbours."""
    common = _shared(group)
    tables = "".join(_table(kind, group[group["kind"] == kind], common) for kind in _KINDS)
    return (
        f'<details data-shared="{shared}"{" open" * opened}><summary>{both(*names)}</summary>'
        f'<div class="sides">{tables}</div></details>\n'
    )


def _table(kind: str, rows: pd.DataFrame, common: set) -> str:
    cells = (
        f'<tr><td class="mark">{"●" * (row.neighbour in common)}</td>'
        f'<th scope="row">{both(escape(str(row.name_zh)), escape(str(row.name_en)))}</th>'
        f'<td class="score" style="--s:{row.score:.0%}">{row.score:.2f}</td></tr>'
        for row in rows.itertuples()
    )
    return f"<table><caption>{both(*_KINDS[kind])}</caption><tbody>{''.join(cells)}</tbody></table>"
