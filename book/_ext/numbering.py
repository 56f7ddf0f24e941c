"""Numbers by chapter, and references that read like a sentence in the page's language.

A page's title starts with its number, "4.2 Similarity", and so do those of its sections. The first part is the
chapter. Exercises, theorems, figures, tables and equations are counted by chapter, on through all of its pages,
in the order of the table of contents: exercise 2.1, equation (4.7). Sphinx counts like that in a ``numbered``
table of contents only, which would number the headings anew; so the headings' own numbers take that place while
Sphinx counts.

A reference without a text of its own names a section by number, 第 4.2.3 节 or section 4.2.3, and by title where
there is none. On Chinese pages an equation is 式 (4.7), and no space stands between 汉字.
"""

import re
from dataclasses import dataclass

from docutils import nodes
from pybtex import plugin
from pybtex.richtext import Text
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.environment.collectors.toctree import TocTreeCollector
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinxcontrib.bibtex.plugin import register_plugin
from sphinxcontrib.bibtex.style.referencing import PersonStyle
from sphinxcontrib.bibtex.style.referencing.author_year import AuthorYearReferenceStyle

NUMBER = re.compile(r"(\d+(?:\.\d+)*)\s+")
WIDE = "\u3400-\u4dbf\u4e00-\u9fff“”，。；：、（）？！"
NAMES = {
    "zh": {"chapter": "第 {} 章", "section": "第 {} 节", "unnumbered": "“{}”一节"},
    "en": {"chapter": "chapter {}", "section": "section {}", "unnumbered": "the section “{}”"},
}
EQUATION = {"zh": "式 ({number})", "en": "({number})"}
BACKENDS = "pybtex.backends"
THEOREM = {"zh": "（%t）", "en": " (%t)"}


def number_of(title: str) -> tuple[int, ...]:
    """Return the number that a title starts with, if any.

    >>> number_of("4.2.1 Cosine, from the law of cosines"), number_of("Take-aways")
    ((4, 2, 1), ())
    """
    match = NUMBER.match(title)
    return tuple(map(int, match[1].split("."))) if match else ()


def section_name(title: str, lang: str) -> str:
    """Return what a sentence calls the section of this title.

    >>> section_name("4.2.1 余弦", "zh"), section_name("4.2.1 Cosine", "en"), section_name("2 概念", "zh")
    ('第 4.2.1 节', 'section 4.2.1', '第 2 章')
    >>> section_name("Feedback", "en"), section_name("反馈回路", "zh")
    ('the section “Feedback”', '“反馈回路”一节')
    """
    number = number_of(title)
    kind = "unnumbered" if not number else "chapter" if len(number) == 1 else "section"
    return NAMES[lang][kind].format(".".join(map(str, number)) or title)


# Counting by chapter ------------------------------------------------------------------------------


