"""Formulas: MathJax as one local file, from a server or from disk; and no line begins with a comma after one."""

import re
import shutil
from importlib.resources import files
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx

BUNDLE = "static/mathjax/tex-svg.js"
CLOSING = re.compile(r"[，。；：、）”？！》,.;:)?!]+")


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Put the one file that ``mathjax_path`` names next to the other static files."""
    if exception is None:
        shutil.copy(str(files("sphinx-mathjax-offline") / BUNDLE), Path(app.outdir) / "_static")


def keep_punctuation(app: Sphinx, doctree: nodes.document) -> None:
    """Hold each inline formula and the punctuation after it together.

    MathJax draws a formula as a box, and browsers break a line after any box, be it before a full stop.
    """
    for formula in list(doctree.findall(nodes.math)):
        after = formula.next_node(descend=False, siblings=True)
        if isinstance(after, nodes.Text) and (closing := CLOSING.match(after)):
            together = nodes.inline("", "", formula.deepcopy(), nodes.Text(closing[0]), classes=["unbroken"])
            after.parent.replace(after, nodes.Text(after[closing.end() :]))
            formula.replace_self(together)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("doctree-read", keep_punctuation)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
