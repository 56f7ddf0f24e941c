"""What a notebook's run rests on: the package's modules that its code reaches, their data, the recordings that it
reads, and the pinned versions.

A change elsewhere in the package leaves a run as it is, and so does one of comments or docstrings.
"""

import hashlib
import re
from pathlib import Path

from IPython.core.inputtransformer2 import TransformerManager

from shoprec.experiments.provenance import essence, reached

ROOT = Path(__file__).resolve().parents[2]

# Code that looks at code: comments and docstrings are part of what it shows.
READS_SOURCE = re.compile(r"\binspect\b|\b__doc__\b|\bhelp\(|'pinfo2?'")

# A recording, whose run is the module of the same name: the page says whether the code is still that of the run.
READS_RECORD = re.compile(r"\bload_record\(['\"]([\w-]+)['\"]\)")


def owner(file: Path) -> Path | None:
    """Return the ``__init__.py`` of the package that a file lies in."""
    return next((folder / "__init__.py" for folder in file.parents if (folder / "__init__.py").is_file()), None)


def data_of(files: set[Path], source: Path) -> set[Path]:
    """Return what belongs to packages and isn't Python: tables, scripts, style sheets."""
    others = (path for path in source.rglob("*") if path.is_file() and path.suffix not in {".py", ".pyc"})
    return {path for path in others if owner(path) in files}


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
