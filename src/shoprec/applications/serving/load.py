"""A service as a process of its own, and many requests to it at once: what came back, and how long each took."""

import http.client
import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pandas as pd

from shoprec.formulas.arrays import whole


@dataclass(frozen=True)
class Service:
    """A service that runs.

    Attributes
    ----------
    address : str
        Such as ``http://127.0.0.1:8004``.
    process : Popen
    """

    address: str
    process: subprocess.Popen

    def end(self, patience: float = 30.0) -> int:
        """Ask it to end, as a system does that shuts down, and return its exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(patience)


@contextmanager
def serving(folder: Path, *options: str, patience: float = 120.0) -> Iterator[Service]:
    """Start the service on a trained model, wait until it answers, and end it however the block ends.

    Parameters
    ----------
    folder : Path
        Where :meth:`shoprec.applications.serving.bundle.Bundle.save` wrote.
    *options : str
        More for the command line.
    patience : float
        Seconds that it may take to start.

    Raises
    ------
    RuntimeError
        If it ends by itself, or doesn't answer in time; with what it printed.
    """
    port = free_port()
    command = [sys.executable, "-m", "shoprec.applications.serving", "--folder", str(folder), "--port", str(port)]
    process = subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    service = Service(f"http://127.0.0.1:{port}", process)
    try:
        _wait(service, patience)
        yield service
    finally:
        if process.poll() is None:
            process.kill()
        process.wait()
        if process.stdout:
            process.stdout.close()


def _wait(service: Service, patience: float) -> None:
    end = time.monotonic() + patience
    while time.monotonic() < end and service.process.poll() is None:
        with suppress(httpx.TransportError):
            if httpx.get(f"{service.address}/health", timeout=2).status_code == 200:
                return
        time.sleep(0.05)
    service.process.kill()
    said = service.process.stdout.read() if service.process.stdout else ""
    raise RuntimeError(f"the service doesn't answer; it printed: {said or 'nothing'}")


def free_port() -> int:
    """A port of this machine that nobody listens at.

    Examples
    --------
    >>> 1024 <= free_port() < 65536
    True
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def ask_many(address: str, requests: Sequence[dict[str, Any]], at_once: int = 1) -> pd.DataFrame:
    """Send requests for lists, so many at once; each sender waits for its answer before it sends the next.

    Returns
    -------
    DataFrame
        One row per request, in the order given: ``status``, ``ms`` from sending to having read the answer, and of a
        list ``model_ms``, what the model took of that, and ``read``, the purchases that it read.
    """
    with httpx.Client(base_url=address, timeout=30) as client, ThreadPoolExecutor(whole(at_once, "at_once")) as pool:

        def ask(body: dict[str, Any]) -> tuple[int, float, float, float]:
            start = time.perf_counter()
            answer = client.post("/recommendations", json=body)
            took = 1000 * (time.perf_counter() - start)
            said = answer.json() if answer.status_code == 200 else {}
            nothing = float("nan")
            return answer.status_code, took, said.get("milliseconds", nothing), said.get("purchases_read", nothing)

        return pd.DataFrame(list(pool.map(ask, requests)), columns=["status", "ms", "model_ms", "read"])


def post(address: str, body: bytes, kind: str = "application/json") -> tuple[int, str]:
    """Send a body as it is, right or wrong; the status, and what the service says."""
    answer = httpx.post(f"{address}/recommendations", content=body, headers={"Content-Type": kind}, timeout=30)
    return answer.status_code, answer.text


def end_in_flight(service: Service, requests: Sequence[dict[str, Any]]) -> tuple[list[int], int]:
    """End a service while requests are on their way: half of each has arrived when the signal comes.

    Returns
    -------
    statuses : list of int
        Of the answers.
    exit status : int
        Of the process.
    """
    host, port = service.address.removeprefix("http://").split(":")
    lines, bodies = [], [json.dumps(request).encode() for request in requests]
    for body in bodies:
        line = http.client.HTTPConnection(host, int(port), timeout=30)
        line.putrequest("POST", "/recommendations")
        line.putheader("Content-Type", "application/json")
        line.putheader("Content-Length", str(len(body)))
        line.endheaders(body[: len(body) // 2])
        lines.append(line)
    there = f"requests_in_flight {len(lines)}.0"
    while there not in httpx.get(f"{service.address}/metrics", timeout=30).text:
        time.sleep(0.01)
    service.process.send_signal(signal.SIGTERM)
    for line, body in zip(lines, bodies, strict=True):
        line.send(body[len(body) // 2 :])
    statuses = [line.getresponse().status for line in lines]
    return statuses, service.process.wait(30)
