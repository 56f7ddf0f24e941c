"""A household's list that is re-ranked as a whole, beside what the household itself buys."""

from html import escape

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.applications.diversity import ALPHA, calibrate, intra_list_diversity, miscalibration, mmr, shared_prefix
from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import number, one_of
from shoprec.show.widgets.element import both, custom_element

RULES = {
    "mmr": ("彼此不同（MMR）", "Unlike each other (MMR)"),
    "calibrate": ("像自己的构成（校准）", "Like the household's mix"),
}


def list_mixer(
    candidates: pd.DataFrame, groups: pd.DataFrame, *, rule: str = "mmr", weight: float = 0.3, k: int = 10
) -> HTML:
    """Show a list that a rule has re-ranked, and its mix of groups beside the household's own.

    The output is a complete table at the given weight; where scripts run, a slider moves the weight from relevance to
    the list's composition, and two buttons choose the rule.

    Parameters
    ----------
    candidates
        One row per product, best first, at most 60: ``name_zh``, ``name_en``, ``relevance`` from 0 to 1, ``path``, a
        tuple of codes from the top level of the hierarchy down, all of one length, whose first is a row of ``groups``;
        and optionally ``bought``, whether the product was in the next basket.
    groups
        One row per group of the top level: ``name_zh``, ``name_en`` and ``share``, the household's own.
    rule
        ``"mmr"`` or ``"calibrate"``, as in :mod:`shoprec.applications.diversity`.
    weight
        Of the composition at the start, from 0 to 1; rounded to the slider's step of 0.01.
    k
        Length of the list.

    Returns
    -------
    IPython.display.HTML
        The element ``<list-mixer>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a column is missing or incomplete, or an argument is out of range.

    Examples
    --------
    >>> names = {"name_zh": ["牛奶", "酸奶", "香蕉"], "name_en": ["Milk", "Yoghurt", "Bananas"]}
    >>> candidates = pd.DataFrame({**names, "relevance": [1.0, 0.9, 0.5], "path": [(0, 0), (0, 0), (1, 0)]})
    >>> groups = pd.DataFrame({"name_zh": ["食品", "果蔬"], "name_en": ["Grocery", "Produce"], "share": [0.5, 0.5]})
    >>> output = list_mixer(candidates, groups, weight=0.5, k=2)
    >>> output.data.index("Milk") < output.data.index("Bananas") < output.data.index("Yoghurt")
    True
    """
    _check(candidates, groups)
    number(weight, "weight", 0, 1)
    if not 2 <= whole(k, "k") <= len(candidates) <= 60:
        raise ValueError(f"{len(candidates)} candidates for a list of {k}; pass at least k, at most 60, with k >= 2")
    weight = round(float(weight), 2)
    table = candidates.reset_index(drop=True)
    order = _order(table, groups, one_of(rule, "rule", RULES), weight, k)
    body = f"""\
<p class="rules">{"".join(_button(name, words, name == rule) for name, words in RULES.items())}</p>
<p class="weight"><label><span>{both("构成的权重", "Weight of the mix")} <i>λ</i></span>
<input type="range" min="0" max="1" step="0.01" value="{weight}" autocomplete="off"></label>
<output aria-live="off">{weight:.2f}</output></p>
{_status(table, groups, order, k)}
<div class="parts">
{_list(table, groups, order, k)}
{_mix(table, groups, order[:k])}
</div>
"""
    return custom_element("list-mixer", body, k=k, alpha=ALPHA)


def _check(candidates: pd.DataFrame, groups: pd.DataFrame) -> None:
    """Refuse tables that lack something, before anything is drawn from them."""
    for name, frame, numbers in (("candidates", candidates, "relevance"), ("groups", groups, "share")):
        missing = {"name_zh", "name_en", numbers} - set(frame) | (
            {"path"} - set(frame) if name == "candidates" else set()
        )
        if missing:
            raise ValueError(f"{name} lack the columns {sorted(missing)}")
        if not frame[["name_zh", "name_en"]].map(lambda text: isinstance(text, str)).all(axis=None):
            raise ValueError(f"{name} must have a name in both languages in every row")
        values = pd.to_numeric(frame[numbers], errors="coerce")
        if not values.between(0, 1).all():
            raise ValueError(f"{numbers} must hold a number from 0 to 1 in every row of {name}")
    if len({len(path) for path in candidates["path"]}) > 1 or any(
        not path or not 0 <= path[0] < len(groups) for path in candidates["path"]
    ):
        raise ValueError("a path must begin with the row of its group, and all paths have one length")


