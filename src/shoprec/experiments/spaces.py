"""What is tried for each model that has settings: twelve of them, no more for one than for another."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shoprec.evaluation import evaluate
from shoprec.models import Recommender
from shoprec.models.boosting import BoostedRanker
from shoprec.models.content import ContentTfidf
from shoprec.models.counting import PersonalFrequency, Popularity, RecentPopularity
from shoprec.models.factors import EASE, IALS, SVD
from shoprec.models.neighbors import ItemKNN, UserKNN
from shoprec.models.next_basket import TIFUKNN, UPCF
from shoprec.tasks import Task

TRIALS = 12  #: settings tried for each model that has any, at every cut

Settings = dict[str, Any]


class Candidate(NamedTuple):
    """A model to tune: how it is made from its settings, and which of them are tried."""

    build: Callable[..., Recommender]
    trials: tuple[Settings, ...]


class Trial(NamedTuple):
    """A setting and the NDCG@10 that it gave in the month to tune on."""

    settings: Settings
    ndcg: float


def grid(**choices: list) -> tuple[Settings, ...]:
    """All combinations of some settings.

    Examples
    --------
    >>> grid(k=[1, 5], half_life=[90])
    ({'k': 1, 'half_life': 90}, {'k': 5, 'half_life': 90})
    """
    return tuple(dict(zip(choices, values, strict=True)) for values in itertools.product(*choices.values()))


def candidates(text: pd.Series) -> dict[str, Candidate]:
    """The models without a network, with their search spaces.

    Parameters
    ----------
    text : Series of str
        A text for each item id, for the model that reads them.
    """
    return {
        "Popularity": Candidate(Popularity, grid()),
        "RecentPopularity": Candidate(
            RecentPopularity, grid(half_life=[2, 4, 7, 10, 14, 21, 30, 45, 60, 90, 180, np.inf])
        ),
        "PersonalFrequency": Candidate(
            PersonalFrequency, grid(half_life=[30, 45, 60, 75, 90, 105, 120, 150, 180, 270, 365, np.inf])
        ),
        "ItemKNN": Candidate(ItemKNN, grid(k=[1, 2, 5], strength=[0, 20], half_life=[60, 90])),
        "UserKNN": Candidate(UserKNN, grid(k=[50, 150], alpha=[0.2, 0.35, 0.5], half_life=[60, 120])),
        "TIFUKNN": Candidate(TIFUKNN, grid(within=[0.9, 1.0], across=[0.5, 0.7, 0.9], alpha=[0.5, 0.7])),
        "UPCF": Candidate(UPCF, grid(r=[25, 50, 100], q=[5, 10], alpha=[0.25, 0.4])),
        "SVD": Candidate(SVD, grid(d=[128, 256, 512], half_life=[60, 90], weighting=["log", "counts"])),
        "EASE": Candidate(EASE, grid(strength=[5, 10, 20, 50], half_life=[60, 90, 180])),
        "IALS": Candidate(
            IALS,
            tuple(
                size | rest
                for size in ({"d": 128, "alpha": 1}, {"d": 256, "alpha": 1}, {"d": 128, "alpha": 3})
                for rest in grid(regularization=[5, 10], half_life=[30, 60])
            ),
        ),
        "BoostedRanker": Candidate(BoostedRanker, grid(n_leaves=[7, 15, 31], n_trees=[50, 100], n=[75, 150])),
        "Content": Candidate(
            partial(ContentTfidf, text), grid(half_life=[14, 21, 30, 45, 60, 75, 90, 120, 150, 200, 300, np.inf])
        ),
    }


def search(candidate: Candidate, validation: Task) -> list[Trial]:
    """Try a model's settings in the month to tune on, the best first; of equals, the earlier one."""
    trials = []
    for settings in candidate.trials:
        result = evaluate(candidate.build(**settings).fit(validation), validation)
        trials.append(Trial(settings, float(result["ndcg"].mean())))
    return sorted(trials, key=lambda trial: -trial.ndcg)
