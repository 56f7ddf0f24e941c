"""How numbers, units and names of colours are written, in prose and in what code shows."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

from notebook_cache import code_cells, read_notebook
from shoprec.show.typesetting import spaced

ROOT = Path(__file__).parents[2]
BOOK = ROOT / "book"
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if not {"_build", ".ipynb_checkpoints"} & {*path.parts})
PACKAGE = sorted((ROOT / "src" / "shoprec").rglob("*.py"))
SHOWN = [path for path in PACKAGE if {"show", "exercises"} & {*path.parts}]
OTHERS = [ROOT / "README.md", ROOT / "README.zh.md", ROOT / "CHANGELOG.md", *(BOOK / "_ext").glob("*.py")]
#: A line breaks at a space, and leaves the sign on the next.
APART = re.compile(r"\d[ \u00a0\u202f](?=[%‰](?! \w+\)))|\d\\,\\?(?=[%‰])")
#: How the colours of ``shoprec.show.plotting`` are called.
CALLED = {
    "RED": r"红|\bred\b",
    "ORANGE": r"橙|\borange\b",
    "BLUE": r"蓝|\bblue\b",
    "GREEN": r"绿|\bgreen\b",
    "PINK": r"粉色|\bpink\b",
    "YELLOW": r"黄色|\byellow\b",
    "GREY": r"灰|\bgr[ea]y\b",
}


def literals(code: str) -> Iterator[str]:
    """Yield the texts in code, but no docstrings; of an f-string, each part between the values."""
    tree = ast.parse(TransformerManager().transform_cell(code))
    said = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in said:
            yield node.value


def touching(code: str) -> list[str]:
    """Return texts in which 汉字 touch Latin letters or digits; what is filled in, is set when it is shown."""
    return [text for text in literals(code) if spaced(text) != text]


def drawings() -> dict[str, str]:
    """Return the source of the module of each function that draws."""
    texts = (path.read_text("utf8") for path in PACKAGE if "show" in path.parts)
    return {name: text for text in texts for name in re.findall(r"^def (\w+)", text, re.MULTILINE)}


def undrawn(cell: NotebookNode, functions: dict[str, str]) -> list[str]:
    """Return the colours that a figure's caption or alternative text names, but the figure isn't drawn in."""
    look = cell.metadata.get("mystnb", {})
    words = " ".join(
        look[part][key] for part, key in (("figure", "caption"), ("image", "alt")) if key in look.get(part, {})
    )
    code = cell.source + "".join(functions.get(name, "") for name in re.findall(r"\b(\w+)\(", cell.source))
    return [
        name
        for name, called in CALLED.items()
        if re.search(called, words, re.IGNORECASE) and not re.search(rf"\b{name}\b", code)
    ]


@pytest.mark.parametrize("text", ["a 95 % interval", "{:.1f} 7 ‰", r"$5\,\%$", "95 % 的区间"])
def test_a_sign_apart_from_its_number_is_found(text: str) -> None:
    assert APART.search(text)


@pytest.mark.parametrize("text", ["95%", "差 ‰", "CTR, ‰", "(a + 180) % 360", "k % n_items", "range(9 % folds)"])
def test_other_signs_pass(text: str) -> None:
    assert not APART.search(text)


def test_touching_texts_are_found() -> None:
    assert touching('say("去掉Transformer", "x")') == ["去掉Transformer"]
    assert not touching('"""用Python写。"""\nsay(f"去掉{name}，12 月", "x")')


def test_an_undrawn_colour_is_found() -> None:
    metadata = {"mystnb": {"figure": {"caption": "红线 | The red line"}}}
    assert undrawn(NotebookNode(metadata=metadata, source="axis.axvline(0, color=ORANGE)"), {}) == ["RED"]
    assert undrawn(NotebookNode(metadata=metadata, source="draw()"), {"draw": "color=RED"}) == []


@pytest.mark.parametrize("path", [*NOTEBOOKS, *SHOWN, *OTHERS], ids=lambda path: str(path.relative_to(ROOT)))
def test_signs_stand_at_their_numbers(path: Path) -> None:
    assert not [line for line in path.read_text("utf8").splitlines() if APART.search(line)]


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(BOOK)))
def test_texts_of_cells_are_well_set(path: Path) -> None:
    assert not [text for cell in code_cells(read_notebook(path)) for text in touching(cell.source)]


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: str(path.relative_to(ROOT)))
def test_texts_of_figures_widgets_and_checks_are_well_set(path: Path) -> None:
    if path.name != "typesetting.py":
        assert not touching(path.read_text("utf8"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(BOOK)))
def test_colours_are_called_what_they_are(path: Path) -> None:
    functions = drawings()
    cells = code_cells(read_notebook(path))
    assert not [(cell.id, colour) for cell in cells for colour in undrawn(cell, functions)]
