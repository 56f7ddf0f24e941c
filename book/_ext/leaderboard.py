"""``{leaderboard} 05_project``: what the models of a chapter's run score, as a figure that fits any page.

The numbers are read from the table that the cell tagged ``leaderboard`` has put out; none is typed.
"""

from dataclasses import dataclass
from math import floor
from pathlib import Path

from bs4 import BeautifulSoup, Tag
from docutils import nodes
from nbformat import NotebookNode
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective

from html_element import element
from notebook_cache import run_of

#: What the book's question compares: the large model, what it has to beat, and both together.
COMPARED = {"Transformer": "large", "Personal frequency": "counted", "Weighted hybrid": "mixed"}
STEP = 0.05  # between the marks of the axis


@dataclass(frozen=True)
class Score:
    """A model's score with its 95% interval."""

    zh: str
    en: str
    value: float
    low: float
    high: float

    @property
    def kind(self) -> str:
        """What the model stands for."""
        return COMPARED.get(self.en, "other")


def name(cell: Tag, lang: str) -> str:
    """Return the text of a table's cell in one language."""
    return (cell.select_one(f"[lang={lang}]") or cell).get_text()


def read_scores(run: NotebookNode) -> list[Score]:
    """Return the rows of the leaderboard that a run has put out."""
    [cell] = [cell for cell in run.cells if "leaderboard" in cell.metadata.get("tags", ())]
    table = BeautifulSoup(cell.outputs[-1].data["text/html"], "html.parser")
    rows = [(row.th, [float(cell.get_text()) for cell in row.select("td")[:3]]) for row in table.select("tbody tr")]
    scores = [Score(name(head, "zh"), name(head, "en"), *values) for head, values in rows]
    if missing := COMPARED.keys() - {score.en for score in scores}:
        raise ValueError(f"the leaderboard lacks {', '.join(sorted(missing))}")
    return scores


def end_of_axis(scores: list[Score]) -> float:
    """Return the first mark beyond all intervals."""
    marks = round(max(score.high for score in scores) / STEP, 9)  # 0.25 / 0.05 is 5, though 0.25 // 0.05 is 4
    return (floor(marks) + 1) * STEP


def both(zh: str, en: str) -> list[nodes.Node]:
    """Return a name for every view: the style sheet shows the reader's language."""
    parts = element("span", nodes.Text(zh), lang="zh"), element("span", nodes.Text(en), lang="en")
    return [nodes.Text(zh)] if zh == en else [parts[0], nodes.Text(" "), parts[1]]


def figure(scores: list[Score]) -> nodes.Element:
    """Return a table whose middle column is drawn by the style sheet."""
    end = end_of_axis(scores)
    heads = (both("模型", "Model"), both("95% 区间", "95% interval"), [nodes.Text("NDCG@10")])
    head = element("tr", *(element("th", *cell, scope="col") for cell in heads))
    rows = (row(score, end) for score in scores)
    table = element("table", element("thead", head), element("tbody", *rows), element("tfoot", axis(end)))
    return element("div", table, classes=("leaderboard", "cell_output"), style=f"--step: {STEP / end:.2%}")


def axis(end: float) -> nodes.Element:
    """Return the row of the marks' values, for the eye alone."""
    values = [STEP * n for n in range(1, round(end / STEP))]
    marks = (element("span", nodes.Text(f"{value:.2f}"), style=f"--at: {value / end:.2%}") for value in values)
    cells = element("td"), element("td", *marks), element("td")
    return element("tr", *cells, **{"aria-hidden": "true"})


def row(score: Score, end: float) -> nodes.Element:
    """Return the row of one model."""
    places = {"low": score.low, "at": score.value, "high": score.high}
    style = "; ".join(f"--{key}: {value / end:.2%}" for key, value in places.items())
    drawn = element("td", nodes.Text(f"{score.low:.3f}–{score.high:.3f}"), style=style)
    cells = element("th", *both(score.zh, score.en), scope="row"), drawn
    return element("tr", *cells, element("td", nodes.Text(f"{score.value:.3f}")), classes=(score.kind,))


class Leaderboard(SphinxDirective):
    """The scores of all models with their intervals; nothing where outputs aren't wanted and there is no run."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the figure."""
        path = Path(self.env.doc2path(self.arguments[0]))
        self.env.note_dependency(str(path))
        run = run_of(path)
        if run is None and self.config.book_outputs:
            raise self.error(f"{path.name} has no cached run; `python book/build.py` runs it first")
        return [figure(read_scores(run))] if run else []


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.setup_extension("html_element")
    app.add_directive("leaderboard", Leaderboard)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
