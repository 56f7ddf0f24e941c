"""A fingerprint sees every change of a run, and nothing else."""

import functools
import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from tiny_training import CONFIG, Point, real_parts
from torch import nn

from shoprec.models.backbones import huggingface_backbone
from shoprec.models.batches import ClozeSet, TrainingSet
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.training import fingerprint as module
from shoprec.training.fingerprint import differences, fingerprint


def run_of(network, batches, validate):
    return fingerprint(training=CONFIG, network=network, batches=batches, validate=validate)


def changed(make, *variants):
    """Names of what differs between things made alike but for their arguments."""
    one, other = (fingerprint(it=make(variant)) for variant in variants)
    return {name for name in one | other if one.get(name) != other.get(name)}


# --- The same again -------------------------------------------------------------------------------------


def test_it_is_the_same_in_every_process():
    """Neither the seed of Python's hashes nor an address may get into it."""
    seen = []
    for seed in ("1", "2"):
        environment = os.environ | {"PYTHONHASHSEED": seed, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        done = subprocess.run([sys.executable, __file__], capture_output=True, text=True, env=environment, check=False)
        assert done.returncode == 0, done.stderr
        seen.append(json.loads(done.stdout))
    assert differences(*seen) == ""
    assert len(seen[0]) > 100


def test_what_is_computed_on_demand_is_no_change():
    network, batches, validate = real_parts()
    before = run_of(network, batches, validate)
    next(iter(batches(np.random.default_rng(0))))
    validate(network)
    assert differences(before, run_of(network, batches, validate)) == ""


def test_training_changes_the_weights_and_no_setting():
    network, batches, validate = real_parts()
    before = run_of(network, batches, validate)
    with torch.no_grad():
        network.item_bias.add_(1)
    assert differences(before, run_of(network.eval(), batches, validate)) == "other network.item_bias"


# --- What it sees ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "setting", ["d_model", "n_heads", "n_layers", "max_length", "dropout", "taste", "behaviour", "d_product", "fused",
                "causal", "pointing"],
)  # fmt: skip
def test_each_setting_of_the_network(setting):
    _, batches, _ = real_parts()
    plain = TransformerConfig(d_model=8, max_length=16, behaviour=False)
    value = getattr(plain, setting)
    other = replace(plain, **{setting: not value if isinstance(value, bool) else value * 2})
    names = changed(lambda config: PurchaseTransformer(batches.history, config), plain, other)
    assert f"it.config.{setting}" in names


@pytest.mark.parametrize(
    ("kind", "setting"),
    [
        (TrainingSet, {"max_length": 15}),
        (TrainingSet, {"batch_size": 3}),
        (TrainingSet, {"n_dates": 2}),
        (TrainingSet, {"behaviour": False}),
        (TrainingSet, {"device": torch.device("meta")}),
        (ClozeSet, {"share": 0.3}),
    ],
)
def test_each_setting_of_the_batches(kind, setting):
    _, batches, _ = real_parts()
    names = changed(lambda more: kind(batches.history, **{"max_length": 16} | more), {}, setting)
    assert {name.removesuffix(".is") for name in names} == {f"it.{name}" for name in setting}


@pytest.mark.parametrize("name", ["user", "item", "basket", "day"])
def test_each_value_of_the_data(name):
    _, batches, _ = real_parts()
    other = getattr(batches.history, name).copy()
    other[-1] += 1
    assert changed(lambda more: replace(batches.history, **more), {}, {name: other}) == {f"it.{name}"}


def test_dropout_within_a_backbone():
    def make(dropout):
        torch.manual_seed(0)
        return huggingface_backbone(TransformerConfig(d_model=8, n_heads=2, max_length=16, dropout=dropout))

    names = changed(make, 0.3, 0.2)
    assert {"it.model.h.0.mlp.dropout.p", "it.model.h.1.attn.resid_dropout.p"} <= names
    assert changed(make, 0.3, 0.3) == set()


def test_weights_buffers_and_frozen_weights():
    def make(change):
        torch.manual_seed(0)
        network = nn.BatchNorm1d(3, dtype=torch.bfloat16 if change == "type" else None)
        with torch.no_grad():
            if change in ("weight", "running_mean"):
                getattr(network, change).add_(1)
        return network

    for change in ("weight", "running_mean"):
        assert changed(make, "", change) == {f"it.{change}"}
    assert "it.weight" in changed(make, "", "type")


def passes_over(examples, passes):
    def batches(rng):
        for _ in range(passes):
            yield from examples(rng)

    return batches


def test_a_functions_surroundings():
    _, batches, _ = real_parts()
    assert changed(lambda passes: passes_over(batches, passes), 2, 3) == {"it.passes"}
    examples = [batches, TrainingSet(batches.history, 16, 10, 2)]
    assert changed(lambda i: passes_over(examples[i], 2), 0, 1) == {"it.examples.n_dates"}
    assert changed(lambda f: f, passes_over, run_of) != set()


def in_a_notebook(cell):
    """What a cell defines as ``it``; like a notebook, the module has no file."""
    names = {"__name__": "a_notebook", "np": np}
    exec(cell, names)
    return names["it"]


