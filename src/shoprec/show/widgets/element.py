"""What all widgets share: markup in two languages, with styles and script brought along in the output."""

from collections.abc import Iterable
from importlib.resources import files

from IPython.display import HTML

from shoprec.show.typesetting import typeset_html
from shoprec.words import Pair

_HERE = files("shoprec.show.widgets")

# Keys that work a widget are no commands of the program around it: in JupyterLab an arrow would leave the cell.
_KEYS = "event.ctrlKey || event.metaKey || event.altKey || event.key == 'Escape' || event.stopPropagation()"


def both(zh: str, en: str) -> str:
    """Return markup in both languages; the site shows the one being read.

    Examples
    --------
    >>> both("名次", "Rank")
    '<span lang="zh">名次</span> <span lang="en">Rank</span>'
    """
    return f'<span lang="zh">{zh}</span> <span lang="en">{en}</span>'


def choice(title: Pair, options: Iterable[Pair]) -> str:
    """Return a list to choose from, once in each language; titles and options must have been escaped.

    Examples
    --------
    >>> choice(("商品", "Product"), [("茶", "Tea")]).split("</select>")[0]
    '<p class="choice"><span lang="zh"><label>商品 <select autocomplete="off"><option>茶</option>'
    """
    lists = ("".join(f"<option>{option}</option>" for option in column) for column in zip(*options, strict=True))
    labels = (
        f'<label>{name} <select autocomplete="off">{listed}</select></label>'
        for name, listed in zip(title, lists, strict=True)
    )
    return f'<p class="choice">{both(*labels)}</p>'


def custom_element(name: str, body: str, **data: object) -> HTML:
    """Return ``<name>`` around ``body``, with ``name.css`` before and ``name.js`` after it.

    Parameters
    ----------
    name : str
        Name of the element and of its two files in this folder.
    body : str
        Markup that is complete without the script; values from data must have been escaped.
    **data
        The element's ``data-`` attributes: numbers, or strings without quotes.

    Examples
    --------
    >>> print(custom_element("hybrid-ranker", "<p>…</p>", k=10).data[:26])
    <hybrid-ranker data-k="10"
    """
    attributes = "".join(f' data-{key}="{value}"' for key, value in data.items())
    style, script = ((_HERE / f"{name}.{kind}").read_text("utf-8") for kind in ("css", "js"))
    opening = f'<{name}{attributes} onkeydown="{_KEYS}">'
    return HTML(f"{opening}\n<style>\n{style}</style>\n{typeset_html(body)}</{name}>\n<script>\n{script}</script>\n")
