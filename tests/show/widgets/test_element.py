"""What holds of every widget: small files that are safe to inline, two languages, and data that stays data."""

import gzip
import re
from importlib.resources import files

import pytest
from bs4 import BeautifulSoup
from widget_samples import NAMES, SAMPLES

import shoprec.show.widgets

HERE = files("shoprec.show.widgets")
ELEMENTS = sorted(path.name.removesuffix(".js") for path in HERE.iterdir() if path.name.endswith(".js"))


def read(name, kind):
    return (HERE / f"{name}.{kind}").read_text("utf-8")


def test_each_widget_is_a_function_with_a_script_and_a_style_sheet():
    assert len(ELEMENTS) == len(shoprec.show.widgets.__all__)
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


def test_every_widget_has_a_sample():
    assert sorted(SAMPLES) == ELEMENTS


@pytest.mark.parametrize("name", ELEMENTS)
def test_every_text_has_its_twin(name):
    soup = BeautifulSoup(SAMPLES[name].make(NAMES).data, "html.parser")
    for chinese in soup.select("span[lang=zh]"):
        assert chinese.find_next_sibling().get("lang") == "en"
    assert not soup.select("[aria-label], [title], [id], [for]"), "CSS cannot filter these, or they may clash"
    for element in soup.select("style, script, [lang], [translate=no]"):
        element.decompose()
    assert set(re.findall(r"[A-Za-z]{2,}|[\u4e00-\u9fff]", soup.text)) <= {"cos"}, "language-neutral text only"


@pytest.mark.parametrize("name", sorted(set(ELEMENTS) - {"vector-pair"}))  # which shows no data
@pytest.mark.parametrize("hostile", ["</script><b>x</b>", "<img src=x onerror=alert(1)>", "\" onload='x' & ﹤", "<!--"])
def test_data_cannot_become_markup(name, hostile):
    plain, soup = (
        BeautifulSoup(SAMPLES[name].make(names).data, "html.parser") for names in (NAMES, [(hostile, hostile)] * 8)
    )
    shapes = [[(element.name, sorted(element.attrs)) for element in page.find_all()] for page in (plain, soup)]
    assert shapes[0] == shapes[1]
    assert hostile in {element.text for element in soup.select("[lang]")}


def test_together_they_are_small():
    everything = "".join(read(name, kind) for name in ELEMENTS for kind in ("js", "css"))
    assert len(gzip.compress(everything.encode())) < 40_000
