"""What a notebook's run rests on: the package's modules that its code reaches, their data, the recordings that it
reads, and the pinned versions.

A change elsewhere in the package leaves a run as it is, and so does one of comments or docstrings. What is reached is
read from the imports, wherever they stand, and from strings that name a module, as in ``files("shoprec.data")``.
"""

import ast
import hashlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)

# Code that looks at code: comments and docstrings are part of what it shows.
READS_SOURCE = re.compile(r"\binspect\b|\b__doc__\b|\bhelp\(|'pinfo2?'")

# A recording, whose run is the module of the same name: the page says whether the code is still that of the run.
READS_RECORD = re.compile(r"\bload_record\(['\"]([\w-]+)['\"]\)")


@cache
def names(code: str) -> frozenset[str]:
    """Return every dotted name in some code that may be a module's."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and re.fullmatch(r"[\w.]+", node.value):
            found.add(node.value)
    return frozenset(found)


def modules(name: str, source: Path) -> Iterator[Path]:
    """Yield the file of a module and those of the packages around it, as far as they are here."""
    parts = name.split(".")
    for end in range(1, len(parts) + 1):
        path = source.joinpath(*parts[:end])
        yield from (file for file in (path / "__init__.py", path.with_suffix(".py")) if file.is_file())


def reached(code: str, source: Path) -> set[Path]:
    """Return the files of the modules that some code imports, directly or through others."""
    found: set[Path] = set()
    waiting = [*names(code)]
    while waiting:
        new = {*modules(waiting.pop(), source)} - found
        found |= new
        waiting += [name for file in new for name in names(file.read_text("utf8"))]
    return found


def owner(file: Path) -> Path | None:
    """Return the ``__init__.py`` of the package that a file lies in."""
    return next((folder / "__init__.py" for folder in file.parents if (folder / "__init__.py").is_file()), None)


def data_of(files: set[Path], source: Path) -> set[Path]:
    """Return what belongs to packages and isn't Python: tables, scripts, style sheets."""
    others = (path for path in source.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})
    return {path for path in others if owner(path) in files}


@cache
def essence(code: str) -> str:
    """Return code without its comments, docstrings and layout."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            node.body[0] = ast.Pass()
    return ast.unparse(tree)


def fingerprint(cells: list[str], root: Path = ROOT) -> str:
    """Return a digest of all that some code cells rest on, themselves aside."""
    code = "\n".join(map(TransformerManager().transform_cell, cells))
    records = sorted(set(READS_RECORD.findall(code)))
    code += "".join(f"\nimport shoprec.experiments.{name}" for name in records)
    files = reached(code, root / "src")
    texts = {file: file.read_text("utf8") for file in files | data_of(files, root / "src")}
    shown = any(map(READS_SOURCE.search, [code, *(texts[file] for file in files)]))
    digest = hashlib.sha256((root / "constraints.txt").read_bytes())
    for file in sorted(texts):
        text = essence(texts[file]) if file in files and not shown else texts[file]
        digest.update(f"\0{file.relative_to(root)}\0{text}".encode())
    for file in sorted(file for name in records for file in (root / "recorded").glob(f"{name}.*")):
        digest.update(f"\0{file.relative_to(root)}\0".encode() + file.read_bytes())
    return digest.hexdigest()


def package_digest(root: Path = ROOT) -> str:
    """Return a digest of all of the package, comments and docstrings included: its reference shows them."""
    files = sorted(path for path in (root / "src").rglob("*") if path.is_file() and path.suffix != ".pyc")
    digest = hashlib.sha256()
    for file in [*files, root / "constraints.txt"]:
        digest.update(f"\0{file.relative_to(root)}\0".encode() + file.read_bytes())
    return digest.hexdigest()
