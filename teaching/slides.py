"""Make slides of a chapter out of its own cells and of the run that its page shows: one file for each language.

Usage: python teaching/slides.py [--lang zh|en] [--out FOLDER] [CHAPTER …]

A cell's metadata says what it is on slides, as JupyterLab and nbconvert write it, under ``slideshow``, ``slide_type``:

``slide``
    text: a slide begins, with its label and its title
``-``
    what stands on it: text, or of a code cell the outputs
``fragment``
    the same, shown by the next click
``notes``
    what the speaker says

What has none isn't on slides. Text of slides alone, in pairs as all text, is tagged ``slide`` and on no page; tagged
``guess``, a slide asks for one, tagged ``stop``, it says that the class goes on with something else. A file holds all
that it needs, reveal.js included, and asks for nothing on the network.
"""

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from html import escape
from importlib.resources import files
from pathlib import Path
from textwrap import dedent

from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from nbformat import NotebookNode

HERE = Path(__file__).resolve().parent
BOOK = HERE.parent / "book"
TEMPLATES = HERE / "templates"
sys.path[:0] = [str(BOOK), str(BOOK / "_ext")]

from sphinx_external_toc.parsing import parse_toc_yaml  # noqa: E402

from bilingual import LANGUAGES, VIEWS, pick, written_in  # noqa: E402
from drawing import drawn_in, inline  # noqa: E402
from formulas import aligned, mathjax, stop_mathjax  # noqa: E402
from notebook_cache import find_run, read_notebook  # noqa: E402
from output_lines import set_lines  # noqa: E402

REVEAL = files("sphinx_revealjs") / "_static" / "revealjs"
STYLES = ("dist/reset.css", "dist/reveal.css")
SCRIPTS = ("dist/reveal.js", "plugin/notes/notes.js")
MOST = 15  #: slides, the title's included
HEADING = re.compile(r"\((?P<label>[\w-]+)\)=\n## (?P<title>.+)\n*(?P<body>[\s\S]*)")
FOREIGN = re.compile(r"\{[a-z:]+\}`|^[:`]{3,}\{", re.MULTILINE)  # what only Sphinx reads
TAG = re.compile("<[^>]+>")
WIDGET = re.compile("<[a-z]+-[a-z]")  # a custom element
NUMBERED = re.compile(r"\$\$ \([\w-]+\)")
MAP = re.compile(r"^//# sourceMappingURL=.*$", re.MULTILINE)
WORDS = {
    "zh": {
        "guess": "先猜一猜",
        "stop": "动手",
        "data": "数据：The Complete Journey，照真实的购物规律模拟，只供教学",
        "keys": "→ 下一步　S 讲者视图　F 全屏　O 总览",
    },
    "en": {
        "guess": "Guess first",
        "stop": "Your turn",
        "data": "Data: The Complete Journey, simulated after real shopping patterns, for education only",
        "keys": "→ next · S speaker view · F full screen · O overview",
    },
}


@dataclass
class Slide:
    """What one slide holds, as markup."""

    label: str
    title: str
    kind: str = ""
    parts: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def markup(self, words: dict[str, str]) -> str:
        """Return the slide."""
        badge = f'<p class="badge">{words[self.kind]}</p>' if self.kind in words else ""
        notes = f'<aside class="notes">{"".join(self.notes)}</aside>' if self.notes else ""
        head = f"<header>{badge}<h2>{self.title}</h2></header>"
        return f'<section id="{self.label}" class="{self.kind}">{head}{"".join(self.parts)}{notes}</section>'


def slide_type(cell: NotebookNode) -> str:
    """Return what a cell is on slides; nothing if it is on none."""
    kind = cell.metadata.get("slideshow", {}).get("slide_type", "")
    return "" if kind == "skip" else kind


def has_slides(path: Path) -> bool:
    """Whether a chapter's cells say what its slides are."""
    return any(slide_type(cell) == "slide" for cell in read_notebook(path).cells)


def chapters() -> list[Path]:
    """Return the chapters of the book, in order; an index page is none."""
    paths = [BOOK / f"{name}.ipynb" for name in parse_toc_yaml(BOOK / "_toc.yml")]
    return [path for path in paths if path.is_file() and "chapter" in read_notebook(path).metadata]


