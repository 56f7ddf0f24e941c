"""The exercises of a notebook as they stand in it: text, starter, check, and the book's own answer."""

import ast
import re
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import nbformat
from IPython.core.inputtransformer2 import TransformerManager
from nbformat import NotebookNode

BOOK = Path(__file__).parents[1] / "book"
LABEL = re.compile(r"\{exercise\}[^\n]*\n:label: (\S+)\n")
CHECKED = re.compile(r'^check\("(?P<label>[\w-]+)", (?P<names>[\w, ]+)\)$', re.MULTILINE)


@dataclass
class Posed:
    """An exercise; of its solution, the cell that the check judges."""

    label: str
    text: dict[str, str] = field(default_factory=dict)
    starter: str = ""
    names: list[str] = field(default_factory=list)
    solution: str = ""


def tagged(cell: NotebookNode, tag: str) -> bool:
    return tag in cell.metadata.get("tags", ())


def code_of(path: Path, solutions: bool) -> list[str]:
    """Code cells, of solutions or of the chapter without starters, commands such as %timeit as calls."""
    cells = [cell for cell in read(path) if cell.cell_type == "code" and not tagged(cell, "starter")]
    return [TransformerManager().transform_cell(c.source) for c in cells if tagged(c, "solution") == solutions]


@cache
def read(path: Path) -> list[NotebookNode]:
    return nbformat.read(path, as_version=4).cells


def posed(path: Path) -> list[Posed]:
    """All exercises of a notebook, in order."""
    found: dict[str, Posed] = {}
    starter = ""
    for cell in read(path):
        if cell.cell_type == "markdown":
            for label in LABEL.findall(cell.source):
                lang = "zh" if tagged(cell, "lang-zh") else "en"
                text = cell.source[cell.source.index(f":label: {label}\n") :].split("```{exercise}")[0]
                found.setdefault(label, Posed(label)).text[lang] = text
        elif tagged(cell, "starter"):
            starter = cell.source
        elif tagged(cell, "check"):
            match = CHECKED.search(cell.source)
            assert match, f"{cell.source!r} isn't the call of a check"
            found[match["label"]].starter, found[match["label"]].names = starter, match["names"].split(", ")
        elif tagged(cell, "solution"):
            for label in re.findall(r'^assert check\("([\w-]+)"', cell.source, re.MULTILINE):
                found[label].solution = cell.source
    return [*found.values()]


def bound(code: str) -> set[str]:
    """Names that some code defines, imports aside."""
    nodes = [*ast.walk(ast.parse(code))]
    stored = {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    return stored | {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)}


@cache
def run(path: Path, code: str) -> dict[str, Any]:
    """What some code of a notebook defines, run with nothing but those of the notebook's imports that it uses."""
    used = {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
    space: dict[str, Any] = {}
    for cell in code_of(path, solutions=False):
        for node in ast.parse(cell).body:
            if isinstance(node, ast.Import | ast.ImportFrom) and used & {a.asname or a.name for a in node.names}:
                exec(ast.unparse(node), space)
    exec(code, space)
    return space
