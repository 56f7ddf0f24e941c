"""The notebooks of the book: each Chinese cell and its English twin say the same, and the source is clean.

A *facet* reads from a cell's text what must not differ between the languages: its equations, its citations,
and so on. The tests compare every facet of every pair of twins; small tests show the drift that each catches.
"""

import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import autocorrect_py
import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_output
from pybtex.database import parse_file

from bilingual import SLIDE

BOOK = Path(__file__).parents[2] / "book"
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if not {"_build", ".ipynb_checkpoints"} & {*path.parts})
PACKAGE = BOOK.parent / "src"
LONGEST_CODE_CELL = 25  # lines
MOST_CODE_CELLS = 3  # in a row

HAN = "[\u3400-\u4dbf\u4e00-\u9fff]"
FENCE = re.compile(r"^\s*(?P<mark>`{3,}|~{3,}|:{3,})\s*(?:\{(?P<directive>[\w:-]+)\})?\s*(?P<argument>.*)$")
OPTION = re.compile(r"^\s*:(?P<key>[\w-]+):\s*(?P<value>.*)$")
DISPLAY_MATH = re.compile(r"\$\$(.+?)\$\$", re.DOTALL)
INLINE_MATH = re.compile(r"(?<![\\$])\$(?!\s)([^$\n]+?)(?<!\s)\$")
ROLE = re.compile(r"\{(?P<role>[\w:]+)\}`(?P<content>[^`]+)`")
CODE_SPAN = re.compile(r"(?<![`}])(`+)(?!`)(.+?)(?<!`)\1(?!`)")
LINK = re.compile(r"\]\((?P<target>[^)\s]+)[^)]*\)|<(?P<url>https?://[^>]+)>")
LABEL = re.compile(r"^\((?P<label>[\w:.-]+)\)=$")
HEADING = re.compile(r"^(?P<marks>#{1,6})\s")
ITEM = re.compile(r"^(?P<indent>\s*)(?P<marker>[-*+]|\d+[.)])\s+(?P<box>\[[ xX]\])?")
MONTHS = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
]
CITING = ("cite", "cite:p", "cite:t", "cite:ps", "cite:ts")
REFERRING = ("ref", "numref", "eq", "doc", "prf:ref", "download")
NAMED_ARGUMENT = ("solution", "solution-start", "figure", "image", "include", "package-api")  # not a title
TEXT_OPTIONS = ("alt", "caption")
QUOTATION = re.compile(r"^(:{3,}\{claim\}).*$", re.MULTILINE)  # the source's words, which stay as they are
#: One concept, one word: what must not be said, as a pattern, and what is said instead. A bare character would forbid
#: words with another good use, so that these have their context.
WORDS = {
    "单子|推荐单(?!位)": "推荐列表",
    "押中": "命中",
    "数数(?![目字量])": "个人频次，或计数",
    "老面孔": "复购商品",
    "考法": "评测方式",
    "考题|抽题": "测试目标",
    "原题": "常规评测",
    "新品(?:列表|评测|覆盖)": "首购评测",
    "神谕": "理想规则（oracle）",
    "骨干(?!网络)|骨架": "骨干网络",
    "模块": "Transformer 块",
    "补位|空位": "填充（padding）",
    "提前停止": "早停",
    "(?:等级|名次)相关": "秩相关",
    "柯西不等式": "柯西–施瓦茨不等式",
    "极差归一化": "最小–最大归一化",
    "混合分数": "混合得分",
    "名次(?:倒数)?融合|名次倒数": "倒数排名融合（RRF）",
    "反事实评估": "离策略评估（OPE）",
    "正例": "正样本",
    "(?:抽样|每个|随机的)反例|反例(?=太多|几乎)": "负样本；反例只指反驳命题的例子",
    "自负": "过度自信",
    "[甲乙]半": "甲组、乙组",
    "(?:[几四各]|这一?)格(?!式|局)": "单元格",
    "带子": "阴影带",
    "世界": "情形",
    "想读得更深": "延伸阅读",
    r"\d %(?= ?[\u4e00-\u9fff，。；：、）])": "95%，不空格",
    "押得准": "命中率高",
    "公?式 (?={eq})": "去掉“式”：公式的编号自己带着它",
}