def set_formula(tex: str, options: dict) -> str:
    """Return a formula as markup."""
    return mathjax().set(aligned(tex.strip()) if options["display_mode"] else tex, options["display_mode"])


MARKDOWN = MarkdownIt("commonmark").enable("table")
MARKDOWN.use(dollarmath_plugin, allow_labels=False, renderer=set_formula)


def read_text(source: str) -> str:
    """Return the markup of a slide's text.

    Raises
    ------
    ValueError
        If it has a role or a directive, which only Sphinx reads.
    """
    if found := FOREIGN.search(source):
        raise ValueError(f"slides are plain Markdown, without {found[0]!r}: {source}")
    return MARKDOWN.render(NUMBERED.sub("$$", source))


def name_of(cell: NotebookNode, lang: str) -> str:
    """Return what a figure shows in words."""
    look = cell.metadata.get("mystnb", {})
    return pick(look.get("image", {}).get("alt") or look.get("figure", {}).get("caption", ""), lang)


def printed(text: str) -> str:
    """Return what a cell has printed: a few lines large, many in two columns."""
    lines = text.count("\n") + 1
    kind = "short" if lines < 8 else "long" if lines > 24 else ""
    return f'<pre class="{kind}">{escape(text)}</pre>'


def width(text: str) -> int:
    """Return how wide a text is, in Latin letters."""
    return sum(1 + (letter >= "\u2e80") for letter in text)


def kind_of(html: str) -> str:
    """Return what an output is: a widget, lines, a table; long ones take smaller letters to fit."""
    if WIDGET.match(html):
        return "widget"
    if "<table" not in html:
        return "lines small" if width(TAG.sub("", html)) > 180 else "lines"
    rows, columns = html.count("<tr"), html.split("</tr>")[0].count("<th")
    if rows > 9 or width(TAG.sub("", html)) > 350:
        return "table dense"
    longest = max(width(TAG.sub("", row)) for row in html.split("</tr>"))
    return "table wide" if columns > 6 or longest > 75 else "table"


def shown(cell: NotebookNode, lang: str) -> Iterator[tuple[str, str]]:
    """Yield the outputs of a code cell, each with what it is; those for the book's own checks are left out."""
    for number, output in enumerate(cell.outputs):
        data = output.get("data", {})
        if "finding" in output.get("metadata", {}) or output.get("name") == "stderr":
            continue
        if svg := data.get("image/svg+xml"):
            yield "figure", inline(drawn_in(svg, lang), f"{cell.id}-{number}-", name_of(cell, lang))
        elif html := data.get("text/html"):
            yield kind_of(written_in(html, lang)), written_in(html, lang)
        elif text := output.get("text") or data.get("text/plain"):
            yield "printed", printed(dedent(text).strip())


def in_language(cell: NotebookNode, lang: str) -> bool:
    """Whether a cell is for a language: it is in it, or shared."""
    tags = {tag for tag in cell.metadata.get("tags", ()) if tag.startswith("lang-")}
    return not tags or f"lang-{lang}" in tags


def begun(cell: NotebookNode) -> Slide:
    """Return the slide that a cell begins.

    Raises
    ------
    ValueError
        If it doesn't begin with a label and a title.
    """
    heading = HEADING.fullmatch(cell.source)
    if heading is None:
        raise ValueError(f"a slide begins with (label)= and ## title, and cell {cell.id} doesn't: {cell.source[:60]}")
    kind = next((kind for kind in ("guess", "stop") if kind in cell.metadata.get("tags", ())), "")
    slide = Slide(heading["label"], MARKDOWN.renderInline(heading["title"]), kind)
    if heading["body"].strip():
        slide.parts.append(part("text", read_text(heading["body"])))
    return slide


def part(kind: str, markup: str, is_fragment: bool = False) -> str:
    """Return a part of a slide."""
    return f'<div class="{kind}{" fragment" * is_fragment}">{markup}</div>'


