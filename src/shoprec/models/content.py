"""Content: products whose description resembles what the household bought."""

from typing import Self

import numpy as np
import pandas as pd
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.preprocessing import normalize

from shoprec.formulas.arrays import Codes, Floats
from shoprec.formulas.checks import household_codes
from shoprec.models import fitted
from shoprec.models.counting import checked_half_life, decay
from shoprec.tasks import Task


class ContentTfidf:
    r"""Cosine between a product's words and the words of all that the household bought.

    .. math:: s_{ui} = \frac{\langle \mathbf{b}_u, \mathbf{c}_i \rangle}{\|\mathbf{b}_u\| \, \|\mathbf{c}_i\|},
              \qquad \mathbf{b}_u = \sum_{j \in H_u} 2^{-a_j / \tau} \, \mathbf{c}_{i_j}

    with :math:`\mathbf{c}_i` the TF-IDF vector of the product's text and :math:`a_j` a purchase's age in days.
    It is the one model here that can rank a product which nobody has bought yet.

    Parameters
    ----------
    text : Series of str
        A product's words, indexed by item id; see :func:`product_text`.
    half_life : float
        :math:`\tau` in days.

    Raises
    ------
    ValueError
        If ``half_life`` is not positive.
    """

    def __init__(self, text: pd.Series, half_life: float = 90.0) -> None:
        self.text, self.half_life = text, checked_half_life(half_life)

    def fit(self, task: Task) -> Self:
        """Weigh the words of the catalogue and add up each household's.

        Raises
        ------
        ValueError
            If a product of the catalogue has no text.
        """
        words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"[^\s]+")
        self.products_ = words.fit_transform(texts_of(self.text, task)).astype(np.float32)
        self.behaviour_ = normalize(task.history.matrix(decay(task, self.half_life)) @ self.products_)
        return self

    def score(self, households: Codes) -> Floats:
        """Score all products, shape (n_households, n_items)."""
        behaviour = fitted(self, "behaviour_")
        return (behaviour[household_codes(households, behaviour.shape[0])] @ self.products_.T).toarray()


def texts_of(text: pd.Series, task: Task) -> pd.Series:
    """The texts of a task's items, in their order.

    Parameters
    ----------
    text : Series of str
        Indexed by item id, each once; it may hold other items, too.
    task : Task

    Raises
    ------
    ValueError
        If an item has no text, or more than one.
    """
    known = text.dropna()
    missing = task.items.difference(known.index)
    if len(missing):
        raise ValueError(
            f"{len(missing)} of {len(task.items)} items have no text, first {missing.tolist()[0]!r}; pass a text (it "
            "may be empty) for each item"
        )
    chosen = known.loc[task.items]
    if len(chosen) > len(task.items):
        raise ValueError(
            f"item {chosen.index[chosen.index.duplicated()].tolist()[0]!r} has several texts; keep one, "
            "text[~text.index.duplicated()]"
        )
    return chosen.astype(str)


def product_text(products: pd.DataFrame) -> pd.Series:
    """Join what a product table says of each product into one lower-case text.

    Department, category, brand and maker become one token each, so that they are matched whole; the type's
    words stay words.

    Raises
    ------
    ValueError
        If a column is missing.

    Examples
    --------
    >>> table = pd.DataFrame({"department": "PRODUCE", "category": "TROPICAL FRUIT", "type": "BANANAS",
    ...                       "brand": "National", "manufacturer": 2}, index=[201704])
    >>> product_text(table).loc[201704]
    'department=produce category=tropical_fruit brand=national manufacturer=2 bananas'
    """
    missing = {"type", "brand", "manufacturer", "category", "department"} - set(products)
    if missing:
        raise ValueError(
            f"products lack the columns {sorted(missing)}; pass a table such as complete_journey().products"
        )
    text = products["type"].fillna("").str.replace(r"[^\w]+", " ", regex=True).str.strip()
    for field in ("manufacturer", "brand", "category", "department"):
        token = products[field].astype(str).fillna("none").str.replace(r"\s+", "_", regex=True)
        text = f"{field}=" + token + " " + text
    return text.str.lower()
