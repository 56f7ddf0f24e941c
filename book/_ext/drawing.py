"""Figures: SVG whose text is text, from one run, in a page's or a notebook's language and in the page's colours.

Labels are written "中文 | English". A notebook gets the figure as the run made it, with its half of each label. A page
gets it inline: in the page's font, with colours that follow light and dark mode, and named for those who can't see it.
"""

import re
from base64 import b64decode, b64encode
from io import BytesIO
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
from docutils import nodes
from matplotlib import colormaps
from matplotlib.colors import to_hex
from PIL import Image
from sphinx.application import Sphinx
from sphinx.errors import ExtensionError
from sphinx.transforms.post_transforms import SphinxPostTransform
from sphinx.writers.html5 import HTML5Translator

from bilingual import pick

SVG, XLINK = "http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"
ET.register_namespace("", SVG)
ET.register_namespace("xlink", XLINK)

# What changes with the mode, as variables of the style sheet. All other colours are data, and stay, but for a heat
# map's: its lowest is the page's.
INKS = {
    "#000000": "currentColor",
    "#ffffff": "var(--pst-color-background)",
    "#e6e6e6": "var(--drawing-grid)",
    "#cccccc": "var(--drawing-faint)",
    "#767676": "var(--drawing-grey)",
    "#0072b2": "var(--drawing-blue)",
    "#56b4e9": "var(--drawing-sky)",
    "#cc3311": "var(--drawing-red)",
}
#: Share of the colour map "Blues" by colour: a heat map's shade.
HEAT = {to_hex(colormaps["Blues"](step)): step / 255 for step in range(256)}
MIDDLE = 0.48  # from here on Seaborn writes in white
ON_HEAT = "#262626"  # below
COLOUR = re.compile(r"#[0-9a-f]{6}\b")
PALE = 235  # of 255, in all channels
DECIMALS = re.compile(r"(\.\d\d)\d+")  # of points: nobody sees a thousandth
PNG = "data:image/png;base64,"
SHEET = "sheet"  # what a picture that explains is drawn on; its words have no room for a second language
WORDS = {"zh": {"open": "放大", "close": "关闭"}, "en": {"open": "Enlarge", "close": "Close"}}
# Enlarges the figure after it, on phones; enlarge.js shows it.
BUTTON = (
    '<button class="enlarge btn" type="button" title="{open}" aria-label="{open}" data-close="{close}" hidden>'
    '<i class="fa-solid fa-expand" aria-hidden="true"></i></button>'
)
FONT = re.compile(r"font-family:[^;]*;? ?")
GROUP, TEXT, SPAN, STYLE, PATH = (f"{{{SVG}}}{tag}" for tag in ("g", "text", "tspan", "style", "path"))


def drawn_in(svg: str, lang: str) -> str:
    """Return a figure with each label in one language.

    >>> drawn_in(f'<svg xmlns="{SVG}"><text>年 | Year</text></svg>', "en")
    '<svg xmlns="http://www.w3.org/2000/svg"><text>Year</text></svg>'
    """
    root = ET.fromstring(svg)
    for text in root.iter(TEXT):
        text.text = pick(text.text, lang)
    return ET.tostring(root, "unicode")


def inline(svg: str, prefix: str, name: str) -> str:
    """Return a figure as part of a page: its ids begin with ``prefix``, and it is called ``name``."""
    root = ET.fromstring(svg)
    for child in root.findall(f"{{{SVG}}}metadata"):
        root.remove(child)
    kind = "drawing" if root.find(f".//{GROUP}[@id='{SHEET}']") is None else "drawing picture"
    heat = any(colour in HEAT for path in root.iter(PATH) for colour in COLOUR.findall(path.get("style", "")))
    for parent in [*root.iter()]:
        remove_style(parent)
        flatten(parent)
        recolour(parent, heat)
        rename(parent, prefix)
    width = root.get("width", "0").removesuffix("pt")
    root.attrib = {"viewBox": root.get("viewBox", "0 0 1 1"), "class": kind, "role": "img", "aria-label": name}
    root.set("style", f"--width: {round(float(width))}")
    return ET.tostring(root, "unicode")


def remove_style(element: ET.Element) -> None:
    """Drop a style sheet, which would be the whole page's."""
    for style in element.findall(STYLE):
        element.remove(style)


def flatten(element: ET.Element) -> None:
    """Drop the background, and put what groups hold in their place: they are but names of parts."""
    children: list[ET.Element] = []
    for child in element:
        if child.tag == GROUP and child.get("id") == "patch_1":
            continue
        if child.tag == GROUP and not set(child.attrib) - {"id"}:
            flatten(child)
            children += child
        else:
            children.append(child)
    element[:] = children


