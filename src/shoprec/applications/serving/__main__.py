"""Start the service: ``python -m shoprec.applications.serving``, or ``make serve``.

The first start trains the network, which takes about half a minute; what it has learned is kept, and later starts take
a few seconds, most of them to load torch. SIGTERM or Ctrl-C ends it: requests that have arrived are answered first, and
the exit status is 0.
"""

import argparse
import signal
import sys
import time
from pathlib import Path
from types import FrameType

import torch
import uvicorn

from shoprec.applications.serving.api import IN_FLIGHT, create_app
from shoprec.applications.serving.bundle import FILES, Bundle
from shoprec.applications.serving.engine import Engine
from shoprec.training.cache import cache_folder

PATIENCE = 10  #: seconds that requests in flight have when the service is to end


def main(arguments: list[str] | None = None) -> None:
    """Load or train the model, and serve until told to end."""
    parser = argparse.ArgumentParser(prog="make serve", description="Recommend after each scan of a basket, by HTTP.")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen at; by default this machine alone")
    parser.add_argument("--port", type=int, default=8004)
    parser.add_argument("--folder", type=Path, default=cache_folder() / "serving", help="where the trained model is")
    parser.add_argument("--in-flight", type=int, default=IN_FLIGHT, help="requests at a time, others get 503")
    chosen = parser.parse_args(arguments)
    torch.set_num_threads(1)
    app = create_app(Engine(_bundle(chosen.folder)), chosen.in_flight)
    settings = uvicorn.Config(
        app, chosen.host, chosen.port, log_level="warning", timeout_graceful_shutdown=PATIENCE, backlog=256
    )
    server = uvicorn.Server(settings)
    for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn raises the signal again once all is answered
        signal.signal(number, _end)
    print(f"ready: http://{chosen.host}:{chosen.port}/docs (Ctrl-C ends it)", flush=True)
    server.run()


def _bundle(folder: Path) -> Bundle:
    """The model in a folder, trained if need be."""
    start = time.perf_counter()
    if all((folder / name).is_file() for name in FILES):
        bundle, done = Bundle.load(folder), "loaded from"
    else:
        print(f"training once, about half a minute; kept in {folder}", flush=True)
        from shoprec.applications.serving.training import make_bundle  # what answering alone doesn't need

        bundle, done = make_bundle(folder, progress=sys.stderr.isatty()), "trained and kept in"
    print(f"{done} {folder} in {time.perf_counter() - start:.1f} s", flush=True)
    return bundle


def _end(number: int, frame: FrameType | None) -> None:
    sys.exit(0)


if __name__ == "__main__":
    main()
