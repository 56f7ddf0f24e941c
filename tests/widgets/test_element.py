"""What holds of every widget: its files are small, safe to inline, and belong to it alone."""

import gzip
import re
from importlib.resources import files

import pytest

import shoprec.widgets

HERE = files("shoprec.widgets")
ELEMENTS = sorted(path.name.removesuffix(".js") for path in HERE.iterdir() if path.name.endswith(".js"))


def read(name, kind):
    return (HERE / f"{name}.{kind}").read_text("utf-8")


def test_each_widget_is_a_function_with_a_script_and_a_style_sheet():
    assert len(ELEMENTS) == len(shoprec.widgets.__all__)
    for name in ELEMENTS:
        assert (HERE / f"{name.replace('-', '_')}.py").is_file()


@pytest.mark.parametrize("name", ELEMENTS)
def test_scripts_are_safe_to_inline(name):
    script = read(name, "js")
    assert "</" not in script
    assert "http" not in script
    assert f'customElements.get("{name}") ?? customElements.define("{name}"' in script, "may run twice on a page"


@pytest.mark.parametrize("name", ELEMENTS)
def test_styles_apply_to_the_widget_alone(name):
    style = re.sub(r"/\*.*?\*/", "", read(name, "css"), flags=re.DOTALL)
    selectors = [part.strip() for rule in re.findall(r"([^{}]+)\{", style) for part in rule.split(",")]
    own = [s for s in selectors if not s.startswith(("@", "("))]
    assert own
    assert [s for s in own if not re.match(rf"(\[[^]]*\]|:root\S*|html\S*)?\s*{name}\b", s)] == []


def test_together_they_are_small():
    everything = "".join(read(name, kind) for name in ELEMENTS for kind in ("js", "css"))
    assert len(gzip.compress(everything.encode())) < 40_000
