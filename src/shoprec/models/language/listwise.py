r"""Ranking a list at once: candidates get letters, and a decoder says which letter it would answer with.

One pass reads all candidates, and the probabilities of the letters order them. What a decoder says so depends on the
place at which a candidate stands, too: ask again with the list in reverse, and average.
"""

import string
from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np
import pandas as pd

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import scores_of
from shoprec.formulas.metrics import rank_items
from shoprec.models import Recommender, fitted
from shoprec.models.counting import checked_half_life
from shoprec.models.hybrid import in_front
from shoprec.models.language.decoders import load_decoder
from shoprec.models.language.prompts import Listing, Prompt
from shoprec.tasks import Task

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

LABELS = string.ascii_uppercase


class Question(NamedTuple):
    """What a decoder is asked about a list, in the form in which it was taught to answer.

    Attributes
    ----------
    opening : Prompt
        What it is told of the household, and the question.
    closing : str
        What follows the list; the letter is the next token.
    lead : str
        What stands before the letter in the answer: a space, where ``closing`` ends without one.
    """

    opening: Prompt
    closing: str
    lead: str = " "


_BUYS = "<|im_start|>user\nA family shops at the supermarket. It buys most often: {bought}.\n\n"
_WHICH = "Which of these products is it most likely to buy next time?\n"
_LETTER = "\nAnswer with the letter of one product.<|im_end|>\n<|im_start|>assistant\nAnswer:"
QUESTIONS = {
    "often": Question(Prompt(_BUYS + _WHICH), _LETTER),
    "rhythm": Question(Prompt(_BUYS + _WHICH, rhythm=True), _LETTER),
}


