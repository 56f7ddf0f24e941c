"""``{claim}``: what the source says beside what the book's run measured; ``{claim-list}``: a table of all;
``{claim-counts}``: all in one figure, by verdict.

Written as::

    :::{claim} “`train_data = data.sample(frac=0.8, random_state=42)`”
    :label: claim-random-split
    :section: 5.2.1
    :verdict: wrong

    It trains on the future: the table above shows by how much that flatters the model.
    :::

The source's own words stand in quotation marks, and nothing else of it stands in the book. What only defines a word
gets no verdict.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx import addnodes
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.util.docutils import SphinxDirective

from html_element import element

QUOTED = re.compile("“[^”]+”")
VERDICTS = {
    "supported": {"zh": "✓ 获得支持", "en": "✓ supported"},
    "partly": {"zh": "◐ 部分获得支持", "en": "◐ partly supported"},
    "unsupported": {"zh": "✗ 未获支持", "en": "✗ not supported"},
    "wrong": {"zh": "✗ 有误", "en": "✗ wrong"},
    "outdated": {"zh": "↻ 已过时", "en": "↻ outdated"},
    "untested": {"zh": "– 此处未测", "en": "– not tested here"},
}
MEASURED = ("supported", "partly", "unsupported", "wrong")
WORDS = {
    "zh": {
        "says": "原文说",
        "measured": "我们测得",
        "remark": "我们的说明",
        "abstract": "摘要",
        "columns": ("原文", "说法", "结论"),
        "counts": ("结论", "条数", "原文的哪几节"),
        "none": "– 不下结论",
        "total": "合计",
    },
    "en": {
        "says": "The source says",
        "measured": "We measured",
        "remark": "Our remark",
        "abstract": "abstract",
        "columns": ("Section", "Claim", "Verdict"),
        "counts": ("Verdict", "Claims", "Sections of the source"),
        "none": "– no verdict",
        "total": "all",
    },
}


@dataclass(frozen=True)
class Claim:
    """A claim of the source, as the table of all claims needs it."""

    docname: str
    label: str
    section: str
    verdict: str | None
    text: list[nodes.Node]

    @property
    def order(self) -> list[int]:
        """Sort key: the abstract first, then 5.2 before 5.10."""
        return [] if self.section == "abstract" else [int(part) for part in self.section.split(".")]


def section_number(argument: str) -> str:
    """Option converter: a section number of the source such as 5.2.1, or ``abstract``."""
    if not re.fullmatch(r"abstract|\d+(\.\d+)*", argument or ""):
        raise ValueError("expected a section number such as 5.2.1, or abstract")
    return argument


def verdict_name(argument: str) -> str:
    """Option converter: one of the verdicts."""
    return directives.choice(argument, tuple(VERDICTS))


def badges(verdict: str | None, lang: str) -> list[nodes.Node]:
    """Return the verdict as a coloured label that also says it in words; nothing without a verdict."""
    if verdict is None:
        return []
    return [element("span", nodes.Text(VERDICTS[verdict][lang]), classes=("verdict", f"verdict-{verdict}"))]


def section_name(section: str, lang: str) -> str:
    """Return how the page's language names a section of the source."""
    return WORDS[lang]["abstract"] if section == "abstract" else f"§ {section}"


class ClaimDirective(SphinxDirective):
    """A claim (the argument) with its verdict and, as the body, what was measured."""

    has_content = True
    required_arguments = 1
    final_argument_whitespace = True
    option_spec: ClassVar[dict] = {
        "label": directives.unchanged_required,
        "section": section_number,
        "verdict": verdict_name,
    }

    def run(self) -> list[nodes.Node]:
        """Return the box and remember the claim for the table."""
        self.assert_has_content()
        if missing := {"label", "section"} - self.options.keys():
            raise self.error(f"claim needs the options {', '.join(sorted(missing))}")
        if not QUOTED.search(self.arguments[0]):
            raise self.error("a claim quotes the source: “…”")
        lang, words = self.config.book_lang, WORDS[self.config.book_lang]
        label, section, verdict = self.options["label"], self.options["section"], self.options.get("verdict")
        confirmed = self.env.temp_data.get("findings")  # none where no run is asked for
        if confirmed is not None and verdict in MEASURED and confirmed.get(label) != verdict:
            raise self.error(f"{label} is {verdict}, but the run of this page confirmed: {confirmed.get(label)}")
        text, _ = self.parse_inline(self.arguments[0])
        claim = Claim(self.env.docname, nodes.make_id(label), section, verdict, [node.deepcopy() for node in text])
        claims(self.env).append(claim)

        source = element("span", nodes.Text(section_name(section, lang)), classes=("claim-section",))
        says = element("p", nodes.Text(f"{words['says']} "), source, classes=("claim-heading",))
        name = nodes.Text(words["measured" if verdict in MEASURED else "remark"] + " ")
        measured = element("p", name, *badges(verdict, lang), classes=("claim-heading",))
        box = element(
            "div",
            element("div", says, element("p", *text), classes=("claim-says",)),
            element("div", measured, *self.parse_content_to_nodes(), classes=("claim-measured",)),
            classes=("claim", f"claim-{verdict or 'definition'}"),
        )
        box["names"].append(nodes.fully_normalize_name(label))
        box["ids"].append(claim.label)
        self.state.document.note_explicit_target(box, box)
        return [box]


class claim_list(nodes.General, nodes.Element):
    """Stands for the table until every page has been read."""


