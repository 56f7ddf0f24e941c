"""From a page's nodes to plain Markdown: CommonMark, ``$`` formulas and ``<details>``, nothing else.

Every program that shows notebooks knows these three. Directives become quotes with a title, what is folded becomes
``<details>``, and a list stands for a table. Code cells stay code cells, so that a page becomes a row of *blocks*:
pieces of Markdown, and nodes of code cells between them.
"""

import re
from collections.abc import Iterable, Iterator
from html import escape as escape_html

from docutils import nodes
from sphinx import addnodes
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.locale import admonitionlabels, get_translation
from sphinx_exercise.nodes import exercise_enumerable_node
from sphinx_proof.nodes import NODE_TYPES

from html_element import html_element


class Part(str):
    """Markdown that begins a cell of its own, whose id is the label that links lead to."""

    label = ""


def part(text: str, node: nodes.Element) -> Part:
    """Make a part out of a node that may have a label."""
    made = Part(text)
    made.label = node["ids"][-1] if node["ids"] else ""
    return made


Block = str | nodes.container

SPECIAL = re.compile(r"[\\`*~]|(?<!\w)_|_(?!\w)|<(?=[A-Za-z/!?])|&(?=#?\w+;)|\](?=[(:\[])")
LINE_START = re.compile(r"^([#>+=-]|\d+(?=[.)]))")
ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.*?\\end\{\1\}", re.DOTALL)
PROOF = re.compile(r"^(Proof\.|证明)(?=\s)")
SILENT = (nodes.target, nodes.comment, nodes.label, nodes.substitution_definition, addnodes.index, addnodes.toctree)
TRANSPARENT = (nodes.document, nodes.section, nodes.container, nodes.compound, addnodes.glossary, nodes.definition_list)
WORDS = {"zh": {"choose": "选", "sep": "："}, "en": {"choose": "Choose", "sep": ": "}}


def escape(text: str) -> str:
    r"""Keep the signs of a text from being read as Markdown.

    >>> print(escape("a*b, top_k, <b>"))
    a\*b, top_k, \<b>
    """
    return SPECIAL.sub(r"\\\g<0>", text.replace("\n", " "))