# Reading a cell -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Directive:
    """The first line of a directive."""

    name: str
    argument: str


@dataclass
class Parts:
    """A markdown cell taken apart; the prose includes the lines in directives."""

    prose: list[str]
    formulas: list[str]
    code: list[str]
    directives: list[Directive]
    options: list[tuple[str, str]]


def take_apart(text: str) -> Parts:
    """Separate what is in fences from what is said."""
    parts = Parts([], [], [], [], [])
    opaque = {None: parts.code, "code": parts.code, "code-block": parts.code, "math": parts.formulas}
    stack: list[tuple[str, list[str] | None]] = []  # the mark of each open fence, and what collects its content
    heading_a_directive = False
    for line in text.splitlines():
        mark, content = stack[-1] if stack else ("", None)
        if mark and re.fullmatch(rf"{mark[0]}{{{len(mark)},}}", line.strip()):
            stack.pop()
        elif heading_a_directive and (option := OPTION.match(line)):
            parts.options.append((option["key"], option["value"].strip()))
            continue
        elif content is not None:
            content[-1] += line + "\n"
        elif fence := FENCE.match(line):
            name, argument = fence["directive"], fence["argument"].strip()
            stack.append((fence["mark"], opaque.get(name)))
            if name in opaque:
                opaque[name].append("")
            if name:
                parts.directives.append(Directive(name, argument))
                parts.prose.append("" if name in NAMED_ARGUMENT or name in opaque else argument)
            heading_a_directive = bool(name)
            continue
        else:
            parts.prose.append(line)
        heading_a_directive = False
    return parts


def said(text: str) -> str:
    """Return what is said: without formulas, code, roles, link targets and labels."""
    prose = "\n".join(line for line in take_apart(text).prose if not LABEL.match(line))
    for pattern in (DISPLAY_MATH, ROLE, CODE_SPAN, INLINE_MATH):
        prose = pattern.sub(" ", prose)
    return LINK.sub("] ", prose)


def roles(text: str, names: tuple[str, ...]) -> list[str]:
    """Return the targets of some roles, sorted: word order differs between the languages."""
    prose = "\n".join(take_apart(text).prose)
    found = [match["content"] for match in ROLE.finditer(prose) if match["role"] in names]
    return sorted(re.sub(r"^.*<(.+)>$", r"\1", content) for content in found)


# Facets: what twins must share --------------------------------------------------------------------


def headings(text: str) -> list[tuple[int, str | None]]:
    """Level and explicit label of each heading."""
    found, label = [], None
    for line in take_apart(text).prose:
        if match := LABEL.match(line):
            label = match["label"]
        elif line.strip():
            if match := HEADING.match(line):
                found.append((len(match["marks"]), label))
            label = None
    return found


def equations(text: str) -> list[str]:
    """All formulas, without white space."""
    parts = take_apart(text)
    prose = CODE_SPAN.sub(" ", ROLE.sub(" ", "\n".join(parts.prose)))
    displayed = DISPLAY_MATH.findall(prose)
    inline = INLINE_MATH.findall(DISPLAY_MATH.sub(" ", prose))
    return sorted(re.sub(r"\s", "", formula) for formula in [*parts.formulas, *displayed, *inline])


def citations(text: str) -> list[str]:
    """Keys of the works cited."""
    return sorted(key.strip() for content in roles(text, CITING) for key in content.split(","))


def references(text: str) -> list[str]:
    """Targets of the cross-references."""
    return roles(text, REFERRING)


def code_spans(text: str) -> list[str]:
    """Code within sentences."""
    prose = ROLE.sub(" ", "\n".join(take_apart(text).prose))
    return sorted(code.strip() for _, code in CODE_SPAN.findall(prose))


def code_blocks(text: str) -> list[str]:
    """Code blocks without their comments."""
    return [re.sub(r"\s*#.*", "", code) for code in take_apart(text).code]


