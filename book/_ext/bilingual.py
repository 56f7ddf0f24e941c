"""One bilingual source, one Sphinx site per language.

Markdown cells tagged ``lang-zh`` or ``lang-en`` are kept only in that language's site; every other cell is
shared. Strings in _config.yml and _toc.yml and captions of code-cell figures are written "中文 | English".
"""

import os
import re
from pathlib import Path

import nbformat
from docutils import nodes
from nbformat import NotebookNode
from nbformat.v4 import new_output
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.errors import ExtensionError
from sphinx.locale import _

from fingerprint import package_digest
from notebook_cache import run_of
from output_lines import set_lines

LANGUAGES = ("zh", "en")
SLIDE = "slide"  # tag of a cell that is on slides alone
VIEWS = {"zh": "zh-CN", "en": "en", "both": "zh-CN"}  # view -> language of its <html> element
SEPARATOR = " | "
SPANS = re.compile('<span lang="zh">(.*?)</span> <span lang="en">(.*?)</span>')
WIDGET = re.compile(r"<(\w+-[\w-]+)")
REMARK = re.compile(r'^(.*?# | *"{3}| *)([^|\n]*[\u4e00-\u9fff][^|\n]*?) \| ([^|\n]*?)("{3})?$', re.MULTILINE)
SPLIT_SETTINGS = ("project", "html_title", "html_short_title")


def pick(text: object, lang: str) -> object:
    """Return the half of "中文 | English" for one language; any other value passes through.

    >>> pick("注意力 | Attention", "en"), pick("Attention", "zh")
    ('Attention', 'Attention')
    """
    parts = text.split(SEPARATOR) if isinstance(text, str) else []
    return parts[LANGUAGES.index(lang)] if len(parts) == len(LANGUAGES) else text


def written_in(html: str, lang: str) -> str:
    """Return a table or a line with one language's words; a widget, whose script needs both, hides the others.

    >>> written_in('<p><span lang="zh">香蕉</span> <span lang="en">Bananas</span></p>', "en")
    '<p>Bananas</p>'
    """
    (other,) = set(LANGUAGES) - {lang}
    if widget := WIDGET.match(html):
        return f'{html}<style>{widget[1]} [lang="{other}"] {{ display: none; }}</style>'
    return SPANS.sub(lambda spans: spans[1 + LANGUAGES.index(lang)], html)


def remarked_in(code: str, lang: str) -> str:
    """Return a starter's code with its comments and docstrings, "中文 | English", in one language.

    >>> remarked_in('w = ...  # 一个数 | a number', "en"), remarked_in('    \"\"\"和。 | A sum.\"\"\"', "zh")
    ('w = ...  # a number', '    \"\"\"和。\"\"\"')
    """
    half = LANGUAGES.index(lang) + 2
    return REMARK.sub(lambda remark: f"{remark[1]}{remark[half]}{remark[4] or ''}", code)


def keep_cells(notebook: NotebookNode, lang: str) -> NotebookNode:
    """Drop the cells that are tagged with another language, and those of slides."""
    others = {f"lang-{other}" for other in LANGUAGES if other != lang} | {SLIDE}
    notebook.cells = [cell for cell in notebook.cells if not others & set(cell.metadata.get("tags", ()))]
    return notebook


def keep_half(node: nodes.Element, lang: str) -> None:
    """Split a node's children at the first " | " in its text, and keep the half for one language."""
    for at, child in enumerate(node.children):
        if isinstance(child, nodes.Text) and SEPARATOR in child:
            before, after = child.split(SEPARATOR, 1)
            halves = [*node.children[:at], nodes.Text(before)], [nodes.Text(after), *node.children[at + 1 :]]
            node.children = []
            node.extend(halves[LANGUAGES.index(lang)])
            return


def stand_in(notebook: NotebookNode) -> NotebookNode:
    """Give each cell that draws a figure an empty one, so that without a run figures are counted all the same."""
    for cell in notebook.cells:
        if "figure" in cell.metadata.get("mystnb", {}):
            cell.outputs = [new_output("display_data", {"image/svg+xml": "<svg xmlns='http://www.w3.org/2000/svg'/>"})]
    return notebook


