"""What the widgets of a hybrid score share: products with two scores, and a weight between them."""

from html import escape

import numpy as np
import pandas as pd

from shoprec.show.widgets.element import both

Label = tuple[str, str]


def check_candidates(candidates: pd.DataFrame, first_label: Label, second_label: Label, w: float) -> None:
    """Check products with two scores, what the scores are called, and the weight of the first.

    Raises
    ------
    ValueError
        If a column is missing or incomplete, a score is not finite, a label is no pair, or ``w`` is not in [0, 1].
    """
    missing = [name for name in ("name_zh", "name_en", "first", "second") if name not in candidates]
    if missing:
        raise ValueError(f"candidates lack the columns {missing}")
    if not np.isfinite(candidates[["first", "second"]].to_numpy(dtype=float)).all():
        raise ValueError("the scores first and second must be finite")
    if not all(isinstance(name, str) for name in candidates[["name_zh", "name_en"]].to_numpy().ravel()):
        raise ValueError("every product needs a name in both languages")
    if "bought" in candidates and not candidates["bought"].isin([True, False]).all():
        raise ValueError("bought must be true or false for every product")
    for label in (first_label, second_label):
        if isinstance(label, str) or len(label) != 2:
            raise ValueError(f"a label is a pair (Chinese, English), not {label!r}")
    if not 0 <= w <= 1:
        raise ValueError(f"w must lie between 0 and 1, not {w}")


def caption(first_label: Label, second_label: Label) -> str:
    """Return the formula of the score and what its two parts are, as a table's caption."""
    (zh1, en1), (zh2, en2) = ([escape(text) for text in label] for label in (first_label, second_label))
    names = both(f"<i>s</i>₁：{zh1}；<i>s</i>₂：{zh2}", f"<i>s</i>₁: {en1}; <i>s</i>₂: {en2}")
    return f"<caption><i>s</i> = <i>w</i> · <i>s</i>₁ + (1 − <i>w</i>) · <i>s</i>₂<br>{names}</caption>"