def shade(share: float) -> str:
    """Return a colour of a heat map, as a mix of those of the style sheet.

    >>> shade(0.24)
    'color-mix(in oklab, var(--heat-middle) 50%, var(--heat-low))'
    """
    low, high, part = ("low", "middle", share / MIDDLE)
    if share > MIDDLE:
        low, high, part = "middle", "high", (share - MIDDLE) / (1 - MIDDLE)
    return f"color-mix(in oklab, var(--heat-{high}) {100 * part:.0f}%, var(--heat-{low}))"


def ink_of(colour: str, is_text: bool, heat: bool) -> str:
    """Return what the page makes of a colour.

    White text stands on a dark colour. That is data, and it stays white; but a heat map's turns light in dark mode.
    """
    if is_text and colour == "#ffffff":
        return INKS[colour] if heat else colour
    if is_text and colour == ON_HEAT:
        return "currentColor"
    if colour in INKS or colour not in HEAT:
        return INKS.get(colour, colour)
    return shade(HEAT[colour])


def recolour(element: ET.Element, heat: bool) -> None:
    """Let the page set font and ink, of a figure with or without a heat map."""
    style = element.get("style")
    is_text = element.tag in (TEXT, SPAN)
    if is_text:
        style = FONT.sub("", style or "")
    if style:
        element.set("style", COLOUR.sub(lambda found: ink_of(found[0], is_text, heat), style))


def rename(element: ET.Element, prefix: str) -> None:
    """Make ids unique on the page, with what refers to them; spare what nobody sees of numbers and pictures."""
    for key, value in [*element.items()]:
        if key == "id":
            element.set(key, prefix + value)
        elif key == f"{{{XLINK}}}href" and value.startswith("#"):
            element.set(key, f"#{prefix}{value[1:]}")
        elif key == f"{{{XLINK}}}href" and value.startswith(PNG):
            if is_heat(value):
                element.set("class", "heat")
            element.set(key, lighten(value))
        elif key == "clip-path":
            element.set(key, value.replace("#", f"#{prefix}"))
        elif key in ("d", "x", "y", "transform"):
            element.set(key, DECIMALS.sub(r"\1", value))


def lighten(picture: str) -> str:
    """Return a picture in 128 colours, which takes a quarter of the bytes; scatters and heat maps hold few more."""
    file = BytesIO()
    with Image.open(BytesIO(b64decode(picture.removeprefix(PNG)))) as image:
        image.quantize(128, Image.Quantize.FASTOCTREE).save(file, "PNG", optimize=True)
    return min(picture, PNG + b64encode(file.getvalue()).decode(), key=len)


def is_heat(picture: str) -> bool:
    """Whether a picture is a heat map, or the bar beside one: some of it is as pale as paper."""
    with Image.open(BytesIO(b64decode(picture.removeprefix(PNG)))) as image:
        *colours, opacity = np.asarray(image.convert("RGBA")).reshape(-1, 4).T
    pale = np.min(colours, axis=0)[opacity == 255] > PALE
    return bool(pale.sum() > opacity.size / 1000)


def name_of(image: nodes.image) -> str:
    """Return what a figure shows in words: its alternative text, or its caption where that says it."""
    if "alt" in image:
        return image["alt"]
    caption = image.parent.next_node(nodes.caption) if isinstance(image.parent, nodes.figure) else None
    if caption is None or any(caption.findall(nodes.math)):
        said = caption.astext() if caption else image["uri"]
        raise ExtensionError(f"a figure needs an `alt`, or a caption without formulas: {said}")
    return caption.astext()


class drawing(nodes.General, nodes.Element):
    """A figure, ``svg``, as part of the page; its labels are no text that a search should find."""


def visit(self: HTML5Translator, node: drawing) -> None:
    """Write the figure, and the button that enlarges it."""
    self.body.append(BUTTON.format_map(WORDS[self.config.book_lang]) + node["svg"])
    raise nodes.SkipNode


class InlineDrawings(SphinxPostTransform):
    """Puts the figures of code cells into the page."""

    default_priority = 400
    formats = ("html",)

    def run(self, **kwargs: object) -> None:
        """Replace each image node."""
        outputs = (box for box in self.document.findall(nodes.container) if "cell_output" in box["classes"])
        images = [image for box in outputs for image in box.findall(nodes.image) if image["uri"].endswith(".svg")]
        for number, image in enumerate(images, start=1):
            svg = drawn_in(Path(self.env.srcdir, image["uri"]).read_text("utf8"), self.config.book_lang)
            image.replace_self(drawing(svg=inline(svg, f"drawing-{number}-", name_of(image))))


def setup(app: Sphinx) -> dict:
    """Register with Sphinx."""
    app.add_node(drawing, html=(visit, None))
    app.add_post_transform(InlineDrawings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
