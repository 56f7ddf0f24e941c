"""Two vectors to drag, with their inner product, cosine and distance, before and after normalising."""

import math

from IPython.display import HTML

from shoprec.show.widgets.element import both, custom_element

Point = tuple[float, float]
LONGEST = 5.0  #: the longest vector; the plane shown reaches a little further


def vector_pair(a: tuple[float, float] = (4.0, 15), b: tuple[float, float] = (2.0, 75)) -> HTML:
    """Show two vectors of the plane; the reader turns and stretches them.

    The output is a complete picture and table of the vectors given; where scripts run, the tips can be dragged,
    and four sliders set the same angles and lengths by keyboard.

    Parameters
    ----------
    a, b
        Length, from 0.5 to 5, and angle in degrees, from -180 to 180; rounded to 0.1 and to 1.

    Returns
    -------
    IPython.display.HTML
        The element ``<vector-pair>`` with its styles and its script.

    Raises
    ------
    ValueError
        If a length or an angle is out of range.

    Examples
    --------
    >>> '<td class="cosine">0.500</td>' in vector_pair((4, 0), (3, 60)).data
    True
    """
    vectors = {"a": _rounded("a", a), "b": _rounded("b", b)}
    sliders = "".join(_sliders(name, *vector) for name, vector in vectors.items())
    body = f"""\
<div class="columns">
<svg viewBox="-5.6 -5.6 11.2 11.2" aria-hidden="true">
{_picture(*vectors.values())}</svg>
<div>
<div class="sliders">
{sliders}</div>
{_table(*vectors.values())}</div>
</div>
"""
    return custom_element("vector-pair", body)


def _rounded(name: str, vector: tuple[float, float]) -> Point:
    """Length and angle on the sliders' steps, or a ValueError."""
    length, angle = vector
    if not 0.5 <= length <= LONGEST:
        raise ValueError(f"the length of {name} must lie between 0.5 and 5, not {length}")
    if not -180 <= angle <= 180:
        raise ValueError(f"the angle of {name} must lie between -180 and 180 degrees, not {angle}")
    return round(length, 1), round(angle)


def _sliders(name: str, length: float, angle: float) -> str:
    rows = {
        "angle": (both("的角度", "angle"), -180, 180, 1, angle, f"{angle:.0f}°"),
        "length": (both("的长度", "length"), 0.5, LONGEST, 0.1, length, f"{length:.1f}"),
    }
    return "".join(
        f'<label class="{name}"><span><b><i>{name}</i></b> {title}</span>'
        f'<input type="range" class="{name} {kind}" min="{low}" max="{high}" step="{step}" value="{value}" '
        f'autocomplete="off"><output aria-live="off">{shown}</output></label>\n'
        for kind, (title, low, high, step, value, shown) in rows.items()
    )


def _tip(length: float, angle: float) -> Point:
    """The end of a vector, on a screen whose second axis points down."""
    return length * math.cos(math.radians(angle)), -length * math.sin(math.radians(angle))


def _picture(a: Point, b: Point) -> str:
    """The plane, the unit circle, both vectors, and the straight lines between their tips."""
    grid = "".join(f"M{i} -5V5M-5 {i}H5" for i in range(-5, 6))
    tips, units = [_tip(*a), _tip(*b)], [_tip(1, a[1]), _tip(1, b[1])]
    vectors = "".join(
        f'<line class="{name}" x2="{x:.3f}" y2="{y:.3f}"/>'
        f'<g class="tip {name}" transform="translate({x:.3f} {y:.3f})"><circle r=".9"/><circle r=".2"/>'
        f'<text dx=".3" dy="-.3">{name}</text></g>\n'
        for name, (x, y) in zip("ab", tips, strict=True)
    )
    chords = "".join(
        f'<line class="{kind}" x1="{p:.3f}" y1="{q:.3f}" x2="{r:.3f}" y2="{s:.3f}"/>\n'
        for kind, ((p, q), (r, s)) in {"chord": tips, "unit chord": units}.items()
    )
    axes = "M-5.4 0H5.4M0 -5.4V5.4"
    plane = f'<path class="grid" d="{grid}"/><path class="axes" d="{axes}"/><circle class="circle" r="1"/>'
    return f"{plane}\n{chords}{vectors}"


def _table(a: Point, b: Point) -> str:
    """The measures of the vectors as they are and as unit vectors."""
    angle = abs((a[1] - b[1] + 180) % 360 - 180)
    cosine = math.cos(math.radians(angle))
    dot = a[0] * b[0] * cosine
    rows = [
        (both("内积", "Inner product"), "⟨<i>a</i>, <i>b</i>⟩", "dot", f"{dot:.3f}", f"{cosine:.3f}"),
        (both("余弦", "Cosine"), f'cos <span class="angle">{angle:.0f}</span>°', "cosine", *[f"{cosine:.3f}"] * 2),
        (
            both("欧氏距离", "Euclidean distance"),
            "‖<i>a</i> − <i>b</i>‖",
            "distance",
            f"{math.dist(_tip(*a), _tip(*b)):.3f}",
            f"{math.dist(_tip(1, a[1]), _tip(1, b[1])):.3f}",
        ),
    ]
    body = "".join(
        f'<tr><th scope="row">{title} <span class="formula">{formula}</span></th>'
        f'<td class="{kind}">{raw}</td><td class="unit {kind}">{unit}</td></tr>\n'
        for title, formula, kind, raw, unit in rows
    )
    heads = both("量", "Measure"), both("原样", "As they are"), both("归一化后", "As unit vectors")
    head = "".join(f'<th scope="col">{title}</th>' for title in heads)
    return f'<table class="measures"><thead><tr>{head}</tr></thead>\n<tbody>\n{body}</tbody></table>\n'