def links(text: str) -> list[str]:
    """Addresses that links lead to."""
    return sorted(match["target"] or match["url"] for match in LINK.finditer("\n".join(take_apart(text).prose)))


def numbers(text: str) -> list[str]:
    """Numbers in digits; an English month counts as its number, as in 11 月."""
    prose = re.sub(r"^\s*\d+[.)]\s", "", said(text), flags=re.MULTILINE)
    for number, month in enumerate(MONTHS, start=1):
        near_a_number = rf"\b{month}\b(?=,? \d)|(?<=\d ){month}\b"
        prose = re.sub(near_a_number if month == "May" else rf"\b{month}\b", f" {number} ", prose)
    prose = re.sub(r"(?<=\d)[,\u202f](?=\d{3})", "", prose)
    return sorted(re.findall(r"\d+(?:\.\d+)?", prose))


def lists(text: str) -> list[tuple[int, str]]:
    """Indentation and kind of every list item, and whether a task is ticked."""
    items = filter(None, map(ITEM.match, take_apart(text).prose))
    return [(len(item["indent"]), (item["box"] or item["marker"][-1]).lower()) for item in items]


def tables(text: str) -> list[int]:
    """Number of cells in each row of a table."""
    return [line.count("|") for line in take_apart(text).prose if line.lstrip().startswith("|")]


def directive_lines(text: str) -> list[str]:
    """Directives with their options (label, verdict, …), and with their argument where that is a name."""
    parts = take_apart(text)
    named = [f"{d.name} {d.argument}" if d.name in NAMED_ARGUMENT else d.name for d in parts.directives]
    return [*named, *(f":{key}: {value}" for key, value in parts.options if key not in TEXT_OPTIONS)]


FACETS: tuple[Callable[[str], list], ...] = (
    headings, equations, citations, references, code_spans, code_blocks, links, numbers, lists, tables,
    directive_lines,
)  # fmt: skip


@pytest.mark.parametrize(
    ("facet", "zh", "en"),
    [
        (headings, "(sec-a)=\n## 一", "(sec-a)=\n### One"),
        (headings, "(sec-a)=\n## 一", "(sec-b)=\n## One"),
        (equations, "长 $n^2$", "length $n^3$"),
        (equations, "```{math}\n:label: eq-a\nx\n```", "```{math}\n:label: eq-a\ny\n```"),
        (equations, "$$x$$", "$$x + 1$$"),
        (citations, "见 {cite}`a2020,b2021`", "see {cite}`a2020`"),
        (references, "见 {numref}`fig-a`", "see {numref}`fig-b`"),
        (references, "见 {ref}`这里 <sec-a>`", "see {ref}`here <sec-b>`"),
        (code_spans, "用 `fit`", "use `score`"),
        (code_blocks, "```bash\nmake a # 甲\n```", "```bash\nmake b # A\n```"),
        (links, "[甲](https://a.org)", "[A](https://b.org)"),
        (numbers, "共 2,469 户", "2,496 households"),
        (numbers, "11 月", "December"),
        (lists, "- 甲\n- 乙", "- A"),
        (lists, ":::{quiz} 问\n- [x] 甲\n- [ ] 乙\n:::", ":::{quiz} Q\n- [ ] A\n- [x] B\n:::"),
        (tables, "| 甲 | 乙 |\n|---|---|", "| A |\n|---|"),
        (directive_lines, ":::{claim} 甲\n:verdict: wrong\n:::", ":::{claim} A\n:verdict: partly\n:::"),
        (directive_lines, "```{exercise} 甲\n:label: ex-a\n```", "```{exercise} A\n:label: ex-b\n```"),
        (directive_lines, "```{solution} ex-a\n```", "```{solution} ex-b\n```"),
        (directive_lines, "```{note}\n甲\n```", "```{tip}\nA\n```"),
    ],
)
def test_facet_catches_drift(facet: Callable[[str], list], zh: str, en: str) -> None:
    assert facet(zh) != facet(en)


