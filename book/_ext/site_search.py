"""Search by section: an index of what each section says, and a page whose script reads it.

Sphinx's own index knows pages only, splits words with rules that Chinese lacks, and cuts its excerpts from whatever
a page begins with. This one holds the prose of every section, term and function, so that a hit leads to its place
and shows the sentence. Files opened from a disk may not fetch data, so the index is a script.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from sphinx import addnodes
from sphinx.application import Sphinx

from html_element import html_element

PREFIX = "const bookIndex = "
INDEX = "searchindex.js"
UNSAID = (nodes.raw, nodes.literal_block, nodes.doctest_block, nodes.math_block, nodes.comment, nodes.label)
LISTS = (addnodes.toctree, addnodes.compact_paragraph)  # of pages, which have their own entries
PLAIN_FORMULA = re.compile(r"[A-Za-z0-9@=+.\- ]{1,8}")
PLACES = (nodes.section, nodes.term, addnodes.desc_signature)


def has_its_own_entry(node: nodes.Node) -> bool:
    """Tell whether a part of a section is found by itself: what is in it, a term or a function, or a claim's row."""
    term = isinstance(node, nodes.definition_list_item) and bool(node[0]["ids"])
    row = isinstance(node, html_element) and node["tag"] == "table"
    return term or row or isinstance(node, nodes.section | addnodes.desc)


def prose(node: nodes.Node) -> Iterator[str]:
    """Yield what a node says: no code, and of formulas only those that read as words do, such as n or k = 10."""
    if isinstance(node, nodes.Text):
        yield node.astext()
    elif isinstance(node, nodes.math):
        yield node.astext() if PLAIN_FORMULA.fullmatch(node.astext()) else "…"
    elif not isinstance(node, UNSAID + LISTS):
        is_cell = isinstance(node, nodes.container) and "cell" in node["classes"]
        for child in node.findall(nodes.caption) if is_cell else node.children:
            if not has_its_own_entry(child):
                yield from prose(child)
        if not isinstance(node, nodes.Inline):
            yield " "


def said(*parts: nodes.Node) -> str:
    """Return what nodes say, on one line."""
    return " ".join("".join(text for part in parts for text in prose(part)).split())


def content(place: nodes.Element) -> list[nodes.Node]:
    """Return the nodes that belong to a place, its name and what has its own entry left out."""
    if isinstance(place, nodes.section):
        return [child for child in place.children[1:] if not has_its_own_entry(child)]
    return [node for node in place.parent.children if isinstance(node, nodes.definition | addnodes.desc_content)]


def keywords(place: nodes.Element) -> str:
    """Return what a place can be found by without saying it: its label, and that it holds a formula."""
    has_formula = any(part for node in content(place) for part in node.findall(nodes.math_block))
    return place["ids"][-1].replace("-", " ") + " 公式 formula" * has_formula


def entries(doctree: nodes.document, page: str, lang: str) -> list[dict]:
    """Return an entry for each section, each term and each function of a page."""
    found = []
    for place in doctree.findall(lambda node: isinstance(node, PLACES) and bool(node["ids"])):
        entry = {"page": page, "anchor": place["ids"][-1], "lang": lang, "text": said(*content(place))}
        if isinstance(place, nodes.section):
            entry |= {"title": said(*place[0].children), "keywords": keywords(place)}
        else:
            entry |= {"title": place.get("fullname") or place.astext(), "defined": True}
        found.append(entry)
    return found


def collect(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Note what a page says when it is written."""
    if doctree is not None:
        app.builder.book_written[pagename] = entries(doctree, pagename, app.config.language.replace("_", "-"))


def read_index(text: str) -> list[dict]:
    """Return the entries of an index."""
    return json.loads(text.removeprefix(PREFIX))


def as_script(found: list[dict]) -> str:
    """Return the index of entries."""
    return PREFIX + json.dumps(found, ensure_ascii=False, separators=(",", ":"))


def write_index(app: Sphinx, exception: Exception | None) -> None:
    """Write the index: of the pages just written, and of those that didn't have to be."""
    if exception is not None or app.builder.format != "html":
        return
    file = Path(app.outdir) / INDEX
    known: dict[str, list[dict]] = {}
    for entry in read_index(file.read_text("utf8")) if file.exists() else []:
        known.setdefault(entry["page"], []).append(entry)
    pages = known | app.builder.book_written
    found = [entry for page in sorted(app.env.found_docs & pages.keys()) for entry in pages[page]]
    file.write_text(as_script(found), "utf8")


def merge_indexes(zh: str, en: str) -> str:
    """Join the indexes of two languages; what has its own place in an English column is found there."""
    ours, theirs = read_index(zh), read_index(en)
    shared = {(entry["page"], entry["anchor"]) for entry in ours}
    for entry in theirs:
        if (entry["page"], entry["anchor"]) not in shared:
            entry["anchor"] = f"en-{entry['anchor']}"
    return as_script(ours + theirs)


def replace_sphinx_search(app: Sphinx) -> None:
    """Have Sphinx write no index of its own."""
    app.builder.search = False
    app.builder.book_written = {}


def add_page(app: Sphinx) -> Iterator[tuple[str, dict, str]]:
    """Add the search page."""
    yield "search", {}, "search.html"


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("builder-inited", replace_sphinx_search)
    app.connect("html-page-context", collect)
    app.connect("html-collect-pages", add_page)
    app.connect("build-finished", write_index)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
