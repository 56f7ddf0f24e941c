"""Numbers by chapter, and references in the words of the page's language."""

import itertools
import re
from pathlib import Path

import nbformat
import pytest
from bs4 import BeautifulSoup
from small_book import build

from bilingual import SLIDE
from numbering import number_of

BOOK = Path(__file__).parents[2] / "book"

INDEX = """\
# Book

```{toctree}
1_first
2_second
```

Read {doc}`1_first`.
"""
FIRST = """\
(ch-first)=
# 1 First

(sec-cosine)=
## 1.1 Cosine

$$
a = b
$$ (eq-first)

```{exercise} Count
:label: ex-first
How many?
```

(sec-feedback)=
### Feedback

It {cite}`ji,krichene` {cite}`krichene`.

```{bibliography}
```
"""
SECOND = """\
# 2 Second

$$
c = d
$$ (eq-second)

```{prf:theorem} Cauchy
:label: thm-second

$x$
```

```{toctree}
3_third
```
"""
THIRD = """\
# 2.1 Third

$$
e = f
$$ (eq-third)

```{prf:theorem} Schwarz
:label: thm-third

$x$
```

```{exercise} Again
:label: ex-third
How many?
```

"""
TEXTS = {
    "zh": "见 {ref}`sec-cosine` 和 {ref}`ch-first`，再看 {ref}`sec-feedback` 与 {ref}`此处 <sec-feedback>`。"
    "由 {eq}`eq-third` 得，{prf:ref}`thm-third` 说 {ref}`ex-third` 在 {doc}`1_first`。",
    "en": "{ref}`sec-cosine` and {ref}`ch-first`. {ref}`sec-feedback` or {ref}`here <sec-feedback>`. "
    "By {eq}`eq-third`, {prf:ref}`thm-third` gives {ref}`ex-third` in {doc}`1_first`.",
}
READS = {
    "zh": "见第 1.1 节和第 1 章，再看“Feedback”一节与此处。由式 (2.2) 得，定理 2.2 说练习 2.1 在第 1 章。",
    "en": "Section 1.1 and chapter 1. The section “Feedback” or here. "
    "By (2.2), Theorem 2.2 gives Exercise 2.1 in chapter 1.",
}


@pytest.fixture(scope="module", params=["zh", "en"])
def pages(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[str, dict]:
    """Return the language, and the articles by page."""
    lang = request.param
    folder = tmp_path_factory.mktemp(lang)
    texts = {"index.md": INDEX, "1_first.md": FIRST, "2_second.md": SECOND, "3_third.md": THIRD + TEXTS[lang]}
    html = {path.stem: path.read_text("utf8") for path in build(folder, texts, lang).glob("*.html")}
    return lang, {name: BeautifulSoup(text, "html.parser") for name, text in html.items()}


def test_counters_run_on_through_the_pages_of_a_chapter(pages) -> None:
    _, articles = pages
    numbers = {name: [tag.get_text()[:-1] for tag in soup.select(".eqno")] for name, soup in articles.items()}
    assert (numbers["1_first"], numbers["2_second"], numbers["3_third"]) == (["(1.1)"], ["(2.1)"], ["(2.2)"])
    titles = articles["3_third"].select(".proof .caption-number, .exercise .caption-number")
    assert [re.sub(r"\D+", " ", title.get_text()).strip() for title in titles] == ["2 2", "2 1"]


def test_references_read_like_the_sentence_they_stand_in(pages) -> None:
    lang, articles = pages
    assert articles["3_third"].select("section > p")[-1].get_text() == READS[lang]


def test_pages_without_number_name_a_chapter_by_its_title(pages) -> None:
    _, articles = pages
    assert "Read 1 First." in articles["index"].get_text()


def test_citations_follow_the_language(pages) -> None:
    lang, articles = pages
    text = articles["1_first"].select_one("#sec-feedback, #feedback").p.get_text()
    expected = {
        "zh": "It [Ji 等, 2023, Krichene 与 Rendle, 2020] [Krichene 与 Rendle, 2020].",
        "en": "It [Ji et al., 2023, Krichene and Rendle, 2020] [Krichene and Rendle, 2020].",
    }
    assert text == expected[lang]


# The book -----------------------------------------------------------------------------------------


def skipped(headings: list[tuple[int, str]]) -> list[str]:
    """Return what is wrong with the levels and numbers of headings, the first of which is the page's title."""
    wrong, numbers = [], [number_of(headings[0][1])]
    for (before, _), (level, title) in itertools.pairwise(headings):
        if level > before + 1:
            wrong.append(f"“{title}” skips a level")
        if not (number := number_of(title)):
            continue
        siblings = [known for known in numbers if known[:-1] == number[:-1] and len(known) == len(number)]
        if number[:-1] not in numbers:
            wrong.append(f"“{title}” has no {'.'.join(map(str, number[:-1]))} above it")
        elif number[-1] != len(siblings) + 1:
            wrong.append(f"“{title}” isn't the next number")
        if level - 1 != len(number) - len(numbers[0]):
            wrong.append(f"“{title}” has level {level}")
        numbers.append(number)
    return wrong


@pytest.mark.parametrize(
    ("headings", "problem"),
    [
        ([(1, "5 A"), (2, "5.2.1 B")], "“5.2.1 B” has no 5.2 above it"),
        ([(1, "5 A"), (3, "B")], "“B” skips a level"),
        ([(1, "5 A"), (2, "5.1 B"), (2, "5.3 C")], "“5.3 C” isn't the next number"),
        ([(1, "4.2 A"), (2, "4.2.1 B"), (2, "4.2.1.1 C")], "“4.2.1.1 C” has level 2"),
    ],
)
def test_skipped_catches(headings, problem: str) -> None:
    assert problem in skipped(headings)


def test_skipped_accepts_sections_without_number() -> None:
    assert not skipped([(1, "4.2 A"), (2, "Why"), (2, "4.2.1 B"), (3, "C"), (2, "4.2.2 D"), (2, "Exercises")])


@pytest.mark.parametrize("lang", ["zh", "en"])
@pytest.mark.parametrize("path", sorted(BOOK.glob("[0-9]*/*.ipynb")) + sorted(BOOK.glob("[0-9]*.ipynb")), ids=str)
def test_headings_skip_no_number(path: Path, lang: str) -> None:
    cells = [cell for cell in nbformat.read(path, as_version=4).cells if cell.cell_type == "markdown"]
    tagged = [(cell, cell.metadata.get("tags", ())) for cell in cells]
    text = "\n\n".join(cell.source for cell, tags in tagged if f"lang-{lang}" in tags and SLIDE not in tags)
    text = re.sub(r"^(`{3,}|~{3,}).*?^\1\s*$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = [(len(marks), title) for marks, title in re.findall(r"^(#+) (.+)$", text, flags=re.MULTILINE)]
    assert not skipped(headings)
