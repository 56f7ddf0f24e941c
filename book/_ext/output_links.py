"""Links in what cells put out: a notebook links to notebooks, and its page to their pages.

A table that a cell shows names a chapter as ``href="05_project.ipynb"``, which is what JupyterLab and downloaded
notebooks need.
"""

import re

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

NOTEBOOK = re.compile(r'(<a href="(?![a-z]+:)[^"#]+)\.ipynb(?=["#])')


def to_pages(html: str) -> str:
    """Return an output whose links to notebooks lead to pages; addresses on the web stay.

    >>> to_pages('<a href="03_algorithms/hybrid.ipynb#sec-a">3.3</a>')
    '<a href="03_algorithms/hybrid.html#sec-a">3.3</a>'
    """
    return NOTEBOOK.sub(r"\1.html", html)


class LinkPages(SphinxPostTransform):
    """Changes the links in the outputs of one page."""

    default_priority = 400  # after myst-nb has chosen among the forms of an output
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Change raw HTML in place."""
        outputs = (box for box in self.document.findall(nodes.container) if "cell_output" in box["classes"])
        for raw in [raw for box in outputs for raw in box.findall(nodes.raw) if raw["format"] == "html"]:
            raw.replace_self(nodes.raw("", to_pages(raw.astext()), format="html", classes=raw["classes"]))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_post_transform(LinkPages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
