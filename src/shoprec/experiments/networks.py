"""The networks of the leaderboard, at the size of a chapter's: one run each, judged after each of twelve stages."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from shoprec.evaluation import evaluate
from shoprec.experiments.spaces import TRIALS, Trial
from shoprec.models.batches import Batch, TrainingSet
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import Task
from shoprec.training.loop import TrainingConfig, train

N_SAMPLED = 1024  #: products that the training's softmax is taken over


class Kind(NamedTuple):
    """A network's settings and its training's."""

    network: TransformerConfig
    training: TrainingConfig


# The stages are the settings that are tried. Rates were compared on June alone, the month to tune on of the first cut:
# those tried, from half to three times of those here, made a difference of less than 0.002.
KINDS = {
    "Transformer": Kind(
        TransformerConfig(behaviour=False, pointing=False), TrainingConfig(TRIALS, TRIALS, learning_rate=3e-3)
    ),
    "PointingTransformer": Kind(TransformerConfig(behaviour=False), TrainingConfig(TRIALS, TRIALS, learning_rate=3e-3)),
    "BehaviourTerm": Kind(
        TransformerConfig(taste=False), TrainingConfig(TRIALS, TRIALS, learning_rate=3e-3, weight_decay=0.01)
    ),
}


@dataclass
class Stages:
    """A training set of which an epoch passes over a share only, drawn anew each time."""

    examples: TrainingSet
    share: float = 0.5

    def __len__(self) -> int:
        return int(np.ceil(len(self.examples) * self.share))

    def __call__(self, rng: np.random.Generator) -> Iterator[Batch]:
        """An epoch's batches."""
        return islice(self.examples(rng), len(self))


def new_network(kind: Kind, validation: Task, seed: int) -> PurchaseTransformer:
    """A network that has learned nothing yet."""
    torch.manual_seed(seed)
    return PurchaseTransformer(validation.history, kind.network, N_SAMPLED)


def train_network(
    network: PurchaseTransformer, kind: Kind, validation: Task, seed: int, checkpoint: Path
) -> list[Trial]:
    """Train a network on a task's history; it keeps the stage that does best in the month to tune on.

    Parameters
    ----------
    network : PurchaseTransformer
    kind : Kind
    validation : Task
    seed : int
        Of all that the training draws.
    checkpoint : Path
        Where the run is kept: called again, it goes on.

    Returns
    -------
    list of Trial
        One for each stage, the best first.
    """
    config = kind.network
    stages = Stages(TrainingSet(validation.history, config.max_length, behaviour=config.behaviour))

    def ndcg(network: PurchaseTransformer) -> float:
        return float(evaluate(SequentialRecommender(network).fit(validation), validation)["ndcg"].mean())

    training = TrainingConfig(**{**vars(kind.training), "seed": seed})
    log = train(network, stages, len(stages), ndcg, training, checkpoint, progress=False)
    trials = [Trial({"stage": stage + 1}, score) for stage, score in enumerate(log["validation"])]
    return sorted(trials, key=lambda trial: -trial.ndcg)
