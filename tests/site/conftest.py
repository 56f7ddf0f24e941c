"""What browser tests run on.

``page``
    A page in Debian's Chromium. The test fails if the page logs an error or throws, or if it asks for anything that
    isn't on this machine; no such request gets out. Pages share what is cached and stored, for an empty cache costs
    seconds; a test marked ``browser_context_args`` has a browser context of its own.
``site_url``
    Address of the built site, without a slash at the end: ``page.goto(f"{site_url}/zh/05_project.html")``.
``build``
    Folder of the built site, for tests that look at its files.

Without Chromium the tests are skipped, saying what to install; where ``CI=true`` they fail instead.
"""

import http.server
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request

from chromium import chromium

SITE = Path(__file__).parents[2] / "site"
OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
]
LOCAL = ("http://127.0.0.1", "file://", "data:", "blob:")
# What is measured is the whole page, also what lies below the screen; test_lazy_layout.py has pages without this.
WHOLE = "addEventListener('DOMContentLoaded', () => delete document.documentElement.dataset.lazyLayout)"


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    if not chromium().exists():
        missing = f"{chromium()} is missing: apt install chromium-headless-shell fonts-noto-cjk, or set CHROMIUM"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return {**browser_type_launch_args, "executable_path": str(chromium()), "args": OPTIONS}


class Handler(http.server.SimpleHTTPRequestHandler):
    """Serves files on connections that stay open, and lets the browser keep them."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def end_headers(self) -> None:
        self.send_header("Cache-Control", "max-age=3600")
        super().end_headers()

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def serve(folder: Path) -> Iterator[str]:
    """Serve a folder, and give its address."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, directory=folder))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture(scope="session")
def build() -> Path:
    if not (SITE / "index.html").exists():
        pytest.fail("there is no site/ yet: run `python book/build.py`")
    return SITE


@pytest.fixture(scope="session")
def site_url(build: Path) -> Iterator[str]:
    with serve(build) as url:
        yield url


@pytest.fixture(scope="session")
def shared_context(browser: Browser) -> Iterator[BrowserContext]:
    context = browser.new_context(reduced_motion="reduce")  # a sidebar that slides would be measured on its way
    context.add_init_script(WHOLE)
    yield context
    context.close()


@pytest.fixture
def context(request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    """Fail the test that asked for anything beyond this machine."""
    own = request.node.get_closest_marker("browser_context_args")
    context = request.getfixturevalue("new_context")() if own else request.getfixturevalue("shared_context")
    if own:
        context.add_init_script(WHOLE)
    asked: list[str] = []

    def note(request: Request) -> None:
        if not request.url.startswith(LOCAL):
            asked.append(request.url)

    context.on("request", note)
    yield context
    context.remove_listener("request", note)
    assert not asked, f"requests that leave the machine: {asked}"


@pytest.fixture
def page(context: BrowserContext) -> Iterator[Page]:
    """Fail the test whose page logs an error or throws."""
    page = context.new_page()
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location['url']})")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    page.close()
    assert not errors, f"errors in the console: {errors}"
