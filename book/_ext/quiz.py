"""``{quiz}``: a question to check oneself with; opening an option shows whether it is right, and why.

No JavaScript.

Reads well as plain Markdown too::

    :::{quiz} Which split leaks the future?
    - [x] A random split

      It puts purchases from after the cut into the training data.
    - [ ] A split in time

      Everything it trains on happened before the cut.
    :::
"""

import re
from typing import ClassVar

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.util.docutils import SphinxDirective

from html_element import element, html_element

OPTION = re.compile(r"- \[([ xX])\] ")
WORDS = {"zh": ("自测", "✓ 正确", "✗ 不对"), "en": ("Self-check", "✓ Correct", "✗ Not quite")}


def location(directive: SphinxDirective) -> str:
    """Return where a directive is written; myst-nb counts 10,000 lines per cell of a notebook."""
    cell, line = divmod(directive.lineno, 10_000)
    path = directive.env.doc2path(directive.env.docname, base=False)
    return f"{path}, cell {cell}, line {line}" if cell else f"{path}, line {line}"


class Quiz(SphinxDirective):
    """A question (the argument) with options (a task list), each followed by its explanation."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict] = {}

    def run(self) -> list[nodes.Node]:
        """Return the question with its options."""
        marks = [match[1] != " " for line in self.content if (match := OPTION.match(line))]
        for at, line in enumerate(self.content):
            self.content[at] = OPTION.sub("- ", line)
        parsed = self.parse_content_to_nodes()
        items = list(parsed[0].children) if len(parsed) == 1 and isinstance(parsed[0], nodes.bullet_list) else []
        self.check(marks, items)

        heading, *_ = WORDS[self.config.book_lang]
        question, _ = self.parse_inline(self.arguments[0])
        label = element("span", nodes.Text(heading), classes=("quiz-label",))
        head = element("p", label, nodes.Text(" "), *question, classes=("quiz-question",))
        options = [self.render_option(item, right) for item, right in zip(items, marks, strict=True)]
        return [element("div", head, *options, classes=("quiz",), role="group", **{"aria-label": heading})]

    def check(self, marks: list[bool], items: list[nodes.list_item]) -> None:
        """Refuse a quiz that doesn't teach: no or two right options, or an option that isn't explained."""
        if not marks or len(items) != len(marks):
            problem = "its body must be one list whose items start with [ ] or [x]"
        elif sum(marks) != 1:
            problem = f"exactly one option must be right, not {sum(marks)}"
        elif unexplained := [item[0].astext() for item in items if len(item) < 2]:
            problem = f"an indented paragraph must explain the option “{unexplained[0]}”"
        else:
            return
        raise ExtensionError(f"{location(self)}: quiz “{self.arguments[0]}”: {problem}")

    def render_option(self, item: nodes.list_item, right: bool) -> html_element:
        """Return one option, closed."""
        choice, *explanation = item.children
        verdict = element("p", nodes.Text(WORDS[self.config.book_lang][1 if right else 2]), classes=("quiz-verdict",))
        answer = element("div", verdict, *explanation, classes=("quiz-answer",))
        correct = {"data-correct": "true"} if right else {}
        return element("details", element("summary", *choice.children), answer, classes=("quiz-option",), **correct)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("html_element")
    app.add_directive("quiz", Quiz)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