def findings(notebook: NotebookNode) -> dict[str, str]:
    """Return what a run has confirmed: the verdict on each claim, by name."""
    outputs = (output for cell in notebook.cells for output in cell.get("outputs", ()))
    found = [output.metadata["finding"] for output in outputs if "finding" in output.get("metadata", {})]
    return {finding["name"]: finding["verdict"] for finding in found}


def read_source(app: Sphinx, docname: str, source: list[str]) -> None:
    """Fill in the outputs of the notebook's cached run, if it could be run; keep the cells of this site's language."""
    path = Path(app.env.doc2path(docname))
    if path.suffix != ".ipynb":
        return
    if app.config.book_outputs and docname not in app.config.not_run:
        notebook = run_of(path)
        if notebook is None:
            raise ExtensionError(f"{path.name} has no cached run; `python book/build.py` runs it first")
        app.env.temp_data["findings"] = findings(notebook)
        set_lines(notebook)
    else:
        notebook = stand_in(nbformat.reads(source[0], as_version=4))
    source[0] = nbformat.writes(keep_cells(notebook, app.config.book_lang))


def split_settings(app: Sphinx, config: Config) -> None:
    """Give every bilingual setting the half for this site's language."""
    lang = config.book_lang
    config.package_digest = package_digest() if config.book_outputs else ""
    for key in SPLIT_SETTINGS:
        setattr(config, key, pick(getattr(config, key), lang))
    config.html_theme_options = {key: pick(value, lang) for key, value in config.html_theme_options.items()}
    for document in config.external_site_map.values():
        document.title = pick(document.title, lang)
        for tree in document.subtrees:
            tree.caption = pick(tree.caption, lang)


def number_ids_by_kind(app: Sphinx, env: BuildEnvironment, docnames: list[str]) -> None:
    """Count automatic ids per kind of node, so that differing headings don't shift those of citations."""
    env.settings["auto_id_prefix"] = "%"


def split_doctree(app: Sphinx, doctree: nodes.document) -> None:
    """Split captions and alternative texts; where a heading has an explicit (label)=, make that its only id.

    The ids that Sphinx makes from the words of a heading differ between the sites.
    """
    explicit = {doctree.nameids[name] for name, is_explicit in doctree.nametypes.items() if is_explicit}
    for caption in doctree.findall(nodes.caption):
        keep_half(caption, app.config.book_lang)
    for image in doctree.findall(nodes.image):
        if "alt" in image:
            image["alt"] = pick(image["alt"], app.config.book_lang)
    for section in doctree.findall(nodes.section):
        section["ids"] = [name for name in section["ids"] if name in explicit] or section["ids"]


def add_views(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Tell the header where this page is in each view, and where its notebooks are."""
    up = "../" * (pagename.count("/") + 1)
    context["views"] = {view: f"{up}{view}/{pagename}.html" for view in VIEWS}
    context["view"] = app.config.book_lang
    if doctree is not None and not any(doctree.findall(addnodes.desc)):  # docstrings don't make a notebook
        editions = {"": _("Download this notebook"), "-solutions": _("Download it with the solutions")}
        folder = f"{up}notebooks/{app.config.book_lang}"
        context["notebooks"] = {text: f"{folder}{name}/{pagename}.ipynb" for name, text in editions.items()}


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("needed_packages")
    app.add_config_value("book_lang", "zh", "env")
    outputs = os.environ.get("BOOK_OUTPUTS", "1") != "0"
    app.add_config_value("book_outputs", outputs, "env")  # without them, no notebook needs to have been run
    app.add_config_value("package_digest", "", "env")  # a change of the package re-reads every page
    app.connect("config-inited", split_settings, priority=950)  # after sphinx_external_toc (900)
    app.connect("source-read", read_source)
    app.connect("env-before-read-docs", number_ids_by_kind)
    app.connect("doctree-read", split_doctree, priority=400)  # before the toc collector (500)
    app.connect("html-page-context", add_views)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
