"""Read ten million purchases with `read_interactions` and with plain `pandas.read_csv`: rows per second, peak memory.

Usage: python benchmarks/read.py [--rows 10000000]

Each reads in a process of its own, so that neither finds the other's memory. Plain pandas isn't asked to read the
times, to keep the ids as text, to look for repetitions or to sort, all of which `read_interactions` does; the third
line asks it for texts and times, too.
"""

import argparse
import resource
import subprocess
import sys
import tempfile
import time
import warnings
from pathlib import Path

READERS = {
    "pandas.read_csv": "import pandas; read = pandas.read_csv",
    "read_interactions": "from shoprec.data.interactions import read_interactions as read",
    "pandas.read_csv, ids as text, times parsed": (
        "import pandas; read = lambda path: pandas.read_csv("
        'path, dtype={"user": "str", "item": "str"}, parse_dates=["timestamp"])'
    ),
}


def write(path: Path, rows: int) -> None:
    """Write purchases of half a million users over a year, to the second."""
    import numpy as np
    import pyarrow as pa
    import pyarrow.csv

    random = np.random.default_rng(0)
    stamps = np.datetime64("2017-01-01", "s") + random.integers(0, 31_536_000, rows).astype("timedelta64[s]")
    table = {"user": random.integers(0, 500_000, rows), "item": random.integers(0, 50_000, rows), "timestamp": stamps}
    pyarrow.csv.write_csv(pa.table(table), path)


def measure(reader: str, path: str) -> None:
    """Read a file with one of the readers and print what that took."""
    scope: dict = {}
    exec(READERS[reader], scope)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    start = time.perf_counter()
    with warnings.catch_warnings(action="ignore"):
        rows = len(scope["read"](path))
    seconds = time.perf_counter() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(
        f"{reader}: {rows:,} rows in {seconds:.1f} s, {rows / seconds:,.0f} rows/s; peak {peak / 2**20:.2f} GiB "
        f"({(peak - before) / 2**20:.2f} above the imports)",
        flush=True,
    )


def main() -> None:
    """Write a file, and read it in one process for each reader."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=10_000_000)
    parser.add_argument("--reader", choices=READERS, help=argparse.SUPPRESS)
    parser.add_argument("--path", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.reader:
        measure(options.reader, options.path)
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "purchases.csv")
        write(path, options.rows)
        print(f"{options.rows:,} rows, {path.stat().st_size / 2**20:,.0f} MiB", flush=True)
        for reader in READERS:
            subprocess.run([sys.executable, __file__, "--reader", reader, "--path", str(path)], check=True)


if __name__ == "__main__":
    main()
