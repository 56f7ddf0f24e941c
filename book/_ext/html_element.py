"""One docutils node that renders as any HTML element: what the book's own directives are made of."""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.writers.html5 import HTML5Translator


class html_element(nodes.General, nodes.TextElement):
    """An HTML element with the node's classes and ids, ``tag``, and any further ``attributes``.

    A TextElement, since references may only stand in one.
    """


def element(tag: str, *children: nodes.Node, classes: tuple[str, ...] = (), **attributes: str) -> html_element:
    """Make an element: ``element("details", summary, *body, classes=("quiz-option",), open="open")``."""
    return html_element("", "", *children, tag=tag, classes=list(classes), attributes=attributes)


def visit(self: HTML5Translator, node: html_element) -> None:
    """Open the tag."""
    self.body.append(self.starttag(node, node["tag"], "", **node["attributes"]))


def depart(self: HTML5Translator, node: html_element) -> None:
    """Close the tag."""
    self.body.append(f"</{node['tag']}>" + ("" if node["tag"] == "span" else "\n"))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_node(html_element, html=(visit, depart))
    return {"parallel_read_safe": True, "parallel_write_safe": True}
