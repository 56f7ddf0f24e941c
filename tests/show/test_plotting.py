"""Figures and tables: a glyph for every character, on machines without any font, and nothing unescaped."""

import io
import subprocess
import sys
import warnings
from importlib import resources

import matplotlib as mpl
import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pandas as pd
import pytest
from matplotlib import font_manager
from nbclient import NotebookClient

from shoprec.show import plotting
from shoprec.show.plotting import (
    MODEL_NAMES,
    draw_svg,
    plot_leaderboard,
    plot_pipeline,
    plot_training,
    show_table,
    use_style,
)
from shoprec.words import Line, label, say, spans

mpl.use("Agg")
SAMPLE = "推荐系统、协同过滤与注意力机制：用户—商品（第 3 章）《召回率》“名次”……95 % 置信区间，√αβτ ≤ ≥ × −"


@pytest.fixture(autouse=True)
def _style():
    """The book's style, which is undone afterwards."""
    with mpl.rc_context():
        use_style()
        yield
        plt.close("all")


@pytest.fixture
def only_bundled_fonts(monkeypatch):
    """A machine without fonts: Matplotlib finds those alone that it brings."""
    manager = font_manager.fontManager
    own = [font for font in manager.ttflist if font.fname.startswith(mpl.get_data_path())]
    monkeypatch.setattr(manager, "ttflist", own)
    assert own != []


def render(*texts):
    """Draw texts; a character without a glyph is a warning of Matplotlib's, and here an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure, axis = plt.subplots()
        axis.plot([-1, 1], [-1, 1])  # ticks with a minus sign
        for i, text in enumerate(texts):
            figure.text(0, i / len(texts), text)
        figure.savefig(io.BytesIO())


def test_models_are_called_by_their_own_names():
    said = {
        "popularity": ("热门", "Popularity"), "frequency": ("频次", "frequency"), "item_knn": ("物品", "Item"),
        "user_knn": ("用户", "User"), "content": ("商品", "Content"), "transformer": ("Transformer", "Transformer"),
        "behaviour": ("行为", "Behaviour"), "two_terms": ("两项", "Two-term"), "rank_fusion": ("排名", "Rank"),
        "hybrid": ("加权", "Weighted"), "random": ("随机", "Random"), "encoder": ("编码器", "encoder"),
        "decoder": ("重排", "re-rank"),
    }  # fmt: skip
    assert MODEL_NAMES.keys() == said.keys()
    for model, words in said.items():
        for language in (0, 1):
            named = [m for m, pair in MODEL_NAMES.items() if words[language] in pair[language]]
            assert named == [model], f"{words[language]} stands in the names of {named}"


def test_models_have_the_names_that_the_book_gives_them():
    assert MODEL_NAMES == {
        "popularity": ("热门榜", "Popularity"),
        "frequency": ("个人频次", "Personal frequency"),
        "item_knn": ("物品近邻", "ItemKNN"),
        "user_knn": ("用户近邻", "UserKNN"),
        "content": ("商品文本", "Content (TF-IDF)"),
        "transformer": ("Transformer", "Transformer"),
        "behaviour": ("行为项", "Behaviour term"),
        "two_terms": ("两项混合", "Two-term hybrid"),
        "rank_fusion": ("倒数排名融合", "Rank fusion"),
        "hybrid": ("加权混合", "Weighted hybrid"),
        "random": ("随机", "Random"),
        "encoder": ("文本编码器", "Text encoder (MiniLM)"),
        "decoder": ("语言模型重排", "Language model re-ranks"),
    }


def test_every_label_has_its_glyphs():
    render(*map(label, MODEL_NAMES.values()), SAMPLE, r"权重 $w_1 \langle u, v \rangle$ 与 $w_2$")


def test_chinese_names_of_products_have_their_glyphs():
    files = resources.files("shoprec.data").joinpath("names").iterdir()
    tables = [file.read_text("utf-8") for file in files if file.name.endswith("csv")]
    path = font_manager.findfont(mpl.rcParams["font.family"][0], fallback_to_default=False)
    characters = set("".join(tables) + SAMPLE) - {"\n", "\r"}
    assert len(characters) > 300
    assert characters - set(map(chr, font_manager.get_font(path).get_charmap())) == set()


def test_a_missing_glyph_would_be_noticed():
    plt.rcParams["font.family"] = ["DejaVu Sans"]
    with pytest.raises(UserWarning, match="missing from font"):
        render("推荐")


def test_labels_have_glyphs_without_system_fonts(only_bundled_fonts):
    use_style()
    render(*map(label, MODEL_NAMES.values()), SAMPLE, "召回率 $R@10$")


def test_the_style_needs_no_warning_in_a_fresh_process():
    code = "from shoprec.show.plotting import *; use_style(); plt.figure().savefig('/dev/null', format='png')"
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, env={"MPLBACKEND": "agg"}
    )
    assert done.returncode == 0, done.stderr
    assert "findfont" not in done.stderr


COUNT_PIXELS = """
import matplotlib.pyplot as plt
from matplotlib.backends.backend_agg import FigureCanvasAgg
from shoprec.show.plotting import use_style

