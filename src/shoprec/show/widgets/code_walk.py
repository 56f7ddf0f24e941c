"""Write a semantic id code by code, and see what is left after each."""

from collections.abc import Hashable
from html import escape
from typing import Any

import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, custom_element

_COLUMNS = ("path", "n", "probability", "name_zh", "name_en")


def code_walk(nodes: pd.DataFrame, n_products: int) -> HTML:
    """Let a reader walk down a tree of semantic ids.

    The output holds a table of all prefixes. Where scripts run, buttons offer the codes that may come next, and a line
    says how many products are left and how probable they are together.

    Parameters
    ----------
    nodes
        One row per prefix: ``path``, its codes as a tuple; ``n``, the products that begin so; their ``probability``
        together; ``name_zh`` and ``name_en``, of the product or of what most of them are. A prefix's own prefixes must
        be there, too; which codes are left out is up to the caller.
    n_products
        In the whole tree.

    Returns
    -------
    IPython.display.HTML
        The element ``<code-walk>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column, a name or a prefix is missing, a path occurs twice, or more is left after a code than before it.

    Examples
    --------
    >>> nodes = pd.DataFrame([((7,), 2, 0.5, "茶", "Tea"), ((7, 0), 1, 0.4, "绿茶", "Green tea")],
    ...                      columns=["path", "n", "probability", "name_zh", "name_en"])
    >>> "Green tea" in code_walk(nodes, n_products=9).data
    True
    """
    _check(nodes, n_products)
    ordered = nodes.sort_values("probability", ascending=False, kind="stable")
    first: Any = ordered[ordered["path"].map(len) == 1].itertuples()
    back, best = both("退一步", "One back"), both("一路取最可能的", "The most probable all the way")
    body = f"""\
<p class="status" role="status">{_status(n_products)}</p>
<div class="steps">{"".join(_button(row) for row in first)}</div>
<p class="moves"><button type="button" class="back" disabled>{back}</button>
<button type="button" class="best">{best}</button></p>
{_table(ordered)}"""
    return custom_element("code-walk", body, n=n_products)


def _check(nodes: pd.DataFrame, n_products: int) -> None:
    """Raise a ValueError that says what is wrong."""
    if missing := [column for column in _COLUMNS if column not in nodes]:
        raise ValueError(f"nodes lack the columns {missing}")
    if nodes.empty or nodes["path"].duplicated().any():
        raise ValueError("every prefix must have one row")
    if not all(isinstance(name, str) for name in nodes[["name_zh", "name_en"]].to_numpy().ravel()):
        raise ValueError("every prefix needs a name in both languages")
    left: dict[Hashable, tuple[float, float]] = {(): (float(n_products), 1.0)}
    for path, *rest in nodes[["path", "n", "probability"]].to_numpy().tolist():
        left[path] = float(rest[0]), float(rest[1])
    for path, (n, probability) in left.items():
        if path == ():
            continue
        before = left.get(path[:-1])  # type: ignore[index]
        if before is None:
            raise ValueError(f"the prefix {path} is there without the one before it")
        if n > before[0] or probability > before[1] + 1e-6:
            raise ValueError(f"more is left after {path} than before its last code")


def _share(probability: float) -> str:
    return f"{probability:.2%}"


def _status(n_products: int) -> str:
    """Return the live line; the script says the same of other prefixes."""
    zh = f'已写：<b class="written">–</b>。还剩 <b class="n">{n_products}</b> 件，合计概率 <b class="p">1</b>'
    zh += '<span class="tail"></span>。'
    en = f'Written: <b class="written">–</b>. Left: <b class="n">{n_products}</b>, probability together '
    en += '<b class="p">1</b><span class="tail"></span>.'
    return both(zh, en)


def _names(row: Any) -> str:
    return both(escape(row.name_zh), escape(row.name_en))


def _path(row: Any) -> str:
    return " ".join(str(code) for code in row.path)


def _button(row: Any) -> str:
    share = _share(row.probability)
    return f'<button type="button" data-path="{_path(row)}"><b>{row.path[-1]}</b> {_names(row)} {share}</button>'


def _table(ordered: pd.DataFrame) -> str:
    """Return all prefixes, the most probable first among those of one length, which the script reads, too."""
    zh = "每行是一个前缀：以它开头的商品有几件，合计概率是多少，多是什么；只列最可能的编码"
    en = "Each row is a prefix: how many products begin so, how probable they are together, and what most of them are; "
    en += "only the most probable codes are listed"
    heads = [("编码", "Codes"), ("多是", "Mostly"), ("商品", "Products"), ("概率", "Probability")]
    head = "".join(f'<th scope="col">{both(*words)}</th>' for words in heads)
    by_length: Any = ordered.sort_values("path", key=lambda path: path.map(len), kind="stable").itertuples()
    rows = [
        f'<tr data-path="{_path(row)}" data-n="{row.n}"><th scope="row">{_path(row).replace(" ", " · ")}</th>'
        f'<td class="name">{_names(row)}</td><td>{row.n}</td><td class="p">{_share(row.probability)}</td></tr>\n'
        for row in by_length
    ]
    return (
        f"<details><summary>{both('全部前缀', 'All prefixes')}</summary>"
        f'<div class="table-scroll" tabindex="0"><table><caption>{both(zh, en)}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>\n{''.join(rows)}</tbody></table></div></details>\n"
    )
