"""What every cell of an exported notebook keeps to: CommonMark, ``$`` formulas and ``<details>``, nothing else."""

import re

from markdown_it import MarkdownIt
from markdown_it.token import Token

MATH = re.compile(r"\$\$.+?\$\$|(?<![\\$])\$(?!\s)[^$]+?(?<!\s)\$", re.DOTALL)
CODE = re.compile(r"^(`{3,})[^`]*?^\1$|(?<!`)(`+)(?!`).+?(?<!`)\2(?!`)", re.DOTALL | re.MULTILINE)
TAGS = re.compile(r"</?details>|<summary>[^<]+</summary>")
RAW = re.compile(r"\{[\w:-]+\}|:{3,}|^\([\w-]+\)=|\*\*|`|~~|^\s*\||\$|\]\(")
LINK = re.compile(r"https?://.+|[\w./-]+\.ipynb(#cell-id=[\w-]+)?")
COMMONMARK = MarkdownIt("commonmark")


def parse(text: str) -> list[Token]:
    """Parse Markdown without its formulas, which no Markdown may read."""
    held = CODE.sub(lambda match: match[0].replace("$", "\N{FULLWIDTH DOLLAR SIGN}"), text)
    return COMMONMARK.parse(MATH.sub("formula", held))


def violations(text: str) -> list[str]:
    """Return what in a markdown cell some program wouldn't show well."""
    found = []
    for token in parse(text):
        if token.type == "html_block":
            found += [f"HTML: {line}" for line in token.content.split("\n") if TAGS.sub("", line).strip()]
        elif token.type == "fence" and not re.fullmatch(r"\w*", token.info):
            found.append(f"fence: {token.info}")
        for child in token.children or ():
            if child.type in ("html_inline", "image"):
                found.append(f"{child.type}: {child.content}")
            elif child.type == "text" and RAW.search(child.content):
                found.append(f"raw: {child.content}")
            elif child.type == "link_open" and not LINK.fullmatch(child.attrs["href"]):
                found.append(f"link: {child.attrs['href']}")
    return found


def headings(text: str) -> list[tuple[int, str]]:
    """Return level and text of the headings of a markdown cell."""
    tokens = COMMONMARK.parse(text)
    opened = [at for at, token in enumerate(tokens) if token.type == "heading_open"]
    texts = ("".join(child.content for child in tokens[at + 1].children) for at in opened)
    return [(int(tokens[at].tag[1]), text) for at, text in zip(opened, texts, strict=True)]


def links(text: str) -> list[tuple[str, str]]:
    """Return text and target of the links of a markdown cell."""
    found: list[tuple[str, str]] = []
    for token in parse(text):
        target = ""
        for child in token.children or ():
            if child.type == "link_open":
                target = child.attrs["href"]
                found.append(("", target))
            elif child.type == "link_close":
                target = ""
            elif target:
                found[-1] = (found[-1][0] + child.content, target)
    return found
