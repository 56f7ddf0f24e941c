r"""Reasons: a decoder says whether a family would buy a product, and which of its purchases speaks for it.

Answer and reason are one sentence, "Yes, because it buys Bananas.", so that the reason is given for the decoder's own
answer. Only purchases that the question lists can be named. Whether the answer rests on the purchase that is named is
another question: :func:`log_odds_without_each` takes each one off the list and asks again.
"""

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from shoprec.formulas.arrays import Floats
from shoprec.models.language.decoders import mean_log_likelihoods

if TYPE_CHECKING:
    from transformers import Cache, PreTrainedModel, PreTrainedTokenizerBase

    Decoder = tuple[PreTrainedTokenizerBase, PreTrainedModel]

YES, NO, BECAUSE = "Yes", "No", "Yes, because it buys"
ANOTHER = "another product"  #: what a question asks about that names no product
_FAMILY = "<|im_start|>user\nA family shops at the supermarket. It buys most often:\n"
_WOULD = (
    "Would it also buy {}? Answer yes or no, and give the reason in one sentence.<|im_end|>\n<|im_start|>assistant\n"
)


def question(bought: Sequence[str], product: str = ANOTHER) -> str:
    """What the decoder is asked, up to its answer.

    Examples
    --------
    >>> print(question(["Bananas", "White milk"], "Large eggs").split("<|im_end|>")[0])
    <|im_start|>user
    A family shops at the supermarket. It buys most often:
    - Bananas
    - White milk
    Would it also buy Large eggs? Answer yes or no, and give the reason in one sentence.
    """
    return _FAMILY + _lines(bought) + _WOULD.format(product)


def yes_log_odds(decoder: "Decoder", bought: Sequence[str], product: str) -> float:
    r"""How much rather a decoder answers Yes than No.

    .. math:: r(x) = \log P(\text{Yes} \mid x) - \log P(\text{No} \mid x)

    with :math:`x` the question.

    Parameters
    ----------
    decoder : tuple of tokenizer and model
        From :func:`shoprec.models.language.decoders.load_decoder`.
    bought : sequence of str
        The purchases that the question lists.
    product : str
        What it asks about.

    Raises
    ------
    ValueError
        If Yes or No is several tokens for the decoder.
    """
    return _answer(decoder, _read(decoder, _FAMILY), _lines(bought) + _WOULD.format(product))


def log_odds_without_each(decoder: "Decoder", bought: Sequence[str], product: str) -> Floats:
    r"""The same with each purchase taken off the list, :math:`r(x_{\setminus i})`; the others keep their order.

    What stands before a purchase is read once, for all that come after it.

    Returns
    -------
    array of float, shape (n_bought,)

    Raises
    ------
    ValueError
        If fewer than two purchases are listed, or Yes or No is several tokens.
    """
    if len(bought) < 2:
        raise ValueError(f"{len(bought)} purchases; list two or more, so that one is left when one is deleted")
    known, found = _read(decoder, _FAMILY), []
    for i, name in enumerate(bought):
        found.append(_answer(decoder, copy.deepcopy(known), _lines(bought[i + 1 :]) + _WOULD.format(product)))
        known = _read(decoder, _lines([name]), known)
    return np.array(found)


def reason_log_likelihoods(decoder: "Decoder", bought: Sequence[str], product: str = ANOTHER) -> Floats:
    """How readily a decoder would name each listed purchase as its reason, in nats per token, shape (n_bought,).

    With the default, the question names no product: what is likely then is likely whatever is recommended.
    """
    prompt = question(bought, product) + BECAUSE
    return mean_log_likelihoods(*decoder, prompt, [f" {name}." for name in bought])


def _lines(bought: Sequence[str]) -> str:
    """Purchases as the question lists them."""
    return "".join(f"- {name}\n" for name in bought)


def _read(decoder: "Decoder", text: str, known: "Cache | None" = None) -> "Cache":
    """Keys and values of what was known and of a text after it."""
    import torch

    tokenizer, model = decoder
    tokens = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"].to(model.device)
    with torch.inference_mode():
        return model(tokens, past_key_values=known, use_cache=True, logits_to_keep=1).past_key_values


def _answer(decoder: "Decoder", known: "Cache", text: str) -> float:
    """Log-odds of Yes, not No, after what is known and a text."""
    import torch

    tokenizer, model = decoder
    ids = [tokenizer(word, add_special_tokens=False)["input_ids"] for word in (YES, NO)]
    if any(len(tokens) != 1 for tokens in ids):
        raise ValueError(f"{YES} and {NO} must be a token each for the decoder; it has {[*map(len, ids)]}")
    tokens = tokenizer(text, add_special_tokens=False, return_tensors="pt")["input_ids"].to(model.device)
    with torch.inference_mode():
        yes, no = model(tokens, past_key_values=known, logits_to_keep=1).logits[0, -1, [*ids[0], *ids[1]]].tolist()
    return yes - no
