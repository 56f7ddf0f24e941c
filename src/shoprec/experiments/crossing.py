"""Readers, bridges and strangers between departments: all lists of :mod:`shoprec.experiments.cross_domain`."""

from functools import cache
from typing import Any

import numpy as np
from scipy import sparse
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize
from sklearn.utils.extmath import randomized_svd

from shoprec.data.journey import complete_journey, short_names
from shoprec.experiments.departments import LEAST, Domains, strangers
from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.fusion import zscore
from shoprec.formulas.metrics import ndcg_at_k, rank_items
from shoprec.models.bridges import agreement, by_copurchase, by_households, by_mapping, by_words
from shoprec.models.content import product_text
from shoprec.models.language.encoders import embed
from shoprec.models.neighbors import weigh
from shoprec.tasks import MIN_USERS

MOST_FACTORS = 60  #: of the mapping
NOBODY = np.empty((0,), int)  #: to leave out


@cache
def text_vectors(journey_items: tuple[int, ...]) -> dict[tuple[str, Any], Any]:
    """Vectors of the products' texts, for each setting of the two bridges of words; no text names its department."""
    journey = complete_journey()
    products = journey.products.loc[list(journey_items)]
    fields = product_text(products).str.replace(r"\bdepartment=\S+ ?", "", regex=True)
    kinds = {"all": fields, "type": fields.str.replace(r"\S+=\S+ ?", "", regex=True)}
    vectors: dict[tuple[str, Any], Any] = {}
    for kind, text in kinds.items():
        words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"[^\s]+")
        vectors["words", kind] = sparse.csr_array(words.fit_transform(text).astype(np.float32))
    plain = np.array(list(map(read_once().__getitem__, short_names(products)["name_en"])))
    vectors["encoder", False], vectors["encoder", True] = plain, normalize(plain - plain.mean(axis=0))
    return vectors


@cache
def read_once() -> dict[str, Floats]:
    """The encoder's vector of each product name that any cut of the book may ask for."""
    journey = complete_journey()
    bought = journey.purchases["item"].value_counts()
    names = short_names(journey.products.loc[bought.index[bought >= MIN_USERS]])["name_en"].unique()
    return dict(zip(names, embed(names.tolist()), strict=True))


class Crossing:
    """Readers of some source departments, asked about a target department in one month.

    Parameters
    ----------
    domains : Domains
    source : tuple of str
    target : str
    recent : bool
        Whether popularity, and what others buy in the target, is their frequency (:meth:`Domains.latest`), or whether
        they ever bought it.
    least : int
        Baskets that a reader has in the source.
    every : int
        Ask every first, second, third … of the readers only, where all would take too long.

    Attributes
    ----------
    readers : array of int
        Households that are asked about.
    relevant : sparse array of bool, shape (n_readers, n_target)
        What they buy.
    popularity : array of float, shape (n_readers, n_target)
        Popularity among all other households; ``z_popularity`` is its logarithm, standardised for each reader.
    """

    def __init__(
        self,
        domains: Domains,
        source: tuple[str, ...],
        target: str,
        recent: bool = True,
        least: int = LEAST,
        every: int = 1,
    ) -> None:
        self.domains, self.source, self.target, self.recent = domains, source, target, recent
        self.from_items, self.to_items = domains.columns(*source), domains.columns(target)
        self.readers = domains.readers(source, target, least)[::every]
        self.relevant = domains.targets(target)[self.readers]
        ever = sparse.csr_array(domains.counts[:, self.to_items].sign())
        self.bought = domains.latest(target) if recent else ever
        self.known = sparse.csr_array(weigh(domains.counts[:, self.from_items], "log"))
        self.popularity = self.bought.sum(axis=0)[None] - self.bought[self.readers].toarray()
        self.z_popularity = standardised(self.popularity)
        self._made: dict[str, Any] = {}

    def lent(self, step: int) -> Codes:
        """Whose source purchases each reader is lent; its own at step 0."""
        n = np.asarray(self.known.sum(axis=1), float).ravel()
        return strangers(self.readers, self.domains.store, n, step) if step else self.readers

    def scores(self, bridge: str, setting: Any, step: int = 0, leak: bool = False) -> Floats:
        """A bridge's scores of the target's products, shape (n_readers, n_target).

        With ``leak``, a reader is among the households that it is compared with, its target purchases included: the
        mistake that this is here to show. It concerns the bridges of co-purchase and of households.
        """
        read = self.lent(step)
        but = np.column_stack([self.readers, read])
        if bridge in ("words", "encoder"):
            vectors = text_vectors(tuple(self.domains.items))[bridge, setting]
            return by_words(self.known[read], vectors[self.from_items], vectors[self.to_items])
        if bridge == "mapping":
            factors = self._once("factors", self._factors)[:, :setting]
            return by_mapping(factors, self.bought, read, self.readers)
        shared = self._once(bridge, self._items_shared if bridge == "copurchase" else self._alike)[read]
        if not leak:
            np.put_along_axis(shared, but, 0, axis=1)
        return (by_copurchase if bridge == "copurchase" else by_households)(shared, self.bought, setting)

    def local(self) -> Floats:
        """Popularity in each reader's store, without the reader's part."""
        store = self.domains.store
        n_stores = int(store.max()) + 1
        member = sparse.csr_array(
            (np.ones(len(store), np.float32), (store, np.arange(len(store)))), (n_stores, len(store))
        )
        here = (member @ self.bought).toarray()
        return here[store[self.readers]] - self.bought[self.readers].toarray()

    def judge(self, scores: Floats, rows: Codes | None = None) -> Floats:
        """NDCG@10 of the lists of target products, one value per reader, or for those of some rows."""
        return ndcg_at_k(rank_items(scores), self.relevant if rows is None else self.relevant[rows])

    def _items_shared(self) -> Floats:
        """Agreement of all households by co-purchase, where a product bought by many counts less."""
        ones = sparse.csr_array(self.known.sign())
        rarity = (1 / np.sqrt(np.maximum(ones.sum(axis=0), 1))).astype(np.float32)
        return agreement(self.known, sparse.csr_array(ones @ sparse.diags_array(rarity)), but=NOBODY)

    def _alike(self) -> Floats:
        """Cosines of all households' weighted source purchases."""
        rows = normalize(weigh(self.known.expm1(), "tfidf"))
        return agreement(rows, rows, but=NOBODY)

    def _factors(self) -> Floats:
        u, s, _ = randomized_svd(self.known, MOST_FACTORS, random_state=0)
        return (u * s).astype(np.float32)

    def _once(self, name: str, make: Any) -> Any:
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]


def standardised(n_buyers: Floats) -> Floats:
    """Logarithm of popularity, standardised for each reader; the smallest value above 0 is added to all."""
    some = n_buyers[n_buyers > 0]
    return zscore(np.log(n_buyers.clip(min=0) + (some.min() if len(some) else 1)).astype(np.float32))
