"""What each model of a recording gains over another one in a single month, beside all months together."""

from collections.abc import Sequence

import numpy as np
import pandas as pd

from shoprec.experiments.summary import INTERVAL, Resampled

ALL = "all"  #: stands for all months together


def gains_by_month(drawn: Resampled, models: Sequence[str], than: str) -> pd.DataFrame:
    r"""Differences of means within each month, and over all months, each with its interval.

    Within a month :math:`\Delta_{mc} = \bar{s}_{mc} - \bar{s}_{0c}`, and only the month's households and the models'
    seeds are drawn anew: the interval is about other households in that month. Over all months the numbers are those
    of :meth:`Resampled.pairs`, whose interval is about other months, too. No interval is corrected for their number.

    Parameters
    ----------
    drawn : Resampled
        Of a recording, by :func:`shoprec.experiments.summary.resample`.
    models : sequence of str
        Those whose gain is asked for.
    than : str
        The model that they are compared with.

    Returns
    -------
    DataFrame
        Columns ``model, cut, gain, low, high``. Of each model the months come in order, then ``"all"``.

    Raises
    ------
    ValueError
        If nothing is recorded of a model.

    Examples
    --------
    >>> from shoprec.experiments.records import Record
    >>> from shoprec.experiments.summary import resample
    >>> rows = [(m, c, 0, h, c / 10 + (m == "B") * c / 100) for m in "AB" for c in (1, 2) for h in range(5)]
    >>> households = pd.DataFrame(rows, columns=["model", "cut", "seed", "household", "all"])
    >>> drawn = resample(Record("r", pd.DataFrame(), households, {}, True), months=False)
    >>> gains_by_month(drawn, ["B"], "A").round(3)
      model  cut   gain    low   high
    0     B    1  0.010  0.010  0.010
    1     B    2  0.020  0.020  0.020
    2     B  all  0.015  0.015  0.015
    """
    pooled = drawn.pairs([(model, than) for model in models])  # which says if a model is unknown
    at, rival = drawn.models.get_indexer(pd.Index(models)), drawn.models.get_indexer(pd.Index([than]))
    gain = drawn.mean[at] - drawn.mean[rival]
    low, high = np.quantile(drawn.drawn[:, at] - drawn.drawn[:, rival], INTERVAL, axis=0)
    tables = []
    for row, model in enumerate(models):
        months = {"model": model, "cut": drawn.cuts, "gain": gain[row], "low": low[row], "high": high[row]}
        mean, lower, upper = pooled.iloc[row][["mean", "low", "high"]]
        last = {"model": [model], "cut": [ALL], "gain": [mean], "low": [lower], "high": [upper]}
        tables += [pd.DataFrame(months), pd.DataFrame(last)]
    return pd.concat(tables, ignore_index=True)