@pytest.mark.parametrize("facet", FACETS)
@pytest.mark.parametrize(
    ("zh", "en"),
    [
        ("(sec-a)=\n## 第一\n\n共 12,345 户。", "(sec-a)=\n## First\n\n12,345 households."),
        ("先 $a$ 后 $b$，见 {eq}`eq-a`、{cite}`x,y`", "$b$ after $a$, see {cite}`y,x` and {eq}`eq-a`"),
        ("2017 年 11 月，你可以", "in November 2017 you may"),
        ("```{exercise} 甲\n:label: ex-a\n求 $x$\n```", "```{exercise} A\n:label: ex-a\nFind $x$\n```"),
        ("::::{solution} ex-a\n:::{note}\n一\n:::\n::::", "::::{solution} ex-a\n:::{note}\nOne\n:::\n::::"),
        ("```bash\nmake # 甲\n```", "```bash\nmake # A\n```"),
    ],
)
def test_facet_accepts_translation(facet: Callable[[str], list], zh: str, en: str) -> None:
    assert facet(zh) == facet(en)


# Checks of one cell or notebook: each returns what is wrong ---------------------------------------


def language(cell: NotebookNode) -> str | None:
    """Language of a markdown cell, or None for a shared one."""
    tags = cell.metadata.get("tags", ())
    return next((lang for lang in ("zh", "en") if f"lang-{lang}" in tags), None)


def unpaired(cells: list[NotebookNode]) -> list[int]:
    """Numbers of the language cells that aren't a Chinese one directly followed by an English one."""
    langs = [language(cell) for cell in cells] + [None]
    wrong = []
    for at, lang in enumerate(langs[:-1]):
        if (lang == "zh" and langs[at + 1] != "en") or (lang == "en" and (at == 0 or langs[at - 1] != "zh")):
            wrong.append(at + 1)
    return wrong


def unlabelled_headings(text: str) -> list[str]:
    """Headings without an explicit label above them."""
    return [f"a heading of level {level} has no (label)=" for level, label in headings(text) if label is None]


def chinese_in_english(text: str) -> list[str]:
    """Chinese sentences in an English cell; single terms are welcome, and titles in 《》."""
    return re.findall(f"{HAN}{{12,}}|{HAN}*[，。！？；：、]{HAN}*", re.sub("《[^》]*》", "", said(text)))


def shared_prose(text: str) -> list[str]:
    """Sentences in a cell that both languages share, and phrases in its formulas."""
    phrases = re.findall(r"\\text\w*\{([^}]*[A-Za-z][ ,]+[A-Za-z][^}]*)\}", text)
    return re.findall(rf"{HAN}+|[A-Za-z]+(?:[ ,]+[A-Za-z]+){{3,}}", said(text)) + phrases


def unquoted(text: str) -> str:
    """Return a cell without what it quotes from the source."""
    return QUOTATION.sub(r"\1", text)


def wrong_words(text: str) -> list[str]:
    """Words that Chinese readers would have to guess at, or that say otherwise what has a name."""
    return [f"“{found[0]}”: {word}" for pattern, word in WORDS.items() for found in re.finditer(pattern, text)]


def lint(text: str) -> list[str]:
    """Chinese spacing and punctuation that autocorrect would change."""
    return [f"{line.old.strip()}  →  {line.new.strip()}" for line in autocorrect_py.lint_for(text, "markdown").lines]


def untidy_code(cell: NotebookNode) -> list[str]:
    """Outputs, counts and lengths that don't belong in the source."""
    lines = len(cell.source.splitlines())
    return [
        *(["it has outputs"] if cell.outputs else []),
        *(["it has an execution count"] if cell.execution_count is not None else []),
        *([f"it has {lines} lines, more than {LONGEST_CODE_CELL}"] if lines > LONGEST_CODE_CELL else []),
    ]


