"""Both languages in one place, and what is said bound to what was found."""

import html
import os
from typing import Any, NamedTuple

Pair = tuple[str, str]


def confirm(name: str, holds: Any, verdict: str = "", **figures: float) -> None:
    """State a finding by its name: raise unless it holds, and leave name, verdict and figures in the notebook's run.

    The book is not built if a claim of the source has a verdict that no run of its chapter has confirmed.

    Parameters
    ----------
    name : str
        Of a claim's box, its label.
    holds : bool
        What the sentences of the box say, as tightly as they say it.
    verdict : str
        The one that this bears out: ``"supported"``, ``"partly"``, ``"unsupported"`` or ``"wrong"``.
    **figures : float
        The numbers that it rests on; kept with the name.

    Raises
    ------
    AssertionError
        If it doesn't hold.
    TypeError
        If ``holds`` is neither true nor false; a table or a list would pass for true.

    Examples
    --------
    >>> confirm("claim-mean", 0.21 > 0.20, verdict="supported", ndcg=0.21)
    ✓ claim-mean: ndcg 0.21
    >>> confirm("claim-mean", 0.19 > 0.20, ndcg=0.19)
    Traceback (most recent call last):
    AssertionError: claim-mean doesn't hold in this run: ndcg 0.19
    """
    from IPython import get_ipython

    text = ", ".join(f"{figure.replace('_', ' ')} {value:.4g}" for figure, value in figures.items())
    truth = holds.item() if hasattr(holds, "item") and not getattr(holds, "shape", ()) else holds  # of NumPy or torch
    if not isinstance(truth, bool):
        raise TypeError(f"what {name} states is {holds!r}, not true or false; compare, and sum up by .all() or .any()")
    if not truth:
        raise AssertionError(f"{name} doesn't hold in this run: {text or 'see the cell'}")
    line = f"✓ {name}" + (f": {text}" if text else "")
    found = {"name": name, "verdict": verdict, "figures": {figure: float(value) for figure, value in figures.items()}}
    checked = spans(("本次运行核对过 ✓", "Checked in this run ✓"))
    shown = {"text/plain": line, "text/html": f'<p class="finding">{checked}</p>'}
    if (shell := get_ipython()) is None:
        print(line)
    else:
        shell.display_pub.publish(shown, metadata={"finding": found})


def chosen() -> int | None:
    """Which half of a pair is wanted where ``SHOPREC_LANGUAGE`` is zh or en; elsewhere both are.

    Examples
    --------
    >>> chosen() is None
    True
    """
    return {"zh": 0, "en": 1}.get(os.environ.get("SHOPREC_LANGUAGE", ""))


def label(pair: Pair) -> str:
    """Both languages in one short label, for figures; the book shows the reader's.

    Examples
    --------
    >>> label(("召回率", "Recall@10")), label(("Transformer", "Transformer"))
    ('召回率 | Recall@10', 'Transformer')
    """
    return " | ".join(_wanted(pair))


def spans(pair: Pair) -> str:
    """Both languages as HTML; the book shows the reader's, a notebook both.

    Examples
    --------
    >>> spans(("香蕉", "Bananas"))
    '<span lang="zh">香蕉</span> <span lang="en">Bananas</span>'
    """
    texts = [html.escape(text) for text in _wanted(pair)]
    return texts[0] if len(texts) == 1 else '<span lang="zh">{}</span> <span lang="en">{}</span>'.format(*texts)


class Line(NamedTuple):
    """What a cell has to say, in both languages."""

    zh: str
    en: str

    def _repr_html_(self) -> str:
        return f'<p class="line">{spans(self)}</p>'

    def __repr__(self) -> str:
        return "\n".join(_wanted(self))


def say(zh: str, en: str, *values: Any) -> None:
    """Print a line in both languages; the book shows the reader's, and a terminal one below the other.

    Parameters
    ----------
    zh, en : str
        The line, with a format such as ``{:.3f}`` in the place of each value.
    *values
        What goes there; of a pair, each language's half.

    Examples
    --------
    >>> say("{}：{:.1%}", "{}: {:.1%}", ("香蕉", "bananas"), 0.7)
    香蕉：70.0%
    bananas: 70.0%
    """
    from IPython.display import display  # here, since modules that never print import this one

    halves = ([value[i] if isinstance(value, tuple) else value for value in values] for i in (0, 1))
    display(Line(*(text.format(*half) for text, half in zip((zh, en), halves, strict=True))))


def _wanted(pair: Pair) -> list[str]:
    """The pair's halves that differ and are wanted; a text of two characters would pass for a pair, and is none."""
    if isinstance(pair, str) or len(pair) != 2:
        raise ValueError(f"{pair!r} is no pair; pass what it is called in Chinese and in English, (zh, en)")
    half = chosen()
    return list(dict.fromkeys(pair)) if half is None else [pair[half]]
