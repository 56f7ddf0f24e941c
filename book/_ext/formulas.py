"""Formulas: MathJax as one local file, from a server or from disk; and no line begins with a comma after one."""

import re
import shutil
from importlib.resources import files
from pathlib import Path

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

BUNDLE = "static/mathjax/tex-svg.js"
CLOSING = re.compile(r"[，。；：、）”？！》,.;:)?!]+")


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Put the one file that ``mathjax_path`` names next to the other static files."""
    if exception is None and app.builder.format == "html":
        shutil.copy(str(files("sphinx-mathjax-offline") / BUNDLE), Path(app.outdir) / "_static")


class KeepPunctuation(SphinxPostTransform):
    """Hold each inline formula and the punctuation after it together.

    MathJax draws a formula as a box, and browsers break a line after any box, be it before a full stop.
    """

    default_priority = 15  # after the table of claims has got its formulas

    def run(self, **kwargs: object) -> None:
        """Wrap the formulas of one page that punctuation follows."""
        for formula in list(self.document.findall(nodes.math)):
            after = formula.next_node(descend=False, siblings=True)
            if isinstance(after, nodes.Text) and (closing := CLOSING.match(after)):
                pair = nodes.inline("", "", formula.deepcopy(), nodes.Text(closing[0]), classes=["unbroken"])
                after.parent.replace(after, nodes.Text(after[closing.end() :]))
                formula.replace_self(pair)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_post_transform(KeepPunctuation)
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