def label_log_probabilities(
    tokenizer: "PreTrainedTokenizerBase",
    model: "PreTrainedModel",
    opening: str,
    candidates: Sequence[str],
    orders: Codes,
    closing: str,
    lead: str = " ",
) -> Floats:
    r"""Which letter a decoder would answer with, for each of several orders of a list.

    .. math:: \ell_{ot} = \log P(\text{letter}_t \mid \text{the list in order } o)
              - \log \sum_{t'} P(\text{letter}_{t'} \mid \text{the list in order } o)

    The opening is read once, its keys and values serve all orders, and these are read side by side.

    Parameters
    ----------
    tokenizer, model
        From :func:`shoprec.models.language.decoders.load_decoder`.
    opening : str
        All that comes before the list.
    candidates : sequence of str
        At most 26, there being so many letters.
    orders : array of int, shape (n_orders, n_candidates)
        In each row, which candidate stands at the first, second, … place.
    closing : str
        All that comes after it.
    lead : str
        What stands before the letter in the answer.

    Returns
    -------
    array of float, shape (n_orders, n_candidates)
        In nats, by *place*: column 0 belongs to letter A, whoever stands there. Each row's exponentials sum to 1.

    Raises
    ------
    ValueError
        If there are fewer than two candidates or more than 26, a row isn't an order of them, or a letter is more than
        one token.
    """
    import torch

    n = len(candidates)
    if not 2 <= n <= len(LABELS):
        raise ValueError(f"{n} candidates; a list for letters has 2 to {len(LABELS)}: judge the best ones")
    orders = np.asarray(orders)
    if orders.ndim != 2 or not (np.sort(orders, axis=1) == np.arange(n)).all():
        raise ValueError(f"orders must have rows that hold each of 0 to {n - 1} once; pass drawn_orders({n}, …)")

    def tokens(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    answers = [tokens(lead + label) for label in LABELS[:n]]
    if any(len(answer) != 1 for answer in answers):
        raise ValueError("a letter is several tokens for this tokenizer; choose another lead")
    # Line by line, so that each order of the list has the same tokens, and as many.
    lines, labels, end = [tokens(f". {name}\n") for name in candidates], [*map(tokens, LABELS[:n])], tokens(closing)
    rows = [
        [token for label, candidate in zip(labels, order, strict=True) for token in (*label, *lines[candidate])] + end
        for order in orders
    ]
    with torch.inference_mode():
        known = model(torch.tensor([tokens(opening)], device=model.device), use_cache=True, logits_to_keep=1)
        known.past_key_values.batch_repeat_interleave(len(rows))
        asked = torch.tensor(rows, device=model.device)
        logits = model(asked, past_key_values=known.past_key_values, logits_to_keep=1).logits[:, -1].float()
        answer = torch.tensor([token for (token,) in answers], device=model.device)
        return logits[:, answer].log_softmax(dim=1).cpu().numpy()


def drawn_orders(n_candidates: int, n_pairs: int, rng: np.random.Generator) -> Codes:
    """Random orders of a list, each followed by its reverse: over a pair every candidate stands on average halfway.

    Examples
    --------
    >>> orders = drawn_orders(5, n_pairs=1, rng=np.random.default_rng(0))
    >>> np.argsort(orders, axis=1).mean(axis=0)
    array([2., 2., 2., 2., 2.])
    """
    drawn = np.stack([rng.permutation(n_candidates) for _ in range(whole(n_pairs, "n_pairs"))])
    return np.stack([drawn, drawn[:, ::-1]], axis=1).reshape(-1, n_candidates)


def by_candidate(by_place: Floats, orders: Codes) -> Floats:
    """What values by place say of each candidate: the order of the places undone, along the last axis.

    Examples
    --------
    Candidate 2 stands first, and letter A has 0.7.

    >>> by_candidate(np.array([0.7, 0.2, 0.1]), np.array([2, 0, 1]))
    array([0.2, 0.1, 0.7])
    """
    return np.take_along_axis(by_place, np.argsort(orders, axis=-1), axis=-1)


class ListwiseJudge:
    """Lets a pretrained decoder put another recommender's best products in order, all of them in one question.

    The base's first ``n_candidates`` products are listed in random orders, each with its reverse, and ranked by the
    mean log-probability of their letters (:func:`label_log_probabilities`). Everything else keeps the base's order,
    behind them (:func:`shoprec.models.hybrid.in_front`).

    Parameters
    ----------
    base : Recommender
        Fitted along with the judge.
    names : Series of str
        A product's name in English, indexed by item id.
    n_candidates : int
        Products to put in order, from 2 to 26.
    n_pairs : int
        Orders to ask in, each of them twice: forwards and backwards.
    n_purchases : int
        Products of the household that the question lists.
    half_life : float
        In days, of the purchases that decide what the question lists.
    question : Question
        What it is told, and asked.
    decoder : tuple of tokenizer and model, optional
        By default :func:`shoprec.models.language.decoders.load_decoder`.
    seed : int
        Of the orders. They are drawn for each household by itself.

    Raises
    ------
    ValueError
        If a number is out of range.

    References
    ----------
    Hou et al. (2024), *Large language models are zero-shot rankers for recommender systems*, who see the bias of place,
    and average over shuffled lists.
    """

    def __init__(
        self,
        base: Recommender,
        names: pd.Series,
        n_candidates: int = 20,
        n_pairs: int = 1,
        n_purchases: int = 15,
        half_life: float = 90.0,
        question: Question = QUESTIONS["often"],
        decoder: "tuple[PreTrainedTokenizerBase, PreTrainedModel] | None" = None,
        seed: int = 0,
    ) -> None:
        self.base, self.names, self.question, self.decoder, self.seed = base, names, question, decoder, seed
        self.n_candidates = whole(n_candidates, "n_candidates", 2)
        if self.n_candidates > len(LABELS):
            raise ValueError(f"n_candidates must be at most {len(LABELS)}, one for each letter, not {n_candidates}")
        self.n_pairs, self.n_purchases = whole(n_pairs, "n_pairs"), whole(n_purchases, "n_purchases")
        self.half_life = checked_half_life(half_life)

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

    def opening(self, household: int) -> str:
        """What the decoder is told before the list."""
        prompt = self.question.opening
        return prompt.text.format(bought=fitted(self, "listing_").of(household, prompt))

    def orders(self, household: int) -> Codes:
        """The orders in which a household's candidates are listed."""
        return drawn_orders(self.n_candidates, self.n_pairs, np.random.default_rng([self.seed, household]))

    def text(self, household: int, items: Codes) -> str:
        """All that the decoder is asked about some products in their order."""
        listed = zip(LABELS, fitted(self, "listing_").names[items], strict=False)
        lines = "".join(f"{label}. {name}\n" for label, name in listed)
        return f"{self.opening(household)}{lines}{self.question.closing}"

    def judge(self, household: int, items: Codes, orders: Codes) -> Floats:
        """Log-probabilities by place of some products in some orders, :func:`label_log_probabilities`."""
        tokenizer, model = self.decoder or load_decoder()
        names = fitted(self, "listing_").names[items].tolist()
        return label_log_probabilities(
            tokenizer, model, self.opening(household), names, orders, self.question.closing, self.question.lead
        )

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        scores = scores_of(self.base, households, len(fitted(self, "listing_").names))
        first = rank_items(scores, self.n_candidates)
        for household, items in zip(households, first, strict=True):
            orders = self.orders(household)
            means = by_candidate(self.judge(household, items, orders), orders).mean(axis=0)
            items[:] = items[np.argsort(-means, kind="stable")]
        return in_front(scores, first)
