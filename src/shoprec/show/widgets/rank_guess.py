"""A guess before the answer: the reader puts the models of a leaderboard in order, then compares."""

from collections.abc import Mapping
from html import escape
from itertools import combinations

import numpy as np
import pandas as pd
from IPython.display import HTML

from shoprec.show.plotting import MODEL_NAMES
from shoprec.show.widgets.element import both, custom_element
from shoprec.words import Pair

QUESTION = ("NDCG@10 从高到低，你猜怎么排？", "In which order will NDCG@10 put them? Guess, best first.")


def guess_order(
    scores: Mapping[str, float] | pd.Series,
    names: Mapping[str, Pair] = MODEL_NAMES,
    question: Pair = QUESTION,
    spec: str = ".3f",
) -> HTML:
    """Let the reader put models in order, and compare the guess with what was measured.

    The models start in the order of their English names. The answer is folded: a table of the measured order, with the
    reader's places beside it where scripts run, and how many swaps of neighbours the guess is away (Kendall's
    distance; equal scores need none). Where they don't, the list and the folded table remain. Nothing is stored.

    Parameters
    ----------
    scores : mapping or Series
        The measured score of each model, such as the column ``"all"`` of a leaderboard; the highest is best.
    names : mapping
        Bilingual names of the models.
    question : pair
        What the reader is asked, (Chinese, English).
    spec : str
        Format specification of the scores.

    Returns
    -------
    IPython.display.HTML
        The element ``<rank-guess>`` with its styles and its script.

    Raises
    ------
    ValueError
        If there are fewer than two models, a score is not finite, or a name is missing.

    Examples
    --------
    >>> output = guess_order({"popularity": 0.08, "frequency": 0.23})
    >>> "Move Popularity up" in output.data and "0.230" in output.data
    True
    """
    measured = dict(sorted(((str(m), float(score)) for m, score in scores.items()), key=lambda pair: -pair[1]))
    _check(measured, names)
    order = list(measured)
    guess = sorted(order, key=lambda model: names[model][1].casefold())
    items = "".join(_item(names[m], measured[m], order.index(m)) for m in guess)
    rows = (_row(i, names[m], format(measured[m], spec), guess.index(m) + 1) for i, m in enumerate(order, 1))
    body = f"""\
<p class="asked">{both(*map(escape, question))}</p>
<p class="hint">{
        both(
            "用 ▲▼ 移动，或在按钮上按上下方向键；排好了，再打开“对答案”。",
            "Move them with ▲ ▼, or with the arrow keys on a button; then open “Compare”.",
        )
    }</p>
<ol>{items}</ol>
<p class="moved" role="status"></p>
<details><summary>{both("对答案", "Compare")}</summary>
{_distance([measured[m] for m in guess])}
<table class="answer"><thead><tr>{_head()}</tr></thead>
<tbody>{"".join(rows)}</tbody></table></details>
"""
    return custom_element("rank-guess", body)


def _check(scores: Mapping[str, float], names: Mapping[str, Pair]) -> None:
    """Raise a ValueError that says what is wrong with the scores or the names."""
    if len(scores) < 2:
        raise ValueError(f"to put in order takes at least two models, not {len(scores)}")
    if not np.isfinite(list(scores.values())).all():
        raise ValueError("the scores must be finite")
    if missing := [model for model in scores if model not in names]:
        raise ValueError(f"no names for {missing}")


def _distance(guess: list[float]) -> str:
    """Return the line that says how far the guess is from the measured order."""
    pairs = list(combinations(guess, 2))
    wrong = f'<b class="swaps">{sum(first < second for first, second in pairs)}</b>'
    most = sum(first != second for first, second in pairs)
    zh = f"离实测的次序还差 {wrong} 次相邻对调（最多 {most} 次）。"
    en = f"Swaps of neighbours from your order to the measured one: {wrong}, of at most {most}."
    return f'<p class="distance" role="status">{both(zh, en)}</p>'


def _item(name: Pair, score: float, place: int) -> str:
    """Return one model in the reader's list; its attributes say where it was measured to stand."""
    zh, en = map(escape, name)
    words = {"up": (f"{zh}上移", f"Move {en} up"), "down": (f"{zh}下移", f"Move {en} down")}
    buttons = "".join(
        f'<button type="button" class="{way}"><span aria-hidden="true">{sign}</span>'
        f'<span class="said">{both(*words[way])}</span></button>'
        for way, sign in (("up", "▲"), ("down", "▼"))
    )
    return (
        f'<li data-score="{score!r}" data-place="{place}"><span class="name">{both(zh, en)}</span>'
        f'<span class="move">{buttons}</span></li>'
    )


def _head() -> str:
    titles = {"place": ("名次", "Rank"), "name": ("模型", "Model")}
    titles |= {"score": ("实测", "Measured"), "guess": ("你猜", "Your guess")}
    return "".join(f'<th scope="col" class="{kind}">{both(*title)}</th>' for kind, title in titles.items())


def _row(place: int, name: Pair, score: str, guess: int) -> str:
    """Return one model in the measured order."""
    return (
        f'<tr><td class="place">{place}</td><th scope="row" class="name">{both(*map(escape, name))}</th>'
        f'<td class="score">{score}</td><td class="guess">{guess}</td></tr>'
    )
