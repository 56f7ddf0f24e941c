"""The package as a whole: quick to import, half of it without torch, and built room by room."""

import ast
import json
import pkgutil
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import shoprec

SOURCE = Path(shoprec.__file__).parent
MODULES = [module.name for module in pkgutil.walk_packages(shoprec.__path__, "shoprec.")]
TORCH = {
    "shoprec.applications.data_parallel", "shoprec.applications.federated",
    "shoprec.applications.serving.__main__", "shoprec.applications.serving.api", "shoprec.applications.serving.bundle",
    "shoprec.applications.serving.engine", "shoprec.applications.serving.training",
    "shoprec.experiments.explanations", "shoprec.experiments.fine_tuning", "shoprec.experiments.judge",
    "shoprec.experiments.large_network", "shoprec.experiments.leaderboard", "shoprec.experiments.losses",
    "shoprec.experiments.networks", "shoprec.experiments.plain_network",
    "shoprec.experiments.generative", "shoprec.models.generative", "shoprec.models.hstu",
    "shoprec.experiments.privacy", "shoprec.experiments.prompts", "shoprec.experiments.reasons",
    "shoprec.experiments.scale",
    "shoprec.models.backbones", "shoprec.models.basket_network", "shoprec.models.batches", "shoprec.models.cached",
    "shoprec.models.export",
    "shoprec.models.gated",
    "shoprec.models.language.lora", "shoprec.models.sequential", "shoprec.models.transformer",
    "shoprec.training.checkpoints", "shoprec.training.classroom",
    "shoprec.training.fingerprint", "shoprec.training.loop", "shoprec.training.losses", "shoprec.training.private",
}  # fmt: skip


def rooms() -> dict[str, set[str]]:
    """Each room, in the order of the table in the package's docstring, with the rooms that it may import from."""
    allowed: dict[str, set[str]] = {}
    for room, sources in re.findall(r"^``(\w+)`` .*  (\S.*)$", shoprec.__doc__ or "", re.MULTILINE):
        named = set(allowed) if sources == "all above" else set(re.findall(r"\w+", sources)) - {"nothing"}
        assert named <= set(allowed), f"{room} imports from {sorted(named - set(allowed))}, which come later"
        allowed[room] = named
    return allowed


ROOMS = rooms()


def room_of(module: str) -> str:
    return module.split(".")[1]


def imports_of(module: str) -> Iterator[str]:
    """Modules of the package that a module imports anywhere, be it within a function."""
    path = SOURCE.joinpath(*module.split(".")[1:])
    file = path.with_suffix(".py") if path.with_suffix(".py").exists() else path / "__init__.py"
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name.split(".")[0] == "shoprec")
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; write the package's name"
            if node.module == "shoprec":
                yield from (f"shoprec.{alias.name}" for alias in node.names)
            elif (node.module or "").startswith("shoprec."):
                yield from (f"{node.module}.{alias.name}" for alias in node.names)


def code_lines(file: Path) -> int:
    """Lines that hold code: no docstrings, comments or blank lines."""
    source = file.read_text(encoding="utf-8")
    tree, lines = ast.parse(source), set()
    for number, line in enumerate(source.splitlines(), start=1):
        if line.strip() and not line.lstrip().startswith("#"):
            lines.add(number)
    for node in ast.walk(tree):
        documented = isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        if documented and ast.get_docstring(node, clean=False) is not None:
            lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(lines)


def run(code: str) -> object:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_the_package_pulls_in_nothing_else() -> None:
    code = (
        "import json, sys; before = set(sys.modules); import shoprec; print(json.dumps([*set(sys.modules) - before]))"
    )
    assert run(code) == ["shoprec"]


def test_the_numpy_modules_import_where_torch_cannot_be() -> None:
    code = f"""
import importlib, json, sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "safetensors"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTorch())
failed = []
for module in {MODULES}:
    try:
        importlib.import_module(module)
    except ModuleNotFoundError:
        failed.append(module)
print(json.dumps(failed))
"""
    assert set(run(code)) == TORCH


def test_formulas_need_numpy_and_scipy_alone() -> None:
    for file in (SOURCE / "formulas").glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            foreign = {name.split(".")[0] for name in names} - set(sys.stdlib_module_names)
            assert foreign <= {"numpy", "scipy", "shoprec"}, f"{file.name} imports {foreign}"


def test_the_docstring_names_every_room_once() -> None:
    assert sorted(ROOMS) == sorted({room_of(module) for module in MODULES})


@pytest.mark.parametrize("module", MODULES)
def test_a_room_imports_only_from_rooms_above_its_own(module: str) -> None:
    room = room_of(module)
    below = {name for name in imports_of(module) if room_of(name) not in ROOMS[room] | {room}}
    assert not below, f"{module} imports {sorted(below)}; {room} imports from {sorted(ROOMS[room])} only"


def test_judging_knows_of_models_only_what_all_have() -> None:
    of_models = {name for name in imports_of("shoprec.evaluation") if room_of(name) == "models"}
    assert of_models == {"shoprec.models.Recommender"}


def test_the_walk_over_the_imports_finds_what_is_there() -> None:
    assert {room_of(name) for name in imports_of("shoprec.evaluation")} == {"formulas", "models", "tasks"}
    assert "shoprec.training.losses.basket_loss" in set(imports_of("shoprec.models.transformer"))


@pytest.mark.parametrize("file", sorted(SOURCE.rglob("*.py")), ids=lambda file: str(file.relative_to(SOURCE)))
def test_a_file_has_one_subject(file: Path) -> None:
    assert code_lines(file) <= 250, f"{file.name} has two subjects; part them where they meet"