def count_by_chapter(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Let Sphinx count figures and the like with the numbers of the pages' titles; return pages that changed."""
    by_toctree = env.toc_secnumbers
    env.toc_secnumbers = {name: {"": number_of(title.astext())} for name, title in env.titles.items()}
    try:
        return TocTreeCollector().assign_figure_numbers(env)
    finally:
        env.toc_secnumbers = by_toctree


# References to sections ---------------------------------------------------------------------------


def section_titles(env: BuildEnvironment) -> dict[str, dict[str, str]]:
    """Return the titles of the sections read so far: by page, then by id."""
    if not hasattr(env, "book_sections"):
        env.book_sections = {}
    return env.book_sections


def note_sections(app: Sphinx, doctree: nodes.document) -> None:
    """Remember the titles of a page's sections."""
    found = [(name, section) for section in doctree.findall(nodes.section) for name in section["ids"]]
    titles = {name: section.next_node(nodes.title) for name, section in found}
    section_titles(app.env)[app.env.docname] = {name: title.astext() for name, title in titles.items() if title}


def forget_page(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what a page said before it is read again."""
    section_titles(env).pop(docname, None)


class NameSections(SphinxPostTransform):
    """Give references to sections and numbered pages a text, unless they have their own."""

    default_priority = 9  # before references are resolved (10)

    def run(self, **kwargs: object) -> None:
        """Write the texts of one page."""
        for xref in self.document.findall(addnodes.pending_xref):
            if xref.get("refdomain") == "std" and not xref.get("refexplicit") and (name := self.name(xref)):
                xref["refexplicit"] = True
                xref.children[0].children = []
                xref.children[0].append(nodes.Text(name))

    def name(self, xref: addnodes.pending_xref) -> str:
        """Return the text, or nothing for a figure, an exercise, or a page without number."""
        lang = self.config.book_lang
        if xref["reftype"] == "doc" and number_of(self.env.titles[self.env.docname].astext()):
            title = self.env.titles.get(self.page(xref))
            return section_name(title.astext(), lang) if title and number_of(title.astext()) else ""
        if xref["reftype"] == "ref":
            labels = self.env.get_domain("std").anonlabels
            docname, label = labels.get(xref["reftarget"], ("", ""))
            title = section_titles(self.env).get(docname, {}).get(label)
            return section_name(title, lang) if title else ""
        return ""

    def page(self, xref: addnodes.pending_xref) -> str:
        """Return the page that ``{doc}`` names."""
        return self.env.relfn2path(xref["reftarget"], xref.get("refdoc", self.env.docname))[0]


class FitReferences(SphinxPostTransform):
    """Fit references into their sentence: no space between 汉字, a capital where an English sentence starts."""

    default_priority = 16  # after references (10) and the numbers of theorems are there

    def run(self, **kwargs: object) -> None:
        """Change what stands around the references of one page, or in them."""
        for reference in list(self.document.findall(nodes.reference)):
            (self.close_up if self.config.book_lang == "zh" else self.capitalise)(reference)

    def close_up(self, reference: nodes.reference) -> None:
        """Drop spaces between a reference and the text around it, where both sides are Chinese."""
        said = reference.astext()
        before, after = neighbours(reference)
        if before is not None and re.match(f"[{WIDE}]", said) and re.search(f"[{WIDE}]\\s+$", before):
            before.parent.replace(before, nodes.Text(before.rstrip()))
        if after is not None and re.search(f"[{WIDE}]$", said) and re.match(f"\\s+[{WIDE}]", after):
            after.parent.replace(after, nodes.Text(after.lstrip()))

    def capitalise(self, reference: nodes.reference) -> None:
        """Begin a sentence with a capital."""
        text = next(iter(reference.findall(nodes.Text)), None)
        if text is None or not re.match(r"(the )?(section|chapter) [\d“]", text):
            return
        before, _ = neighbours(reference)
        starts = isinstance(reference.parent, nodes.paragraph) and reference.parent.index(reference) == 0
        if starts or (before is not None and re.search(r"[.?!]\s+$", before)):
            text.parent.replace(text, nodes.Text(text[0].upper() + text[1:]))


def neighbours(node: nodes.Node) -> tuple[nodes.Text | None, nodes.Text | None]:
    """Return the texts directly before and after a node, or None where there is something else."""
    siblings, at = node.parent.children, node.parent.index(node)
    around = siblings[at - 1] if at else None, siblings[at + 1] if at + 1 < len(siblings) else None
    return tuple(other if isinstance(other, nodes.Text) else None for other in around)


# Citations ----------------------------------------------------------------------------------------


def chinese_persons() -> PersonStyle:
    """Return how Chinese text names authors: Ji 等, Krichene 与 Rendle."""
    return PersonStyle(sep="、", sep2=" 与 ", last_sep="、", other=Text(" 等"))


@dataclass
class ChineseAuthorYear(AuthorYearReferenceStyle):
    """[Ji 等, 2023]: author and year, in Chinese."""

    def __post_init__(self) -> None:
        self.person = chinese_persons()
        super().__post_init__()


def follow_language(app: Sphinx, config: Config) -> None:
    """Set what Sphinx and its extensions let a setting decide."""
    config.math_eqref_format = EQUATION[config.book_lang]
    config.proof_title_format = THEOREM[config.book_lang]
    if config.book_lang == "zh":
        config.bibtex_reference_style = "author_year_zh"


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    # Each citation asks for this by its name; what isn't registered is looked for among all installed packages.
    plugin.register_plugin(BACKENDS, "plaintext", plugin.find_plugin(BACKENDS, "plaintext"), force=True)
    register_plugin("sphinxcontrib.bibtex.style.referencing", "author_year_zh", ChineseAuthorYear)
    app.connect("config-inited", follow_language)
    app.connect("doctree-read", note_sections)  # after bilingual.py (400) has made the labels the only ids
    app.connect("env-purge-doc", forget_page)
    app.connect("env-get-updated", count_by_chapter, priority=600)  # after Sphinx has counted in its own way
    app.add_post_transform(NameSections)
    app.add_post_transform(FitReferences)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
