"""Yes or no: a decoder is told what is known of a household and of one product, and says whether it will be bought.

The log-odds of Yes put products in order. Unlike letters in a list, products don't stand beside each other, so there is
no place to prefer; and as the answer is one of two words, it can be learnt like any other classifier.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import scores_of
from shoprec.formulas.metrics import rank_items
from shoprec.models import Recommender, fitted
from shoprec.models.counting import checked_half_life
from shoprec.models.hybrid import in_front
from shoprec.models.language.decoders import load_decoder
from shoprec.models.language.prompts import PROMPTS, Listing
from shoprec.tasks import Task

if TYPE_CHECKING:
    import torch
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

FACTS = ("times", "days", "visits")
_ASKED = (
    "<|im_start|>user\nA family shops at the supermarket. It came {visits} times. It buys most often: {bought}. "
    "Here is how often and how long ago it bought a product. Will it buy it next time? Answer Yes or No.<|im_end|>\n"
    "<|im_start|>assistant\n"
)
_YES, _NO = " Yes", " No"


def yes_log_odds(
    tokenizer: "PreTrainedTokenizerBase", model: "PreTrainedModel", opening: str, lines: Sequence[str]
) -> "torch.Tensor":
    r"""How much rather a decoder would go on with Yes than with No, after an opening and each of some lines.

    .. math:: \log \frac{P(\text{Yes} \mid x)}{P(\text{No} \mid x)}
              = \langle \mathbf{h}, \mathbf{w}_{\text{Yes}} - \mathbf{w}_{\text{No}} \rangle

    with :math:`\mathbf{h}` the decoder's last vector and :math:`\mathbf{w}` the two words' rows of its output matrix:
    what all other words would get cancels, and isn't computed. Opening and lines are read in one pass: each line's
    tokens see the opening and their own line, and are numbered as if they were the only one.

    Parameters
    ----------
    tokenizer, model
        From :func:`shoprec.models.language.decoders.load_decoder`.
    opening : str
        What comes before each line.
    lines : sequence of str
        One or more.

    Returns
    -------
    Tensor, shape (n_lines,)
        In nats. Gradients flow through it unless they are switched off.

    Raises
    ------
    ValueError
        If the opening or a line is empty, there is no line, or the two words are several tokens.
    """
    import torch

    def tokens(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    before, rows, answers = tokens(opening), [tokens(line) for line in lines], [tokens(_YES), tokens(_NO)]
    if not before or not rows or not all(rows):
        raise ValueError("the opening and every line, of one or more, need at least one token")
    if any(len(answer) != 1 for answer in answers):
        raise ValueError(f"{_YES!r} or {_NO!r} is several tokens for this tokenizer; take another decoder")
    line = torch.tensor([0] * len(before) + [number for number, row in enumerate(rows, 1) for _ in row])
    place = torch.tensor([*range(len(before)), *(len(before) + i for row in rows for i in range(len(row)))])
    seen = ((line == 0) | (line == line[:, None])).tril()  # row: who reads; column: what is read
    mask = torch.zeros(seen.shape, dtype=model.dtype).masked_fill(~seen, torch.finfo(model.dtype).min)
    asked = torch.tensor([[*before, *(token for row in rows for token in row)]])
    read = model.base_model  # all but the output matrix
    told = {"attention_mask": mask[None, None], "position_ids": place[None]}
    hidden = read(asked.to(model.device), **{name: t.to(model.device) for name, t in told.items()}).last_hidden_state
    ends = len(before) + np.cumsum([len(row) for row in rows]) - 1
    last = hidden[0, torch.from_numpy(ends).to(model.device)].float()  # (n_lines, d)
    yes, no = (model.get_output_embeddings().weight[answer[0]].float() for answer in answers)
    return last @ (yes - no)


def purchase_facts(task: Task, households: Codes, items: Codes) -> Floats:
    """What is known of some products and households before the cut.

    Parameters
    ----------
    task : Task
    households : array of int, shape (n_households,)
    items : array of int, shape (n_households, n_candidates)

    Returns
    -------
    array of float, shape (n_households, n_candidates, 3)
        How ``FACTS`` says: how many times the household bought the product; how many days ago it did last, NaN if it
        never did; and how many times it came.
    """
    history = task.history
    facts = np.full((*items.shape, len(FACTS)), np.nan)
    facts[..., 2] = np.bincount(history.user[history.opens_basket], minlength=history.n_users)[households, None]
    for row, household in enumerate(households):
        own = slice(*history.start[household : household + 2])
        times, last = np.zeros(history.n_items), np.full(history.n_items, np.nan)
        times += np.bincount(history.item[own], minlength=history.n_items)
        last[history.item[own]] = history.day[own]  # in the order of time: the last one stays
        facts[row, :, 0], facts[row, :, 1] = times[items[row]], task.cut_day - last[items[row]]
    return facts


def in_words(name: str, facts: Floats) -> str:
    """A product and what is known of it, up to the answer.

    Examples
    --------
    >>> in_words("Bananas", np.array([5, 12.4, 60])), in_words("Tea", np.array([0, np.nan, 60]))
    ('Bananas (5 times, 12 days ago):', 'Tea (never):')
    """
    times, days, _ = facts
    known = f"{times:.0f} times, {days:.0f} days ago" if times else "never"
    return f"{name} ({known}):"


class PointwiseJudge:
    """Lets a decoder say yes or no to each of another recommender's best products, and ranks them by the log-odds.

    Everything else keeps the base's order, behind them (:func:`shoprec.models.hybrid.in_front`).

    Parameters
    ----------
    base : Recommender
        Fitted along with the judge.
    names : Series of str
        A product's name in English, indexed by item id.
    n_candidates : int
        Products to put in order, at least 2.
    n_purchases : int
        Products of the household that the question lists.
    half_life : float
        In days, of the purchases that decide what the question lists.
    decoder : tuple of tokenizer and model, optional
        By default :func:`shoprec.models.language.decoders.load_decoder`; or one with trained
        :class:`shoprec.models.language.lora.Adapters`.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Bao et al. (2023), *TALLRec*, who ask so and fine-tune the answer.
    """

    def __init__(
        self,
        base: Recommender,
        names: pd.Series,
        n_candidates: int = 20,
        n_purchases: int = 10,
        half_life: float = 90.0,
        decoder: "tuple[PreTrainedTokenizerBase, PreTrainedModel] | None" = None,
    ) -> None:
        self.base, self.names, self.decoder = base, names, decoder
        self.n_candidates = whole(n_candidates, "n_candidates", 2)
        self.n_purchases, self.half_life = whole(n_purchases, "n_purchases"), checked_half_life(half_life)

    def fit(self, task: Task) -> Self:
        """Fit the base and note what each household buys.

        Raises
        ------
        ValueError
            If a product of the catalogue has no name.
        """
        self.base.fit(task)
        self.listing_, self.task_ = Listing(task, self.names, self.n_purchases, self.half_life), task
        return self

    def question(
        self, household: int, items: Codes, named: Codes | None = None, listed: int | None = None
    ) -> tuple[str, list[str]]:
        """What the decoder is told of a household, and the lines about some products.

        To see what it reads, ``named`` are products whose names stand in the lines instead, with the facts as they are,
        and ``listed`` is a household whose purchases are listed instead.
        """
        listing = fitted(self, "listing_")
        facts = purchase_facts(self.task_, np.array([household]), items[None])[0]
        bought = listing.of(household if listed is None else listed, PROMPTS["often"])
        names = listing.names[items if named is None else named]
        opening = _ASKED.format(visits=f"{facts[0, 2]:.0f}", bought=bought)
        return opening, [in_words(name, known) for name, known in zip(names, facts, strict=True)]

    def log_odds(
        self, household: int, items: Codes, named: Codes | None = None, listed: int | None = None
    ) -> "torch.Tensor":
        """Log-odds of Yes for some products, with gradients unless they are off; see :meth:`question`."""
        tokenizer, model = self.decoder or load_decoder()
        return yes_log_odds(tokenizer, model, *self.question(household, items, named, listed))

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        import torch

        scores = scores_of(self.base, households, len(fitted(self, "listing_").names))
        first = rank_items(scores, self.n_candidates)
        for household, items in zip(households, first, strict=True):
            with torch.inference_mode():
                odds = self.log_odds(household, items).cpu().numpy()
            items[:] = items[np.argsort(-odds, kind="stable")]
        return in_front(scores, first)
