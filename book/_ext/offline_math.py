"""MathJax as one local file: formulas render without a network, from a server or from disk."""

import shutil
from importlib.resources import files
from pathlib import Path

from sphinx.application import Sphinx

BUNDLE = "static/mathjax/tex-svg.js"


def copy_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """Put the one file that ``mathjax_path`` names next to the other static files."""
    if exception is None:
        shutil.copy(str(files("sphinx-mathjax-offline") / BUNDLE), Path(app.outdir) / "_static")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", copy_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
