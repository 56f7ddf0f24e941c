"""Build the notebooks that workshop participants get: one language, nothing run, no solutions.

Usage: python teaching/workshop.py [--with-solutions] [--book BOOK] [--out OUT]

Participants' copies go to workshop/zh and workshop/en, the teacher's to workshop/zh-solutions and
workshop/en-solutions. Only notebooks with code are copied. What counts as a solution:

- a cell tagged ``solution``
- a ``{solution}`` directive
- everything from ``{solution-start}`` to ``{solution-end}``, across cells
- in a ``{quiz}``, the mark of the right option and the explanations

Where a solution was code, an empty code cell is left to write in.
"""

import argparse
import re
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[1]
LANGUAGES = ("zh", "en")
PLACEHOLDER = {"zh": "# 在这里写你的代码", "en": "# your code here"}
DIRECTIVE = re.compile(r"\s*(`{3,}|~{3,}|:{3,})\{(solution(?:-start|-end)?|quiz)\}")
OPTION = re.compile(r"(\s*[-*] )\[[ xX]\]")


def blocks(text: str) -> Iterator[tuple[str, list[str]]]:
    """Yield a solution or quiz directive as its name and lines, any other line as ("", [line])."""
    lines = iter(text.splitlines())
    for line in lines:
        opening = DIRECTIVE.match(line)
        if not opening:
            yield "", [line]
            continue
        fence, name = opening.groups()
        block = [line]
        for inner in lines:
            block.append(inner)
            if inner.strip().startswith(fence) and not inner.strip().strip(fence[0]):
                break
        else:
            raise ValueError(f"{{{name}}} is not closed")
        yield name, block


def without_answers(quiz: list[str]) -> Iterator[str]:
    """Yield a quiz's lines with every option unmarked and no explanation."""
    explanation = False
    for line in quiz[:-1]:
        if OPTION.match(line):
            explanation = False
            line = OPTION.sub(r"\1[ ]", line)
        explanation |= not line.strip()
        if not explanation:
            yield line
    yield quiz[-1]


def without_solutions(text: str, inside: bool) -> tuple[str, bool]:
    """Return the text outside solutions; ``inside`` tells whether it starts, and then ends, in one."""
    kept: list[str] = []
    for name, lines in blocks(text):
        if name in ("solution-start", "solution-end"):
            inside = name == "solution-start"
        elif not inside and name != "solution":
            kept += without_answers(lines) if name == "quiz" else lines
    return "\n".join(kept).strip(), inside


def convert(notebook: NotebookNode, lang: str, with_solutions: bool = False) -> NotebookNode:
    """Reduce a notebook of the book, in place, to one language's copy for a workshop."""
    others = {f"lang-{other}" for other in LANGUAGES if other != lang}
    kept: list[NotebookNode] = []
    inside = False
    for cell in notebook.cells:
        tags = set(cell.metadata.get("tags", ()))
        if tags & others:
            continue
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.metadata.pop("execution", None)
            if not with_solutions and (inside or "solution" in tags):
                if kept and kept[-1].source == PLACEHOLDER[lang]:
                    continue
                cell.source = PLACEHOLDER[lang]
        elif not with_solutions:
            text, inside = without_solutions(cell.source, inside)
            if "solution" in tags or not text:
                continue
            cell.source = text
        kept.append(cell)
    if inside:
        raise ValueError("{solution-start} has no {solution-end}")
    notebook.cells = kept
    notebook.metadata.pop("widgets", None)
    return notebook


def main(arguments: Sequence[str] | None = None) -> None:
    """Write the notebooks of both languages."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--with-solutions", action="store_true", help="build the teacher's copies")
    parser.add_argument("--book", type=Path, default=ROOT / "book", help="folder of the chapters")
    parser.add_argument("--out", type=Path, default=ROOT / "workshop", help="folder to write to")
    options = parser.parse_args(arguments)
    for lang in LANGUAGES:
        folder = options.out / (f"{lang}-solutions" if options.with_solutions else lang)
        shutil.rmtree(folder, ignore_errors=True)  # a chapter that is gone from the book goes here too
        for path in sorted(options.book.rglob("*.ipynb")):
            place = path.relative_to(options.book)
            notebook = nbformat.read(path, as_version=4)
            hidden = any(part[0] in "._" for part in place.parts)
            if hidden or all(cell.cell_type != "code" for cell in notebook.cells):
                continue
            try:
                convert(notebook, lang, options.with_solutions)
            except ValueError as error:
                sys.exit(f"{path}: {error}")
            (folder / place).parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, folder / place)
            print(folder / place)


if __name__ == "__main__":
    main()
