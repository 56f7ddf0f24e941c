"""Prompts: a household in words."""

from typing import Literal, NamedTuple

import numpy as np
import pandas as pd

from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.checks import household_codes
from shoprec.models.content import texts_of
from shoprec.models.counting import decay
from shoprec.tasks import Task


class Prompt(NamedTuple):
    """How a household is put into words.

    Attributes
    ----------
    text : str
        What the decoder reads; ``{bought}`` stands for the household's products.
    order : {"often", "lately"}
        Which products are listed, and in which order: those bought most often, or those bought last.
    rhythm : bool
        Whether each product says how often it was bought, and how long ago.
    lead : str
        What stands between the prompt and a candidate's name.
    """

    text: str
    order: Literal["often", "lately"] = "often"
    rhythm: bool = False
    lead: str = " "


_RECORDS, _NEXT = "Shopping records of a family at the supermarket.\n", "\nOn the next shopping list of this family:"
PROMPTS = {
    "often": Prompt(f"{_RECORDS}What the family buys most often: {{bought}}.{_NEXT}"),
    "lately": Prompt(f"{_RECORDS}What the family bought lately, the last first: {{bought}}.{_NEXT}", order="lately"),
    "rhythm": Prompt(f"{_RECORDS}What the family buys most often: {{bought}}.{_NEXT}", rhythm=True),
    "chat": Prompt(  # in the form in which the model was taught to answer
        "<|im_start|>user\nA family shops at the supermarket. It buys most often: {bought}. "
        "What will the family buy next time?<|im_end|>\n<|im_start|>assistant\n",
        lead="",
    ),
}


class Listing:
    """A household's purchases as a line of words.

    Parameters
    ----------
    task : Task
        Whose history is told.
    names : Series of str
        A product's name, indexed by item id.
    n_purchases : int
        Products to list at most.
    half_life : float
        In days, of the purchases that decide which are bought often.

    Raises
    ------
    ValueError
        If a product of the catalogue has no name.
    """

    def __init__(self, task: Task, names: pd.Series, n_purchases: int, half_life: float) -> None:
        self.names = texts_of(names, task).to_numpy()
        self.n_purchases, self.history, self.day = n_purchases, task.history, task.cut_day
        self.frequency = task.history.matrix(decay(task, half_life))

    def of(self, household: int, prompt: Prompt) -> str:
        """What a prompt lists of a household: the products' names, the same name once."""
        household = household_codes([household], self.history.n_users)[0]
        products, times, last = self._purchases(household)
        key = self.frequency[[household]].toarray()[0, products] if prompt.order == "often" else last
        first = np.argsort(-key, kind="stable")[: self.n_purchases]
        listed = self.names[products[first]].tolist()
        if prompt.rhythm:
            ago = np.round(self.day - last[first]).astype(int)
            facts = zip(listed, times[first], ago, strict=True)
            listed = [f"{name} ({n} times, last {days} days ago)" for name, n, days in facts]
        return ", ".join(dict.fromkeys(listed))

    def _purchases(self, household: int) -> tuple[Codes, Codes, Floats]:
        """A household's products, sorted, with the number of times and the last day it bought each."""
        events = slice(*self.history.start[household : household + 2])
        products, place, times = np.unique(self.history.item[events], return_inverse=True, return_counts=True)
        last = np.full(len(products), -np.inf)
        np.maximum.at(last, place, self.history.day[events])
        return products, times, last
