"""The instructor's guide, in both languages: what it names is there, and its minutes add up."""

import re
import runpy
from itertools import pairwise
from pathlib import Path

import autocorrect_py
import pytest

from notebook_cache import read_notebook
from slides import BOOK, has_slides, slide_type

GUIDE = Path(__file__).parents[2] / "teaching"
FILES = {"zh": GUIDE / "README.zh.md", "en": GUIDE / "README.md"}
NOTEBOOKS = [path for path in BOOK.rglob("*.ipynb") if not {"_build", ".ipynb_checkpoints"} & {*path.parts}]
CODE = re.compile(r"`([^`]+)`")
PLACE = re.compile(r"(?:slide|sec|ch|ex)-[\w-]+")
SPAN = re.compile(r"^\| (\d+)–(\d+) \|", re.MULTILINE)
PAGES = {
    "en": re.compile(r"slides? ([\d and]+?), (`slide[^;|]*)"),
    "zh": re.compile(r"第 ([\d、]+) 页，(`slide[^；|]*)"),
}
by_language = pytest.mark.parametrize("lang", ["zh", "en"])


def labels() -> set[str]:
    """All labels of sections, slides and exercises."""
    text = "\n".join(cell.source for path in NOTEBOOKS for cell in read_notebook(path).cells)
    return {*re.findall(r"^\(([\w-]+)\)=$", text, re.MULTILINE), *re.findall(r"^:label: ([\w-]+)$", text, re.MULTILINE)}


def order(path: Path) -> dict[str, int]:
    """The number of each slide of a chapter; the title is the first."""
    begun = [cell for cell in read_notebook(path).cells if slide_type(cell) == "slide"]
    names = [cell.source.split("\n")[0].strip("()=") for cell in begun if "lang-en" in cell.metadata.tags]
    return {name: number for number, name in enumerate(names, start=2)}


def tables(text: str) -> list[str]:
    return [table for table in re.findall(r"(?:^\|.*\n)+", text, re.MULTILINE) if SPAN.search(table)]


@by_language
def test_every_place_that_is_named_exists(lang: str) -> None:
    named = {code for code in CODE.findall(FILES[lang].read_text("utf8")) if PLACE.fullmatch(code)}
    assert len(named) > 40
    assert named - labels() == set()


@by_language
def test_slides_have_the_numbers_that_the_guide_gives_them(lang: str) -> None:
    numbers = {name: number for path in NOTEBOOKS if has_slides(path) for name, number in order(path).items()}
    found = PAGES[lang].findall(FILES[lang].read_text("utf8"))
    assert len(found) > 15
    for said, places in found:
        assert [*map(int, re.findall(r"\d+", said))] == [numbers[name] for name in CODE.findall(places)]


@by_language
def test_minutes_follow_each_other_to_the_end(lang: str) -> None:
    ends = []
    for table in tables(FILES[lang].read_text("utf8")):
        spans = [tuple(map(int, span)) for span in SPAN.findall(table)]
        assert spans[0][0] == 0
        assert all(start < end for start, end in spans)
        assert all(before[1] == after[0] for before, after in pairwise(spans))
        ends.append(spans[-1][1])
    assert ends == [90, 90, 210]


@by_language
def test_each_minute_has_its_material(lang: str) -> None:
    for table in tables(FILES[lang].read_text("utf8")):
        rows = [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]
        assert not [row for row in rows if not row[2] and row[1].rstrip(".") not in ("Break", "休息")]


def test_both_languages_say_the_same() -> None:
    zh, en = (FILES[lang].read_text("utf8") for lang in ("zh", "en"))

    def facts(text: str) -> list:
        codes = [code for code in CODE.findall(text) if PLACE.fullmatch(code)]
        return [codes, SPAN.findall(text), re.findall("^#+", text, re.MULTILINE), text.count("\n- "), text.count("\n|")]

    assert facts(zh) == facts(en)


@by_language
def test_times_are_those_of_the_chapters(lang: str) -> None:
    rows = re.findall(r"^\| `([\w/]+)` \| (\d+) \| ([\d.]+) GB \|$", FILES[lang].read_text("utf8"), re.MULTILINE)
    assert {name for name, *_ in rows} == {
        path.relative_to(BOOK).with_suffix("").as_posix() for path in NOTEBOOKS if has_slides(path)
    }
    for name, minutes, memory in rows:
        about = read_notebook(BOOK / f"{name}.ipynb").metadata.chapter
        assert (int(minutes), float(memory)) == (about.minutes_to_run, about.memory_gb)


@by_language
def test_links_lead_somewhere(lang: str) -> None:
    targets = re.findall(r"\]\(([^)#]+)", FILES[lang].read_text("utf8"))
    assert all((GUIDE / target).exists() for target in targets)


def test_chinese_is_well_set() -> None:
    text = FILES["zh"].read_text("utf8")
    assert not autocorrect_py.lint_for(text, "markdown").lines
    assert not runpy.run_path(str(GUIDE.parent / "tests" / "book" / "test_book_source.py"))["wrong_words"](text)


def test_a_guess_halts_before_what_answers_it() -> None:
    """Where the plans have participants halt, their notebooks do."""
    for name, halts in (("05_project", 1), ("06_applications/products", 3), ("01_background", 2)):
        cells = read_notebook(BOOK / f"{name}.ipynb").cells
        asked = [cell.metadata.pause for cell in cells if "pause" in cell.metadata]
        assert len(asked) == halts
        assert all(re.fullmatch(r"[^|]*[\u4e00-\u9fff][^|]* \| [^|\u4e00-\u9fff]+", question) for question in asked)
