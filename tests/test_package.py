"""The package as a whole: quick to import, half of it without torch, and built floor by floor."""

import ast
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

import shoprec

SOURCE = Path(shoprec.__file__).parent
FLOORS = [re.findall(r"\w+", floor) for floor in shoprec.__doc__.split("named before its own:")[1].split(";")]
MODULES = [module for floor in FLOORS for module in floor]
WITHOUT_TORCH = [
    "datasets", "similarity", "attention", "splits", "metrics", "behaviour", "baselines", "neighbors", "content",
    "hybrid", "fusion", "evaluation", "simulation",
]  # fmt: skip


def run(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_importing_the_package_is_fast_and_pulls_in_nothing_heavy():
    code = (
        "import json, sys, time; start = time.process_time(); import shoprec; seconds = time.process_time() - start;"
        "print(json.dumps([seconds, [m for m in ('torch', 'transformers') if m in sys.modules]]))"
    )
    seconds, heavy = run(code)
    assert heavy == []
    assert seconds < 0.5  # of CPU time


def test_the_numpy_modules_import_where_torch_cannot_be():
    code = f"""
import importlib, json, sys

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "transformers", "safetensors"):
            raise ModuleNotFoundError(name)

sys.meta_path.insert(0, NoTorch())
for module in {WITHOUT_TORCH}:
    importlib.import_module("shoprec." + module)
try:
    importlib.import_module("shoprec.sequential")
except ModuleNotFoundError as error:
    print(json.dumps(str(error)))
"""
    assert run(code) == "torch"


def imports_of(module):
    """Modules of the package that a module, or package of modules, imports anywhere, be it within a function."""
    files = [SOURCE / f"{module}.py"] if (SOURCE / f"{module}.py").exists() else (SOURCE / module).glob("*.py")
    for file in files:
        yield from set(imports_of_file(file, module)) - {module}


def imports_of_file(file, module):
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (a.name.split(".")[1] for a in node.names if a.name.startswith("shoprec."))
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module} imports relatively; write the package's name"
            if node.module == "shoprec":
                yield from (a.name for a in node.names)
            elif node.module.startswith("shoprec."):
                yield node.module.split(".")[1]


def test_the_docstring_names_every_module_once():
    there = {path.stem for path in SOURCE.glob("*.py")} - {"__init__"}
    there |= {path.parent.name for path in SOURCE.glob("*/__init__.py")}
    assert sorted(MODULES) == sorted(there), "give each module a floor in shoprec's docstring"


@pytest.mark.parametrize("module", MODULES)
def test_modules_import_only_from_the_floors_above(module):
    floor = next(i for i, names in enumerate(FLOORS) if module in names)
    above = {name for names in FLOORS[:floor] for name in names}
    assert set(imports_of(module)) <= above


def test_the_floors_have_what_rests_on_them():
    # The walk over the syntax tree finds what is known to be there.
    assert set(imports_of("evaluation")) == {"baselines", "metrics", "splits"}
    assert set(imports_of("sequential")) == {"behaviour", "splits"}
