"""What the extensions for exercises and dropdowns leave to do.

Boxes of class ``dropdown`` become native <details>, which open without JavaScript, by keyboard, and in any
language; this takes the place of sphinx-togglebutton, whose script labels its buttons in English. Contents of
exercises lose the wrapper to which sphinx-exercise gives one and the same id, and proofs that of sphinx-proof;
on Chinese pages both get Chinese words and brackets.
"""

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.transforms.post_transforms import SphinxPostTransform

from html_element import element


class FinishBoxes(SphinxPostTransform):
    """Unwrap contents and fold dropdowns."""

    default_priority = 900  # after sphinx-exercise has resolved the titles of solutions

    def run(self, **kwargs: object) -> None:
        """Change the boxes of one page, the inner ones of nested boxes first."""
        for section in reversed(list(self.document.findall(nodes.section))):
            if not isinstance(section.next_node(), nodes.title):
                section["ids"].clear()
                section.replace_self(section.children)
        if self.config.book_lang == "zh":
            for title in self.document.findall(nodes.title):
                self.widen_brackets(title)
        boxes = [node for node in self.document.findall(nodes.Element) if "dropdown" in node.get("classes", ())]
        for box in reversed(boxes):
            box.replace_self(self.fold(box))
        for box in self.document.findall(nodes.admonition):
            if {"proof"} == set(box["classes"]):
                self.finish_proof(box)

    def widen_brackets(self, title: nodes.title) -> None:
        """Put the name of an exercise into brackets of Chinese width, and 解答：练习 2.1 for a solution.

        sphinx-exercise has only the other kind of brackets, and a space.
        """
        for text in list(title.findall(nodes.Text)):
            if text.startswith(" 练习"):
                text.parent.replace(text, nodes.Text("：" + text.lstrip()))
            if text in (" (", ")"):
                text.parent.replace(text, nodes.Text({" (": "（", ")": "）"}[text]))

    def finish_proof(self, box: nodes.admonition) -> None:
        """Drop the id that sphinx-proof gives to every proof, and translate the word it writes into the text."""
        box["ids"].clear()
        text = next(box.findall(nodes.Text), None)
        if self.config.book_lang == "zh" and text is not None and text.startswith("Proof. "):
            text.parent.replace(text, nodes.Text("证明　" + text.removeprefix("Proof. ")))

    def fold(self, box: nodes.Element) -> nodes.Element:
        """Return the box as a summary, its title, and what it hides."""
        title, *content = box.children
        for link in list(title.findall(nodes.reference)):  # a summary must not hold another control
            link.replace_self(link.children)
        classes = [name for name in box["classes"] if name != "admonition"]  # the theme's padding isn't for <details>
        details = element("details", element("summary", *title.children), *content, classes=("fold", *classes))
        details["ids"] = box["ids"]
        return details


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("html_element")
    app.add_post_transform(FinishBoxes)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
