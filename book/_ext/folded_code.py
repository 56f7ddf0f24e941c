"""Code in the right dose: what only imports or asserts is folded, by itself, and a switch folds or opens all code.

A code cell becomes one to three native <details>: the imports that it begins with, what it teaches, and the
assertions that it ends with. What it teaches is open, unless the cell draws a figure and is tagged ``hide-input``.

An exercise's starter, tagged ``starter``, and its check, tagged ``check``, are each one folded box: they are there to
be used in a notebook. A page doesn't show that the check has found nothing written yet.
"""

import ast
import itertools
from collections.abc import Iterator

from docutils import nodes
from IPython.core.inputtransformer2 import TransformerManager
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from bilingual import remarked_in
from html_element import element, html_element

WORDS = {
    "zh": {"imports": "导入", "code": "代码", "checks": "检查", "starter": "从这里写起", "check": "检查答案"},
    "en": {
        "imports": "Imports",
        "code": "Code",
        "checks": "Checks",
        "starter": "Start here",
        "check": "Check your answer",
    },
}
EXERCISE = ("starter", "check")
IMPORTS = (ast.Import, ast.ImportFrom)


def is_check(node: ast.stmt) -> bool:
    """Whether a statement is an assertion, or states a finding by name."""
    calls = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    return isinstance(node, ast.Assert) or (calls and ast.unparse(node.value.func) == "confirm")


def split_code(code: str) -> Iterator[tuple[str, str]]:
    """Yield the parts of a cell's code: imports before all else, the code itself, checks after all else.

    >>> list(split_code("import a\\n\\n# Two\\nb = 2\\nassert b\\nassert a"))
    [('imports', 'import a'), ('code', '# Two\\nb = 2'), ('checks', 'assert b\\nassert a')]
    >>> list(split_code("confirm('claim-a', b < 2)"))
    [('checks', "confirm('claim-a', b < 2)")]
    """
    python = TransformerManager().transform_cell(code)  # a command such as %timeit becomes a call
    body, lines = ast.parse(python).body, code.splitlines()
    imports = list(itertools.takewhile(lambda node: isinstance(node, IMPORTS), body))
    checks = list(itertools.takewhile(is_check, reversed(body)))
    start = imports[-1].end_lineno if imports else 0
    end = checks[-1].lineno - 1 if checks else len(lines)
    for name, part in (("imports", lines[:start]), ("code", lines[start:end]), ("checks", lines[end:])):
        if text := "\n".join(part).strip("\n"):
            yield name, text


class FoldCode(SphinxPostTransform):
    """Put the code of every cell of a page into boxes that fold."""

    default_priority = 190  # before myst-nb hides the input of cells, in its own way, at 199
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Change the cells of one page."""
        for cell in self.document.findall(nodes.container):
            if cell.get("nb_element") == "cell_code" and cell.children[0].get("nb_element") == "cell_code_source":
                source, is_folded = cell.children[0], bool(cell.attributes.pop("hide_mode", None))
                [code] = source.findall(nodes.literal_block)
                source.children.clear()
                kind = next((tag for tag in EXERCISE if f"tag_{tag}" in cell["classes"]), "")
                if kind:
                    del cell.children[1:]
                    parts = [(kind, remarked_in(code.astext(), self.config.book_lang))]
                else:
                    parts = list(split_code(code.astext()))
                source.extend(self.fold(code, name, part, is_folded) for name, part in parts)

    def fold(self, code: nodes.literal_block, name: str, part: str, is_folded: bool) -> html_element:
        """Return a part of a cell's code as a box."""
        block = nodes.literal_block(part, part, **code.attributes)
        summary = element("summary", element("p", nodes.Text(WORDS[self.config.book_lang][name])))
        if name == "code" and not is_folded:
            return element("details", summary, block, classes=("code", "code-taught"), open="open")
        return element("details", summary, block, classes=("code",))


def add_switch(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Tell the header whether the page has code to fold."""
    context["has_code"] = '<details class="code' in context.get("body", "")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("html_element")
    app.add_post_transform(FoldCode)
    app.connect("html-page-context", add_switch)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
