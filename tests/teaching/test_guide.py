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
HOURS = re.compile(r"^\| (\d+):(\d+)–(\d+):(\d+) \|", re.MULTILINE)
ELSEWHERE = re.compile(r"(?:chapter |第 )([\d.]+)(?:: | [章节]：)")  # what comes after it in a row is of that chapter
HALT = "⏸"
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


def rows_of(table: str) -> list[list[str]]:
    return [[cell.strip() for cell in row.strip("|").split("|")] for row in table.splitlines()[2:]]


def places(text: str) -> list[str]:
    return [code for code in CODE.findall(text) if PLACE.fullmatch(code)]


def chapters() -> dict[str, Path]:
    """Notebooks by the word that their labels have in common, as in ``sec-attention-scale``."""
    found: dict[str, Path] = {}
    for path in filter(has_slides, NOTEBOOKS):
        source = "\n".join(cell.source for cell in read_notebook(path).cells)
        found |= dict.fromkeys(re.findall(r"^\((?:sec|slide)-(\w+)-[\w-]+\)=$", source, re.MULTILINE), path)
    return found


def number(path: Path) -> str:
    """A chapter's number, as its heading has it."""
    source = "\n".join(cell.source for cell in read_notebook(path).cells)
    [found] = re.findall(r"^\(ch-[\w-]+\)=\n# ([\d.]+) ", source, re.MULTILINE)[:1]
    return found


def pauses(path: Path) -> list[set[str]]:
    """For each pause of a chapter, the slide that it comes on and the slide that follows."""
    found: list[set[str]] = []
    on, since = "", 0
    for cell in read_notebook(path).cells:
        if slide_type(cell) == "slide":
            on = cell.source.split("\n")[0].strip("()=")
            for near in found[since:]:
                near.add(on)
            since = len(found) if "lang-en" in cell.metadata.tags else since
        if "pause" in cell.metadata:
            found.append({on})
    return found


def own_chapter(table: str) -> str | None:
    """The chapter that a plan is of: the one word of all places that aren't said to be elsewhere."""
    words = {place.split("-")[1] for *_, said in rows_of(table) for place in places(ELSEWHERE.split(said)[0])}
    assert len(words) < 2
    return words.pop() if words else None


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
    assert ends == [90, 90, 210, 90, 90, 90, 90, 90]


@by_language
def test_two_days_have_no_gap(lang: str) -> None:
    times = [[int(h) * 60 + int(m) for h, m in (x[:2], x[2:])] for x in HOURS.findall(FILES[lang].read_text("utf8"))]
    assert (times[0][0], times[-1][1]) == (9 * 60, 17 * 60)
    assert all(before[1] == after[0] for before, after in pairwise(times))
    assert sum(end - start == 90 for start, end in times) == 4
    assert sum(end - start in (30, 60) for start, end in times) == 3


@by_language
def test_each_minute_has_its_material(lang: str) -> None:
    for table in tables(FILES[lang].read_text("utf8")):
        assert not [row for row in rows_of(table) if not row[2] and row[1].rstrip(".") not in ("Break", "休息")]


@by_language
def test_places_are_in_the_chapter_that_is_said(lang: str) -> None:
    of_word = chapters()
    text = FILES[lang].read_text("utf8")
    for table in tables(text):
        own = own_chapter(table)
        for *_, said in rows_of(table):
            here, *elsewhere = ELSEWHERE.split(said)
            assert {place.split("-")[1] for place in places(here)} <= {own}
            for its_number, named in zip(elsewhere[::2], elsewhere[1::2], strict=True):
                assert {number(of_word[place.split("-")[1]]) for place in places(named)} <= {its_number}


@by_language
def test_each_session_has_goals_and_says_what_goes_wrong(lang: str) -> None:
    for part in re.split(r"^##+ ", FILES[lang].read_text("utf8"), flags=re.MULTILINE):
        if SPAN.search(part):
            before, after = part.split("|", 1)[0], part.rsplit("|", 1)[1]
            assert 2 <= before.count("\n- ") <= 5
            assert 3 <= after.count("\n- ") <= 8


def test_both_languages_say_the_same() -> None:
    zh, en = (FILES[lang].read_text("utf8") for lang in ("zh", "en"))

    def facts(text: str) -> list:
        return [
            places(text), SPAN.findall(text), HOURS.findall(text), re.findall("^#+", text, re.MULTILINE),
            text.count("\n- "), text.count("\n|"), text.count(HALT), re.findall(r"```python\n.*?```", text, re.DOTALL),
        ]  # fmt: skip

    assert facts(zh) == facts(en)
    for here, there in zip(
        *([row for table in tables(text) for row in rows_of(table)] for text in (zh, en)), strict=True
    ):
        assert (here[0], places(here[2]), HALT in here[1]) == (there[0], places(there[2]), HALT in there[1])


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


@by_language
def test_run_all_halts_where_the_plans_say_and_nowhere_else_before(lang: str) -> None:
    of_word, marked = chapters(), {}
    for table in tables(FILES[lang].read_text("utf8")):
        halts = [row for row in rows_of(table) if row[1].startswith(HALT)]
        assert table.count(HALT) == len(halts)
        if halts:
            marked[own_chapter(table)] = [set(places(row[2])) for row in halts]
    counts = {"project": 1, "products": 6, "background": 3, "attention": 4, "transformer": 5, "ads": 5, "realtime": 7}
    assert {word: len(halts) for word, halts in marked.items()} == counts
    for word, halts in marked.items():
        found = pauses(of_word[word])
        assert all(named & near for named, near in zip(halts, found[: len(halts)], strict=True))


def test_what_a_halt_asks_is_in_both_languages() -> None:
    for path in NOTEBOOKS:
        for question in [cell.metadata.pause for cell in read_notebook(path).cells if "pause" in cell.metadata]:
            assert re.fullmatch(r"先停在这里：[^|]+ \| Stop here first: [^|\u4e00-\u9fff]+", question)
