"""The two vectors in a browser: on a page of their own, and in the built chapter."""

import math

import pytest
from playwright.sync_api import expect
from widget_page import insert_later, show

from shoprec.show.widgets import vector_pair

START = (4.0, 15), (2.0, 75)


def shown(widget):
    """Read what a reader sees: the three measures, as they are and as unit vectors."""
    return widget.locator("tbody td").evaluate_all("cells => cells.map(cell => +cell.textContent.replace('−', '-'))")


def expected(a, b):
    """Compute the measures independently, by coordinates."""
    found = []
    for p, q in ((a, b), ((1, a[1]), (1, b[1]))):
        (x, y), (u, v) = ((r * math.cos(math.radians(t)), r * math.sin(math.radians(t))) for r, t in (p, q))
        dot = x * u + y * v
        found.append([dot, dot / math.hypot(x, y) / math.hypot(u, v), math.hypot(x - u, y - v)])
    return [value for pair in zip(*found, strict=True) for value in pair]


def agree(widget, a, b):
    assert shown(widget) == pytest.approx(expected(a, b), abs=6e-4)


def sliders(page):
    """The four sliders, by the names that a screen reader says."""
    names = ["a angle", "a length", "b angle", "b length"]
    return [page.get_by_role("slider", name=name, exact=True) for name in names]


def centre(locator):
    box = locator.bounding_box()
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def drag(page, widget, name, to):
    """Drag a tip to a point of the plane."""
    left, top, width, height = (widget.locator("svg").bounding_box()[k] for k in ("x", "y", "width", "height"))
    page.mouse.move(*centre(widget.locator(f".tip.{name} circle").last))
    page.mouse.down()
    page.mouse.move(left + width * (to[0] + 5.6) / 11.2, top + height * (5.6 - to[1]) / 11.2, steps=4)
    page.mouse.up()


def test_keys_turn_and_stretch(page):
    show(page, vector_pair(*START), lang="en")
    widget, (angle, length, other, _) = page.locator("vector-pair"), sliders(page)
    agree(widget, *START)
    angle.focus()
    page.keyboard.press("ArrowRight")
    agree(widget, (4, 16), (2, 75))
    page.keyboard.press("Home")
    agree(widget, (4, -180), (2, 75))
    length.focus()
    page.keyboard.press("End")
    agree(widget, (5, -180), (2, 75))
    other.focus()
    page.keyboard.press("ArrowLeft")
    agree(widget, (5, -180), (2, 74))
    expect(other).to_be_focused()
    expect(widget.locator("output")).to_have_text(["−180°", "5.0", "74°", "2.0"])
    expect(widget.locator("span.angle")).to_have_text("106")


def test_every_setting_agrees_with_python(page):
    show(page, vector_pair(), lang="en")
    widget, controls = page.locator("vector-pair"), sliders(page)
    for a, b in [((0.5, 0), (5, 180)), ((3, 90), (3, -90)), ((2.5, -170), (1.2, 170)), ((1, 45), (4.4, 45))]:
        for slider, value in zip(controls, (a[1], a[0], b[1], b[0]), strict=True):
            slider.fill(str(value))
        agree(widget, a, b)
        static = vector_pair(a, b).data
        for cell in widget.locator("tbody td").all():
            assert f">{cell.text_content()}</td>" in static


def test_mouse_drags_the_tips(page):
    show(page, vector_pair(*START))
    widget = page.locator("vector-pair")
    drag(page, widget, "a", (0, 3))
    drag(page, widget, "b", (-2, 0))
    values = widget.locator("input").evaluate_all("inputs => inputs.map(input => input.valueAsNumber)")
    assert [abs(values[0]), values[1], abs(values[2]), values[3]] == pytest.approx([90, 3, 180, 2], abs=1.01)
    agree(widget, (values[1], values[0]), (values[3], values[2]))
    drag(page, widget, "a", (5.5, 5.5))
    assert widget.locator("input.a.length").input_value() == "5", "no longer than the plane"
    page.mouse.move(*centre(widget.locator("svg")))
    assert widget.locator("input.a.length").input_value() == "5", "let go of"


@pytest.mark.browser_context_args(has_touch=True)
def test_touch_drags_and_may_be_cancelled(page):
    show(page, vector_pair(*START))
    tip = page.locator(".tip.b")
    assert tip.evaluate("tip => getComputedStyle(tip).touchAction") == "none"
    page.evaluate(
        """() => {
            const tip = document.querySelector(".tip.b"), svg = tip.ownerSVGElement, box = svg.getBoundingClientRect();
            tip.setPointerCapture = () => {}; // made-up events have no pointer to capture
            const send = (type, x) => tip.dispatchEvent(new PointerEvent(type, {bubbles: true, pointerType: "touch",
                clientX: box.left + box.width * (x + 5.6) / 11.2, clientY: box.top + box.height / 2}));
            send("pointerdown", 1); send("pointermove", 3); send("pointercancel", 3); send("pointermove", 4);
        }"""
    )
    agree(page.locator("vector-pair"), START[0], (3, 0))


def test_two_on_a_page_are_independent(page):
    show(page, vector_pair(*START), vector_pair(*START[::-1]))
    first, second = page.locator("vector-pair").all()
    second.locator("input.a.angle").fill("-30")
    agree(first, *START)
    agree(second, (2, -30), START[0])


def test_output_inserted_later_works(page):
    """JupyterLab and VS Code set an output's markup first and run its script afterwards."""
    insert_later(page, vector_pair(*START))
    page.locator("input.b.length").fill("4")
    agree(page.locator("vector-pair"), START[0], (4, 75))


def test_without_script_it_is_a_picture_and_a_table(page):
    show(page, vector_pair(*START), script=False)
    agree(page.locator("vector-pair"), *START)
    expect(page.locator("line.a")).to_be_visible()
    expect(page.locator("input").first).to_be_hidden()


@pytest.mark.parametrize("lang", ["zh", "en", "both"])
def test_in_the_chapter(page, site_url, lang):
    page.goto(f"{site_url}/{lang}/04_mathematics/similarity.html")
    widget = page.locator("vector-pair").first
    expect(widget, "chapter 4.2 shows the vectors").to_be_visible()
    widget.locator("input.a.angle").focus()
    page.keyboard.press("End")
    a, b = ((float(widget.locator(f"input.{n}.length").input_value()),
             float(widget.locator(f"input.{n}.angle").input_value())) for n in "ab")  # fmt: skip
    assert a[1] == 180
    agree(widget, a, b)
