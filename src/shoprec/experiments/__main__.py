"""Run an experiment and write its record: ``python -m shoprec.experiments leaderboard``."""

import sys
from importlib import import_module

from shoprec.experiments.records import RECORDED, save_record

#: Modules of this room with a function ``run``.
RUNS = (
    "cross_domain", "explanations", "fine_tuning", "generative", "growth", "judge", "large_network", "leaderboard",
    "losses", "multimodal", "plain_network", "privacy", "prompts", "reasons", "repeats", "scale", "search_index",
    "tools",
)  # fmt: skip


def main(arguments: list[str]) -> None:
    """Run the experiment that is named."""
    if len(arguments) != 1 or arguments[0] not in RUNS:
        sys.exit(f"name one run: make record run=NAME, with NAME one of {', '.join(RUNS)}")
    save_record(arguments[0], *import_module(f"shoprec.experiments.{arguments[0]}").run())
    print(f"written: {RECORDED / arguments[0]}.json and .parquet")


if __name__ == "__main__":
    main(sys.argv[1:])
