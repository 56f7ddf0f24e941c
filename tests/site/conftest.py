"""What browser tests run on.

``page``
    pytest-playwright's page, in Debian's Chromium. The test fails if the page logs an error or throws, or if
    any request leaves the machine.
``site_url``
    Address of the built site, without a slash at the end: ``page.goto(f"{site_url}/zh/05_project.html")``.
``build``
    Folder of the built site, for tests that look at its files.

Without Chromium the tests are skipped, saying what to install; where ``CI=true`` they fail instead.
"""

import functools
import http.server
import os
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Route

SITE = Path(__file__).parents[2] / "site"
CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
LOCAL = ("http://127.0.0.1", "file://", "data:", "blob:")


@pytest.fixture(scope="session")
def browser_type_launch_args(browser_type_launch_args: dict) -> dict:
    if not CHROMIUM.exists():
        missing = f"{CHROMIUM} is missing: apt install chromium fonts-noto-cjk, or set CHROMIUM to a browser"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(missing)
    return {**browser_type_launch_args, "executable_path": str(CHROMIUM), "args": QUIET}


class QuietHandler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture(scope="session")
def build() -> Path:
    if not (SITE / "index.html").exists():
        pytest.fail("there is no site/ yet: run `python book/build.py`")
    return SITE


@pytest.fixture(scope="session")
def site_url(build: Path) -> Iterator[str]:
    handler = functools.partial(QuietHandler, directory=build)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()


@pytest.fixture
def context(context: BrowserContext) -> Iterator[BrowserContext]:
    """Refuse every request that leaves the machine, and fail the test that made one."""
    refused: list[str] = []

    def refuse(route: Route) -> None:
        refused.append(route.request.url)
        route.abort()

    context.route(lambda url: not url.startswith(LOCAL), refuse)
    yield context
    assert not refused, f"requests that left the machine: {refused}"


@pytest.fixture
def page(context: BrowserContext, page: Page) -> Iterator[Page]:
    """Fail the test whose page logs an error or throws."""
    errors: list[str] = []

    def note(message: ConsoleMessage) -> None:
        if message.type == "error":
            errors.append(f"{message.text} ({message.location['url']})")

    page.on("console", note)
    page.on("pageerror", lambda error: errors.append(str(error)))
    yield page
    assert not errors, f"errors in the console: {errors}"
