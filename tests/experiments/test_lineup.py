"""What the scoreboard says of a model is so: its chapter has that number, its family is one, its name is the book's."""

from pathlib import Path

import nbformat
import pytest

from shoprec.experiments.lineup import FAMILIES, MODELS, model_named
from shoprec.show.plotting import MODEL_NAMES

BOOK = Path(__file__).parents[2] / "book"


@pytest.mark.parametrize("name", MODELS)
def test_chapter_and_family_are_there(name: str) -> None:
    model = model_named(name)
    title = nbformat.read(BOOK / f"{model.page}.ipynb", as_version=4).cells[1].source.partition("# ")[2]
    assert title.startswith(f"{model.number} ")
    assert model.family in FAMILIES


def test_names_differ_between_languages_and_from_each_other() -> None:
    names = [model.name for model in MODELS.values()]
    assert all(zh != en for zh, en in names)
    for half in zip(*names, strict=True):
        assert len(set(half)) == len(names)


def test_names_are_those_of_the_figures() -> None:
    english = {en: zh for zh, en in MODEL_NAMES.values()}
    shared = [(model.name[0], english[model.name[1]]) for model in MODELS.values() if model.name[1] in english]
    assert len(shared) >= 8
    assert all(here == there for here, there in shared)


def test_an_unknown_model_is_named_with_the_place_to_add_it() -> None:
    with pytest.raises(ValueError, match=r"no model 'Oracle'; add .* shoprec\.experiments\.lineup"):
        model_named("Oracle")
