"""What is tried for each model: twelve settings, no more for one than for another."""

import itertools
from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from shoprec.evaluation import evaluate
from shoprec.models import Recommender
from shoprec.models.content import ContentTfidf
from shoprec.models.counting import PersonalFrequency, Popularity, RecentPopularity
from shoprec.models.factors import EASE, SVD
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
            PersonalFrequency, grid(half_life=[14, 21, 30, 45, 60, 75, 90, 120, 150, 200, 300, np.inf])
        ),
        "ItemKNN": Candidate(ItemKNN, grid(k=[1, 5, 20], half_life=[45, 90], strength=[0, 20])),
        "UserKNN": Candidate(UserKNN, grid(k=[100, 300], alpha=[0.1, 0.2, 0.3], half_life=[45, 90])),
        "SVD": Candidate(SVD, grid(d=[64, 256, 512], half_life=[45, 90], weighting=["log", "counts"])),
        "EASE": Candidate(EASE, grid(strength=[20, 50, 150, 500], half_life=[45, 90, 180])),
        "TIFUKNN": Candidate(TIFUKNN, grid(k=[100, 300], m=[3, 7], across=[0.8, 0.9, 0.95], alpha=[0.9])),
        "UPCF": Candidate(UPCF, grid(r=[10, 25, 50], q=[10, 25, 50, 100])),
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
