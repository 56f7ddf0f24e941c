"""The built book's pages and views, for tests that go through them."""

import re
from collections import Counter
from functools import cache, lru_cache
from html.parser import HTMLParser
from pathlib import Path

from bs4 import BeautifulSoup
from playwright.sync_api import Page

BOOK = Path(__file__).parents[2] / "book"
VIEWS = {"zh": "zh-CN", "en": "en", "both": "zh-CN"}  # view -> language of its <html> element
LISTED = re.findall(r"(?:root|file): *(\S+)", (BOOK / "_toc.yml").read_text("utf8"))
PAGES = [*LISTED, "search"]
CHAPTER = LISTED[1]  # the first page after the home page: one with several sections
NESTED = next(name for name in LISTED if "/" in name and not name.endswith("/index"))  # its links go up one step
HAN = re.compile("[\u4e00-\u9fff]")


@lru_cache(maxsize=4)  # some take 50 MB
def soup(path: Path) -> BeautifulSoup:
    """Parse a page, once for the checks that follow each other."""
    return BeautifulSoup(path.read_text("utf8"), "html.parser")


class IdReader(HTMLParser):
    """Counts the ids of a page, faster than a parser that builds a tree."""

    def __init__(self) -> None:
        super().__init__()
        self.ids: Counter[str] = Counter()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids.update(value for name, value in attrs if name == "id" and value)


@cache
def ids(path: Path) -> Counter[str]:
    """Count the ids of a page."""
    reader = IdReader()
    reader.feed(path.read_text("utf8"))
    return reader.ids


def settle(page: Page) -> None:
    """Wait until nothing moves: a sidebar that slides, a page that scrolls to its place or grows while it loads.

    Frames are waited for, not time alone: a busy machine draws them late, and it is then that Chromium scrolls to the
    place which an address names.
    """
    page.evaluate(
        """async () => {
            const now = () => [scrollY, document.documentElement.scrollHeight, document.getAnimations().length].join();
            for (let before; before !== now(); ) {
                before = now();
                for (let frames = 0; frames < 3; frames++) await new Promise(requestAnimationFrame);
                await new Promise((resume) => setTimeout(resume, 100));
                await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
            }
        }"""
    )
