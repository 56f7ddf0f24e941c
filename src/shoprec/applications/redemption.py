"""Who redeems a coupon: what is known of a household before a campaign starts, and forecasts judged on later campaigns.

A forecast for a campaign may use the campaigns that had *ended* before it starts; of one that still runs, not all
redemptions are known yet.
"""

from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special, stats
from sklearn.base import ClassifierMixin
from sklearn.linear_model import LogisticRegression

from shoprec.data.coupons import Coupons
from shoprec.formulas.arrays import Floats, whole
from shoprec.formulas.checks import number

#: What a forecast reads; counts and sums are logarithms, ln(1 + x).
FEATURES = [
    "baskets", "spend", "gap", "fits", "fit_spend",
    "redeemed_coupons", "redeemed_campaigns", "campaigns", "type_a", "type_c", "offered", "days",
]  # fmt: skip


def redemption_features(
    pairs: pd.DataFrame, coupons: Coupons, purchases: pd.DataFrame, window: int = 28
) -> pd.DataFrame:
    """What is known of each household and campaign on the day before the campaign starts.

    Parameters
    ----------
    pairs : DataFrame
        From `Coupons.pairs`: columns ``campaign``, ``user``, ``type``, ``start`` and ``end``.
    coupons : Coupons
    purchases : DataFrame
        As in `Journey.purchases`.
    window : int
        Days before the start over which shopping is counted.

    Returns
    -------
    DataFrame
        One row per pair, in the same order, with the columns `FEATURES`: ``baskets`` and ``spend`` in the window,
        ``gap`` in days since the last purchase, ``fits`` and ``fit_spend``, products and dollars in the window that the
        campaign's coupons are good for, ``redeemed_coupons`` and ``redeemed_campaigns`` so far, ``campaigns`` sent so
        far, ``type_a`` and ``type_c``, ``offered``, products on offer, and ``days`` that the campaign lasts.

    Raises
    ------
    ValueError
        If the window isn't a positive whole number.
    """
    whole(window, "window", 1)
    parts = []
    for _, group in pairs.groupby("campaign", sort=False):
        campaign, start, users = group["campaign"].iloc[0], group["start"].iloc[0], group["user"]
        table = _shopping(purchases, coupons.offers, campaign, start, users, window)
        before = coupons.redemptions[coupons.redemptions["date"] < start].groupby("user")
        started = coupons.campaigns.index[coupons.campaigns["start"] < start]
        mailed = coupons.sent[coupons.sent["campaign"].isin(started)].groupby("user").size()
        table["redeemed_coupons"] = np.log1p(before.size().reindex(users, fill_value=0).to_numpy())
        table["redeemed_campaigns"] = before["campaign"].nunique().reindex(users, fill_value=0).to_numpy()
        table["campaigns"] = mailed.reindex(users, fill_value=0).to_numpy()
        kind, end = group["type"].iloc[0], group["end"].iloc[0]
        table["type_a"], table["type_c"] = float(kind == "A"), float(kind == "C")
        offered = coupons.offers.loc[coupons.offers["campaign"] == campaign, "item"].nunique()
        table["offered"], table["days"] = np.log1p(offered), (end - start).days
        parts.append(table.set_axis(group.index))
    return pd.concat(parts).loc[pairs.index, FEATURES].astype(float)


def _shopping(
    purchases: pd.DataFrame, offers: pd.DataFrame, campaign: int, start: pd.Timestamp, users: pd.Series, window: int
) -> pd.DataFrame:
    """What the households bought before the start, and how much of it the coupons are good for."""
    history = purchases[purchases["timestamp"] < start]
    recent = history[history["timestamp"] >= start - pd.Timedelta(window, "D")]
    fitting = recent[recent["item"].isin(offers.loc[offers["campaign"] == campaign, "item"])]
    gap = (start - history.groupby("user")["timestamp"].max()).dt.days
    sums = {
        "baskets": recent.groupby("user")["basket"].nunique(),
        "spend": recent.groupby("user")["price"].sum().clip(lower=0),
        "gap": gap.reindex(users, fill_value=365),
        "fits": fitting.groupby("user")["item"].nunique(),
        "fit_spend": fitting.groupby("user")["price"].sum().clip(lower=0),
    }
    return pd.DataFrame({name: np.log1p(x.reindex(users, fill_value=0).to_numpy()) for name, x in sums.items()})


def forecast(
    pairs: pd.DataFrame, features: pd.DataFrame, make: Callable[[], ClassifierMixin], campaigns: Iterable[int]
) -> pd.Series:
    """Probabilities of redemption, each campaign from a model of those that had ended before it started.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``campaign``, ``start``, ``end``, ``redeemed``; only what may be learned from.
    features : DataFrame
        Rows as in ``pairs``.
    make : function
        Makes an untrained classifier with ``fit`` and ``predict_proba``.
    campaigns : iterable of int
        Which to forecast.

    Returns
    -------
    Series
        Indexed by the rows of ``pairs`` that belong to ``campaigns``.

    Raises
    ------
    ValueError
        If nothing had ended before a campaign, or nobody or everybody had redeemed.

    Examples
    --------
    >>> from sklearn.dummy import DummyClassifier
    >>> day = pd.Timestamp("2017-03-01")
    >>> pairs = pd.DataFrame({"campaign": [1, 1, 2], "redeemed": [True, False, False]})
    >>> pairs["start"] = [day, day, day + pd.Timedelta(9, "D")]; pairs["end"] = pairs["start"]
    >>> forecast(pairs, pairs[["campaign"]], DummyClassifier, [2]).tolist()
    [0.5]
    """
    parts = []
    for campaign in campaigns:
        asked = pairs["campaign"] == campaign
        known = pairs["end"] < pairs.loc[asked, "start"].min()
        if pairs.loc[known, "redeemed"].nunique() < 2:
            raise ValueError(
                f"no campaigns that ended before {campaign} tell redeemers from others; forecast later ones"
            )
        model = make().fit(features[known], pairs.loc[known, "redeemed"])
        parts.append(pd.Series(model.predict_proba(features[asked])[:, 1], pairs.index[asked]))
    return pd.concat(parts)


