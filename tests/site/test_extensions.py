"""The machinery behind the site, without a browser: merging, and the book's own directives."""

from pathlib import Path

import pytest
from bs4 import BeautifulSoup
from nbformat.v4 import new_markdown_cell, new_notebook
from sphinx.errors import SphinxError
from sphinx.testing.util import SphinxTestApp

from bilingual import keep_cells, pick
from side_by_side import merge_page


def merged(zh: str, en: str) -> BeautifulSoup:
    """Merge two articles within as much of a page as the merge looks at."""
    page = (
        '<html lang="{}"><head><title>{} — {}</title></head>'
        '<body><article class="bd-article">{}</article></body></html>'
    )
    both = merge_page(page.format("zh-CN", "章", "书", zh), page.format("en", "Chapter", "Book", en))
    return BeautifulSoup(both, "html.parser")


class TestSideBySide:
    def test_shared_blocks_stand_once_and_translations_side_by_side(self) -> None:
        soup = merged(
            '<section id="a"><h1>一</h1><p>甲</p><pre>code</pre></section>',
            '<section id="a"><h1>One</h1><p>A</p><pre>code</pre></section>',
        )
        assert len(soup.select("pre")) == 1
        rows = soup.select(".parallel")
        assert [row.get_text("|") for row in rows] == ["一|One", "甲|A"]
        assert [column["lang"] for column in rows[0].find_all(recursive=False)] == ["zh-CN", "en"]

    def test_page_says_what_it_is(self) -> None:
        soup = merged("<p>甲</p>", "<p>A</p>")
        assert soup.html["data-view"] == "both"
        assert soup.title.string == "章 · Chapter — 书"

    def test_ids_stay_unique_and_links_to_them_follow(self) -> None:
        soup = merged(
            '<p id="x">甲 <a href="#x">见</a> <a href="#y">外</a></p>',
            '<p id="x">A <a href="#x">here</a> <a href="#y">there</a></p>',
        )
        english = soup.select_one("[lang=en]")
        assert english.p["id"] == "en-x"
        assert [a["href"] for a in english.select("a")] == ["#en-x", "#y"]

    def test_blocks_of_different_kinds_share_one_row(self) -> None:
        soup = merged("<p>甲</p><p>乙</p>", "<p>A</p>")
        assert [row.get_text("|") for row in soup.select(".parallel")] == ["甲|乙|A"]

    def test_terms_of_a_glossary_stand_next_to_each_other(self) -> None:
        terms = "<dl><dt>{}</dt><dd>1</dd><dt>{}</dt><dd>2</dd></dl>"
        soup = merged(terms.format("甲", "乙"), terms.format("A", "B"))
        assert [row.get_text() for row in soup.select(".parallel")] == ["甲1A1", "乙2B2"]

    def test_cards_stand_next_to_each_other(self) -> None:
        cards = '<ul class="cards"><li>{}</li><li>{}</li></ul>'
        soup = merged(cards.format("甲", "乙"), cards.format("A", "B"))
        assert [row.get_text() for row in soup.select(".parallel")] == ["甲A", "乙B"]
        assert len(soup.select(".parallel ul.cards > li:only-child")) == 4

    def test_contents_of_the_page_are_in_both_languages(self) -> None:
        aside = '<nav class="bd-toc-nav"><a class="nav-link" href="#a">{}</a></nav>'
        soup = merged(*(f"<p>{word}</p></article>{aside.format(word)}<article>" for word in ("甲", "A")))
        assert soup.select_one(".bd-toc-nav .nav-link").get_text("|") == "甲|A"

    def test_terms_are_paired_by_the_chinese_one_in_brackets(self) -> None:
        soup = merged(
            "<dl><dt>甲</dt><dd>（A）一</dd><dt>乙</dt><dd>（B）二</dd><dt>C</dt><dd>三</dd></dl>",
            "<dl><dt>B</dt><dd>(乙) 2</dd><dt>C</dt><dd>3</dd><dt>A</dt><dd>(甲) 1</dd></dl>",
        )
        assert [row.get_text() for row in soup.select(".parallel")] == ["甲（A）一A(甲) 1", "乙（B）二B(乙) 2", "C三C3"]

    def test_english_text_may_come_first(self) -> None:
        soup = merged("<pre>x</pre>", "<p>A</p><pre>x</pre>")
        assert soup.article.get_text() == "Ax"

    def test_text_in_one_language_only_leaves_the_other_column_empty(self) -> None:
        soup = merged("<pre>x</pre>", "<pre>x</pre><p>A</p>")
        assert [column.get_text() for column in soup.select(".parallel > div")] == ["", "A"]

    def test_figure_of_a_shared_cell_gets_both_captions(self) -> None:
        figure = '<div class="cell"><pre>plot()</pre><figcaption><i class="caption-text">{}</i></figcaption></div>'
        soup = merged(figure.format("损失"), figure.format("Loss"))
        assert len(soup.select(".cell")) == 1
        assert soup.select_one(".caption-text [lang=en]").get_text() == "Loss"

    def test_folded_code_of_a_shared_cell_is_unfolded_in_both_languages(self) -> None:
        cell = '<div class="cell"><details><summary><p>{}</p></summary><pre>plot()</pre></details></div>'
        soup = merged(cell.format("展开代码"), cell.format("Show the code"))
        assert len(soup.select(".cell")) == 1
        assert soup.select_one("summary [lang=en]").get_text() == "Show the code"

    def test_formulas_differ_in_their_permalink_only(self) -> None:
        formula = '<div class="math">x<a class="headerlink" href="#e" title="{}">#</a></div>'
        assert not merged(formula.format("本式链接"), formula.format("Link")).select(".parallel")