def fenced(code: str, language: str = "") -> str:
    """Return a code block."""
    longest = max(map(len, re.findall("`{3,}", code)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{code.rstrip()}\n{fence}"


def quoted(blocks: Iterable[str]) -> str:
    """Return a quote."""
    return "\n".join(f"> {line}".rstrip() for line in "\n\n".join(blocks).splitlines())


def folded(summary: str, blocks: Iterable[str]) -> str:
    """Return what stays hidden until the reader opens it."""
    return f"<details>\n<summary>{summary}</summary>\n\n" + "\n\n".join(blocks) + "\n\n</details>"


def item(marker: str, blocks: Iterable[str]) -> str:
    """Return one item of a list."""
    lines = "\n\n".join(blocks).splitlines()
    return "\n".join([f"{marker} {lines[0]}", *(f"{' ' * (len(marker) + 1)}{line}".rstrip() for line in lines[1:])])


def classes(node: nodes.Element) -> set[str]:
    """Return what kind of element a node is."""
    return set(node.get("classes", ()))


def attribute(node: nodes.Element, name: str, default: str = "") -> str:
    """Return an attribute of an HTML element."""
    return node.get("attributes", {}).get(name, default)


def is_tag(node: nodes.Node, tag: str) -> bool:
    """Whether a node is this HTML element."""
    return isinstance(node, html_element) and node["tag"] == tag


class MarkdownWriter:
    """Writes one page; its subclass decides where links lead, what cells and solutions become."""

    def __init__(self, env: BuildEnvironment, docname: str) -> None:
        self.env, self.docname, self.lang = env, docname, env.config.book_lang
        self.words = WORDS[self.lang]

    def link(self, node: nodes.reference) -> str:
        """Return the address that a reference leads to, or nothing if its text is enough."""
        raise NotImplementedError

    def solution(self, title: str, content: list[Block]) -> Iterator[Block]:
        """Yield what becomes of a solution."""
        raise NotImplementedError

    def number(self, node: nodes.Element, kind: str) -> str:
        """Return the number of a figure, an equation or the like, as the site shows it."""
        number = self.env.toc_fignumbers.get(self.docname, {}).get(kind, {}).get(node["ids"][0], ())
        return ".".join(map(str, number))

    # Within a line ------------------------------------------------------------------------------------

    def inline(self, node: nodes.Node) -> str:
        """Return the Markdown of what stands within a line."""
        if isinstance(node, nodes.Text):
            return escape(node)
        if isinstance(node, SILENT) or attribute(node, "lang", self.lang) != self.lang:
            return ""
        if isinstance(node, nodes.math):
            return f"${' '.join(node.astext().split())}$"
        if isinstance(node, nodes.literal):
            ticks = "``" if "`" in node.astext() else "`"
            return f"{ticks}{node.astext()}{ticks}"
        text = self.line(node)
        if isinstance(node, nodes.emphasis | nodes.strong):
            mark = "*" if isinstance(node, nodes.emphasis) else "**"
            return f"{mark}{text}{mark}"
        if isinstance(node, nodes.reference):
            target = self.link(node)
            return f"[{text}]({target})" if target else text
        if isinstance(node, nodes.inline | nodes.abbreviation) or node.get("tag") == "span":
            return text
        raise self.unknown(node)

    def line(self, node: nodes.Element) -> str:
        """Return the Markdown of a node's children, which stand within a line."""
        return "".join(map(self.inline, node.children))

    def text(self, node: nodes.Element) -> str:
        """Return a line for where Markdown isn't read, in a ``<summary>``."""
        parts = node.findall(lambda part: isinstance(part, nodes.Text))
        return escape_html(
            "".join(f"${part}$" if isinstance(part.parent, nodes.math) else part for part in parts), quote=False
        )

    # Blocks -------------------------------------------------------------------------------------------

    def blocks(self, node: nodes.Node) -> Iterator[Block]:
        """Yield the blocks of a node."""
        if isinstance(node, SILENT):
            return
        for kind in type(node).__mro__:
            if method := getattr(self, f"write_{kind.__name__}", None):
                yield from method(node)
                return
        if isinstance(node, TRANSPARENT):
            yield from self.content(node.children)
            return
        raise self.unknown(node)

    def content(self, children: Iterable[nodes.Node]) -> Iterator[Block]:
        """Yield the blocks of several nodes."""
        for child in children:
            yield from self.blocks(child)

    def unknown(self, node: nodes.Node) -> ExtensionError:
        """Return an error that says what can't be said in plain Markdown."""
        name = f"{type(node).__name__} {node.get('tag', '')} {' '.join(node.get('classes', ()))}"
        return ExtensionError(f"{self.docname}: no plain Markdown for <{name.strip()}>; teach it to {__name__}")

    def write_title(self, node: nodes.title) -> Iterator[Block]:
        """Write a heading."""
        level = 0
        parent = node.parent
        while parent is not None:
            level += isinstance(parent, nodes.section)
            parent = parent.parent
        yield part(f"{'#' * level} {self.line(node)}", node.parent)

    def write_paragraph(self, node: nodes.Element) -> Iterator[Block]:
        """Write a paragraph."""
        yield LINE_START.sub(r"\\\1" if not node.astext()[:1].isdigit() else r"\1\\", self.line(node).strip())

    def write_math_block(self, node: nodes.math_block) -> Iterator[Block]:
        """Write a formula with its number; in a box on one line, since the ``>`` of a quote would get into it."""
        alone = isinstance(node.parent, nodes.section)
        formula = node.astext().strip()
        if r"\\" in ENVIRONMENT.sub("", formula):
            formula = rf"\begin{{aligned}}{formula}\end{{aligned}}"
        numbered = node["ids"] and self.number(node, "displaymath")
        if numbered:
            formula += rf" \tag{{{numbered}}}"
        block = f"$$\n{formula}\n$$" if alone else f"$${' '.join(formula.split())}$$"
        yield part(block, node) if alone and numbered else block

    def write_literal_block(self, node: nodes.literal_block) -> Iterator[Block]:
        """Write code that isn't a cell."""
        language = node.get("language", "")
        yield fenced(node.astext(), "" if language in ("default", "none") else language)

    def write_bullet_list(self, node: nodes.bullet_list) -> Iterator[Block]:
        """Write a list."""
        yield "\n".join(item("-", self.content(entry.children)) for entry in node.children)

    def write_enumerated_list(self, node: nodes.enumerated_list) -> Iterator[Block]:
        """Write a numbered list."""
        entries = enumerate(node.children, start=node.get("start", 1))
        yield "\n".join(item(f"{number}.", self.content(entry.children)) for number, entry in entries)

    def write_definition_list_item(self, node: nodes.definition_list_item) -> Iterator[Block]:
        """Write a term and what it means."""
        terms = " / ".join(f"**{self.line(term).strip()}**" for term in node.findall(nodes.term))
        first, *rest = (block for part in node.findall(nodes.definition) for block in self.content(part.children))
        yield item("-", [f"{terms}{self.words['sep']}{first}", *rest])

    def write_citation(self, node: nodes.citation) -> Iterator[Block]:
        """Write an entry of a bibliography."""
        yield item("-", self.content(node.children))

    def write_table(self, node: nodes.Element) -> Iterator[Block]:
        """Write a list of the rows, without the head and without what only the eye needs."""
        rows = node.findall(lambda part: isinstance(part, nodes.row) or (is_tag(part, "tr") and is_tag(part[-1], "td")))
        rows = (row for row in rows if not attribute(row, "aria-hidden"))
        texts = ([self.cell_text(cell) for cell in row.children] for row in rows)
        yield "\n".join(item("-", [" — ".join(filter(None, cells))]) for cells in texts if any(cells))

    def cell_text(self, cell: nodes.Element) -> str:
        """Return a cell of a table as one line."""
        return (
            self.line(cell).strip()
            if isinstance(cell, html_element)
            else " ".join(map(str, self.content(cell.children)))
        )

    def write_block_quote(self, node: nodes.block_quote) -> Iterator[Block]:
        """Write a quote."""
        yield quoted(self.content(node.children))

    def write_Admonition(self, node: nodes.Element) -> Iterator[Block]:
        """Write a box as a quote with its title."""
        first = node.children[0]
        title = first.astext() if isinstance(first, nodes.title) else admonitionlabels.get(node.tagname, "")
        body = node.children[isinstance(first, nodes.title) :]
        yield quoted([*([f"**{title}**"] if title else []), *self.content(body)])

    def write_proof_node(self, node: nodes.Element) -> Iterator[Block]:
        """Write a proof, which begins with that word."""
        first, *rest = (block for box in node.children for block in self.content(box.children))
        yield quoted([PROOF.sub(r"*\1*", first), *rest])

    def write_theorem(self, node: nodes.Element) -> Iterator[Block]:
        """Write a theorem, a lemma or the like as a quote with its number and name."""
        kind = get_translation("proof")(node["realtype"].title())
        yield self.titled(f"{kind} {self.number(node, node['countertype'])}", node)

    def write_exercise_enumerable_node(self, node: exercise_enumerable_node) -> Iterator[Block]:
        """Write an exercise as a quote with its number and name."""
        yield self.titled(self.env.config.numfig_format["exercise"] % self.number(node, "exercise"), node)

    def titled(self, label: str, node: nodes.Element) -> str:
        """Return a quote that begins with a label and the node's title."""
        title, *body = node.children
        name = self.line(title).strip()
        space = " " if name.startswith("(") else ""
        return part(quoted([f"**{label}{space}{name}**", *self.content(body)]), node)

    def write_container(self, node: nodes.container) -> Iterator[Block]:
        """Pass a code cell on, and write the captions of its figures below it."""
        if node.get("nb_element") != "cell_code":
            yield from self.content(node.children)
            return
        yield node
        for figure in node.findall(nodes.figure):
            label = self.env.config.numfig_format["figure"] % self.number(figure, "figure")
            caption = "".join(map(self.line, figure.findall(nodes.caption))).strip()
            yield part(f"**{label}** {caption}", figure)

    # The book's own elements --------------------------------------------------------------------------

    def write_html_element(self, node: html_element) -> Iterator[Block]:
        """Write an element by what it is: a quiz, a claim, something folded, or a part of these."""
        kind = classes(node)
        if node["tag"] == "p":
            yield f"**{self.line(node).strip()}**" if kind & {"claim-heading", "quiz-verdict"} else self.line(node)
        elif node["tag"] == "table":
            yield from self.write_table(node)
        elif "quiz" in kind:
            yield from self.quiz(node)
        elif "claim" in kind:
            yield part(quoted(self.content(node.children)), node)
        elif node["tag"] == "details":
            summary, *body = node.children
            content = list(self.content(body))
            title = self.text(summary)
            yield from self.solution(title, content) if "solution" in kind else [folded(title, content)]
        elif node["tag"] in ("div", "section"):
            yield from self.content(node.children)
        else:
            raise self.unknown(node)

    def quiz(self, node: html_element) -> Iterator[Block]:
        """Write a question and its options, and below them what is behind each."""
        question, *options = node.children
        label, _, *asked = question.children
        yield part(f"**{self.inline(label)}**{self.words['sep']}" + "".join(map(self.inline, asked)), node)
        letters = "ABCDEFGH"[: len(options)]
        texts = [self.line(option.children[0]).strip() for option in options]
        yield "\n".join(item("-", [f"**{letter}** {text}"]) for letter, text in zip(letters, texts, strict=True))
        yield from self.answers(zip(letters, options, strict=True))

    def answers(self, options: Iterable[tuple[str, html_element]]) -> Iterator[Block]:
        """Yield what is behind each option of a quiz."""
        for letter, option in options:
            yield folded(f"{self.words['choose']} {letter}", self.content(option.children[1:]))


for _node in NODE_TYPES.values():
    setattr(MarkdownWriter, f"write_{_node.__name__}", MarkdownWriter.write_theorem)
