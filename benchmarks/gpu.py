"""Check and time the package on a GPU, in one call: run it by benchmarks/gpu.sh, which brings what it needs.

1. A product of two large matrices, which says what the card can do.
2. The training step, by the real training loop: tokens and floating-point operations per second, and their share of 1.
3. The package's tests that train.
4. Every chapter on the card, and those that train, at the same time, on the processor with the card hidden.

What does not fit into --limit seconds is reported as not run. Without a card all of it runs on the CPU.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.flop_counter import FlopCounterMode

from shoprec.models.batches import Batch, TrainingSet
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import TEST_CUT, VALIDATION_CUT, History, next_basket_split
from shoprec.training.device import GPU, compile_modules, describe_device, pick_device
from shoprec.training.loop import TrainingConfig, train

HERE = Path(__file__).parent
ROOT = HERE.parent
TESTS = ("tests/models/test_transformer.py", "tests/models/test_batches.py", "tests/models/test_sequential.py",
         "tests/models/test_backbones.py", "tests/models/test_behaviour.py", "tests/models/test_lora.py",
         "tests/models/test_generative.py", "tests/models/test_hstu.py", "tests/training")  # fmt: skip
SMALL_TESTS = ("tests/training/test_losses.py",)
PER_CHAPTER = 170  #: seconds, after which a run is stopped; all chapters together have the time that is left


@dataclass(frozen=True)
class Case:
    """A training step to time: a network, its batches, and whether its blocks are compiled."""

    name: str
    config: TransformerConfig
    batch_size: int
    n_sampled: int | None = None
    compiled: bool = False
    warm_up: int = 5
    steps: int = 20


def cases(small: bool) -> list[Case]:
    """The steps of a chapter, of a chapter with a GPU, and of a network that fills one."""
    if small:
        tiny = TransformerConfig(d_model=16, max_length=16, behaviour=False)
        return [
            Case("tiny", tiny, 8, warm_up=1, steps=2),
            Case("tiny, sampled", tiny, 8, n_sampled=10, warm_up=1, steps=2),
        ]
    on_gpu = TransformerConfig(d_model=GPU.d_model, max_length=GPU.max_length, behaviour=False)
    wide = TransformerConfig(d_model=512, n_heads=8, n_layers=8, max_length=256, behaviour=False)
    return [
        Case("chapter on a CPU", TransformerConfig(behaviour=False), 32, n_sampled=1024),
        Case("chapter on a GPU", on_gpu, GPU.batch_size, GPU.n_sampled),
        Case("chapter on a GPU, both terms", TransformerConfig(d_model=GPU.d_model, max_length=256), GPU.batch_size),
        Case("d=512, 8 layers", wide, 256),
        Case("d=512, 8 layers, compiled", wide, 256, compiled=True),
    ]


# --- Arithmetic -----------------------------------------------------------------------------------------


def synchronize(device: torch.device) -> None:
    """Wait until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def matrix_product(device: torch.device, n: int, rounds: int = 10) -> float:
    """TFLOP/s of n × n products of random bfloat16 matrices."""
    a, b = (torch.randn(n, n, device=device).to(torch.bfloat16) for _ in range(2))
    for _ in range(3):
        a @ b
    synchronize(device)
    start = time.perf_counter()
    for _ in range(rounds):
        a @ b
    synchronize(device)
    return 2 * n**3 * rounds / (time.perf_counter() - start) / 1e12