def speechless(cells: list[NotebookNode]) -> list[int]:
    """Numbers of the code cells before which three others stand without a sentence; a caption is one, too.

    A cell that states findings is folded, and doesn't count; nor does what is on slides alone.
    """
    found, run = [], 0
    for number, cell in enumerate(cells, start=1):
        if "confirm(" in cell.get("source", "") or SLIDE in cell.metadata.get("tags", ()):
            continue
        run = run + 1 if cell.cell_type == "code" else 0
        if run == MOST_CODE_CELLS + 1:
            found.append(number)
        if "figure" in cell.metadata.get("mystnb", {}):
            run = 0
    return found


def looks(cell: NotebookNode) -> list[str]:
    """Captions and alternative texts of a cell."""
    look = cell.metadata.get("mystnb", {})
    return [look[part][key] for part, key in (("figure", "caption"), ("image", "alt")) if key in look.get(part, {})]


def monolingual_captions(cell: NotebookNode) -> list[str]:
    """Captions and alternative texts that aren't “中文 | English”."""
    return [text for text in looks(cell) if not re.fullmatch(rf"[^|]*{HAN}[^|]* \| (?:(?!{HAN})[^|])+", text)]


def wrong_terms(text: str, terms: dict[str, str]) -> list[str]:
    """Terms of the glossary that are introduced, 中文（English）, with another English word."""
    return [
        f"{zh}（{given}）, but the glossary says {en}"
        for zh, en in terms.items()
        for given in re.findall(rf"{re.escape(zh)}（([A-Za-z][^）]*)）", text)
        if en.lower() not in given.lower()
    ]


def test_unpaired_catches_order_and_gaps() -> None:
    def cells(*langs: str) -> list[NotebookNode]:
        return [NotebookNode(metadata={"tags": [f"lang-{lang}"] if lang else []}) for lang in langs]

    assert unpaired(cells("zh", "en", "", "zh", "en")) == []
    assert unpaired(cells("en", "zh")) == [1, 2]
    assert unpaired(cells("zh", "", "en")) == [1, 3]
    assert unpaired(cells("zh", "en", "en")) == [3]


def test_unlabelled_headings_catches() -> None:
    assert unlabelled_headings("(sec-a)=\n# A\n\n## B") == ["a heading of level 2 has no (label)="]
    assert unlabelled_headings("(sec-a)=\n# A\n\n```python\n# comment\n```") == []


def test_chinese_in_english_catches_sentences_not_terms() -> None:
    assert chinese_in_english("Recommend 推荐系统用购物记录来推荐商品 here")
    assert chinese_in_english("We count。")
    assert not chinese_in_english("Attention (注意力) and `代码，代码` and 《一个不短也不长的中文标题》")


def test_shared_prose_catches_sentences_not_formulas() -> None:
    assert shared_prose("这里 $x$")
    assert shared_prose("This is a sentence.")
    assert shared_prose("$$\nx \\text{ instead of } y\n$$ (eq-a)") == [" instead of "]
    assert not shared_prose("```{math}\n:label: eq-a\ns_\\text{score}\n```\n$x$ or $y$")


def test_lint_catches_missing_spaces_and_half_width_punctuation() -> None:
    assert lint("用Python写") == ["用Python写  →  用 Python 写"]
    assert lint("你好,世界")
    assert not lint("用 Python 写，$a$ 与 `b`。")


def test_untidy_code_catches_outputs_counts_and_length() -> None:
    assert untidy_code(new_code_cell("x = 1")) == []
    assert untidy_code(new_code_cell("x = 1", outputs=[new_output("stream")])) == ["it has outputs"]
    assert untidy_code(new_code_cell("x = 1", execution_count=1)) == ["it has an execution count"]
    assert untidy_code(new_code_cell("x\n" * 26)) == ["it has 26 lines, more than 25"]


def test_speechless_catches_the_fourth_cell() -> None:
    code, text = new_code_cell(""), NotebookNode(cell_type="markdown", metadata={})
    figure = new_code_cell("", metadata={"mystnb": {"figure": {"caption": "损失 | Loss"}}})
    assert speechless([text, code, code, code, code, code]) == [5]
    assert speechless([code, code, code, text, code, code, figure, code]) == []
    slide = NotebookNode(cell_type="markdown", metadata={"tags": ["lang-zh", "slide"]})
    assert speechless([code, code, slide, code, code]) == [5]


