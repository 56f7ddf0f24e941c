"""Both languages in one place: a pair is what something is called in Chinese and in English."""

import html

Pair = tuple[str, str]


def label(pair: Pair) -> str:
    """Both languages in one short label, for figures.

    Examples
    --------
    >>> label(("召回率", "Recall@10")), label(("Transformer", "Transformer"))
    ('召回率 Recall@10', 'Transformer')
    """
    zh, en = _both(pair)
    return zh if zh == en else f"{zh} {en}"


def spans(pair: Pair) -> str:
    """Both languages as HTML; the book shows the reader's, a notebook both.

    Examples
    --------
    >>> spans(("香蕉", "Bananas"))
    '<span lang="zh">香蕉</span> <span lang="en">Bananas</span>'
    """
    zh, en = map(html.escape, _both(pair))
    return zh if zh == en else f'<span lang="zh">{zh}</span> <span lang="en">{en}</span>'


def _both(pair: Pair) -> Pair:
    """The pair, after making sure that it is one: a text of two characters would pass for it."""
    if isinstance(pair, str) or len(pair) != 2:
        raise ValueError(f"{pair!r} is no pair; pass what it is called in Chinese and in English, (zh, en)")
    return pair
