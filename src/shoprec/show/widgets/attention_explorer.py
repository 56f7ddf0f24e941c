"""A household's purchases, and which of them the reader's chosen one attends to."""

from collections.abc import Mapping, Sequence
from html import escape

import numpy as np
import numpy.typing as npt
import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, custom_element

Pair = tuple[str, str]


def attention_explorer(
    households: Mapping[str, tuple[pd.DataFrame, npt.NDArray[np.floating]]], heads: Sequence[Pair] | None = None
) -> HTML:
    """Show, head by head, how much each purchase attends to each other one.

    The output is a table of the first household's purchases with the weights that its last purchase gives; further
    households follow in tables of their own. Where scripts run, the reader chooses household and purchase.
    Every text stands there in Chinese and in English, in elements with a ``lang`` attribute.

    Parameters
    ----------
    households
        By name, such as a household's number: its purchases, oldest first, with the columns ``date`` (text),
        ``name_zh`` and ``name_en``; and the attention weights, an array of shape (heads, purchases, purchases)
        whose rows add up to 1. Weights are rounded to thousandths. Two dozen purchases are plenty.
    heads
        Names of the heads as ``(Chinese, English)``; by default they are numbered.

    Returns
    -------
    IPython.display.HTML
        The element ``<attention-explorer>`` with its styles and its script.

    Raises
    ------
    ValueError
        If there is no household, a column is missing, or the weights or names don't fit.

    Examples
    --------
    >>> milk = pd.DataFrame({"date": ["11-01", "11-08"], "name_zh": ["牛奶", "面包"], "name_en": ["Milk", "Bread"]})
    >>> weights = np.array([[[1.0, 0.0], [0.75, 0.25]]])
    >>> output = attention_explorer({"17": (milk, weights)})
    >>> "75.0" in output.data and 'data-weights="1000,0,750,250"' in output.data
    True
    """
    if not households:
        raise ValueError("there is no household to show")
    for name, (purchases, weights) in households.items():
        _check(name, purchases, weights)
    if heads is None:
        n_heads = max(len(weights) for _, weights in households.values())
        heads = [(f"头 {h}", f"Head {h}") for h in range(1, n_heads + 1)]
    if any(len(weights) != len(heads) for _, weights in households.values()):
        raise ValueError(f"there are names for {len(heads)} heads; every household must have as many")
    options = "".join(f"<option>{escape(name)}</option>" for name in households)
    tables = (_table(*item, heads, shown=i == 0) for i, item in enumerate(households.items()))
    body = f"""\
<form autocomplete="off">
<p class="choose"><label><span>{both("家庭", "Household")}</span> <select>{options}</select></label></p>
<p class="status" role="status">{_status(*next(iter(households.values())), heads)}</p>
{"".join(tables)}</form>
"""
    return custom_element("attention-explorer", body)


def _check(name: str, purchases: pd.DataFrame, weights: npt.NDArray[np.floating]) -> None:
    """Raise a ValueError that says what is wrong with a household."""
    missing = [column for column in ("date", "name_zh", "name_en") if column not in purchases]
    if missing:
        raise ValueError(f"the purchases of {name} lack the columns {missing}")
    n = len(purchases)
    if not n:
        raise ValueError(f"{name} has no purchases")
    if weights.ndim != 3 or not len(weights) or weights.shape[1:] != (n, n):
        raise ValueError(f"the weights of {name} have shape {weights.shape}; for {n} purchases pass (heads, {n}, {n})")
    if not ((weights >= 0).all() and np.allclose(weights.sum(axis=2), 1, atol=1e-3)):
        raise ValueError(f"the weights of {name} must not be negative, and each row must add up to 1")


def _status(purchases: pd.DataFrame, weights: npt.NDArray[np.floating], heads: Sequence[Pair]) -> str:
    """Return what the last purchase attends to most, in each head."""
    last = purchases.iloc[-1]
    zh = f"<b>{escape(last['name_zh'])}</b> 最看重："
    en = f"<b>{escape(last['name_en'])}</b> attends most to:"
    most = [purchases.iloc[int(row.argmax())] for row in _thousandths(weights)[:, -1]]
    pairs = list(zip(heads, most, strict=True))
    zh += "；".join(f" {escape(head[0])} → {escape(row['name_zh'])}" for head, row in pairs) + "。"
    en += ";".join(f" {escape(head[1])} → {escape(row['name_en'])}" for head, row in pairs) + "."
    return both(zh, en)


def _table(
    name: str, household: tuple[pd.DataFrame, npt.NDArray[np.floating]], heads: Sequence[Pair], shown: bool
) -> str:
    """Return one household; the attribute holds all weights, the cells those of the last purchase."""
    purchases, weights = household
    parts = _thousandths(weights)
    titles = "".join(
        f'<th scope="col" class="head">{both(escape(zh), escape(en))} <span class="unit">%</span></th>'
        for zh, en in heads
    )
    last = len(purchases) - 1
    rows = "".join(
        f"<tr{' data-query' * (i == last)}>"
        f'<th scope="row"><label><input type="radio" name="query-{escape(name)}" value="{i}"{" checked" * (i == last)}>'
        f"<span>{both(escape(row['name_zh']), escape(row['name_en']))}</span></label></th>"
        f'<td class="date">{escape(str(row["date"]))}</td>'
        + "".join(_cell(int(part)) for part in parts[:, -1, i])
        + "</tr>\n"
        for i, row in enumerate(purchases.to_dict("records"))
    )
    return f"""\
<table class="purchases{" shown" * shown}" data-weights="{",".join(map(str, parts.ravel()))}">
<caption>{both("家庭", "Household")} {escape(name)}</caption>
<thead><tr><th scope="col">{both("商品", "Product")}</th>
<th scope="col" class="date">{both("日期", "Date")}</th>{titles}</tr></thead>
<tbody>
{rows}</tbody>
</table>
"""


def _cell(part: int) -> str:
    """Return one weight, in per cent, over a bar of that length."""
    return f'<td class="weight" style="--part: {part / 10}%">{f"{part / 10:.1f}" if part else "·"}</td>'


def _thousandths(weights: npt.NDArray[np.floating]) -> npt.NDArray[np.integer]:
    return np.rint(1000 * np.asarray(weights, dtype=float)).astype(int)