def shop(small: bool) -> History:
    """The history of the tuning month; small, random purchases of a handful of households."""
    if not small:
        from shoprec.data.journey import complete_journey

        return next_basket_split(complete_journey().purchases, VALIDATION_CUT, until=TEST_CUT).history
    rng, n = np.random.default_rng(0), 40
    baskets = np.arange(20 * n)
    user, day = np.repeat(baskets // n, 2), np.repeat(baskets % n, 2).astype(float)
    return History(user, rng.integers(30, size=len(user)), np.repeat(baskets, 2), day, n_users=20, n_items=30)


def operations(case: Case, history: History, batch: Batch) -> int:
    """Floating-point operations of one step, counted in the matrix products of the written-out network."""
    config = {**vars(case.config), "fused": False}  # the fused attention would count what it computes twice
    network = PurchaseTransformer(history, TransformerConfig(**config), case.n_sampled).to(batch.window.device)
    with (
        FlopCounterMode(display=False) as counter,
        torch.autocast(batch.window.device.type, dtype=torch.bfloat16, enabled=batch.window.device.type == "cuda"),
    ):
        network.loss(batch).backward()
    return counter.get_total_flops()


def stopwatch(batches: Callable[[], Iterator[Batch]], case: Case, device: torch.device, out: list[float]) -> Any:
    """An epoch for the training loop that writes down the mean seconds of the steps after the warm-up."""

    def epoch(rng: np.random.Generator) -> Iterator[Batch]:
        source = batches()
        for number in range(case.warm_up + case.steps):
            if number == case.warm_up:
                synchronize(device)
                start = time.perf_counter()
            yield next(source)
        synchronize(device)  # the loop has come back from the last step
        out.append((time.perf_counter() - start) / case.steps)

    return epoch


def seconds_per_step(case: Case, history: History, examples: TrainingSet, batch: Batch) -> tuple[float, float, bool]:
    """With a batch that is ready, and with batches made meanwhile; and whether the blocks are compiled."""
    torch.manual_seed(0)
    device = batch.window.device
    network = PurchaseTransformer(history, case.config, case.n_sampled).to(device)
    compiled = case.compiled and compile_modules(network.blocks, device)

    def ready() -> Iterator[Batch]:
        while True:
            yield batch

    def made() -> Iterator[Batch]:
        rng = np.random.default_rng(1)
        while True:
            yield from examples(rng)

    seconds: list[float] = []
    for source in (ready, made):
        epoch = stopwatch(source, case, device, seconds)
        settings = TrainingConfig(epochs=1, learning_rate=1e-3)
        train(network, epoch, case.warm_up + case.steps, lambda _: 0.0, settings, progress=False)
    return seconds[0], seconds[1], compiled


def time_step(case: Case, history: History, device: torch.device, peak: float) -> dict[str, Any]:
    """All figures of one case."""
    length, behaviour = case.config.max_length, case.config.behaviour
    examples = TrainingSet(history, length, case.batch_size, device=device, behaviour=behaviour)
    batch = examples.sample(examples.users[: case.batch_size], np.random.default_rng(0))
    flop = operations(case, history, batch)
    ready, made, compiled = seconds_per_step(case, history, examples, batch)
    tokens = int((batch.items < history.n_items).sum())
    tflops = flop / ready / 1e12
    return {
        "name": case.name, "d_model": case.config.d_model, "n_layers": case.config.n_layers,
        "windows": len(batch.items), "length": batch.items.shape[1], "queries": len(batch.window),
        "products": history.n_items, "n_sampled": case.n_sampled, "compiled": compiled, "flop": flop,
        "ms": 1e3 * ready, "ms_with_batches_made": 1e3 * made, "tokens_per_second": tokens / ready,
        "tflop_per_second": tflops, "share_of_matrix_product": tflops / peak,
    }  # fmt: skip


# --- Tests and chapters ---------------------------------------------------------------------------------


def call(command: Sequence[str], seconds: float, **environment: str) -> dict[str, Any]:
    """Run a command of this Python, for so long at most; how it ended, and the end of what it printed."""
    if seconds < 5:
        return {"outcome": "not run", "seconds": 0.0, "says": "no time was left"}
    start, variables = time.perf_counter(), os.environ | {"OMP_NUM_THREADS": "1"} | environment
    try:
        done = subprocess.run(
            [sys.executable, *command],
            capture_output=True,
            text=True,
            timeout=seconds,
            cwd=ROOT,
            env=variables,
            check=False,
        )
    except subprocess.TimeoutExpired:
        outcome, says = "too slow", f"stopped after {seconds:.0f} s"
    else:
        outcome = "failed" if done.returncode else "passed"
        says = (done.stdout.strip() or done.stderr.strip()) if outcome == "failed" else done.stdout.strip()
        says = says.rpartition("\n")[2]
        if done.returncode and says.startswith("ModuleNotFoundError"):
            outcome = "left out"
    return {"outcome": outcome, "seconds": time.perf_counter() - start, "says": says[:300]}


def run_tests(paths: Sequence[str], until: float) -> dict[str, Any]:
    """The tests that train, on the best device there is."""
    at_once = ["-n", str(min(8, os.cpu_count() or 1))] if len(paths) > 1 else []
    return call(["-m", "pytest", "-q", "-p", "no:cacheprovider", *at_once, *paths], until - time.perf_counter())


def run_chapters(book: Path, until: float, card: bool) -> list[dict[str, Any]]:
    """Each chapter on the card; at the same time those that choose a device, with the card hidden; one per core."""
    paths = [*sorted(book.glob("[0-9]*.ipynb")), *sorted(book.glob("[0-9]*/*.ipynb"))]
    paths = [path for path in paths if path.name != "index.ipynb"]
    trains = [path for path in paths if "pick_device" in path.read_text("utf8")]
    others = [path for path in paths if path not in trains]
    runs = [(path, device) for path in trains for device in (["cuda", "cpu"] if card else ["cpu"])]
    runs += [(path, "cuda" if card else "cpu") for path in others]

    def run(path: Path, device: str) -> dict[str, Any]:
        hidden = {"CUDA_VISIBLE_DEVICES": ""} if device == "cpu" else {}
        seconds = min(PER_CHAPTER, until - time.perf_counter())
        return {"chapter": path.stem, "device": device} | call([__file__, "--chapter", str(path)], seconds, **hidden)

    with ThreadPoolExecutor(max(1, (os.cpu_count() or 1) - 1)) as many:
        return list(many.map(run, *zip(*runs, strict=True)))


def run_notebook(path: Path) -> int:
    """Run one notebook in a kernel of its own; 1, and the error on the last line, if a cell fails."""
    import nbformat
    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError

    notebook, folder = nbformat.read(path, as_version=4), {"metadata": {"path": str(path.parent)}}
    try:
        NotebookClient(notebook, timeout=None, kernel_name="python3", resources=folder).execute()
    except CellExecutionError as error:
        print(f"{error.ename}: {error.evalue}".splitlines()[0])
        return 1
    return 0


# --- All of it ------------------------------------------------------------------------------------------


def measure(options: argparse.Namespace) -> Iterator[tuple[str, Any]]:
    """Each part's name and figures, in order."""
    until, device = time.perf_counter() + options.limit, pick_device()
    yield "card", describe_device(device)
    yield "versions", {"python": platform.python_version(), "torch": torch.__version__, "cores": os.cpu_count()}
    yield "date", datetime.now(UTC).isoformat(timespec="seconds")
    peak = matrix_product(device, 256 if options.small else 8192)
    yield "matrix_product_tflop_per_second", peak
    history = shop(options.small)
    yield "steps", [time_step(case, history, device, peak) for case in cases(options.small)]
    yield "tests", run_tests(SMALL_TESTS if options.small else TESTS, until)
    yield "chapters", run_chapters(options.book, until, card=device.type == "cuda")


def show(name: str, value: Any) -> None:
    """Print one part: a line for each of its rows."""
    for row in value if isinstance(value, list) else [value]:
        if isinstance(row, dict):
            row = "  ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{k} {v}" for k, v in row.items())
        print(f"{name}: {row}", flush=True)


def main() -> int:
    """Run all parts, print them as they come, and write them to a file; 1 if a test or a chapter failed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--small", action="store_true", help="tiny sizes, to see that all of it runs")
    parser.add_argument("--out", type=Path, default=HERE / "gpu.json")
    parser.add_argument("--book", type=Path, default=ROOT / "book", help="folder of the chapters")
    parser.add_argument("--limit", type=float, default=450, help="seconds for all of it")
    parser.add_argument("--chapter", type=Path, help="run this notebook and nothing else")
    options = parser.parse_args()
    if options.chapter:
        return run_notebook(options.chapter)
    figures: dict[str, Any] = {}
    for name, value in measure(options):
        figures[name] = value
        show(name, value)
        options.out.write_text(json.dumps(figures, indent=2) + "\n", encoding="utf8")
    runs = [figures["tests"], *figures["chapters"]]
    on_card = {run["chapter"] for run in figures["chapters"] if run["device"] == "cuda"}
    counted = [run for run in runs if run.get("device") == "cuda" or run.get("chapter") not in on_card]
    return int(any(run["outcome"] == "failed" for run in runs) or any(run["outcome"] == "too slow" for run in counted))


if __name__ == "__main__":
    sys.exit(main())
