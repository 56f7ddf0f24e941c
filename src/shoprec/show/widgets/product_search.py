"""A search box: for a word in Chinese or English, what an encoder finds beside what matching letters finds."""

import json
from collections.abc import Mapping
from html import escape

import numpy as np
import numpy.typing as npt
import pandas as pd
from IPython.display import HTML

from shoprec.formulas.arrays import Floats, whole
from shoprec.formulas.metrics import rank_items
from shoprec.show.widgets.element import both, custom_element

Found = list[list[tuple[int, int]]]  #: for each word, the products that it finds, best first, with hundredths of 1

_LANGUAGES = ("zh", "en")
_TITLES = {
    "encoder": ("编码器", "The encoder"),
    "letters": ("字面匹配", "Matching letters"),
}
_EXAMPLES = 6  #: words in the table for those without scripts


def product_search(
    names: pd.DataFrame,
    encoder: Mapping[str, npt.ArrayLike],
    letters: Mapping[str, npt.ArrayLike],
    k: int = 5,
) -> HTML:
    """Let the reader look for products, all of which the shop calls by English names.

    A word is chosen from those that were prepared, by typing a part of it; beside it stand the products that the
    encoder finds nearest, and those whose letters match. A product that the word itself names is marked. Without
    scripts there is a table of some words. No text leaves the page.

    Parameters
    ----------
    names : DataFrame
        Columns ``name_zh`` and ``name_en``, a row for each product; the first ``n_words`` rows are also the words.
        Three hundred words and five hundred products are plenty.
    encoder, letters : mapping of language to array of float, shape (n_words, n_products)
        For ``"zh"`` and ``"en"``, how near the products are to the words in that language, 1 for the same; what is 0
        or below isn't found.
    k : int
        Products to show for a word at most.

    Returns
    -------
    IPython.display.HTML
        The element ``<product-search>`` with its styles and its script.

    Raises
    ------
    ValueError
        If names are missing or no text, or if the arrays don't fit each other or the names.

    Examples
    --------
    >>> names = pd.DataFrame({"name_zh": ["酸奶", "茶"], "name_en": ["Yogurt", "Tea"]})
    >>> near = {"zh": [[0.7, 0.1]], "en": [[1.0, 0.1]]}
    >>> "Yogurt" in product_search(names, near, {"zh": [[0, 0]], "en": [[1, 0]]}).data
    True
    """
    pairs = _pairs(names)
    sides = {"encoder": encoder, "letters": letters}
    found = {side: {lang: _found(by, side, lang, len(pairs), whole(k, "k")) for lang in _LANGUAGES}
             for side, by in sides.items()}  # fmt: skip
    n_words = {len(words) for side in found.values() for words in side.values()}
    if len(n_words) != 1:
        raise ValueError(f"the four arrays are of {sorted(n_words)} words; prepare the same words for each")
    (n,) = n_words
    data = {
        "zh": [zh for zh, _ in pairs],
        "en": [en for _, en in pairs],
        "found": {side: {lang: [sum(word, ()) for word in words] for lang, words in by.items()}
                  for side, by in found.items()},
    }  # fmt: skip
    told = json.dumps(data, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    first = {side: by["zh"][0] for side, by in found.items()}
    body = f"""\
<div class="search"><label>{both("找商品（中文或英文）", "Find a product, in English or Chinese")}
<input type="text" role="combobox" aria-expanded="false" aria-autocomplete="list" autocomplete="off" \
spellcheck="false" autocapitalize="none"></label><ul role="listbox" hidden></ul></div>
<p class="status" role="status"><span class="said">{_said(pairs[0], {s: len(f) for s, f in first.items()})}</span>
<span class="none" hidden>{both(f"备好的 {n} 个词里没有它。", f"Not among the {n} words prepared.")}</span></p>
<div class="sides">{"".join(_table(side, rows, pairs) for side, rows in first.items())}</div>
<p class="legend">{both("●：就是所搜的那一类", "●: the very thing that was searched for")}</p>
{_examples(found, pairs, min(n, _EXAMPLES))}
<script type="application/json">{told}</script>"""
    return custom_element("product-search", body)


def _pairs(names: pd.DataFrame) -> list[tuple[str, str]]:
    """Products' names, Chinese and English."""
    missing = [name for name in ("name_zh", "name_en") if name not in names]
    if missing:
        raise ValueError(f"names lack the columns {missing}")
    pairs = list(names[["name_zh", "name_en"]].itertuples(index=False, name=None))
    if not pairs or not all(isinstance(name, str) and name for pair in pairs for name in pair):
        raise ValueError("every product, of one or more, needs a name in both languages")
    return pairs


def _found(by: Mapping[str, npt.ArrayLike], side: str, lang: str, n: int, k: int) -> Found:
    """The best products for each word, as far as they are found at all."""
    if lang not in by:
        raise ValueError(f"{side} lacks {lang!r}; pass an array for each of {list(_LANGUAGES)}")
    near: Floats = np.asarray(by[lang], dtype=float)
    if near.ndim != 2 or not len(near) or near.shape[1] != n or len(near) > n:
        raise ValueError(
            f"{side}[{lang!r}] has shape {near.shape}; pass a row for each word, which are the first of the {n} names, "
            "and a column for each name"
        )
    if not np.isfinite(near).all() or (near > 1 + 1e-6).any():
        raise ValueError(f"{side}[{lang!r}] must be finite and at most 1, as cosines are")
    best = rank_items(near, min(k, n))
    hundredths = np.round(100 * np.take_along_axis(near, best, axis=1)).astype(int)
    return [
        [(int(i), int(s)) for i, s in zip(*word, strict=True) if s > 0] for word in zip(best, hundredths, strict=True)
    ]


def _word(word: tuple[str, str], lang: str) -> str:
    """A word in its language, and for who reads the other what it means."""
    own, other = word if lang == "zh" else word[::-1]
    return f'<b lang="{lang}">{escape(own)}</b><small lang="{"en" if lang == "zh" else "zh"}">{escape(other)}</small>'


def _said(word: tuple[str, str], n: dict[str, int]) -> str:
    """The live line: the word, and how much either way found."""
    counts = {side: f'<b class="{side}">{count}</b>' for side, count in n.items()}
    zh = f"：编码器列出 {counts['encoder']} 件，字面匹配找到 {counts['letters']} 件。"
    en = f": the encoder lists {counts['encoder']}, matching letters finds {counts['letters']}."
    return f'<span class="word">{_word(word, "zh")}</span>{both(zh, en)}'


def _product(i: int, score: int, pairs: list[tuple[str, str]], sought: int) -> str:
    return (
        f'<tr><td class="mark">{"●" * (i == sought)}</td><th scope="row">{_word(pairs[i], "en")}</th>'
        f'<td class="score" style="--s:{score}%">{score / 100:.2f}</td></tr>'
    )


def _table(side: str, rows: list[tuple[int, int]], pairs: list[tuple[str, str]]) -> str:
    body = "".join(_product(i, s, pairs, 0) for i, s in rows)
    nothing = both("没有一个字相同", "No letters in common")
    return (
        f'<div class="{side}"><table><caption>{both(*_TITLES[side])}</caption><tbody>{body}</tbody></table>'
        f'<p class="nothing"{" hidden" * bool(rows)}>{nothing}</p></div>'
    )


def _examples(found: dict[str, dict[str, Found]], pairs: list[tuple[str, str]], n: int) -> str:
    """A table of some words in both languages, with the best product of each way."""
    rows = []
    for lang in _LANGUAGES:
        for word in range(n):
            cells = (found[side][lang][word][:1] for side in _TITLES)
            best = ("".join(_word(pairs[i], "en") for i, _ in cell) or "–" for cell in cells)
            rows.append(f'<tr><th scope="row">{_word(pairs[word], lang)}</th><td>{"</td><td>".join(best)}</td></tr>')
    heads = "".join(f'<th scope="col">{both(*title)}</th>' for title in (("搜", "Search"), *_TITLES.values()))
    return (
        f'<table class="examples"><caption>{both("各词的第一名", "What comes first")}</caption>'
        f"<thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
    )
