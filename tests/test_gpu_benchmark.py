"""The checks for a GPU, with small sizes on the CPU: they run to their end, and count what they say they count."""

import json
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import nbformat
import pytest
import torch

SCRIPT = Path(__file__).parents[1] / "benchmarks" / "gpu.sh"


@pytest.fixture(scope="module")
def book(tmp_path_factory):
    """Three chapters: one that works, one that fails, one that needs a package that is nowhere."""
    folder = tmp_path_factory.mktemp("book")
    (folder / "02_more").mkdir()
    sources = {
        "01_works": "import os, carried; assert os.environ['CUDA_VISIBLE_DEVICES'] == ''",
        "02_more/fails": "raise ValueError('no luck')",
        "02_more/needs": "import no_such_package",
        "02_more/index": "raise ValueError('no chapter')",
    }
    for name, source in sources.items():
        notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source)])
        nbformat.write(notebook, folder / f"{name}.ipynb")
    return folder


@pytest.fixture(scope="module")
def wheels(tmp_path_factory):
    """A package that the machine lacks, and another version of one that it has."""
    folder = tmp_path_factory.mktemp("wheels")
    for name in ("carried", "torch"):
        info = f"{name}-0.1.dist-info"
        with zipfile.ZipFile(folder / f"{name}-0.1-py3-none-any.whl", "w") as wheel:
            wheel.writestr(f"{name}.py", "")
            wheel.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 0.1\n")
            wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
            wheel.writestr(f"{info}/RECORD", "")
    return folder


@pytest.fixture(scope="module")
def run(book, wheels, tmp_path_factory):
    out = tmp_path_factory.mktemp("figures") / "gpu.json"
    done = subprocess.run(
        ["bash", SCRIPT, "--small", "--book", book, "--out", out], capture_output=True, text=True, check=False,
        env=os.environ | {"PYTHON": sys.executable, "SHOPREC_DEVICE": "cpu", "WHEELS": str(wheels)},
    )  # fmt: skip
    assert out.exists(), done.stderr
    return done, json.loads(out.read_text(encoding="utf8"))


def test_all_figures_are_written(run):
    _, figures = run
    assert list(figures) == [
        "card", "versions", "date", "matrix_product_tflop_per_second", "steps", "tests", "chapters"
    ]  # fmt: skip
    assert figures["card"].startswith("CPU")
    assert figures["versions"]["torch"] == torch.__version__  # not replaced by what was carried
    assert figures["matrix_product_tflop_per_second"] > 0
    for step in figures["steps"]:
        assert set(step) == {
            "name", "d_model", "n_layers", "windows", "length", "queries", "products", "n_sampled", "compiled", "flop",
            "ms", "ms_with_batches_made", "tokens_per_second", "tflop_per_second", "share_of_matrix_product",
        }  # fmt: skip
        assert step["tflop_per_second"] == pytest.approx(step["flop"] / step["ms"] / 1e9)
        peak = figures["matrix_product_tflop_per_second"]
        assert step["share_of_matrix_product"] == pytest.approx(step["tflop_per_second"] / peak)
    assert figures["tests"]["outcome"] == "passed"


def test_the_operations_of_a_step_are_those_of_the_formula(run):
    step = run[1]["steps"][0]
    d, n = step["d_model"], step["length"]
    tokens, pairs = step["windows"] * n, step["windows"] * n**2
    block = 2 * 12 * d**2 * tokens + 2 * 2 * d * pairs  # weights; scores and sums of the attention
    pointing = 2 * 2 * d**2 * tokens + 2 * d * pairs
    head = 2 * d * step["queries"] * step["products"]
    # The backward pass has two products for each of the forward pass.
    assert step["flop"] == pytest.approx(3 * (step["n_layers"] * block + pointing + head), rel=1e-3)


def test_a_chapter_that_fails_fails_the_run_and_one_that_lacks_a_package_is_left_out(run):
    done, figures = run
    ends = {chapter["chapter"]: (chapter["outcome"], chapter["says"]) for chapter in figures["chapters"]}
    assert ends == {
        "01_works": ("passed", ""),
        "fails": ("failed", "ValueError: no luck"),
        "needs": ("left out", "ModuleNotFoundError: No module named 'no_such_package'"),
    }
    assert done.returncode == 1
    assert "share_of_matrix_product" in done.stdout