class ClaimListDirective(SphinxDirective):
    """The table of all claims of the book."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark that the table replaces."""
        claim_list_pages(self.env).add(self.env.docname)
        return [claim_list()]


class claim_counts(nodes.General, nodes.Element):
    """Stands for the figure until every page has been read."""


class ClaimCountsDirective(SphinxDirective):
    """All claims of the book by verdict: as many signs as claims, each a link to its box."""

    def run(self) -> list[nodes.Node]:
        """Leave a mark that the figure replaces."""
        claim_list_pages(self.env).add(self.env.docname)
        return [claim_counts()]


class FillClaimLists(SphinxPostTransform):
    """Replace each ``{claim-list}`` by its table, and each ``{claim-counts}`` by its figure."""

    default_priority = 5  # before references are resolved (10)

    def run(self, **kwargs: object) -> None:
        """Replace the marks of one page."""
        for mark in list(self.document.findall(claim_list)):
            mark.replace_self(self.table())
        for mark in list(self.document.findall(claim_counts)):
            mark.replace_self(self.counts())

    def counts(self) -> nodes.Node:
        """Return a row for each verdict: its name, its number, and a sign for each claim."""
        words = WORDS[self.config.book_lang]
        found = sorted(claims(self.env), key=lambda claim: (claim.order, claim.label))
        kinds = {verdict: [claim for claim in found if claim.verdict == verdict] for verdict in (*VERDICTS, None)}
        head = element("tr", *(element("th", nodes.Text(name), scope="col") for name in words["counts"]))
        rows = [self.count_row(verdict, each) for verdict, each in kinds.items() if each]
        total = (element("td", nodes.Text(text)) for text in (words["total"], str(len(found)), ""))
        foot = element("tfoot", element("tr", *total))
        table = element("table", element("thead", head), element("tbody", *rows), foot, classes=("claim-counts",))
        return element("div", table, classes=("table-scroll",))

    def count_row(self, verdict: str | None, found: list[Claim]) -> nodes.Node:
        """Return the row of one verdict, or of what has none."""
        lang = self.config.book_lang
        name = badges(verdict, lang) or [nodes.Text(WORDS[lang]["none"])]
        signs: list[nodes.Node] = []
        for claim in found:
            said = "".join(node.astext() for node in claim.text)
            sign = nodes.reference("", section_name(claim.section, lang), internal=True, reftitle=said)
            sign["refuri"] = f"{self.app.builder.get_relative_uri(self.env.docname, claim.docname)}#{claim.label}"
            look = (f"verdict-{verdict}",) if verdict else ()
            signs += [element("span", sign, classes=("verdict", *look)), nodes.Text(" ")]
        cells = element("td", element("span", *name)), element("td", nodes.Text(str(len(found)))), element("td", *signs)
        return element("tr", *cells)

    def table(self) -> nodes.Node:
        """Return the claims by section of the source."""
        lang = self.config.book_lang
        head = element("tr", *(element("th", nodes.Text(name), scope="col") for name in WORDS[lang]["columns"]))
        ordered = sorted(claims(self.env), key=lambda claim: (claim.order, claim.label))
        body = [element("tr", *(element("td", cell) for cell in self.cells(claim))) for claim in ordered]
        table = element("table", element("thead", head), element("tbody", *body), classes=("table", "claim-table"))
        return element("div", table, classes=("table-scroll",))

    def cells(self, claim: Claim) -> Iterator[nodes.Node]:
        """Return section, claim and verdict of one row; the claim is a link to its box."""
        uri = self.app.builder.get_relative_uri(self.env.docname, claim.docname)
        text = nodes.reference("", "", *(node.deepcopy() for node in claim.text), internal=True)
        text["refuri"] = f"{uri}#{claim.label}"
        for inner in list(text.findall(addnodes.pending_xref)):  # no link within a link
            inner.replace_self(inner.children)
        yield nodes.Text(section_name(claim.section, self.config.book_lang))
        yield text
        badge = badges(claim.verdict, self.config.book_lang) or [nodes.Text("–")]  # a definition
        yield element("span", *badge)


def claims(env: BuildEnvironment) -> list[Claim]:
    """Return the claims of all pages read so far."""
    if not hasattr(env, "book_claims"):
        env.book_claims = []
    return env.book_claims


def claim_list_pages(env: BuildEnvironment) -> set[str]:
    """Return the pages that show the table."""
    if not hasattr(env, "book_claim_list_pages"):
        env.book_claim_list_pages = set()
    return env.book_claim_list_pages


def forget_page(app: Sphinx, env: BuildEnvironment, docname: str) -> None:
    """Drop what a page said before it is read again."""
    env.book_claims = [claim for claim in claims(env) if claim.docname != docname]
    claim_list_pages(env).discard(docname)


def rewrite_lists(app: Sphinx, env: BuildEnvironment) -> list[str]:
    """Have the pages with the table written again whenever any page has changed."""
    return sorted(claim_list_pages(env))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("html_element")
    app.add_node(claim_list)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("claim-list", ClaimListDirective)
    app.add_node(claim_counts)
    app.add_directive("claim-counts", ClaimCountsDirective)
    app.add_post_transform(FillClaimLists)
    app.connect("env-purge-doc", forget_page)
    app.connect("env-updated", rewrite_lists)
    return {"parallel_read_safe": False, "parallel_write_safe": True}
