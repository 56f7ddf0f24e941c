"""What a result rests on: the modules of the package that some code reaches, without comments and docstrings.

What is reached is read from the imports, wherever they stand, and from strings that name a module, as in
``files("shoprec.data")``.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path
from tokenize import COMMENT, generate_tokens

SOURCE = Path(__file__).resolve().parents[2]  #: the folder that holds the package
PACKAGE = Path(__file__).resolve().parents[1].name
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)


@cache
def names(code: str) -> frozenset[str]:
    """Every dotted name in some code that may be a module's.

    Examples
    --------
    >>> sorted(names("import numpy as np; from shoprec.data import journey"))
    ['numpy', 'shoprec.data.journey']
    """
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w.]+", node.value):
            found.add(node.value)
    return frozenset(found)


def reached(code: str, source: Path = SOURCE) -> set[Path]:
    """Files of the package's modules below a folder that some code imports, directly or through others."""
    found: set[Path] = set()
    waiting = [*names(code)]
    while waiting:
        new = {*_files(waiting.pop(), source)} - found
        found |= new
        waiting += [name for file in new for name in names(file.read_text("utf8"))]
    return found


@cache
def essence(code: str) -> str:
    """Code without its comments, docstrings and blank lines.

    The other lines stay as they are written: code that is written anew by :func:`ast.unparse` differs from one version
    of Python to the next, and a record would be called old wherever another version reads it.

    Examples
    --------
    >>> print(essence("def f():  # one" + chr(10) + '    "What f does."' + chr(10) + "    return 1"))
    def f():
        return 1
    """
    lines = code.splitlines()
    for kind, _, (row, column), _, _ in generate_tokens(StringIO(code).readline):
        if kind == COMMENT:
            lines[row - 1] = lines[row - 1][:column]
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            first, last = node.body[0].lineno, node.body[0].end_lineno or 0
            lines[first - 1 : last] = [""] * (last - first + 1)
    return "\n".join(line.rstrip() for line in lines if line.strip())


def digest(code: str, source: Path = SOURCE) -> str:
    """Digest of all modules of the package that some code reaches; it stays when only comments change.

    Examples
    --------
    >>> digest("import shoprec.words") == digest("from shoprec import words")
    True
    """
    total = hashlib.sha256()
    for file in sorted(reached(code, source)):
        total.update(f"\0{file.relative_to(source).as_posix()}\0{essence(file.read_text('utf8'))}".encode())
    return total.hexdigest()


def _files(name: str, source: Path) -> Iterator[Path]:
    """The file of a module and those of the packages around it, as far as they are below the folder."""
    parts = name.split(".")
    if parts[0] != PACKAGE:
        return  # an installed package lies among all others, and they are none of ours
    for end in range(1, len(parts) + 1):
        path = source.joinpath(*parts[:end])
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())