def _order(table: pd.DataFrame, groups: pd.DataFrame, rule: str, weight: float, k: int) -> Codes:
    """All candidates: the list first, the others behind it as they were ranked."""
    x = table["relevance"].to_numpy(dtype=float)
    paths = np.array(table["path"].tolist())
    if rule == "mmr":
        chosen = mmr(x, shared_prefix(paths), weight, k)
    else:
        chosen = calibrate(x, paths[:, 0], groups["share"].to_numpy(dtype=float), weight, k)
    return np.concatenate([chosen, np.setdiff1d(np.arange(len(x)), chosen)])


def _own_and_list(table: pd.DataFrame, groups: pd.DataFrame, chosen: Codes) -> tuple[Floats, Floats]:
    departments = np.array([path[0] for path in table["path"]])[chosen]
    return groups["share"].to_numpy(dtype=float), np.bincount(departments, minlength=len(groups)) / len(chosen)


def _button(name: str, words: tuple[str, str], pressed: bool) -> str:
    return f'<button type="button" data-rule="{name}" aria-pressed="{str(pressed).lower()}">{both(*words)}</button>'


def _status(table: pd.DataFrame, groups: pd.DataFrame, order: Codes, k: int) -> str:
    """Return the live line: what is new on the list, how different its products are, and how far its mix is."""
    chosen = order[:k]
    new = int((chosen >= k).sum())
    ild = intra_list_diversity(shared_prefix(np.array(table["path"].tolist())[chosen]))
    off = miscalibration(*_own_and_list(table, groups, chosen))
    zh = f'换进 <b class="new">{new}</b> 件。列表内多样性 <b class="ild">{ild:.2f}</b>，'
    en = f'New on the list: <b class="new">{new}</b>. Intra-list diversity <b class="ild">{ild:.2f}</b>, '
    zh += f'构成偏差 <b class="off">{off:.2f}</b>。'
    en += f'miscalibration <b class="off">{off:.2f}</b>.'
    if "bought" in table:
        hits = int(table["bought"].iloc[chosen].sum())
        zh += f'命中 <b class="hits">{hits}</b> 件。'
        en += f' Hits: <b class="hits">{hits}</b>.'
    return f'<p class="status" role="status">{both(zh, en)}</p>'


def _name(row: pd.Series) -> str:
    return both(escape(row["name_zh"]), escape(row["name_en"]))


def _list(table: pd.DataFrame, groups: pd.DataFrame, order: Codes, k: int) -> str:
    """Return the candidates, the list first; the exact numbers are in the attributes."""
    heads = {"rank": both("位置", "Place"), "product": both("商品", "Product"), "group": both("部门", "Department"),
             "was": both("原来的名次", "Rank before")}  # fmt: skip
    bought = table["bought"] if "bought" in table else pd.Series(False, index=table.index)
    rows = []
    for place, i in enumerate(order, 1):
        row = table.loc[i]
        codes = " ".join(str(int(code)) for code in row["path"])
        rows.append(
            f'<tr data-item="{i}" data-relevance="{float(row["relevance"])!r}" data-path="{codes}"'
            f"{' data-bought' * bool(bought[i])}{' data-new' * bool(i >= k)}{' hidden' * (place > k)}>"
            f'<td class="rank">{place}</td><th scope="row" class="product">{_name(row)}</th>'
            f'<td class="group">{_name(groups.iloc[row["path"][0]])}</td>'
            f'<td class="was">{i + 1}{" ✓" * bool(bought[i])}</td></tr>\n'
        )
    head = "".join(f'<th scope="col" class="{name}">{title}</th>' for name, title in heads.items())
    return f'<table class="list"><thead><tr>{head}</tr></thead>\n<tbody>\n{"".join(rows)}</tbody></table>'


def _mix(table: pd.DataFrame, groups: pd.DataFrame, chosen: Codes) -> str:
    """Return the shares of groups, of the list and of the household, each as a bar with its number."""
    rows = []
    for g, (own, shown) in enumerate(zip(*_own_and_list(table, groups, chosen), strict=True)):
        rows.append(
            f'<tr data-share="{float(own)!r}"><th scope="row">{_name(groups.iloc[g])}</th><td>'
            f'<span class="bar shown" style="width: {100 * shown:.0f}%"></span>'
            f'<span class="bar own" style="width: {100 * own:.0f}%"></span></td>'
            f'<td class="numbers"><b class="value">{100 * shown:.0f}</b> / {100 * own:.0f}</td></tr>\n'
        )
    heads = both("部门", "Department"), both("构成", "Mix"), both("列表 / 自己，%", "List / own, %")
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    return f'<table class="mix"><thead><tr>{head}</tr></thead>\n<tbody>\n{"".join(rows)}</tbody></table>'