CELL = """
scale = 2

class Base:
    factor = 3
    def helper(self):
        return 1

class Batches(Base):
    def __call__(self, rng, n=4):
        return [self.factor * np.asarray(scale) for _ in range(n)]
    @property
    def size(self):
        return 5
    @staticmethod
    def same(x):
        return 6

def count():
    return 7

it = {"batches": Batches(), "validate": lambda network: count() + sum(scale for _ in range(8))}
"""


def test_a_notebooks_own_code():
    assert changed(in_a_notebook, CELL, CELL) == set()
    assert changed(in_a_notebook, CELL, "# a remark\n\n" + CELL) == set()
    for digit in "2345678":  # module's value, class attribute, base, default, property, static method, function, lambda
        assert changed(in_a_notebook, CELL, CELL.replace(digit, "9")), digit
    for old, new in [("return 1", "return 0"), ("count() + sum", "count() - sum"), ("np.asarray", "np.array")]:
        assert changed(in_a_notebook, CELL, CELL.replace(old, new)), old


def test_what_python_and_pandas_know_of_things():
    frame = pd.DataFrame({"a": [1.0, 2.0], "b": ["x", "y"]}, index=pd.date_range("2021-01-01", periods=2))
    assert changed(lambda b: frame.assign(b=b), ["x", "y"], ["x", "z"]) == {"it.b"}
    assert changed(lambda shift: frame.set_index(frame.index + shift), pd.Timedelta(0), pd.Timedelta("1h")) == {
        "it.index"
    }
    pairs = [
        (functools.partial(pow, 2), functools.partial(pow, 3)), ({1, 2}, {1, 3}), ([1, [2]], [1, [3]]),
        (pd.Timestamp("2021-01-01"), pd.Timestamp("2021-01-02")), (Path("a"), Path("b")), (1, True), (1, 1.0),
        (np.float32(1), np.float32(2)), (np.zeros((2, 3)), np.zeros((3, 2))), (np.zeros(2), np.zeros(2, np.int64)),
        (np.array(["a", None], object), np.array(["b", None], object)), (torch.zeros(0), torch.zeros(0, 1)),
        (torch.eye(2).to_sparse(), (2 * torch.eye(2)).to_sparse()),
        (np.array("2021-01-01", "M8[D]"), np.array("2021-01-02", "M8[D]")), (None, 0), (nn.Linear, nn.Bilinear),
        ("a" * 100, "a" * 99 + "b"), (len, sum), (np.exp, np.log), (Point(0.0).loss, Point(1.0).loss), (b"a", b"b"),
        (functools.cache(passes_over), functools.cache(run_of)), (np, pd), (torch.float32, torch.float64),
    ]  # fmt: skip
    for one, other in pairs:
        assert changed(lambda value: value, one, other), (one, other)
        assert not changed(lambda value: value, one, one), one


def nested(inner):
    return st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)


PLAIN = st.none() | st.booleans() | st.floats() | st.text(max_size=5) | st.binary(max_size=3)


@given(st.recursive(PLAIN, nested))
def test_it_survives_the_way_through_a_file(value):
    one = fingerprint(it=value)
    assert differences(json.loads(json.dumps(one)), fingerprint(it=value)) == ""


def test_circles_end():
    ring = [1]
    ring.append(ring)
    first = Point()
    first.other = second = Point()
    object.__setattr__(second, "back", first)
    assert fingerprint(ring=ring)["ring.0"] == "1"
    assert fingerprint(first=first)["first.other"] == "Point"


def test_versions_and_the_packages_own_code(monkeypatch, tmp_path):
    before = fingerprint()
    assert before.keys() == {"versions", "versions.torch", "versions.numpy", "versions.shoprec"}
    monkeypatch.setattr(torch, "__version__", "9.9")
    assert "→ 9.9" in differences(before, fingerprint())
    monkeypatch.undo()
    (tmp_path / "room").mkdir()
    (tmp_path / "room" / "module.py").write_text("x = 1")
    monkeypatch.setattr(module, "PACKAGE", tmp_path)
    digests = []
    for text in ("x = 1", "x = 2"):
        (tmp_path / "room" / "module.py").write_text(text)
        module._package_digest.cache_clear()
        digests.append(fingerprint()["versions.shoprec"])
    module._package_digest.cache_clear()
    assert len({*digests, before["versions.shoprec"]}) == 3


# --- What is told ---------------------------------------------------------------------------------------


def test_differences_are_told_in_a_line():
    before = {"a": "1", "b": "2", "c": "sha256:0", "d": "4", "same": "x"}
    now = {"a": "2", "b": "3", "c": "sha256:1", "e": "5", "same": "x"}
    assert differences(before, now) == "a 1 → 2, b 2 → 3, d 4 → nothing, and 2 more"
    assert differences(before, now, at_most=9).endswith("e nothing → 5, other c")
    assert differences(before, before) == ""


if __name__ == "__main__":
    print(json.dumps(run_of(*real_parts()) | fingerprint(departments={"tea", "jam", "bread", "milk", "salt"})))
