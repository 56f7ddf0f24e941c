"""A chapter as `make lab` opens it, in JupyterLab, in each language."""

import os
import re
import runpy
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import BrowserContext, Locator, Page, expect

BOOK = Path(__file__).parents[2] / "book"
CHAPTER = "04_mathematics/similarity.ipynb"  # theorems, exercises, quizzes, and a widget that needs no other cell
DOWNLOADED = "downloaded.ipynb"
RAW = re.compile(r"\{[\w:]+\}`|:::|\((?:sec|ch|eq|thm|ex|fig)-|\*\*|<details>|\]\(")
PROSE = """cells => cells.map(cell => {
  const prose = cell.cloneNode(true);
  prose.querySelectorAll("pre, code, script").forEach(part => part.remove());
  return prose.textContent;
}).join("\\n")"""
WORDS = {
    "zh": {
        "titles": ["4.2 相似度", "4.2.1 余弦", "定理 4.10（柯西–施瓦茨不等式）", "练习 4.6（",
                   "解答：练习 4.6（", "原文说 § 4.2", "图 4.11"],
        "section": "第 4.2.2 节", "choose": "选 A", "wrong": "✗ 不对", "foreign": "Theorem",
    },
    "en": {
        "titles": ["4.2 Similarity", "4.2.1 Cosine", "Theorem 4.10 (Cauchy–Schwarz inequality)", "Exercise 4.6 (",
                   "Solution to Exercise 4.6 (", "The source says § 4.2", "Fig. 4.11"],
        "section": "section 4.2.2", "choose": "Choose A", "wrong": "✗ Not quite", "foreign": "定理",
    },
}  # fmt: skip


@pytest.fixture(scope="module")
def copies(tmp_path_factory: pytest.TempPathFactory, build: Path) -> Path:
    """Return a folder with copies of the book in both languages, and a chapter with outputs as the site offers it."""
    sys.path.insert(0, str(BOOK))  # lab.py imports its neighbours
    folder = tmp_path_factory.mktemp("lab") / "copies"
    update = runpy.run_path(str(BOOK / "lab.py"))["update"]
    for lang in WORDS:
        update(lang, folder)
    shutil.copy(build / "notebooks" / "en" / CHAPTER, folder / DOWNLOADED)
    return folder


@pytest.fixture(scope="module")
def lab_url(copies: Path) -> Iterator[str]:
    """Run JupyterLab over the copies, with settings of its own."""
    home = copies.parent
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    folders = {name: str(home / name.lower()) for name in ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR")}
    options = [f"--ServerApp.port={port}", "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--allow-root"]
    options += ["--no-browser", "--ServerApp.ip=127.0.0.1", f"--notebook-dir={copies}", "--LabApp.news_url="]
    with (home / "log").open("w") as log:
        server = subprocess.Popen(
            [sys.executable, "-m", "jupyterlab", *options], env=os.environ | folders, stdout=log, stderr=log
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_for(url, server, home / "log")
        yield url
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(30)


def wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    """Wait until the server answers."""
    for _ in range(600):
        try:
            urllib.request.urlopen(f"{url}/api").close()
            return
        except OSError:
            assert server.poll() is None, log.read_text()
            time.sleep(0.2)
    pytest.fail(f"JupyterLab didn't start: {log.read_text()}")


@pytest.fixture(params=["zh", "en"])
def opened(request: pytest.FixtureRequest, context: BrowserContext, lab_url: str) -> tuple[str, Page]:
    """Open the chapter and draw every cell; any request that leaves the machine fails the test."""
    page = context.new_page()
    page.set_default_timeout(120_000)
    page.goto(f"{lab_url}/lab/tree/{request.param}/{CHAPTER}?reset")
    page.locator(".jp-RenderedMarkdown h1").wait_for()
    page.get_by_text(WORDS[request.param]["choose"]).first.wait_for(state="attached")
    return request.param, page


def quizzes(page: Page, lang: str) -> Locator:
    return page.locator(".jp-RenderedMarkdown details").filter(has_text=WORDS[lang]["choose"])


def test_a_chapter_shows_well_and_answers(opened: tuple[str, Page]) -> None:
    lang, page = opened
    words = WORDS[lang]

    # Everything is set, in one language.
    text = page.locator(".jp-MarkdownOutput").evaluate_all(PROSE)
    assert not RAW.findall(re.sub(r"\$[^$]+\$", "", text))
    assert [title for title in words["titles"] if title not in text] == []
    assert words["foreign"] not in text

    # Solutions and answers are closed, and so are folded cells.
    assert page.locator(".jp-RenderedMarkdown details").count() > 10
    assert page.locator(".jp-RenderedMarkdown details[open]").count() == 0
    assert page.locator(".jp-CodeCell.jp-mod-inputHidden, .jp-CodeCell .jp-InputPlaceholder").count() > 0

    # A quiz answers to the mouse, and to the keyboard, where Lab's own keys don't interfere.
    options = quizzes(page, lang)
    options.nth(0).locator("summary").click()
    expect(options.nth(0)).to_contain_text(words["wrong"])
    expect(options.nth(0)).to_have_attribute("open", "")
    for at, key in ((1, "Enter"), (2, "Space")):
        options.nth(at).locator("summary").focus()
        page.keyboard.press(key)
        expect(options.nth(at)).to_have_attribute("open", "")
    expect(page.locator(".jp-mod-editMode")).to_have_count(0)

    # A link leads to its section.
    page.locator(".jp-RenderedMarkdown a", has_text=words["section"]).first.click()
    expect(page.locator(".jp-RenderedMarkdown h2", has_text="4.2.2")).to_be_in_viewport()

    # A widget's slider moves by arrow keys, and the focus stays on it.
    cell = page.locator(".jp-CodeCell", has_text="vector_pair(a=")
    cell.locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")
    slider = cell.locator("vector-pair input").first
    slider.focus()
    before = float(slider.input_value())
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowUp")
    assert float(slider.input_value()) == before + 2
    expect(slider).to_be_focused()


def test_a_download_shows_its_figures_though_it_is_not_trusted(context: BrowserContext, lab_url: str) -> None:
    page = context.new_page()
    page.goto(f"{lab_url}/lab/tree/{DOWNLOADED}?reset")
    figure = page.locator(".jp-OutputArea-output img[src^='data:image/svg']").first
    figure.wait_for(state="attached", timeout=120_000)
    assert figure.evaluate("picture => picture.decode().then(() => picture.naturalWidth)") > 300
    assert figure.get_attribute("alt")
    assert "<Figure size" not in page.locator(".jp-Notebook").inner_text()


def test_running_a_chapter_leaves_the_repository_as_it_is() -> None:
    """What a reader's JupyterLab writes is in a folder that git ignores."""
    ignored = subprocess.run(
        ["git", "check-ignore", f"notebooks/zh/{CHAPTER}", "notebooks/en/.ipynb_checkpoints/a.ipynb"],
        cwd=BOOK.parent, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert len(ignored.stdout.split()) == 2
