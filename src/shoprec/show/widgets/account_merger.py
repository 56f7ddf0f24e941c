"""A household's list on one platform, as more and more of its baskets on another one join: its own, or a stranger's."""

from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, custom_element

_COLUMNS = ("household", "link", "n", "rank", "item", "name_zh", "name_en", "bought")
_LINKS = {"right": ("自己的", "Its own"), "wrong": ("陌生家庭的", "A stranger’s")}


def account_merger(lists: pd.DataFrame) -> HTML:
    """Show how a list changes with the number of linked baskets, and with a wrong link.

    The output holds the list without a link, and a table for each household with the ranks of all its products in all
    lists. Where scripts run, a choice, a slider and a switch show one list at a time, and the tables fold away.

    Parameters
    ----------
    lists
        One row per place in a list: ``household`` (a number), ``link`` ("right" or "wrong"), ``n`` (how many baskets of
        the other platform have joined), ``rank`` from 1, ``item``, ``name_zh``, ``name_en`` and ``bought``, whether the
        next basket holds it. Each household has a list for each ``n`` and both links; at 0 the two are the same. Eight
        households with eight lists of ten are plenty.

    Returns
    -------
    IPython.display.HTML
        The element ``<account-merger>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column is missing, a value doesn't fit, or a list is incomplete.

    Examples
    --------
    >>> rows = [(7, link, n, 1, "tea", "茶", "Tea", True) for link in ("right", "wrong") for n in (0, 2)]
    >>> names = ["household", "link", "n", "rank", "item", "name_zh", "name_en", "bought"]
    >>> '<b class="hits">1</b>' in account_merger(pd.DataFrame(rows, columns=names)).data
    True
    """
    _check(lists)
    households = list(lists["household"].unique())
    steps = sorted(lists["n"].unique())
    options = "".join(f"<option>{escape(str(household))}</option>" for household in households)
    first = lists[(lists["household"] == households[0]) & (lists["n"] == 0) & (lists["link"] == "right")]
    body = f"""\
<p class="choice"><label><span>{both("家庭", "Household")}</span> <select autocomplete="off">{options}</select></label>
<label><span>{both("并入的购物次数", "Baskets that join")}</span>
<input type="range" min="0" max="{len(steps) - 1}" step="1" value="0" autocomplete="off">
<output aria-live="off">0</output></label>
<label><input type="checkbox" autocomplete="off">
<span>{both("错链：陌生家庭的购物", "Wrong link: a stranger’s")}</span></label></p>
{_status(households[0], first)}
{_list(first)}
{"".join(_ranks(h, lists[lists["household"] == h], steps) for h in households)}"""
    return custom_element("account-merger", body)


def _check(lists: pd.DataFrame) -> None:
    """Raise a ValueError that says what is wrong with the table."""
    if missing := [name for name in _COLUMNS if name not in lists]:
        raise ValueError(f"lists lack the columns {missing}")
    if lists.empty:
        raise ValueError("lists are empty")
    if not lists["link"].isin(list(_LINKS)).all():
        raise ValueError(f"link is one of {list(_LINKS)}")
    if not lists["bought"].isin([True, False]).all():
        raise ValueError("bought must be true or false for every product")
    if not all(isinstance(name, str) for name in lists[["name_zh", "name_en"]].to_numpy().ravel()):
        raise ValueError("every product needs a name in both languages")
    length = lists["rank"].max()
    steps, complete = set(lists["n"]), list(range(1, length + 1))
    for household, own in lists.groupby("household"):
        ranks = own.groupby(["link", "n"])["rank"].agg(sorted)
        if set(ranks.index) != {(link, n) for link in _LINKS for n in steps} or any(r != complete for r in ranks):
            raise ValueError(f"household {household} lacks a list; give ranks 1 to {length} for each link and n")
        start = own[own["n"] == 0].sort_values("rank").groupby("link")["item"].agg(list)
        if len(start) != len(_LINKS) or start["right"] != start["wrong"]:
            raise ValueError(f"household {household} needs a list without a link, n = 0, which is the same for both")


def _status(household: object, rows: pd.DataFrame) -> str:
    """Return the live line; the script rewrites the parts that it names."""
    who, n, hits = (
        f'<b class="{name}">{value}</b>'
        for name, value in (("who", household), ("n", 0), ("hits", rows["bought"].sum()))
    )
    zh = f"家庭 {who}：并入 {n} 次购物，前 {len(rows)} 件里有 {hits} 件在真实的下一篮里（✓）。"
    en = f"Household {who}: {n} baskets have joined; of the {len(rows)} products, "
    en += f"{hits} are in the real next basket (✓)."
    return f'<p class="status" role="status">{both(zh, en)}</p>'


def _name(row: pd.Series) -> str:
    return both(escape(row["name_zh"]), escape(row["name_en"]))


def _list(rows: pd.DataFrame) -> str:
    """Return the list without a link, best product first."""
    titles = (both("名次", "Rank"), both("商品", "Product"), both("变动", "Change"), both("下一篮", "Next basket"))
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    cells = "".join(
        f'<tr{" data-bought" * bool(row["bought"])}><td>{row["rank"]}</td><th scope="row">{_name(row)}</th>'
        f"<td></td><td>{'✓' * bool(row['bought'])}</td></tr>\n"
        for _, row in rows.sort_values("rank").iterrows()
    )
    return f'<table class="list"><thead><tr>{head}</tr></thead><tbody>\n{cells}</tbody></table>'


def _ranks(household: object, rows: pd.DataFrame, steps: list[int]) -> str:
    """Return one household's products with their ranks in every list; the script reads it."""
    table = rows.pivot(index="item", columns=["link", "n"], values="rank").astype("Int64")
    own = rows[rows["link"] == "right"].pivot(index="item", columns="n", values="rank").reindex(table.index)
    order = own.fillna(np.inf).sort_values(list(own.columns), kind="stable").index
    products = rows.drop_duplicates("item").set_index("item")
    groups = "".join(f'<th scope="colgroup" colspan="{len(steps)}">{both(*title)}</th>' for title in _LINKS.values())
    head = "".join(f'<th scope="col">{n}</th>' for _ in _LINKS for n in steps)
    body = []
    for item in order:
        row = products.loc[item]
        ranks = (table.loc[item, (link, n)] for link in _LINKS for n in steps)
        cells = "".join(f"<td>{'–' if pd.isna(rank) else rank}</td>" for rank in ranks)
        bought = bool(row["bought"])
        body.append(
            f'<tr{" data-bought" * bought}><th scope="row">{_name(row)}</th><td>{"✓" * bought}</td>{cells}</tr>\n'
        )
    summary = both(f"家庭 {household}：全部名次", f"Household {household}: all ranks")
    corner = f'<td></td><th scope="col" rowspan="2">{both("下一篮", "Next basket")}</th>'
    joined = f'<th scope="row">{both("并入的购物次数", "Baskets that join")}</th>'
    return (
        f'<details><summary>{summary}</summary><div class="table-scroll" tabindex="0"><table class="ranks"><thead>'
        f"<tr>{corner}{groups}</tr><tr>{joined}{head}</tr></thead><tbody>\n{''.join(body)}</tbody></table></div></details>\n"
    )
