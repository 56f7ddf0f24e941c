"""The networks of the recorded runs: what each is, what its training reads, and the stage that does best."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch

from shoprec.evaluation import evaluate
from shoprec.experiments.spaces import TRIALS
from shoprec.models.batches import Batch, TrainingSet
from shoprec.models.factors import SVD
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer, TransformerConfig
from shoprec.tasks import Task
from shoprec.training.loop import TrainingConfig, train


@dataclass(frozen=True)
class Kind:
    """A network and its training.

    Attributes
    ----------
    network : TransformerConfig
    training : TrainingConfig
        Its epochs are the stages, after each of which the network is judged in the month to tune on.
    windows : int
        That the training reads, those of all stages together.
    batch_size : int
        Windows per step.
    n_dates : int
        Asked for in each window.
    n_sampled : int or None
        Products that the softmax's denominator is estimated from; without it, all are in it.
    from_svd : bool
        Whether the products' vectors start from those of a singular value decomposition, or from random ones.
    examples : type of TrainingSet
        Makes the batches.
    """

    network: TransformerConfig
    training: TrainingConfig
    windows: int
    batch_size: int = 32
    n_dates: int = 16
    n_sampled: int | None = None
    from_svd: bool = True
    examples: type[TrainingSet] = TrainingSet


def transformer(pointing: bool) -> Kind:
    """The leaderboard's Transformer: the stages are the settings that are tried."""
    network = TransformerConfig(max_length=256, dropout=0.1, behaviour=False, pointing=pointing)
    training = TrainingConfig(TRIALS, TRIALS, learning_rate=1e-3)
    return Kind(network, training, windows=10_000, batch_size=16, n_dates=12)


# What else was compared, was compared on June alone, the month to tune on of the first cut, with one seed. With windows
# of 128 purchases and pointing (0.207), three times the dropout, six times the decay or half of the training made a
# difference of less than 0.001, vectors half as long 0.002; windows of 256 gained 0.007, of 512 another 0.002 for twice
# the time. Without pointing, half of the training cost 0.005.
KINDS = {
    "Transformer": transformer(pointing=False),
    "PointingTransformer": transformer(pointing=True),
    "BehaviourTerm": Kind(
        TransformerConfig(taste=False),
        TrainingConfig(TRIALS, TRIALS, learning_rate=3e-3, weight_decay=0.01),
        windows=15_000,
        n_sampled=1024,
        from_svd=False,
    ),
}


@dataclass
class Stage:
    """So many batches of a training set, drawn anew each time."""

    examples: TrainingSet
    n: int

    def __call__(self, rng: np.random.Generator) -> Iterator[Batch]:
        """A stage's batches."""
        left = self.n
        while left:
            for batch in self.examples(rng):
                yield batch
                left -= 1
                if not left:
                    return


def new_network(kind: Kind, validation: Task, seed: int) -> PurchaseTransformer:
    """A network that has learned nothing yet."""
    torch.manual_seed(seed)
    network = PurchaseTransformer(validation.history, kind.network, kind.n_sampled)
    if kind.from_svd:
        network.start_from(SVD(kind.network.d_model, half_life=np.inf).fit(validation).item_vectors())
    return network


def train_network(
    network: PurchaseTransformer, kind: Kind, validation: Task, seed: int, checkpoint: Path | None = None
) -> list[float]:
    """Train a network on a task's history; it keeps the stage that does best in the month to tune on.

    Parameters
    ----------
    network : PurchaseTransformer
    kind : Kind
    validation : Task
    seed : int
        Of all that the training draws.
    checkpoint : Path, optional
        Where the run is kept: called again, it goes on.

    Returns
    -------
    list of float
        NDCG@10 after each stage.
    """
    config, stages = kind.network, kind.training.epochs
    examples = kind.examples(
        validation.history, config.max_length, kind.batch_size, kind.n_dates, behaviour=config.behaviour
    )
    stage = Stage(examples, max(1, round(kind.windows / kind.batch_size / stages)))

    def ndcg(network: PurchaseTransformer) -> float:
        return float(evaluate(SequentialRecommender(network).fit(validation), validation)["ndcg"].mean())

    training = replace(kind.training, seed=seed)
    log = train(network, stage, stage.n, ndcg, training, checkpoint, progress=False)
    return [float(score) for score in log["validation"]]
