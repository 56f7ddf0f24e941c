"""The picture that previews of links show: the book's question, and below it the answer of its leaderboard."""

from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from sphinx.application import Sphinx

from leaderboard import Score, read_scores
from notebook_cache import run_of
from previews import PICTURE
from shoprec.show.plotting import use_style

SIZE, DPI = (12, 6.3), 100  # 1200 × 630, what sites ask for that show previews
PAPER, INK, SOFT, LINE = "#fbfaf7", "#1f2933", "#52606d", "#e3dfd5"
COLORS = {"large": "#9a5b13", "counted": "#0b6468", "mixed": "#0b6468", "other": "#9aa5b1"}
QUESTION = {
    "zh": "大模型能让网店的推荐好多少？",
    "en": "How much better do large models\nmake a shop's recommendations?",
}
HEIGHT = {"zh": 0.56, "en": 0.47}  # of the chart: what the question leaves
ANSWER = "05_project"


def draw(scores: list[Score], title: str, lang: str, path: Path) -> None:
    """Write the picture of one language."""
    use_style()
    figure = plt.figure(figsize=SIZE, dpi=DPI, facecolor=PAPER, layout="none")
    figure.text(0.06, 0.92, title, color=SOFT, fontsize=20, va="top")
    figure.text(0.06, 0.84, QUESTION[lang], color=INK, fontsize=36, va="top", linespacing=1.25)
    axis = figure.add_axes((0.26, 0.08, 0.66, HEIGHT[lang]), facecolor=PAPER)
    for y, score in enumerate(reversed(scores)):
        draw_score(axis, y, score, lang)
    axis.set(xlim=(0, None), yticks=[])
    axis.spines[["left", "bottom"]].set_visible(False)
    axis.grid(axis="x", color=LINE)
    axis.tick_params(length=0, labelcolor=SOFT)
    figure.text(0.06, 0.05, "NDCG@10", color=SOFT, fontsize=12)
    figure.savefig(path, dpi=DPI)
    plt.close(figure)


def draw_score(axis: Axes, y: int, score: Score, lang: str) -> None:
    """Draw one model's row; those that the question compares have colours and numbers."""
    color, is_compared = COLORS[score.kind], score.kind != "other"
    ink = INK if is_compared else SOFT
    axis.plot([score.low, score.high], [y, y], color=color, lw=2, alpha=0.7)
    axis.plot(score.value, y, "o", color=color, ms=11)
    axis.text(-0.004, y, getattr(score, lang), ha="right", va="center", fontsize=14, color=ink)
    if is_compared:
        axis.text(score.high + 0.004, y, f"{score.value:.3f}", va="center", fontsize=14, color=ink)


def add_picture(app: Sphinx, exception: Exception | None) -> None:
    """Draw the picture where the pages point to it."""
    if exception is None and app.builder.format == "html" and app.config.book_base_url and app.config.book_outputs:
        run = run_of(Path(app.env.doc2path(ANSWER)))
        draw(read_scores(run), app.config.html_title, app.config.book_lang, Path(app.outdir) / PICTURE)


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", add_picture)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
