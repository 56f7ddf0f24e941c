"""Where a page is in each language, as absolute addresses: in its head, on the landing page and in the site's map."""

from collections.abc import Iterator
from html import escape
from pathlib import Path

TAGS = {"zh": "zh-CN", "en": "en"}
DEFAULT = "en"  # for readers of any other language
NO_PAGES = {"search.html", "genindex.html"}
NAMESPACES = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:xhtml="http://www.w3.org/1999/xhtml"'


def normal(base: str) -> str:
    """Return the address of the site with one slash at its end, or nothing if it has none."""
    return base and base.rstrip("/") + "/"


def alternates(base: str, page: str) -> dict[str, str]:
    """Return where a page is, by language tag."""
    found = {tag: f"{base}{lang}/{page}" for lang, tag in TAGS.items()}
    return found | {"x-default": found[TAGS[DEFAULT]]}


def links(where: dict[str, str], tag: str = "link") -> str:
    """Return the elements that name a page's translations."""
    return "".join(
        f'<{tag} rel="alternate" hreflang="{lang}" href="{escape(href)}"/>\n' for lang, href in where.items()
    )


def landing_head(base: str) -> str:
    """Return what the landing page says of addresses; it is the page for readers of any other language."""
    where = alternates(base, "index.html") | {"x-default": base}
    picture = f"{base}{DEFAULT}/_static/preview.png"
    named = {"og:url": base, "og:image": picture}
    metas = "".join(f'<meta property="{name}" content="{escape(value)}">\n' for name, value in named.items())
    return f'<link rel="canonical" href="{escape(base)}">\n{links(where)}{metas}'


def site_map(site: Path, base: str) -> str:
    """Return a sitemap of the pages in each language, with their translations."""
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset {NAMESPACES}>\n{"".join(entries(site, base))}</urlset>\n'


def entries(site: Path, base: str) -> Iterator[str]:
    """Yield the sitemap's entries."""
    folder = site / DEFAULT
    files = (path.relative_to(folder) for path in sorted(folder.rglob("*.html")))
    for file in files:
        if file.parts[0] != "_static" and file.name not in NO_PAGES:
            where = alternates(base, file.as_posix())
            for tag in TAGS.values():
                yield f"<url><loc>{escape(where[tag])}</loc>\n{links(where, 'xhtml:link')}</url>\n"
