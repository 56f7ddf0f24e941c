"""What a page loads: one style sheet, scripts that hold nothing up, and of 2,000 icons those that the pages show.

The theme brings all of Font Awesome and eleven style sheets, which a phone would fetch before it shows a line.
"""

import hashlib
import re
import shutil
from pathlib import Path
from urllib.parse import quote

from sphinx.application import Sphinx
from sphinx.errors import ExtensionError

STYLE = re.compile(r'<link (?=[^>]*rel="stylesheet")[^>]*href="([^"?]*_static/[^"?]*)[^"]*"[^>]*>\s*')
PRELOAD = re.compile(r'<link rel="preload" [^>]*>\s*')
SCRIPT = re.compile(r'<script ([^>]*src="([^"?]*)[^"]*"[^>]*)></script>')
IMPORT = re.compile(r'@import "([^"]+)";')
PLAIN_CODE = re.compile(r'<span class="(?:n|nn|p|w)">([^<]*)</span>')  # names and the like have the colour of text
ICON = re.compile(r'class="[^"]*\bfa-(solid|brands) fa-([a-z-]+)')
# Font Awesome's script lists its sets one after the other, an icon as name:[width,height,[…],"code","path"].
SETS = ("brands", "regular", "solid")
DRAWING = r'[{{,]"?{name}"?:\[(\d+),(\d+),\[[^\]]*\],"[0-9a-f]+","([^"]+)"'
# What the theme makes reachable by keyboard, one at a time; scrollable.js does it for all at once.
SCROLLABLE = '"pre, .nboutput > .output_area, .cell_output > .output, .jp-RenderedHTMLCommon"'
ICONS = """
.fa-solid, .fa-brands {
  display: inline-block; width: 1em; height: 1em; vertical-align: -.125em; background: currentColor;
  mask: var(--icon) center / contain no-repeat; forced-color-adjust: preserve-parent-color;
}
"""


def icon_style(pages: list[str], library: str) -> str:
    """Return the style of the icons that pages show, each drawn as a mask."""
    rules = []
    for kind, name in sorted({found.groups() for page in pages for found in ICON.finditer(page)}):
        drawings = list(re.finditer(DRAWING.format(name=name), library))
        width, height, path = drawings[0 if kind == "brands" else -1].groups()
        picture = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}"><path d="{path}"/></svg>'
        rules.append(f'.fa-{name} {{ --icon: url("data:image/svg+xml,{quote(picture, safe="/=: ")}"); }}')
    return ICONS + "\n".join(rules)


def read_style(file: Path) -> str:
    """Return a style sheet with those that it imports in their places."""
    return IMPORT.sub(lambda found: read_style(file.parent / found[1]), file.read_text("utf8"))


def lighten(page: str, style: str, static: Path) -> str:
    """Return a page with one style sheet, half the elements of its code, and scripts that wait until it is shown.

    The first script holds the settings that a line of the page itself adds to, so it becomes part of the page.
    """
    first = STYLE.search(page)
    root = first[1].partition("_static/")[0]
    page = page[: first.start()] + f'<link rel="stylesheet" href="{root}_static/{style}">\n' + page[first.start() :]
    head, rest = page.split(f'{style}">', 1)
    page = head + f'{style}">' + PRELOAD.sub("", STYLE.sub("", rest))

    def script(found: re.Match) -> str:
        if "fontawesome" in found[2]:
            return ""
        if found[2].endswith("documentation_options.js"):
            return f"<script>{(static / 'documentation_options.js').read_text('utf8')}</script>"
        return f"<script defer {found[1]}></script>"

    return SCRIPT.sub(script, PLAIN_CODE.sub(r"\1", page))


def leave_scrollable(script: Path) -> None:
    """Have the theme's script find nothing where it would lay out the page anew for each box that may scroll."""
    text = script.read_text("utf8")
    if SCROLLABLE not in text:
        raise ExtensionError(f"{script.name} no longer looks for {SCROLLABLE}; is scrollable.js still needed?")
    script.write_text(text.replace(SCROLLABLE, '"[data-none]"'), "utf8")


def finish(app: Sphinx, exception: Exception | None) -> None:
    """Lighten every page of a build that has succeeded."""
    if exception is not None or app.builder.format != "html":
        return
    static = Path(app.outdir) / "_static"
    files = {path: path.read_text("utf8") for path in Path(app.outdir).rglob("*.html") if "_static" not in path.parts}
    themed = {path: page for path, page in files.items() if STYLE.search(page)}
    sheets = dict.fromkeys(file.partition("_static/")[2] for page in themed.values() for file in STYLE.findall(page))
    [library] = static.glob("vendor/fontawesome/*/js/all.min.js")
    parts = [read_style(static / sheet) for sheet in sheets if "fontawesome" not in sheet]
    style = "\n".join([*parts, icon_style(list(themed.values()), library.read_text("utf8"))])
    name = f"style-{hashlib.sha256(style.encode()).hexdigest()[:8]}.css"
    (static / name).write_text(style, "utf8")
    for path, page in themed.items():
        path.write_text(lighten(page, name, static), "utf8")
    shutil.rmtree(static / "vendor")
    leave_scrollable(static / "scripts" / "pydata-sphinx-theme.js")


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.connect("build-finished", finish, priority=900)  # the theme writes the colours of code at 500
    return {"parallel_read_safe": True, "parallel_write_safe": True}
