"""A trained network over the purchase history as a recommender."""

from typing import Self

import numpy as np
import torch

from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.checks import household_codes
from shoprec.models import fitted
from shoprec.models.batches import append_mask, make_batch
from shoprec.models.transformer import PurchaseTransformer
from shoprec.tasks import Task

CHUNK = 256  #: households scored at a time, which bounds the memory of the activations


class SequentialRecommender:
    """A trained :class:`PurchaseTransformer` as a recommender.

    ``fit`` only reads the history: what the network learned from it stays as it is. So the weights that were
    chosen on the validation month can be used a month later, on a longer history, as in a running shop.

    Parameters
    ----------
    network : PurchaseTransformer
        Trained with :func:`shoprec.training.loop.train`.
    """

    def __init__(self, network: PurchaseTransformer) -> None:
        self.network = network

    def fit(self, task: Task) -> Self:
        """Read the history of a task with the same catalogue.

        Raises
        ------
        ValueError
            If the task's number of items differs from the network's.
        """
        if len(task.items) != self.network.n_items:
            raise ValueError(
                f"the network knows {self.network.n_items} items, the task has {len(task.items)}; make both "
                "tasks with the same items"
            )
        self.history_, self.day_ = task.history, task.cut_day
        return self

    @torch.no_grad()
    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items).

        Raises
        ------
        ValueError
            If it has read no history yet, or a household is unknown or has no history.
        """
        start = fitted(self, "history_").start
        households = household_codes(households, len(start) - 1)
        empty = start[households + 1] == start[households]
        if empty.any():
            raise ValueError(
                f"{empty.sum()} households have no history, first code {households[empty][0]}; the network reads a "
                "history, so recommend to them by popularity"
            )
        parts = [self._score(households[i : i + CHUNK]) for i in range(0, len(households), CHUNK)]
        return np.concatenate(parts) if parts else np.zeros((0, self.network.n_items), np.float32)

    def _score(self, households: Codes) -> Floats:
        stop, days = self.history_.start[households + 1], np.full(len(households), self.day_)
        window = np.arange(len(households))
        config = self.network.config
        length = config.max_length - (not config.causal)  # [MASK] takes a place
        batch = make_batch(self.history_, households, stop, window, days, stop, length, behaviour=config.behaviour)
        if not config.causal:
            batch = append_mask(batch, self.network.n_items)
        device = self.network.item_bias.device
        return self.network.eval()(batch.to(device)).cpu().numpy()
