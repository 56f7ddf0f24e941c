"""Formulas, set when the book is built: a page needs no script for them, and no line begins with a comma after one.

MathJax runs here, in the JavaScript engine of the package mini-racer, and leaves each formula as an SVG for the eye and
as MathML for screen readers. A page carries every glyph that it uses once, and the formulas refer to it.
"""

import re
from functools import cache
from html import escape
from importlib.resources import files

from docutils import nodes
from py_mini_racer import MiniRacer
from sphinx.application import Sphinx
from sphinx.locale import _
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util import logging
from sphinx.util.math import get_node_equation_number
from sphinx.writers.html5 import HTML5Translator

logger = logging.getLogger(__name__)

MATHJAX = files("sphinx-mathjax-offline") / "static" / "mathjax"
PARTS = ("startup", "core", "adaptors/liteDOM", "input/tex-full", "output/svg", "output/svg/fonts/tex")
# What MathJax asks of a browser, and its settings: glyphs are kept in one place, and what TeX can't read is an error.
PRELUDE = """
var global = globalThis, console = {log() {}, warn() {}, error() {}};
var setTimeout = (action) => (action && action(), 0), clearTimeout = () => {};
MathJax = {
  startup: {typeset: false}, loader: {load: [], ready() {}}, svg: {fontCache: "global"},
  tex: {packages: {"[-]": ["noerrors", "noundefined"]}},
};"""
SET = """
const {adaptor, document: {outputJax}} = MathJax.startup;
function formula(tex, display) {
  const svg = adaptor.firstChild(MathJax.tex2svg(tex, {display}));
  adaptor.setAttribute(svg, "aria-hidden", "true");
  for (const needless of ["xmlns", "xmlns:xlink", "role", "focusable"]) adaptor.removeAttribute(svg, needless);
  return {svg: adaptor.outerHTML(svg), mathml: MathJax.tex2mml(tex, {display})};
}
function glyphs(used) {
  const all = adaptor.childNodes(outputJax.fontCache.getCache());
  const markup = new Map(all.map((path) => [adaptor.getAttribute(path, "id"), adaptor.outerHTML(path)]));
  return used.map((name) => markup.get(name));
}"""
SPACE = re.compile(r">\s+<")
ERROR = re.compile(r'data-mjx-error="([^"]*)"')
GLYPH = re.compile(r'xlink:href="#(MJX-[^"]+)"')
# Groups that move nothing, and those that move a single glyph, which can be moved itself: half of a formula's elements.
OTHERS = r'(?: data-[\w-]+="[^"]*")*'
STILL = re.compile(rf"<g{OTHERS}>((?:<use [^>]*></use>)*)</g>")
MOVED = re.compile(rf'<g{OTHERS} (transform="[^"]*"){OTHERS}><use (?!transform)([^>]*)></use></g>')
OPENING = re.compile(r"[（“《(\[]+$")
WIDTH = re.compile(r'<svg[^>]* width="([\d.]+)ex"')
WIDE = 28  #: heights of an x; within a line, what is wider scrolls on the narrowest phones
CLOSING = re.compile(r"[，。；：、）”？！》,.;:)?!]+")


def flattened(svg: str) -> str:
    """Return a drawing without the groups that it looks alike without.

    >>> flattened('<g data-mml-node="math"><g data-mml-node="mi" transform="translate(5,0)"><use id="x"></use></g></g>')
    '<use transform="translate(5,0)" id="x"></use>'
    """
    before = ""
    while before != svg:
        before, svg = svg, STILL.sub(r"\1", MOVED.sub(r"<use \1 \2></use>", svg))
    return svg


class MathJax:
    """MathJax in a process: TeX in, markup out."""

    def __init__(self) -> None:
        self.engine = MiniRacer()
        sources = (MATHJAX.joinpath(f"{part}.js").read_text("utf8") for part in PARTS)
        for source in (PRELUDE, *sources, "MathJax.config.startup.ready()", SET):
            self.engine.eval(source)
        self.known: dict[tuple[str, bool], str] = {}

    def set(self, tex: str, display: bool) -> str:
        """Return a formula as markup.

        Raises
        ------
        ValueError
            If MathJax can't read the formula; the message is its own.
        """
        if (tex, display) not in self.known:
            made = self.engine.call("formula", tex, display)
            if error := ERROR.search(made["svg"]):
                raise ValueError(error[1])
            mathml = SPACE.sub("><", made["mathml"])
            markup = (
                f'<span class="formula">{flattened(made["svg"])}<span class="formula-mathml">{mathml}</span></span>'
            )
            self.known[tex, display] = markup
        return self.known[tex, display]

    def glyphs(self, markup: str) -> str:
        """Return the glyphs that markup refers to, to be put on its page once; nothing if there are none."""
        used = sorted(set(GLYPH.findall(markup)))
        if not used:
            return ""
        paths = "".join(self.engine.call("glyphs", used))
        return f'<svg id="formula-glyphs" width="0" height="0" aria-hidden="true"><defs>{paths}</defs></svg>'


