"""Wrong answers to the exercises of chapter 5."""

from typing import Any

import numpy as np
import torch

from mistakes import Wrong
from shoprec.models.batches import TrainingSet
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.training.loop import TrainingConfig, train

ONE = "ex-project-ratio", "adding_to_one"
HALVES = "ex-project-half-life", "best_of_halves"
NEW = "ex-project-explore", "only_new"
NETWORK = "ex-project-joint", "small_network"


def of_all(ndcg: np.ndarray, n_events: np.ndarray) -> list[int]:
    return [int(ndcg.mean(axis=0).argmax())] * 2


def long_first(ndcg: np.ndarray, n_events: np.ndarray) -> list[int]:
    few = n_events <= np.median(n_events)
    return [int(ndcg[~few].mean(axis=0).argmax()), int(ndcg[few].mean(axis=0).argmax())]


def untrained(taste: bool, behaviour: bool, history: Any, validate: Any, epochs: int) -> PurchaseTransformer:
    return PurchaseTransformer(history, TransformerConfig(d_model=8, max_length=16, taste=taste, behaviour=behaviour))


def fitted(taste: bool, behaviour: bool, history: Any, validate: Any, epochs: int) -> PurchaseTransformer:
    torch.manual_seed(0)
    network = untrained(taste, behaviour, history, validate, epochs)
    examples = TrainingSet(history, 16)
    train(network, examples, len(examples), validate, TrainingConfig(epochs), progress=False)
    return network


def another(*given: Any) -> PurchaseTransformer:
    fitted(*given)
    torch.manual_seed(0)
    return untrained(*given)


WRONG = [
    Wrong(*ONE, lambda w1, w2: (w1, w2), "加起来是 1", "add up to 1"),
    Wrong(*ONE, lambda w1, w2: (w2 / (w1 + w2), w1 / (w1 + w2)), "反了", "wrong way round"),
    Wrong(*ONE, lambda w1, w2: (0.5, 0.5), "比值", "ratio"),
    Wrong(*ONE, lambda w1, w2: w1 / w2, "形状", "shape"),
    Wrong(*ONE, lambda w1, w2: (2, -1), "正数", "positive"),
    Wrong(*HALVES, of_all, "选错了", "isn't right"),
    Wrong(*HALVES, long_first, "短的在前", "short histories come first"),
    Wrong(*HALVES, lambda ndcg, n_events: (30, 90), "0 到 2", "0 to 2"),
    Wrong(*HALVES, lambda ndcg, n_events: (0, 1, 2), "两个列号", "two columns"),
    Wrong("ex-project-half-life", "of_the_three", "longer", "哪一个最高", "which is the highest"),
    Wrong(*NEW, lambda scores, bought: np.where(bought > 0, 0, scores), "负无穷", "minus infinity"),
    Wrong(*NEW, lambda scores, bought: np.where(bought > 0, scores, -np.inf), "反了", "wrong way round"),
    Wrong(*NEW, lambda scores, bought: scores, "负无穷", "minus infinity"),
    Wrong(*NEW, lambda scores, bought: scores[:, 0], "形状", "shape"),
    Wrong("ex-project-explore", "best_at_new", "popularity", "探索分", "explore scores"),
    Wrong(*NETWORK, untrained, "还没有训练", "isn't trained"),
    Wrong(*NETWORK, lambda *given: fitted(*given[:4], 1), "3 轮", "3 epochs"),
    Wrong(*NETWORK, lambda *given: fitted(True, False, *given[2:]), "设置却不是", "settings differ"),
    Wrong(*NETWORK, another, "另一个网络", "another network"),
    Wrong(*NETWORK, lambda *given: 0.3, "PurchaseTransformer", "PurchaseTransformer"),
]
