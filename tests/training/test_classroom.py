"""In a class a network is trained once: later runs load it, and it recommends just as well."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch
from synthetic import CUT, make_purchases

from shoprec.evaluation import evaluate
from shoprec.models.batches import TrainingSet
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import next_basket_split
from shoprec.training.classroom import taught
from shoprec.training.loop import TrainingConfig, train


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SHOPREC_CLASS", str(tmp_path / "class"))
    return tmp_path / "class"


def lesson(seed: int, called: list, d_model: int = 8) -> tuple[PurchaseTransformer, pd.DataFrame, float]:
    """Have a small network taught, and return it with its log and its NDCG@10."""
    task = next_basket_split(make_purchases(n_users=40), CUT, min_users=1)
    torch.manual_seed(seed)
    config = TransformerConfig(d_model=d_model, n_heads=2, n_layers=1, max_length=16, d_product=4)
    network = PurchaseTransformer(task.history, config)
    examples = TrainingSet(task.history, max_length=16, batch_size=10, n_dates=3)

    def ndcg(network: PurchaseTransformer) -> float:
        return float(evaluate(SequentialRecommender(network).fit(task), task)["ndcg"].mean())

    def work() -> pd.DataFrame:
        called.append(seed)
        settings = TrainingConfig(epochs=2, learning_rate=0.01)
        return train(network, examples, len(examples), ndcg, settings, progress=False)

    return network, taught("lesson", network, work), ndcg(network)


def test_the_first_run_trains_and_every_later_one_loads(folder: Path) -> None:
    called: list = []
    network, log, quality = lesson(0, called)
    other, loaded, same = lesson(1, called)  # from other weights
    assert called == [0]
    assert same == pytest.approx(quality, abs=1e-6)
    pd.testing.assert_frame_equal(loaded, log)
    assert not other.training
    for key, tensor in network.state_dict().items():
        np.testing.assert_array_equal(tensor, other.state_dict()[key])


def test_the_record_says_how_it_was_trained(folder: Path) -> None:
    network, log, _ = lesson(0, [])
    notes = json.loads((folder / "lesson.json").read_text())
    assert notes["parameters"] == sum(p.numel() for p in network.parameters())
    assert [row["validation"] for row in notes["log"]] == log["validation"].tolist()
    assert notes["torch"] == torch.__version__


def test_without_the_variable_each_run_trains(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SHOPREC_CLASS", raising=False)
    called: list = []
    lesson(0, called)
    lesson(0, called)
    assert called == [0, 0]


def test_weights_that_were_changed_are_refused(folder: Path) -> None:
    lesson(0, [])
    file = folder / "lesson.safetensors"
    data = bytearray(file.read_bytes())
    data[-1] ^= 1
    file.write_bytes(data)
    with pytest.raises(ValueError, match=r"isn't what lesson\.json describes"):
        lesson(1, [])


def test_weights_of_another_network_are_refused(folder: Path) -> None:
    lesson(0, [])
    with pytest.raises(ValueError, match="another network"):
        lesson(1, [], d_model=16)
