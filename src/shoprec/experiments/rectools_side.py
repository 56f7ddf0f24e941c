"""What runs in the environment of RecTools, apart from the book's: it can't import the package, nor needs it.

``python rectools_side.py FOLDER MODEL`` reads ``november.parquet`` and ``december.parquet`` in the folder, with the
columns ``user, item, weight, datetime`` and ``asked`` (households to make lists for), and writes ``MODEL.parquet`` with
their lists (``month, stage, user, item, rank``) and ``MODEL.json`` with what they cost.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd

K = 10
STAGES = 12  #: of a network's training, as many as other models have settings
WINDOW = 30  #: purchases of a household that the network reads, its last ones
ASKED = {"EASE": 20, "SASRec": 5}  #: requests that are timed
Result = tuple[list[pd.DataFrame], dict[str, Any]]  #: lists so far, and what they cost


def main(folder: Path, name: str) -> None:
    """Fit a model of the library and keep its lists."""
    tables = {month: pd.read_parquet(folder / f"{month}.parquet") for month in ("november", "december")}
    asked = {month: table.loc[table["asked"], "user"].unique() for month, table in tables.items()}
    settings = json.loads((folder / f"{name}.settings.json").read_text("utf8"))
    for lists, notes in {"EASE": ease, "SASRec": sasrec}[name](settings, tables, asked):
        pd.concat(lists, ignore_index=True).to_parquet(folder / f"{name}.parquet")
        (folder / f"{name}.json").write_text(json.dumps(notes | {"version": version("rectools")}), "utf8")


def dataset_of(table: pd.DataFrame) -> Any:
    """The library's own form of a table of purchases."""
    from rectools.dataset import Dataset

    columns = {"user": "user_id", "item": "item_id"}
    return Dataset.construct(table.rename(columns=columns)[["user_id", "item_id", "weight", "datetime"]])


def ease(settings: dict[str, Any], tables: Any, asked: Any) -> Iterator[Result]:
    """EASE on December's history, with the settings that the book's own found."""
    from rectools.models import EASEModel

    data, users = dataset_of(tables["december"]), asked["december"]
    model, before, start = EASEModel(**settings, recommend_n_threads=1), memory(reset=True), time.process_time()
    model.fit(data)
    seconds = time.process_time() - start
    costs = {"fit_seconds": seconds, "memory": memory() - before}
    lists = listed(model, data, users, "december", 0)
    yield [lists], costs | {"request_seconds": request(model, data, users[: ASKED["EASE"]])}


def sasrec(settings: dict[str, Any], tables: Any, asked: Any) -> Iterator[Result]:
    """SASRec, trained on the history before November, in stages; what each says of November and of December."""
    import torch
    from pytorch_lightning import seed_everything
    from rectools.models import SASRecModel

    torch.set_num_threads(1)
    seed_everything(0, verbose=False)
    data = {month: dataset_of(table) for month, table in tables.items()}
    model, before = SASRecModel(session_max_len=WINDOW, verbose=0, deterministic=True, **settings), memory(reset=True)
    lists, seconds = [], 0.0
    for stage in range(STAGES):
        start = time.process_time()
        model.fit_partial(data["november"], min_epochs=1, max_epochs=1)
        seconds += time.process_time() - start
        lists += [listed(model, data[month], asked[month], month, stage + 1) for month in data]
        costs = {"fit_seconds": seconds, "memory": memory() - before}
        each = request(model, data["december"], asked["december"][: ASKED["SASRec"]])
        yield lists, costs | {"request_seconds": each}
        print(f"SASRec: {stage + 1} of {STAGES} stages, {seconds:.0f} s", flush=True)


def listed(model: Any, data: Any, users: Any, month: str, stage: int) -> pd.DataFrame:
    """The lists of some households, one row per product."""
    found = model.recommend(users=users, dataset=data, k=K, filter_viewed=False)
    found = found.rename(columns={"user_id": "user", "item_id": "item"})[["user", "item", "rank"]]
    return found.assign(month=month, stage=stage)


def request(model: Any, data: Any, users: Any) -> float:
    """Seconds of one core for one household's list."""
    start = time.process_time()
    for user in users:
        model.recommend(users=[user], dataset=data, k=K, filter_viewed=False)
    return (time.process_time() - start) / len(users)


def memory(reset: bool = False) -> int:
    """Bytes that the process holds, at its peak since the last reset."""
    if reset:
        Path("/proc/self/clear_refs").write_text("5", "utf8")
    lines = Path("/proc/self/status").read_text("utf8").splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))


if __name__ == "__main__":
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    main(Path(sys.argv[1]), sys.argv[2])
