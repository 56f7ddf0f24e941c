"""The network that the service answers with: how it is trained, and where it is kept."""

from pathlib import Path

import numpy as np
import torch

from shoprec.applications.serving.bundle import CONFIG, Bundle
from shoprec.data.journey import complete_journey
from shoprec.evaluation import evaluate
from shoprec.models.batches import TrainingSet
from shoprec.models.factors import SVD
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import PurchaseTransformer
from shoprec.tasks import Task, tasks_at
from shoprec.training.loop import TrainingConfig, train

TRAINING = TrainingConfig(epochs=2, learning_rate=5e-3)


def train_network(validation: Task, progress: bool = True) -> PurchaseTransformer:
    """Train the service's network on a month to tune on: half a minute of one core."""
    torch.manual_seed(TRAINING.seed)
    network = PurchaseTransformer(validation.history, CONFIG, n_sampled=512)
    network.start_from(SVD(CONFIG.d_model, half_life=np.inf).fit(validation).item_vectors())
    examples = TrainingSet(validation.history, CONFIG.max_length, n_dates=8, behaviour=False)

    def ndcg(network: PurchaseTransformer) -> float:
        return float(evaluate(SequentialRecommender(network).fit(validation), validation)["ndcg"].mean())

    train(network, examples, len(examples), ndcg, TRAINING, progress=progress)
    return network.eval()


def make_bundle(folder: Path, progress: bool = True) -> Bundle:
    """Train the network on the book's data, give it the history up to December, and write both to a folder."""
    journey = complete_journey()
    validation, test = tasks_at(journey.purchases)
    bundle = Bundle.of(train_network(validation, progress), test, journey.products)
    bundle.save(folder)
    return bundle
