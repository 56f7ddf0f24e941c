"""Coupons as the package hands them out."""

import pytest

from shoprec.data.coupons import journey_coupons


@pytest.fixture(scope="module")
def coupons():
    return journey_coupons()


def test_tables_have_the_documented_columns(coupons):
    assert coupons.campaigns.columns.tolist() == ["type", "start", "end"]
    assert coupons.campaigns["type"].isin(["A", "B", "C"]).all()
    assert coupons.campaigns["start"].is_monotonic_increasing
    assert coupons.sent.columns.tolist() == ["campaign", "user"]
    assert coupons.offers.columns.tolist() == ["campaign", "coupon", "item"]
    assert coupons.redemptions.columns.tolist() == ["campaign", "user", "coupon", "date"]


def test_redemptions_lie_within_their_campaign_and_were_sent(coupons):
    joined = coupons.redemptions.join(coupons.campaigns, on="campaign")
    assert joined["date"].between(joined["start"], joined["end"]).all()
    sent = set(coupons.sent.itertuples(index=False, name=None))
    assert set(coupons.redemptions[["campaign", "user"]].itertuples(index=False, name=None)) <= sent


def test_pairs(coupons):
    pairs = coupons.pairs()
    assert len(pairs) == len(coupons.sent) == 6589
    assert not pairs[["campaign", "user"]].duplicated().any()
    assert pairs["redeemed"].dtype == bool
    assert pairs["redeemed"].sum() == 792
    assert pairs.loc[~pairs["complete"], "campaign"].nunique() == 8
    assert pairs["start"].is_monotonic_increasing
