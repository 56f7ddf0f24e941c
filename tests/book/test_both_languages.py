"""What the chapters' code says, it says in both languages: lines, labels of figures, names in tables."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager

from notebook_cache import code_cells, read_notebook

BOOK = Path(__file__).parents[2] / "book"
CHAPTERS = sorted(path for path in BOOK.rglob("[0-9]*.ipynb") if "_build" not in path.parts)
CHAPTERS += sorted(path for path in BOOK.glob("[0-9]*/*.ipynb"))
HAN = re.compile("[\u4e00-\u9fff]")
SIGNS = re.compile("[\u4e00-\u9fff：，；。（）]")  # by which a line is seen to be Chinese
VALUE = re.compile(r"\{[^{}]*\}")
WORDS = re.compile(r"[A-Za-z]{2,}[^A-Za-z]+[A-Za-z]{2,}")  # two are no name or code any more


def literal(node: ast.AST) -> str | None:
    """Return what is typed in a text: of an f-string, what stands between the values."""
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else None
    if isinstance(node, ast.JoinedStr):
        return "{}".join(part.value if isinstance(part, ast.Constant) else "" for part in node.values)
    return None


def printed(call: ast.Call) -> Iterator[str]:
    """Yield the texts that a call prints: its arguments, and those of which a method makes them."""
    for argument in call.args:
        while isinstance(argument, ast.Call) and isinstance(argument.func, ast.Attribute):
            argument = argument.func.value  # "{} minus {}".format(…)
        if (text := literal(argument)) is not None:
            yield text


def calls(code: str, name: str) -> Iterator[ast.Call]:
    """Yield the calls of a function."""
    tree = ast.parse(TransformerManager().transform_cell(code))
    found = (node for node in ast.walk(tree) if isinstance(node, ast.Call))
    yield from (call for call in found if isinstance(call.func, ast.Name) and call.func.id == name)


def one_language(code: str) -> list[str]:
    """Return what is printed in words: a line with `print` is in one language. Numbers, names and code may be."""
    texts = (VALUE.sub("", text) for call in calls(code, "print") for text in printed(call))
    return [text for text in texts if HAN.search(text) or WORDS.search(text)]


def unequal_halves(code: str) -> list[str]:
    """Return lines of `say` whose Chinese has no Chinese, not even a comma, or whose English has."""
    halves = [(call, [literal(half) for half in call.args[:2]]) for call in calls(code, "say")]
    return [
        ast.unparse(call)
        for call, (zh, en) in ((call, texts) for call, texts in halves if len(texts) == 2 and None not in texts)
        if not SIGNS.search(zh) or SIGNS.search(en)
    ]


def is_paired(text: ast.AST, around: ast.AST) -> bool:
    """Whether a Chinese text has its English beside it, or is data: an argument of a method, a unit after a number."""
    if " | " in (literal(text) or ""):
        return True
    if isinstance(around, ast.Call) and isinstance(around.func, ast.Attribute):
        return text in around.args
    beside = around.elts if isinstance(around, ast.Tuple | ast.List) else getattr(around, "args", [])
    if text not in beside:
        return False
    at = beside.index(text)
    if at and isinstance(beside[at - 1], ast.Constant | ast.Name) and literal(beside[at - 1]) is None:
        return True
    return at + 1 < len(beside) and not HAN.search(literal(beside[at + 1]) or "中")


def lonely_chinese(code: str) -> list[str]:
    """Return Chinese texts without English beside them."""
    found = []
    for around in ast.walk(ast.parse(TransformerManager().transform_cell(code))):
        for text in ast.iter_child_nodes(around):
            if isinstance(around, ast.JoinedStr) or not HAN.search(literal(text) or "") or is_paired(text, around):
                continue
            found.append(literal(text))
    return found


@pytest.mark.parametrize(
    "line",
    [
        'print("the slower half of the products")',
        'print(f"{n:,} households, {m} products")',
        'print("{} minus counting: {:+.3f}".format(name, gain))',
        'print("predicts ketchup:", name)',
        'print(f"共 {n} 户")',
        'if x:\n    print(a, f"mean cosine {x:.2f}", sep="\\n")',
    ],
)
def test_a_sentence_in_one_language_is_found(line: str) -> None:
    assert one_language(line)


@pytest.mark.parametrize(
    "line",
    [
        "print(test)",
        'print(f"NDCG@10 {score:.3f}")',
        'print("\\n".join(lines))',
        'print(f"{value:6.2f} {word}")',
        'print({name: part.shape for name, part in parts.items()}, sep="\\n")',
        'print("ValueError:", error)',
        'print(str(error).replace("here and", "there"))',
        'show(title="no print")',
        "!pip install this that",
    ],
)
def test_numbers_names_and_code_may_be_printed(line: str) -> None:
    assert not one_language(line)


def test_halves_of_a_line_are_told_apart() -> None:
    assert not unequal_halves('say("{} 户", "{} households", n)\nsay("{}：{}", "{}: {}", a, b)\nsay(*words, n)')
    assert unequal_halves('say("{} households", "{} 户", n)')
    assert unequal_halves('say("{} 户", "{} 户", n)')
    assert unequal_halves('say("{}: {}", "{}: {}", a, b)')


def test_chinese_without_english_is_found() -> None:
    assert not lonely_chinese('label = "年 | Year"; names = {"a": ("茶", "tea"), "b": ("原文", "Source", RED)}')
    assert not lonely_chinese('say("{} 户", f"{n} households"); units = [(1e4, "万")]; x.removesuffix("（自有品牌）")')
    assert lonely_chinese('axis.set(xlabel="年")') == ["年"]
    assert lonely_chinese('title = f"{n} 层"') == ["{} 层"]
    assert lonely_chinese('rows = ["内容", "邻居"]') == ["内容", "邻居"]


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: str(path.relative_to(BOOK)))
@pytest.mark.parametrize("faults", [one_language, unequal_halves, lonely_chinese])
def test_chapters_speak_both_languages(path: Path, faults) -> None:
    cells = code_cells(read_notebook(path))
    found = [f"cell {cell.id}: {fault}" for cell in cells for fault in faults(cell.source)]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("path", CHAPTERS, ids=lambda path: str(path.relative_to(BOOK)))
def test_a_cell_that_draws_a_figure_says_nothing(path: Path) -> None:
    """All outputs of such a cell become the figure."""
    cells = [cell for cell in code_cells(read_notebook(path)) if "figure" in cell.metadata.get("mystnb", {})]
    assert not [cell.id for cell in cells if any(calls(cell.source, "say")) or any(calls(cell.source, "show_table"))]
