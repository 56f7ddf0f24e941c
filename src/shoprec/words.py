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
    return pair[0] if pair[0] == pair[1] else " ".join(pair)


def spans(pair: Pair) -> str:
    """Both languages as HTML; the book shows the reader's, a notebook both.

    Examples
    --------
    >>> spans(("香蕉", "Bananas"))
    '<span lang="zh">香蕉</span> <span lang="en">Bananas</span>'
    """
    zh, en = map(html.escape, pair)
    return zh if zh == en else f'<span lang="zh">{zh}</span> <span lang="en">{en}</span>'
