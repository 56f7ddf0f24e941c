"""A basket at the till: scan its products one by one, and see how the list changes and what each answer took."""

from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.show.widgets.element import both, choice, custom_element
from shoprec.words import Pair

_LISTS = ("household", "n", "rank", "item", "name_zh", "name_en", "bought")
_SCANS = ("household", "n", "name_zh", "name_en", "cached_ms", "full_ms")
_TIMES: dict[str, Pair] = {
    "cached_ms": ("只算新的一件", "The new one alone"),
    "full_ms": ("全部重算", "All anew"),
}


def basket_scanner(lists: pd.DataFrame, scans: pd.DataFrame) -> HTML:
    """Show a list after each scan of a basket, with the milliseconds of two ways to compute it.

    The output holds the list before the first scan, and for each household what was scanned, and a table with the ranks
    of all products in all lists. Where scripts run, buttons scan, take back and begin again, and the tables fold away.

    Parameters
    ----------
    lists
        One row per place in a list: ``household`` (a number), ``n`` (how many products have been scanned, from 0),
        ``rank`` from 1, ``item``, ``name_zh``, ``name_en`` and ``bought``, whether the rest of the basket holds it.
    scans
        One row per scan: ``household``, ``n`` from 1, ``name_zh`` and ``name_en`` of the product, and the milliseconds
        of the list that follows, ``cached_ms`` and ``full_ms``. Six households with eight scans are plenty.

    Returns
    -------
    IPython.display.HTML
        The element ``<basket-scanner>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column is missing, a value doesn't fit, or a list or a scan is missing.

    Examples
    --------
    >>> lists = pd.DataFrame([(7, n, 1, "tea", "茶", "Tea", True) for n in (0, 1)], columns=list(_LISTS))
    >>> scans = pd.DataFrame([(7, 1, "果酱", "Jam", 1.5, 6.0)], columns=list(_SCANS))
    >>> '<b class="hits">1</b>' in basket_scanner(lists, scans).data
    True
    """
    _check(lists, scans)
    households = list(lists["household"].unique())
    first = lists[(lists["household"] == households[0]) & (lists["n"] == 0)]
    buttons = "".join(
        f'<button type="button" class="{name}"{" disabled" * (name != "scan")}>{both(*words)}</button>'
        for name, words in {
            "scan": ("扫下一件", "Scan the next"),
            "back": ("取回一件", "Take one back"),
            "again": ("重新开始", "Start over"),
        }.items()
    )
    details = (_details(h, lists[lists["household"] == h], scans[scans["household"] == h]) for h in households)
    body = f"""\
{choice(("家庭", "Household"), [(str(h), str(h)) for h in households])}
<p class="buttons">{buttons}</p>
<div class="till"><div class="side"><p class="head">{both("已扫", "Scanned")}</p><ol class="receipt"></ol>
{_bars()}</div>
{_list(first)}</div>
{_status(households[0], first)}
{"".join(details)}"""
    return custom_element("basket-scanner", body)


def _check(lists: pd.DataFrame, scans: pd.DataFrame) -> None:
    """Raise a ValueError that says what is wrong with the tables."""
    for table, name, columns in ((lists, "lists", _LISTS), (scans, "scans", _SCANS)):
        if missing := [column for column in columns if column not in table]:
            raise ValueError(f"{name} lack the columns {missing}")
        if table.empty:
            raise ValueError(f"{name} are empty")
        if not all(isinstance(text, str) for text in table[["name_zh", "name_en"]].to_numpy().ravel()):
            raise ValueError(f"every product of {name} needs a name in both languages")
    if not lists["bought"].isin([True, False]).all():
        raise ValueError("bought must be true or false for every product")
    times = scans[list(_TIMES)].to_numpy(float)
    if not (np.isfinite(times).all() and (times > 0).all()):
        raise ValueError("cached_ms and full_ms must be positive numbers")
    places = list(range(1, lists["rank"].max() + 1))
    for household, own in lists.groupby("household"):
        steps = sorted(scans.loc[scans["household"] == household, "n"])
        if not steps or steps != list(range(1, len(steps) + 1)):
            raise ValueError(f"household {household} lacks a scan; number them from 1")
        ranks = own.groupby("n")["rank"].agg(sorted)
        if list(ranks.index) != [0, *steps] or any(r != places for r in ranks):
            raise ValueError(f"household {household} lacks a list; give ranks 1 to {places[-1]} for each n from 0")


