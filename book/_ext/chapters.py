"""What a chapter says of itself: what it is about, the time to read and to run it, and the memory that it takes.

All of it is metadata of the chapter's notebook, under ``chapter``. It stands below the chapter's title, and
``{chapters}`` lists all chapters with it, in the order of the table of contents.
"""

from collections.abc import Iterator
from pathlib import Path

from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from bilingual import pick
from html_element import element
from notebook_cache import read_notebook
from numbering import NUMBER

FACTS = {
    "zh": "阅读约 {minutes_to_read} 分钟 · 运行约 {minutes_to_run} 分钟 · 内存 {memory_gb} GB",
    "en": "{minutes_to_read} min to read · {minutes_to_run} min to run · {memory_gb} GB of memory",
}


def chapter(env: BuildEnvironment, docname: str) -> NotebookNode | None:
    """Return what a page says of itself, or None if it is no chapter."""
    path = Path(env.doc2path(docname))
    return read_notebook(path).metadata.get("chapter") if path.suffix == ".ipynb" else None


def facts(about: NotebookNode, lang: str) -> nodes.Node:
    """Return times and memory as a line."""
    return element("p", nodes.Text(FACTS[lang].format_map(about)), classes=("facts",))


class Chapters(SphinxDirective):
    """A list of the chapters, each with what it is about and what it takes."""

    def run(self) -> list[nodes.Node]:
        """Return the list."""
        found = [(name, about) for name in self.config.external_site_map if (about := chapter(self.env, name))]
        cards = nodes.bullet_list("", *(self.card(*each) for each in found), classes=["cards"], bullet="-")
        return [cards]

    def card(self, docname: str, about: NotebookNode) -> nodes.list_item:
        """Return the entry of one chapter."""
        self.env.note_dependency(self.env.doc2path(docname))
        lang = self.config.book_lang
        text = f"{{doc}}`/{docname}`\n\n{pick(about.about, lang)}"
        return nodes.list_item("", *self.parse_text_to_nodes(text), facts(about, lang))


class NumberCards(SphinxPostTransform):
    """Set a card's number apart from its title."""

    default_priority = 20  # after references (10)

    def run(self, **kwargs: object) -> None:
        """Change the cards of one page."""
        for text in list(self.titles()):
            number = NUMBER.match(text)
            if number:
                parts = [nodes.inline("", number[1], classes=["number"]), nodes.Text(f" {text[number.end() :]}")]
                text.parent.replace(text, parts)

    def titles(self) -> Iterator[nodes.Text]:
        """Yield the titles on the cards."""
        for cards in self.document.findall(nodes.bullet_list):
            if "cards" in cards["classes"]:
                yield from (next(link.findall(nodes.Text)) for link in cards.findall(nodes.reference))


def add_facts(app: Sphinx, doctree: nodes.document) -> None:
    """Put times and memory below a chapter's title."""
    if about := chapter(app.env, app.env.docname):
        title = next(doctree.findall(nodes.title))
        title.parent.insert(title.parent.index(title) + 1, facts(about, app.config.book_lang))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("html_element")
    app.add_directive("chapters", Chapters)
    app.add_post_transform(NumberCards)
    app.connect("doctree-read", add_facts)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