def slides_of(notebook: NotebookNode, lang: str) -> list[Slide]:
    """Return the slides of a notebook, which has its outputs.

    Raises
    ------
    ValueError
        If something stands before the first slide, or a code cell on a slide puts nothing out.
    """
    slides: list[Slide] = []
    for cell in notebook.cells:
        kind = slide_type(cell)
        if not kind or not in_language(cell, lang):
            continue
        if kind == "slide":
            slides.append(begun(cell))
            continue
        if not slides:
            raise ValueError(f"cell {cell.id} stands before the first slide")
        if kind == "notes":
            slides[-1].notes.append(read_text(cell.source))
            continue
        parts = shown(cell, lang) if cell.cell_type == "code" else [("text", read_text(cell.source))]
        made = [part(name, markup, kind == "fragment") for name, markup in parts]
        if not made:
            raise ValueError(f"cell {cell.id} is on a slide and puts nothing out")
        slides[-1].parts += made
    return slides


def title_slide(notebook: NotebookNode, lang: str) -> Slide:
    """Return the first slide: what the chapter is called, and what it is about."""
    sources = (cell.source for cell in notebook.cells if cell.cell_type == "markdown" and in_language(cell, lang))
    title = next(found[1] for source in sources if (found := re.search(r"^# (.+)$", source, re.MULTILINE)))
    words = WORDS[lang]
    about = pick(notebook.metadata.chapter.about, lang)
    lines = [
        f"<p>{escape(about)}</p>",
        f'<p class="small">{words["data"]}</p>',
        f'<p class="small">{words["keys"]}</p>',
    ]
    return Slide("title", MARKDOWN.renderInline(title), "title", [part("text", "".join(lines))])


def library(name: str) -> str:
    """Return a file of reveal.js, fit to stand within a page."""
    return MAP.sub("", (REVEAL / name).read_text("utf8")).replace("</script", "<\\/script")


def page(slides: Sequence[Slide], lang: str) -> str:
    """Return slides as one page that needs no other file."""
    body = "\n".join(slide.markup(WORDS[lang]) for slide in slides)
    own = (TEMPLATES / "deck.css").read_text("utf8")
    parts = {
        "lang": VIEWS[lang],
        "title": TAG.sub("", slides[0].title),
        "licence": (REVEAL / "LICENSE").read_text("utf8").replace("--", "‐‐"),
        "style": "\n".join([*map(library, STYLES), own]),
        "glyphs": mathjax().glyphs(body),
        "slides": body,
        "scripts": "\n".join(f"<script>{library(name)}</script>" for name in SCRIPTS),
    }
    template = (TEMPLATES / "deck.html").read_text("utf8")
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], template)


def make(path: Path, lang: str, out: Path) -> Path:
    """Write a chapter's slides in one language, and return the file.

    Raises
    ------
    ValueError
        If the chapter hasn't been run as it is now, or has too many slides.
    """
    notebook = find_run(read_notebook(path))
    if notebook is None:
        raise ValueError(f"{path.name} has no cached run; `python book/build.py` runs it first")
    set_lines(notebook)
    slides = [title_slide(notebook, lang), *slides_of(notebook, lang)]
    if len(slides) > MOST:
        raise ValueError(f"{path.name} has {len(slides)} slides, more than {MOST}")
    file = out / lang / f"{path.relative_to(BOOK).with_suffix('').as_posix().replace('/', '-')}.html"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(slides, lang), "utf8")
    return file


def make_all(out: Path, langs: Sequence[str] = LANGUAGES, names: Sequence[str] = ()) -> list[Path]:
    """Write the slides of the chapters that have some, or of those named, and return the files."""
    wanted = [BOOK / f"{name}.ipynb" for name in names] or [path for path in chapters() if has_slides(path)]
    try:
        return [make(path, lang, out) for lang in langs for path in wanted]
    finally:
        stop_mathjax(None, None)  # Python would wait for its engine


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the slides that the arguments ask for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("chapters", nargs="*", help="such as 05_project; all that have slides, if none is given")
    parser.add_argument("--lang", choices=LANGUAGES, help="both, if not given")
    parser.add_argument("--out", type=Path, default=HERE.parent / "workshop" / "slides")
    options = parser.parse_args(arguments)
    for file in make_all(options.out, [options.lang] if options.lang else LANGUAGES, options.chapters):
        print(file)


if __name__ == "__main__":
    main()
