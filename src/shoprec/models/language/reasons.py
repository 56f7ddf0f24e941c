r"""Reasons: a decoder says whether a family would buy a product, and which of its purchases speaks for it.

Answer and reason are one sentence, "Yes, because it buys Bananas.", so that the reason is given for the decoder's own
answer. Only purchases that the question lists can be named. Whether the answer rests on the purchase that is named is
another question: :func:`yes_log_odds` takes each one off the list and asks again.
"""

import copy
from collections.abc import Sequence
from itertools import chain
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


def yes_log_odds(decoder: "Decoder", bought: Sequence[str], product: str) -> tuple[float, Floats]:
    r"""How much rather a decoder answers Yes than No, to the whole list and with each purchase taken off it.

    .. math:: \mathrm{yes}(x) = \log P(\text{Yes} \mid x) - \log P(\text{No} \mid x)

    with :math:`x` the question. Where a purchase is deleted, the others keep their order. The list is read once; what
    stands before a deleted purchase isn't read again.

    Parameters
    ----------
    decoder : tuple of tokenizer and model
        From :func:`shoprec.models.language.decoders.load_decoder`.
    bought : sequence of str
        The purchases that the question lists, at least two.
    product : str
        What it asks about.

    Returns
    -------
    whole : float
        :math:`\mathrm{yes}(x)`.
    without : array of float, shape (n_bought,)
        :math:`\mathrm{yes}(x_{\setminus i})`.

    Raises
    ------
    ValueError
        If fewer than two purchases are listed, or Yes or No is several tokens for the decoder.
    """
    import torch

    if len(bought) < 2:
        raise ValueError(f"{len(bought)} purchases; list two or more, so that one is left when one is deleted")
    tokenizer, model = decoder

    def tokens(text: str) -> list[int]:
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    answers = [token for word in (YES, NO) for token in tokens(word)]
    if len(answers) != 2:
        raise ValueError(f"{YES} and {NO} must be a token each for the decoder; they are {len(answers)} together")
    start, lines, end = tokens(_FAMILY), [tokens(_lines([name])) for name in bought], tokens(_WOULD.format(product))

    def after(known: "Cache", n: int, text: list[int]) -> float:
        """Log-odds after the first ``n`` tokens of what is known, and a text."""
        cut = copy.deepcopy(known)
        if more := cut.get_seq_length() - n:
            cut.crop(-more)
        logits = model(torch.tensor([text], device=model.device), past_key_values=cut, logits_to_keep=1).logits
        yes, no = logits[0, -1, answers].tolist()
        return yes - no

    with torch.inference_mode():
        everything = torch.tensor([[*start, *chain(*lines)]], device=model.device)
        known = model(everything, use_cache=True, logits_to_keep=1).past_key_values
        before = np.cumsum([len(start), *map(len, lines)]).tolist()  # tokens before each line, and before the end
        without = [after(known, n, [*chain(*lines[i + 1 :]), *end]) for i, n in enumerate(before[:-1])]
        return after(known, before[-1], end), np.array(without)


def reason_log_likelihoods(decoder: "Decoder", bought: Sequence[str], product: str = ANOTHER) -> Floats:
    """How readily a decoder would name each listed purchase as its reason, in nats per token, shape (n_bought,).

    With the default, the question names no product: what is likely then is likely whatever is recommended.
    """
    prompt = question(bought, product) + BECAUSE
    return mean_log_likelihoods(*decoder, prompt, [f" {name}." for name in bought])


def _lines(bought: Sequence[str]) -> str:
    """Purchases as the question lists them."""
    return "".join(f"- {name}\n" for name in bought)