def _status(household: object, rows: pd.DataFrame) -> str:
    """Return the live line; the script rewrites the parts that it names."""
    values = {"who": household, "n": 0, "hits": rows["bought"].sum()}
    who, n, hits = (f'<b class="{name}">{value}</b>' for name, value in values.items())
    zh = f"家庭 {who}：已扫 {n} 件；列表的 {len(rows)} 件里，有 {hits} 件在篮子的其余部分里（✓）。"
    en = f"Household {who}: {n} scanned; of the {len(rows)} products listed, {hits} are in the rest of the basket (✓)."
    return f'<p class="status" role="status">{both(zh, en)}</p>'


def _bars() -> str:
    """Return the two bars, empty before the first scan."""
    rows = "".join(
        f'<p class="time" data-way="{way}"><span class="way">{both(*words)}</span><span class="track"><i></i></span>'
        f"<output>–</output></p>"
        for way, words in _TIMES.items()
    )
    head = both("这次列表，毫秒", "This list, in ms")
    return f'<div class="times"><p class="head">{head}</p>{rows}</div>'


def _name(row: pd.Series) -> str:
    return both(escape(row["name_zh"]), escape(row["name_en"]))


def _list(rows: pd.DataFrame) -> str:
    """Return the list before the first scan, best product first."""
    titles = (both("名次", "Rank"), both("商品", "Product"), both("变动", "Change"), both("在篮子里", "In basket"))
    head = "".join(f'<th scope="col">{title}</th>' for title in titles)
    cells = "".join(
        f'<tr{" data-bought" * bool(row["bought"])}><td>{row["rank"]}</td><th scope="row">{_name(row)}</th>'
        f"<td></td><td>{'✓' * bool(row['bought'])}</td></tr>\n"
        for _, row in rows.sort_values("rank").iterrows()
    )
    return f'<table class="list"><thead><tr>{head}</tr></thead><tbody>\n{cells}</tbody></table>'


def _details(household: object, rows: pd.DataFrame, scans: pd.DataFrame) -> str:
    """Return one household's scans, and its products with their ranks in every list; the script reads both."""
    steps = sorted(rows["n"].unique())
    table = rows.pivot(index="item", columns="n", values="rank").astype("Int64")
    marks = rows.pivot(index="item", columns="n", values="bought")
    order = table.astype(float).fillna(np.inf).sort_values(list(table.columns), kind="stable").index
    products = rows.drop_duplicates("item").set_index("item")
    head = "".join(f'<th scope="col">{n}</th>' for n in steps)
    body = []
    for item in order:
        cells = "".join(
            "<td>–</td>" if pd.isna(rank) else f"<td{' data-bought' * bool(mark)}>{rank}{' ✓' * bool(mark)}</td>"
            for rank, mark in zip(table.loc[item], marks.loc[item], strict=True)
        )
        body.append(f'<tr><th scope="row">{_name(products.loc[item])}</th>{cells}</tr>\n')
    scanned = "".join(
        f'<li data-cached_ms="{row["cached_ms"]:.2f}" data-full_ms="{row["full_ms"]:.2f}">{_name(row)} '
        f"<small>{row['cached_ms']:.2f} / {row['full_ms']:.2f} {both('毫秒', 'ms')}</small></li>"
        for _, row in scans.sort_values("n").iterrows()
    )
    summary = both(f"家庭 {household}：全部扫码和名次", f"Household {household}: all scans and ranks")
    corner = f'<th scope="row">{both("已扫的件数", "Products scanned")}</th>'
    return (
        f'<details><summary>{summary}</summary><ol class="scans">{scanned}</ol><div class="table-scroll" tabindex="0">'
        f'<table class="ranks"><thead><tr>{corner}{head}</tr></thead><tbody>\n{"".join(body)}</tbody></table></div>'
        "</details>\n"
    )
