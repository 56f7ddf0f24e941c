"""What a recording keeps of a model's lists: each household's result, and settings that JSON can hold."""

from typing import Any, Self

import numpy as np
import pandas as pd

from shoprec.evaluation import Evaluation, evaluate
from shoprec.formulas.arrays import Codes, Floats
from shoprec.models import Recommender
from shoprec.models.rules import OnlyNew
from shoprec.tasks import Task


class Ready:
    """A fitted model that is not fitted again."""

    def __init__(self, model: Recommender) -> None:
        self.model = model

    def fit(self, task: Task) -> Self:
        """Leave the model as it is."""
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        return self.model.score(households)


def judged(model: Recommender, task: Task) -> tuple[Evaluation, pd.DataFrame]:
    """Each household's NDCG@10, on the model's lists and on those of new products only."""
    result, new = evaluate(model, task), evaluate(OnlyNew(Ready(model)).fit(task), task)
    columns = {name: result.households[name, "ndcg"] for name in ("all", "repeat", "explore")}
    table = pd.DataFrame(columns | {"new": new.households["explore", "ndcg"]}).astype("float32")
    return result, table.rename_axis("household").reset_index()


def in_json(settings: dict[str, Any]) -> dict[str, Any]:
    """Settings as JSON has them: it knows no infinity.

    Examples
    --------
    >>> in_json({"half_life": float("inf"), "k": 3})
    {'half_life': 'inf', 'k': 3}
    """
    return {name: "inf" if value == np.inf else value for name, value in settings.items()}
