"""Coupons of The Complete Journey: to whom campaigns were sent, and who redeemed."""

from dataclasses import dataclass

import pandas as pd

from shoprec.data.journey import _read_table

#: First and last day of which receipts are known.
FIRST_DAY, LAST_DAY = pd.Timestamp("2017-01-01"), pd.Timestamp("2017-12-31")


@dataclass(frozen=True)
class Coupons:
    """The tables of coupons, as `journey_coupons` returns them.

    Attributes
    ----------
    campaigns : DataFrame
        Indexed by `campaign`, in order of `start`: `type` (A, B or C), `start` and `end`, the days on which its
        coupons were valid.
    sent : DataFrame
        One row per household that a campaign was sent to: `campaign`, `user`.
    offers : DataFrame
        One row per product that a coupon is good for: `campaign`, `coupon`, `item`.
    redemptions : DataFrame
        One row per coupon redeemed: `campaign`, `user`, `coupon`, `date`.
    """

    campaigns: pd.DataFrame
    sent: pd.DataFrame
    offers: pd.DataFrame
    redemptions: pd.DataFrame

    def pairs(self) -> pd.DataFrame:
        """Every household with every campaign that it was sent.

        Returns
        -------
        DataFrame
            `campaign`, `user`, the campaign's `type`, `start` and `end`, `redeemed`, whether the household redeemed
            any of its coupons, and `complete`, whether the whole campaign lies within the year of the data.

        Examples
        --------
        >>> pairs = journey_coupons().pairs()
        >>> len(pairs), f'{pairs["redeemed"].mean():.3f}'
        (6589, '0.120')
        """
        done = self.redemptions[["campaign", "user"]].drop_duplicates().assign(redeemed=True)
        pairs = self.sent.merge(done, how="left", on=["campaign", "user"]).join(self.campaigns, on="campaign")
        pairs["redeemed"] = pairs["redeemed"].eq(True)
        pairs["complete"] = (pairs["start"] >= FIRST_DAY) & (pairs["end"] <= LAST_DAY)
        return pairs.sort_values(["start", "campaign", "user"], ignore_index=True)


def journey_coupons() -> Coupons:
    """Load the 27 coupon campaigns of The Complete Journey.

    Returns
    -------
    Coupons

    Notes
    -----
    Three campaigns began before the first receipt and five ended after the last one: of these, redemptions are
    missing. Which households a campaign was sent to was the retailer's choice, by rules that aren't known.

    Examples
    --------
    >>> coupons = journey_coupons()
    >>> len(coupons.campaigns), len(coupons.sent), coupons.campaigns.loc[18, "type"]
    (27, 6589, 'A')
    """
    named = {"campaign_id": "campaign", "coupon_upc": "coupon", "redemption_date": "date"}
    named |= {"campaign_type": "type", "start_date": "start", "end_date": "end"}
    tables = ("campaign_descriptions", "campaigns", "coupons", "coupon_redemptions")
    campaigns, sent, offers, redemptions = (_read_table(name).rename(columns=named) for name in tables)
    campaigns["type"] = campaigns["type"].str.removeprefix("Type ")
    return Coupons(
        campaigns.set_index("campaign").sort_values(["start", "end"]),
        sent[["campaign", "user"]].drop_duplicates(ignore_index=True),
        offers[["campaign", "coupon", "item"]],
        redemptions[["campaign", "user", "coupon", "date"]],
    )