@cache
def mathjax() -> MathJax:
    """Start the engine, once in a process and only if there is a formula."""
    return MathJax()


def stop_mathjax(app: Sphinx, exception: Exception | None) -> None:
    """End the engine: Python would wait for its threads for ever."""
    if mathjax.cache_info().currsize:
        mathjax().engine.close()
        mathjax.cache_clear()


def set_formula(node: nodes.Element, tex: str, display: bool) -> str:
    """Return a formula as markup; one that can't be read is shown as it is, and is a warning of the build."""
    try:
        return mathjax().set(tex, display)
    except ValueError as error:
        logger.warning("formula: %s in %r", error, tex, location=node)
        return f"<code>{escape(tex)}</code>"


def aligned(tex: str) -> str:
    """Return the equations of a block, which blank lines part, as one formula."""
    parts = [part for part in tex.split("\n\n") if part.strip()]
    lines = [rf"\begin{{split}}{part}\end{{split}}" if r"\\" in part else part for part in parts]
    return lines[0] if len(lines) == 1 else r"\begin{aligned}" + r"\\".join(lines) + r"\end{aligned}"


def visit_inline(translator: HTML5Translator, node: nodes.math) -> None:
    """Write a formula within a line."""
    markup = set_formula(node, node.astext(), display=False)
    width = WIDTH.search(markup)
    kind = "math notranslate wide" if width and float(width[1]) > WIDE else "math notranslate"
    translator.body.append(translator.starttag(node, "span", "", CLASS=kind) + markup + "</span>")
    raise nodes.SkipNode


def visit_display(translator: HTML5Translator, node: nodes.math_block) -> None:
    """Write a formula on a line of its own, with its number."""
    translator.body.append(translator.starttag(node, "div", "", CLASS="math notranslate"))
    if node["number"] and not node["nowrap"]:
        translator.body.append(f'<span class="eqno">({get_node_equation_number(translator, node)})')
        translator.add_permalink_ref(node, _("Link to this equation"))
        translator.body.append("</span>")
    tex = node.astext() if node["nowrap"] else aligned(node.astext())
    translator.body.append(set_formula(node, tex, display=True) + "</div>\n")
    raise nodes.SkipNode


def add_glyphs(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Give the page the glyphs that its formulas use."""
    markup = context.get("body", "") + context.get("toc", "")
    context["formula_glyphs"] = mathjax().glyphs(markup) if GLYPH.search(markup) else ""


def listed(tex: str) -> list[str]:
    r"""Return the symbols that a formula lists; commas within brackets part none.

    >>> listed(r"q(x, a), \hat q_{1,2}")
    ['q(x, a)', '\\hat q_{1,2}']
    """
    depth, parts = 0, [""]
    for sign in tex:
        depth += (sign in "({[") - (sign in ")}]")
        if sign == "," and not depth:
            parts.append("")
        else:
            parts[-1] += sign
    return [part.strip() for part in parts]


class PartLists(SphinxPostTransform):
    """Part the symbols that a cell of a table lists in one formula, so that on a phone a line breaks after a comma."""

    default_priority = 14  # before the punctuation is looked after

    def run(self, **kwargs: object) -> None:
        """Part the formulas of one page that are all of a cell."""
        for formula in list(self.document.findall(nodes.math)):
            parts = listed(formula.astext())
            if len(parts) > 1 and len(formula.parent) == 1 and isinstance(formula.parent.parent, nodes.entry):
                first, *rest = (nodes.math("", part) for part in parts)
                formula.replace_self([first, *(node for part in rest for node in (nodes.Text(", "), part))])


class KeepPunctuation(SphinxPostTransform):
    """Hold each inline formula together with the bracket before it and the punctuation after it.

    Browsers break a line at either side of a picture, be it before a full stop.
    """

    default_priority = 15  # after the table of claims has got its formulas

    def run(self, **kwargs: object) -> None:
        """Wrap the formulas of one page that stand at punctuation."""
        for formula in list(self.document.findall(nodes.math)):
            siblings, place = formula.parent.children, formula.parent.index(formula)
            before, after = siblings[max(0, place - 1)], siblings[min(place + 1, len(siblings) - 1)]
            opening = OPENING.search(before) if isinstance(before, nodes.Text) else None
            closing = CLOSING.match(after) if isinstance(after, nodes.Text) else None
            if not (opening or closing):
                continue
            kept: list[nodes.Node] = [formula.deepcopy()]
            if opening:
                formula.parent.replace(before, nodes.Text(before[: opening.start()]))
                kept.insert(0, nodes.Text(opening[0]))
            if closing:
                formula.parent.replace(after, nodes.Text(after[closing.end() :]))
                kept.append(nodes.Text(closing[0]))
            formula.replace_self(nodes.inline("", "", *kept, classes=["unbroken"]))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_html_math_renderer("built", (visit_inline, None), (visit_display, None))
    app.add_post_transform(PartLists)
    app.add_post_transform(KeepPunctuation)
    app.connect("html-page-context", add_glyphs)
    app.connect("build-finished", stop_mathjax)
    return {"parallel_read_safe": True, "parallel_write_safe": False}