drawn, draw = [], FigureCanvasAgg.draw
FigureCanvasAgg.draw = lambda canvas: drawn.append(canvas) or draw(canvas)
use_style()
"""


def test_a_notebook_shows_a_figure_as_svg_and_draws_no_pixels():
    cells = [COUNT_PIXELS, "plt.plot([1, 2]);", "print(plt.get_fignums(), drawn)"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in cells])
    NotebookClient(notebook, kernel_name="python3").execute()
    _, (shown,), (told,) = (cell.outputs for cell in notebook.cells)
    assert shown.data["image/svg+xml"].startswith("<?xml")
    assert told.text == "[] []\n"


def test_noto_comes_first():
    assert mpl.rcParams["font.family"] == ["Noto Sans SC", "DejaVu Sans", "STIXGeneral", "sans-serif"]


@pytest.mark.usefixtures("only_bundled_fonts")
def test_letters_of_formulas_have_glyphs_on_any_machine():
    use_style()
    render("近邻数 𝑘，√𝑑，𝑤₁，𝜌 − 𝜌₁，𝐚 | 𝑛 𝑇 𝐽 𝜎(𝑠) 𝛼 𝜃 × 10⁴")


#: How colours look with the three kinds of colour blindness, in linear RGB (Machado, Oliveira and Fernandes, 2009).
SEEN = {
    "as they are": np.eye(3),
    "protanopia": [[0.152, 1.053, -0.205], [0.115, 0.786, 0.099], [-0.004, -0.048, 1.052]],
    "deuteranopia": [[0.367, 0.861, -0.228], [0.280, 0.673, 0.047], [-0.012, 0.043, 0.969]],
    "tritanopia": [[1.256, -0.077, -0.179], [-0.078, 0.931, 0.148], [0.005, 0.691, 0.304]],
}


def lab(color, seen):
    """Lightness and hue of a colour, for differences as large as they look."""
    rgb = np.array(mpl.colors.to_rgb(color))
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    to_xyz = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])
    share = to_xyz @ np.clip(np.asarray(seen) @ linear, 0, 1) / to_xyz.sum(axis=1)
    x, y, z = np.where(share > 0.008856, np.cbrt(share), 7.787 * share + 16 / 116)
    return np.array([116 * y - 16, 500 * (x - y), 200 * (y - z)])


@pytest.mark.parametrize("kind", SEEN)
def test_red_is_told_from_the_other_colours_by_the_colour_blind(kind):
    red, *others = plotting.RED, plotting.BLUE, plotting.ORANGE, plotting.GREEN, plotting.PINK, plotting.SKY, "black"
    apart = [np.linalg.norm(lab(red, SEEN[kind]) - lab(other, SEEN[kind])) for other in others]
    assert min(apart) > 25


def test_a_missing_font_package_is_named(monkeypatch):
    monkeypatch.setattr(plotting.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ModuleNotFoundError, match="pip install zhplot"):
        use_style()


def test_pairs_become_labels_and_spans():
    assert label(("名次", "Rank")) == "名次 | Rank"
    assert spans(("<甲>", "A & B")) == '<span lang="zh">&lt;甲&gt;</span> <span lang="en">A &amp; B</span>'
    assert spans(("K<N", "K<N")) == "K&lt;N"


@pytest.mark.parametrize(("language", "one"), [("zh", "名次"), ("en", "Rank")])
def test_one_language_can_be_chosen(monkeypatch, language, one):
    monkeypatch.setenv("SHOPREC_LANGUAGE", language)
    _, axis = plt.subplots()
    axis.set(xlabel="名次 | Rank", title=label(("名次", "Rank")))
    svg = draw_svg(axis.figure)
    assert svg.count(f">{one}</text>") == 2
    assert "|" not in svg
    assert spans(("名次", "Rank")) == repr(Line("名次", "Rank")) == one


def test_the_same_figure_makes_the_same_file():
    def drawn():
        _, axis = plt.subplots()
        axis.plot([1, 3, 2], "o-", label="名次 | Rank")
        axis.fill_between([0, 1], [1, 2], clip_on=True)
        axis.legend()
        return draw_svg(axis.figure)

    assert drawn() == drawn()


def test_a_line_is_said_in_both_languages(capsys):
    say("{}：{:.1%}（{}）", "{2}: {0} {1:.1%}", ("茶", "tea"), 0.25, "K<N")
    assert capsys.readouterr().out == "茶：25.0%（K<N）\nK<N: tea 25.0%\n"
    line = Line("茶", "tea & jam")
    assert line._repr_html_() == '<p class="line"><span lang="zh">茶</span> <span lang="en">tea &amp; jam</span></p>'


@pytest.mark.parametrize("bad", ["名次", ("名次",), ("名", "次", "Rank"), ""])
def test_what_is_no_pair_is_refused(bad):
    for show in (label, spans):
        with pytest.raises(ValueError, match=r"is no pair; pass .* \(zh, en\)"):
            show(bad)


def test_what_cannot_be_shown_says_what_is_missing(board):
    with pytest.raises(ValueError, match=r"lacks the columns \['b'\]; it has \['a'\]"):
        show_table(pd.DataFrame({"a": [1]}), {"a": ("甲", "A"), "b": ("乙", "B")})
    assert "<tbody></tbody>" in show_table(pd.DataFrame({"a": []}), {"a": ("甲", "A")}).data
    with pytest.raises(ValueError, match=r"lacks the columns \['high'\].*pass leaderboard\(evaluations\)"):
        plot_leaderboard(board.drop(columns="high"))
    with pytest.raises(ValueError, match="has no rows; pass leaderboard"):
        plot_leaderboard(board.iloc[:0])
    with pytest.raises(ValueError, match=r"lacks the columns \['validation'\]"):
        plot_training({"transformer": pd.DataFrame({"loss": [1.0]})})
    stage = {"title": ("训练", "Train"), "value": "1", "unit": ("户", "households"), "risk": ("偏差", "bias")}
    with pytest.raises(ValueError, match="of 0 stages"):
        plot_pipeline([], ("反馈", "feedback"))
    with pytest.raises(ValueError, match=r"of 2 stages, \[1\] lack a part"):
        plot_pipeline([stage, {"title": stage["title"]}], ("反馈", "feedback"))


def test_tables_are_escaped_formatted_and_bilingual():
    frame = pd.DataFrame(
        {
            "score": [0.23456, np.nan],
            "n": [12345, 7],
            "text": ["<script>", "a & b"],
            "pair": [("香蕉", "Bananas"), ("<茶>", "Tea")],
            "hidden": ["secret", "secret"],
        },
        index=["hybrid", "<other>"],
    )
    columns = {name: (f"{name}（中）", name) for name in ("n", "score", "text", "pair")}
    table = show_table(frame, columns, ("模型", "Model"), MODEL_NAMES, {"score": ".3f", "n": ","}).data
    assert "<script>" not in table
    assert "<other>" not in table
    assert "secret" not in table
    pairs = [spans(pair) for pair in frame["pair"]]
    for cell in ("0.235", "–", "12,345", "&lt;script&gt;", "a &amp; b", *pairs):
        assert f">{cell}</td>" in table
    left = 'style="text-align: left"'
    assert f'<th scope="row" {left}>{spans(MODEL_NAMES["hybrid"])}</th>' in table
    assert f'<th scope="row" {left}>&lt;other&gt;</th>' in table
    heads = [table.index(spans(head)) for head in [("模型", "Model"), *columns.values()]]
    assert heads == sorted(heads)
    assert (table.count("<td "), table.count("<tr>")) == (8, 3)
    assert 'scope="row"' not in show_table(frame, columns).data


@pytest.fixture
def board():
    rows = {
        "hybrid": {"all": 0.24, "low": 0.22, "high": 0.25, "repeat": 0.3, "explore": 0.02},
        "frequency": {"all": 0.23, "low": 0.21, "high": 0.24, "repeat": 0.31, "explore": 0.0},
        "mine": {"all": 0.1, "low": 0.09, "high": 0.12, "repeat": 0.2, "explore": 0.01},
    }
    return pd.DataFrame.from_dict(rows, orient="index")


def test_the_leaderboard_shows_the_best_on_top(board):
    axes = plot_leaderboard(board)
    names = ["加权混合 | Weighted hybrid", "个人频次 | Personal frequency", "mine"]
    assert [text.get_text() for text in axes[0].get_yticklabels()] == names
    assert axes[0].yaxis_inverted()
    points, *bars = axes[0].lines
    np.testing.assert_allclose(points.get_xdata(), board["all"])
    np.testing.assert_allclose([(min(x), max(x)) for x in (bar.get_xdata() for bar in bars)], board[["low", "high"]])
    np.testing.assert_allclose(axes[1].lines[0].get_xdata(), board["repeat"])
    np.testing.assert_allclose(axes[2].lines[0].get_xdata(), board["explore"])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        axes[0].figure.savefig(io.BytesIO())


def test_training_curves_mark_the_best_epoch():
    log = pd.DataFrame({"loss": [3.0, 2.0, 1.5], "validation": [0.1, 0.3, 0.2]})
    axes = plot_training({"transformer": log, "two_terms": log * 0.9})
    for axis, column in zip(axes, ("loss", "validation"), strict=True):
        curve, star = axis.lines[:2]
        assert curve.get_xdata().tolist() == [1, 2, 3]
        assert curve.get_ydata().tolist() == log[column].tolist()
        assert (star.get_xdata()[0], star.get_ydata()[0]) == (2, log[column][1])
        assert star.get_color() == curve.get_color()
    assert [t.get_text() for t in axes[1].get_legend().get_texts()] == ["Transformer", "两项混合 | Two-term hybrid"]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        axes[0].figure.savefig(io.BytesIO())


def test_the_pipeline_shows_every_stage_inside_the_picture():
    stage = {"title": ("训练", "Train"), "value": "12,345", "unit": ("户", "households"), "risk": ("偏差", "bias")}
    axis = plot_pipeline([stage] * 4, ("反馈", "feedback"))
    axis.figure.canvas.draw()
    texts = [text.get_text() for text in axis.texts]
    assert texts.count("12,345") == texts.count("训练 | Train") == texts.count("偏差 | bias") == 4
    assert "反馈 | feedback" in texts
    assert len(axis.patches) == 4 * 2 + 3 + 1  # cards with their heads, arrows between them, the way back
    frame = axis.get_window_extent()
    for artist in (*axis.texts, *axis.patches):
        box = artist.get_window_extent()
        assert frame.x0 - 1 <= box.x0 <= box.x1 <= frame.x1 + 1
        assert frame.y0 - 1 <= box.y0 <= box.y1 <= frame.y1 + 1