def test_monolingual_captions_catches() -> None:
    def cell(caption: str) -> NotebookNode:
        return NotebookNode(metadata={"mystnb": {"figure": {"caption": caption}}})

    assert monolingual_captions(cell("损失 | Loss")) == []
    assert monolingual_captions(cell("Loss | 损失"))
    assert monolingual_captions(cell("损失"))


@pytest.mark.parametrize(
    "wrong", ["一张单子", "数数就够", "骨干和", "极差归一化", "这一格", "95 % 的区间", "抽样反例", "名次相关"]
)
def test_wrong_words_catches(wrong: str) -> None:
    assert wrong_words(wrong)


@pytest.mark.parametrize(
    "right", ["单个", "统计数目", "骨干网络", "严格", "反例也到处都是", "95% 的区间", "一份推荐列表"]
)
def test_wrong_words_lets_other_uses_pass(right: str) -> None:
    assert not wrong_words(right)


def test_unquoted_leaves_out_what_the_source_says() -> None:
    assert unquoted(":::{claim} “用Python写”\n:label: a\n\n没有“神谕”。") == ":::{claim}\n:label: a\n\n没有“神谕”。"


def test_wrong_terms_catches() -> None:
    terms = {"召回率": "recall"}
    assert wrong_terms("召回率（precision）", terms)
    assert not wrong_terms("召回率（recall）与召回率（Recall@10）", terms)


# The book -----------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Twins:
    """A Chinese cell, its number in the notebook, and the English cell after it."""

    number: int
    zh: str
    en: str


@cache
def read(path: Path) -> NotebookNode:
    """Read and validate a notebook."""
    notebook = nbformat.read(path, as_version=nbformat.NO_CONVERT)
    nbformat.validate(notebook)
    return notebook


def twins(path: Path) -> Iterator[Twins]:
    """Yield the pairs of a notebook."""
    cells = read(path).cells
    for number, (zh, en) in enumerate(itertools.pairwise(cells), start=1):
        if language(zh) == "zh" and language(en) == "en":
            yield Twins(number, zh.source, en.source)


def markdown(path: Path, lang: str | None) -> Iterator[tuple[int, str]]:
    """Yield number and text of the markdown cells of one language, or of the shared ones."""
    for number, cell in enumerate(read(path).cells, start=1):
        if cell.cell_type == "markdown" and language(cell) == lang:
            yield number, cell.source


def glossary() -> dict[str, str]:
    """Return the terms of the glossary, Chinese to English, from its Chinese cells."""
    text = "\n".join(text for _, text in markdown(BOOK / "glossary.ipynb", "zh"))
    return dict(re.findall(r"^(\S.*)\n {2}（(.+?)）", text, flags=re.MULTILINE))


def report(path: Path, found: list[tuple[int, object]]) -> str:
    """Say which notebook and cells are meant."""
    return "\n".join(f"{path.relative_to(BOOK)}, cell {number}: {problem}" for number, problem in found)


def check_cells(path: Path, cells: Iterator[tuple[int, str]], check: Callable[[str], list]) -> None:
    """Fail with every problem that a check finds in some cells."""
    found = [(number, problem) for number, text in cells for problem in check(text)]
    assert not found, report(path, found)


by_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(BOOK)))


@by_notebook
@pytest.mark.parametrize("facet", FACETS, ids=lambda facet: facet.__name__)
def test_twins_agree(path: Path, facet: Callable[[str], list]) -> None:
    differing = [pair for pair in twins(path) if facet(pair.zh) != facet(pair.en)]
    assert not differing, "\n\n".join(
        f"{path.relative_to(BOOK)}, cells {pair.number} and {pair.number + 1} differ in {facet.__name__}:\n"
        f"  zh {facet(pair.zh)}\n  en {facet(pair.en)}\n--- zh\n{pair.zh}\n--- en\n{pair.en}"
        for pair in differing
    )


@by_notebook
def test_languages_come_in_pairs(path: Path) -> None:
    found = [(number, "has no twin next to it") for number in unpaired(read(path).cells)]
    assert not found, report(path, found)


