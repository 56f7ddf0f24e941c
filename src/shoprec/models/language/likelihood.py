"""Ranking by likelihood: how readily would a decoder name a product after what a household bought?"""

from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import scores_of
from shoprec.formulas.metrics import rank_items
from shoprec.models import Recommender, fitted
from shoprec.models.counting import checked_half_life
from shoprec.models.hybrid import in_front
from shoprec.models.language.decoders import load_decoder, mean_log_likelihoods
from shoprec.models.language.prompts import PROMPTS, Listing, Prompt
from shoprec.tasks import Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase


class LikelihoodReranker:
    r"""Lets a pretrained decoder put another recommender's best products in order, without any training.

    Some of the household's purchases go into a prompt, and the base recommender's first ``n_candidates``
    products are ranked by the likelihood of their names after it, :func:`mean_log_likelihoods`. Everything else
    keeps the base's order, behind them (:func:`shoprec.models.hybrid.in_front`).

    Parameters
    ----------
    base : Recommender
        Fitted along with the reranker.
    names : Series of str
        A product's name in English, indexed by item id.
    n_candidates : int
        Products to put in order, at least 2.
    n_purchases : int
        Products of the household that the prompt lists.
    half_life : float
        In days, of the purchases that decide what the prompt lists.
    decoder : tuple of tokenizer and model, optional
        By default :func:`load_decoder`.
    prompt : Prompt
        What it is told of a household.

    Raises
    ------
    ValueError
        If a number is out of range.

    Notes
    -----
    Two passes of the decoder per household, the prompt's and the candidates': score few households at a time.
    """

    def __init__(
        self,
        base: Recommender,
        names: pd.Series,
        n_candidates: int = 10,
        n_purchases: int = 15,
        half_life: float = 90.0,
        decoder: "tuple[PreTrainedTokenizerBase, PreTrainedModel] | None" = None,
        prompt: Prompt = PROMPTS["often"],
    ) -> None:
        self.base, self.names, self.decoder, self.words = base, names, decoder, prompt
        self.n_candidates = whole(n_candidates, "n_candidates", 2)  # one product has no other order
        self.n_purchases, self.half_life = whole(n_purchases, "n_purchases"), checked_half_life(half_life)

    def fit(self, task: Task) -> Self:
        """Fit the base and note what each household buys.

        Raises
        ------
        ValueError
            If a product of the catalogue has no name.
        """
        self.base.fit(task)
        self.listing_ = Listing(task, self.names, self.n_purchases, self.half_life)
        return self

    def prompt(self, household: int) -> str:
        """What the decoder is told of a household."""
        return self.words.text.format(bought=fitted(self, "listing_").of(household, self.words))

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        names = fitted(self, "listing_").names
        tokenizer, model = self.decoder or load_decoder()
        scores = scores_of(self.base, households, len(names))
        first = rank_items(scores, min(self.n_candidates, len(names)))
        for household, items in zip(households, first, strict=True):
            continuations = [f"{self.words.lead}{name}" for name in names[items]]
            likelihood = mean_log_likelihoods(tokenizer, model, self.prompt(household), continuations)
            items[:] = items[np.argsort(-likelihood, kind="stable")]  # equal names keep the base's order
        return in_front(scores, first)
