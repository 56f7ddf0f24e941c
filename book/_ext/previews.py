"""What a page is called and where it is: for the browser's tab, for search engines and for previews of links.

The environment says where the book is published: ``BOOK_BASE_URL`` is the address of the site, and makes canonical
addresses, those of the other language and a picture for previews; ``BOOK_REPOSITORY_URL`` makes a link in the header.
Without them nothing in a page is absolute.
"""

import os
import re
from collections.abc import Iterator
from html import escape

from docutils import nodes
from sphinx.application import Sphinx
from sphinx.config import Config
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform

from addresses import TAGS, alternates, links, normal
from bilingual import LANGUAGES, pick
from chapters import chapter

HYPHENATED = re.compile(r"(\b[Ee]-\w+)")
LOCALES = {"zh": "zh_CN", "en": "en_GB"}
ENOUGH = {"zh": 40, "en": 80}  # characters of a description
PICTURE = "_static/preview.png"


# Titles -------------------------------------------------------------------------------------------


class KeepWords(SphinxTransform):
    """Hold words such as e-commerce together in titles: browsers break a line after any hyphen."""

    default_priority = 500

    def apply(self, **kwargs: object) -> None:
        """Change the titles of one page."""
        for title in self.document.findall(nodes.title):
            for text in list(title.findall(nodes.Text)):
                words = enumerate(HYPHENATED.split(text))
                parts = [nodes.inline("", w, classes=["unbroken"]) if at % 2 else nodes.Text(w) for at, w in words]
                text.parent.replace(text, parts)


def plain(markup: str) -> str:
    """Return the text of a title, which Sphinx gives as markup."""
    return re.sub(r"<[^>]+>", "", markup)


# Where the book is published ----------------------------------------------------------------------


def place(app: Sphinx, config: Config) -> None:
    """Set what follows from the addresses, and show the book's title in the sidebar unbroken."""
    config.book_base_url = normal(config.book_base_url)
    if config.book_base_url:
        config.html_baseurl = f"{config.book_base_url}{config.book_lang}/"
    if config.book_repository:
        config.html_theme_options |= {"repository_url": config.book_repository, "use_repository_button": True}
    title = HYPHENATED.sub(r'<span class="unbroken">\1</span>', config.html_title)
    config.html_theme_options["logo"] = {"text": title}


# What the head of a page says ---------------------------------------------------------------------


def description(env: BuildEnvironment, docname: str, doctree: nodes.document) -> str:
    """Return what a chapter says that it is about, or the first paragraphs of another page."""
    lang = env.config.book_lang
    if about := chapter(env, docname):
        return pick(about.about, lang)
    text = ""
    for paragraph in doctree.findall(nodes.paragraph):
        text = f"{text} {paragraph.astext()}".strip()
        if len(text) >= ENOUGH[lang]:
            break
    return " ".join(text.split())


def properties(config: Config, title: str, about: str, is_home: bool) -> Iterator[tuple[str, str]]:
    """Yield what previews of links read, by the names of https://ogp.me."""
    other = next(lang for lang in LANGUAGES if lang != config.book_lang)
    yield from (("og:title", title), ("og:site_name", config.html_title))
    yield "og:type", "website" if is_home else "article"
    yield from (("og:locale", LOCALES[config.book_lang]), ("og:locale:alternate", LOCALES[other]))
    if about:
        yield "og:description", about
    if config.book_base_url:
        yield from (("og:image", f"{config.html_baseurl}{PICTURE}"), ("og:image:type", "image/png"))
        yield from (("og:image:width", "1200"), ("og:image:height", "630"))


def describe(app: Sphinx, pagename: str, templatename: str, context: dict, doctree: nodes.document | None) -> None:
    """Add to the head of a page what it is, for machines."""
    config, is_home = app.config, pagename == app.config.root_doc
    title = plain(context.get("title", ""))
    context["page_title"] = config.html_title if is_home else f"{title} — {config.html_title}"
    if doctree is None:
        return
    about = description(app.env, pagename, doctree)
    lines = [f'<meta name="description" content="{escape(about)}">']
    named = properties(config, title, about, is_home)
    lines += [f'<meta property="{name}" content="{escape(value)}">' for name, value in named]
    lines += ['<meta name="twitter:card" content="summary_large_image">']
    if config.book_base_url:
        where = alternates(config.book_base_url, app.builder.get_target_uri(pagename))
        lines += [links(where), f'<meta property="og:url" content="{escape(where[TAGS[config.book_lang]])}">']
    context["metatags"] = context.get("metatags", "") + "\n".join(lines) + "\n"


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_config_value("book_base_url", os.environ.get("BOOK_BASE_URL", ""), "html")
    app.add_transform(KeepWords)
    app.connect("config-inited", place, priority=960)  # after bilingual.py (950)
    app.connect("html-page-context", describe)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