def test_cells_of_the_other_language_are_dropped() -> None:
    cells = [new_markdown_cell(text, metadata={"tags": [f"lang-{text}"]}) for text in ("zh", "en")]
    notebook = new_notebook(cells=[*cells, new_markdown_cell("shared")])
    assert [cell.source for cell in keep_cells(notebook, "en").cells] == ["en", "shared"]


def test_only_pairs_are_split() -> None:
    assert pick("中 | En", "zh") == "中"
    assert pick("a | b | c", "zh") == "a | b | c"
    assert pick(3, "zh") == 3


QUIZ = """\
:::{{quiz}} Which **split**?
- [{}] Random $80:20$

  It leaks.
- [{}] In time
{}
:::
"""
CLAIM = """\
:::{{claim}} “Bigger is better.”
:label: claim-size
:section: {}
:verdict: {}

Measured.
:::
"""


class TestDirectives:
    @pytest.fixture
    def render(self, tmp_path: Path):
        """Return a function that builds a page and gives its article, or fails with Sphinx's message."""

        def build(text: str, lang: str = "en", findings: dict | None = None) -> BeautifulSoup:
            (tmp_path / "index.md").write_text(f"# Title\n\n{text}")
            (tmp_path / "conf.py").write_text(
                "extensions = ['myst_parser', 'quiz', 'claim']\n"
                "myst_enable_extensions = ['colon_fence', 'dollarmath', 'tasklist']\n"
                f"book_lang = {lang!r}\n"
                "def setup(app):\n"
                "    app.add_config_value('book_lang', 'zh', 'env')\n"
                f"    app.connect('source-read', lambda app, *_: app.env.temp_data.update(findings={findings}))\n"
            )
            app = SphinxTestApp(srcdir=tmp_path, builddir=tmp_path, freshenv=True)
            try:
                app.build()
            finally:
                app.cleanup()
            if app.warning.getvalue():
                raise SphinxError(app.warning.getvalue())
            return BeautifulSoup((tmp_path / "html" / "index.html").read_text("utf8"), "html.parser")

        return build

    def test_quiz(self, render) -> None:
        quiz = render(QUIZ.format("x", " ", "\n  All is past.")).select_one(".quiz")
        assert quiz.select_one(".quiz-question").get_text(" ", strip=True) == "Self-check Which split ?"
        options = quiz.select("details.quiz-option")
        assert [option.get("data-correct") for option in options] == ["true", None]
        assert [option.select_one(".quiz-verdict").get_text() for option in options] == [
            "✓ Correct",
            "✗ Not quite",
        ]
        assert options[0].summary.select_one(".math")
        assert "It leaks." in options[0].select_one(".quiz-answer").get_text()

    @pytest.mark.parametrize(
        ("quiz", "problem"),
        [
            (QUIZ.format(" ", " ", "\n  All is past."), "exactly one option must be right, not 0"),
            (QUIZ.format("x", "x", "\n  All is past."), "exactly one option must be right, not 2"),
            (QUIZ.format("x", " ", ""), "must explain the option “In time”"),
            (":::{quiz} Q\nNo list.\n:::", "its body must be one list"),
        ],
    )
    def test_quiz_that_does_not_teach_stops_the_build(self, render, quiz: str, problem: str) -> None:
        with pytest.raises(SphinxError, match=problem) as error:
            render(quiz)
        assert "index.md, line 3" in str(error.value)

    def test_claims_are_listed_by_section(self, render) -> None:
        claims = CLAIM.format("10", "wrong"), CLAIM.replace("size", "two").format("3.2", "supported")
        soup = render("\n".join([*claims, "```{claim-list}\n```"]))
        assert [tag.get_text() for tag in soup.select(".claim .verdict")] == ["✗ wrong", "✓ supported"]
        rows = [[cell.get_text() for cell in row.select("td")] for row in soup.select(".claim-table tbody tr")]
        assert [row[:3] for row in rows] == [
            ["§ 3.2", "“Bigger is better.”", "✓ supported"],
            ["§ 10", "“Bigger is better.”", "✗ wrong"],
        ]
        for link in soup.select(".claim-table a"):
            assert soup.find(id=link["href"].partition("#")[2])["class"][0] == "claim"

    def test_claims_are_counted_by_verdict(self, render) -> None:
        claims = CLAIM.format("10", "wrong"), CLAIM.replace("size", "two").format("3.2", "wrong")
        definition = CLAIM.replace("size", "word").format("4", "wrong").replace(":verdict: wrong\n", "")
        soup = render("\n".join([*claims, definition, "```{claim-counts}\n```"]))
        table = soup.select_one("table.claim-counts")
        rows = [[cell.get_text(" ", strip=True) for cell in row.select("td")] for row in table.select("tbody tr")]
        assert rows == [["✗ wrong", "2", "§ 3.2 § 10"], ["– no verdict", "1", "§ 4"]]
        assert [cell.get_text() for cell in table.select("tfoot td")] == ["all", "3", ""]
        for link in table.select("a"):
            assert link["title"] == "“Bigger is better.”"
            assert soup.find(id=link["href"].partition("#")[2])["class"][0] == "claim"

    def test_claim_in_chinese(self, render) -> None:
        box = render(CLAIM.format("abstract", "partly"), "zh").select_one(".claim")
        assert [tag.get_text() for tag in box.select(".claim-heading")] == [
            "原文说 摘要",
            "我们测得 ◐ 部分获得支持",
        ]

    def test_what_defines_a_word_gets_no_verdict_and_what_was_not_measured_none_that_says_so(self, render) -> None:
        definition = CLAIM.format("4", "wrong").replace(":verdict: wrong\n", "")
        outdated = CLAIM.replace("size", "old").format("5", "outdated")
        soup = render("\n".join([definition, outdated, "```{claim-list}\n```"]))
        headings = [heading.get_text().strip() for heading in soup.select(".claim-measured .claim-heading")]
        assert headings == ["Our remark", "Our remark ↻ outdated"]
        assert [row.select("td")[2].get_text() for row in soup.select(".claim-table tbody tr")] == ["–", "↻ outdated"]

    def test_a_verdict_needs_a_check_that_ran_and_bears_it_out(self, render) -> None:
        claim = CLAIM.format("5", "wrong")
        assert render(claim, findings={"claim-size": "wrong"}).select_one(".verdict-wrong")
        for findings in ({}, {"claim-size": "partly"}, {"claim-other": "wrong"}):
            with pytest.raises(SphinxError, match="claim-size is wrong, but the run of this page confirmed"):
                render(claim, findings=findings)
        assert render(claim.replace("wrong", "outdated"), findings={})

    @pytest.mark.parametrize(
        ("claim", "problem"),
        [
            (CLAIM.format("five", "wrong"), "expected a section number"),
            (CLAIM.format("5", "maybe"), "maybe"),
            (":::{claim} “C”\n:section: 5\n\nM\n:::", "claim needs the options label"),
            (CLAIM.format("5", "wrong").replace("“", ""), "quotes the source"),
        ],
    )
    def test_claim_that_is_incomplete_stops_the_build(self, render, claim: str, problem: str) -> None:
        with pytest.raises(SphinxError, match=problem):
            render(claim)