def base_rates(pairs: pd.DataFrame, campaigns: Iterable[int], weight: float = 10.0) -> pd.Series:
    """The forecast to beat: how many redeemed campaigns of the same type that had ended before.

    Rates of types with few households are drawn toward the rate over all types, as if ``weight`` households more had
    redeemed at that rate.

    Parameters
    ----------
    pairs : DataFrame
        Columns ``campaign``, ``type``, ``start``, ``end``, ``redeemed``.
    campaigns : iterable of int
    weight : float

    Returns
    -------
    Series
        As from :func:`forecast`.

    Examples
    --------
    >>> day = pd.Timestamp("2017-03-01")
    >>> pairs = pd.DataFrame({"campaign": [1, 1, 2], "type": ["A", "A", "A"], "redeemed": [True, False, False]})
    >>> pairs["start"] = [day, day, day + pd.Timedelta(9, "D")]; pairs["end"] = pairs["start"]
    >>> base_rates(pairs, [2]).tolist()
    [0.5]
    """
    number(weight, "weight", 0, ends="(]")
    parts = []
    for campaign in campaigns:
        asked = pairs[pairs["campaign"] == campaign]
        known = pairs[pairs["end"] < asked["start"].min()]
        overall = known["redeemed"].mean()
        same = known.loc[known["type"] == asked["type"].iloc[0], "redeemed"]
        parts.append(pd.Series((same.sum() + weight * overall) / (len(same) + weight), asked.index))
    return pd.concat(parts)


def recalibrate(past: npt.ArrayLike, outcome: npt.ArrayLike, forecasts: npt.ArrayLike) -> Floats:
    r"""Correct probabilities by what became of earlier ones (Platt scaling).

    .. math:: \operatorname{logit} p' = a + b \operatorname{logit} p

    with a and b fitted, by maximum likelihood, to forecasts whose outcome is known. The order of the forecasts stays as
    long as b is positive.

    Parameters
    ----------
    past, outcome : array of shape (n,)
        Earlier forecasts, made without knowing the outcomes, and the outcomes.
    forecasts : array of shape (m,)
        What to correct.

    Returns
    -------
    array of shape (m,)

    Raises
    ------
    ValueError
        If a probability isn't between 0 and 1.

    Examples
    --------
    Forecasts of 1/2 of which only 1/4 came true:

    >>> recalibrate([0.5] * 4, [1, 0, 0, 0], [0.5]).round(2)
    array([0.25])
    """
    tables = [np.asarray(p, dtype=float) for p in (past, forecasts)]
    if any(p.size and not (p.min() > 0 and p.max() < 1) for p in tables):
        raise ValueError("a forecast is 0 or 1 or beyond; nothing can correct certainty, so pass probabilities between")
    before, now = (special.logit(p)[:, None] for p in tables)
    return LogisticRegression(C=np.inf).fit(before, np.asarray(outcome)).predict_proba(now)[:, 1]


def sample_size(rate: float, lift: float, power: float = 0.8, level: float = 0.95) -> int:
    r"""Households that each arm of an experiment needs to show a lift.

    .. math::

        n = \left(\frac{z_{(1 + \text{level})/2} + z_{\text{power}}}{p_1 - p_0}\right)^2
            \big[ p_0 (1 - p_0) + p_1 (1 - p_1) \big], \qquad p_1 = (1 + \text{lift})\, p_0

    Parameters
    ----------
    rate : float
        :math:`p_0`, of those who get nothing, or the usual.
    lift : float
        Relative change that is to be seen, 0.1 for 10% more.
    power : float
        Probability of seeing it if it is there.
    level : float
        Confidence of the two-sided interval that must exclude 0.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If a number is out of range, or the lifted rate is no probability.

    Examples
    --------
    >>> sample_size(0.10, 0.20)
    3839
    """
    number(rate, "rate", 0, 1, "()")
    number(power, "power", 0, 1, "()")
    number(level, "level", 0, 1, "()", note="; 0.95 for 95 %")
    raised = (1 + lift) * rate
    if lift == 0 or not 0 <= raised <= 1:
        raise ValueError(
            f"a lift of {lift} takes the rate from {rate} to {raised:g}; pass one that changes it within [0, 1]"
        )
    z = stats.norm.ppf((1 + level) / 2) + stats.norm.ppf(power)
    return int(np.ceil((z / (raised - rate)) ** 2 * (rate * (1 - rate) + raised * (1 - raised))))