@by_notebook
@pytest.mark.parametrize("lang", ["zh", "en"])
def test_headings_are_labelled(path: Path, lang: str) -> None:
    check_cells(path, markdown(path, lang), unlabelled_headings)


@by_notebook
def test_code_is_never_long_without_a_sentence(path: Path) -> None:
    found = [(number, "is the fourth code cell without a sentence") for number in speechless(read(path).cells)]
    assert not found, report(path, found)


@by_notebook
def test_english_cells_are_english(path: Path) -> None:
    check_cells(path, markdown(path, "en"), chinese_in_english)


@by_notebook
def test_shared_cells_say_nothing(path: Path) -> None:
    check_cells(path, markdown(path, None), shared_prose)


@by_notebook
def test_chinese_is_well_set(path: Path) -> None:
    check_cells(path, markdown(path, "zh"), lambda text: lint(unquoted(text)))


@by_notebook
def test_one_concept_has_one_word(path: Path) -> None:
    cells = enumerate(read(path).cells, start=1)
    texts = ((number, "\n".join([unquoted(cell.source), *looks(cell)])) for number, cell in cells)
    check_cells(path, texts, wrong_words)


@pytest.mark.parametrize("file", [*BOOK.glob("_ext/*.py"), *PACKAGE.rglob("*.py")], ids=lambda file: file.name)
def test_what_code_shows_has_the_same_words(file: Path) -> None:
    assert not wrong_words(file.read_text("utf8"))


@by_notebook
def test_terms_are_those_of_the_glossary(path: Path) -> None:
    terms = glossary()
    check_cells(path, markdown(path, "zh"), lambda text: wrong_terms(unquoted(text), terms))


def test_the_bibliography_can_be_read() -> None:
    entries = parse_file(BOOK / "references.bib").entries
    assert all(entry.persons and entry.fields.get("title") and entry.fields.get("year") for entry in entries.values())


@by_notebook
def test_what_is_cited_is_in_the_bibliography(path: Path) -> None:
    known = set(re.findall(r"^@\w+\{([^,\s]+),", (BOOK / "references.bib").read_text("utf8"), re.MULTILINE))
    check_cells(path, markdown(path, "en"), lambda text: sorted({*citations(text)} - known))


@by_notebook
def test_code_cells_are_clean(path: Path) -> None:
    code = [(number, cell) for number, cell in enumerate(read(path).cells, start=1) if cell.cell_type == "code"]
    found = [(n, problem) for n, cell in code for problem in [*untidy_code(cell), *monolingual_captions(cell)]]
    assert not found, report(path, found)


def test_glossary_entries_match() -> None:
    zh = glossary()
    text = "\n".join(text for _, text in markdown(BOOK / "glossary.ipynb", "en"))
    en = dict(re.findall(r"^(\S.*)\n {2}\((.+?)\)", text, flags=re.MULTILINE))
    assert len(zh) >= 30
    assert {(term, other) for term, other in zh.items()} == {(other, term) for term, other in en.items()}


#: Terms with a character that GB 2312 sorts by another reading, or by its radical, and one that sounds right.
READ_AS = {"重排": "虫", "曝光": "包", "熵": "商"}


def by_pinyin(term: str) -> tuple[bool, bytes]:
    """Sort key: Latin letters first; common characters are in the order of their sounds in GB 2312."""
    return not term[0].isascii(), READ_AS.get(term, term).lower().encode("gbk")


def test_glossary_is_sorted() -> None:
    for lang, order in (("zh", by_pinyin), ("en", str.lower)):
        text = "\n".join(text for _, text in markdown(BOOK / "glossary.ipynb", lang))
        terms = re.findall(r"^(\S.*)\n {2}\S", text, flags=re.MULTILINE)
        assert terms == sorted(terms, key=order)


def test_glossary_has_the_terms_of_recommenders() -> None:
    expected = {"个人频次", "行为项", "半衰期", "曝光", "召回", "排序", "候选", "离策略评估"}
    assert expected <= glossary().keys()
