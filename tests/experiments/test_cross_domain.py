"""The run of bridges between departments: what is kept apart, and a cell that comes out again."""

import numpy as np
import pandas as pd
import pytest

from shoprec.experiments import cross_domain
from shoprec.experiments.crossing import Crossing, standardised, text_vectors
from shoprec.experiments.departments import DEPARTMENTS
from shoprec.experiments.records import load_record
from shoprec.tasks import CUTS, TEST_CUT


@pytest.fixture(scope="module")
def december():
    return cross_domain.domains_at_cut(TEST_CUT)[1]


@pytest.fixture(scope="module")
def deli(december):
    return cross_domain.crossing_of(december, "DELI", recent=True)


@pytest.fixture(scope="module")
def record():
    return load_record("cross_domain")


def test_every_bridge_has_as_many_settings_as_popularity_in_the_store():
    tried = {name: len(settings) * len(cross_domain.WEIGHTS) for name, settings in cross_domain.BRIDGES.items()}
    assert set(tried.values()) == {len(cross_domain.LEANS)}


def test_a_reader_is_no_witness_unless_it_leaks(deli):
    """Change what one reader bought in the target: its own scores stay, except where it leaks."""
    row = 3
    reader = deli.readers[row]
    changed = deli.bought.tolil()
    changed[[reader]] = 0
    other = Crossing(deli.domains, deli.source, "DELI")
    other.bought = changed.tocsr()
    for bridge in ("copurchase", "households", "mapping"):
        setting = cross_domain.BRIDGES[bridge][0]
        for step in (0, 1):
            same = deli.scores(bridge, setting, step)[row], other.scores(bridge, setting, step)[row]
            np.testing.assert_allclose(*same, atol=1e-4)
    leaking = deli.scores("households", 50, leak=True)[row], other.scores("households", 50, leak=True)[row]
    assert np.abs(leaking[0] - leaking[1]).max() > 1e-3
    np.testing.assert_allclose(deli.popularity[row], other.bought.sum(axis=0), rtol=1e-4, atol=1e-4)


def test_a_lent_history_changes_what_is_read_and_nobody_reads_itself(deli):
    for step in cross_domain.STEPS:
        lent = deli.lent(step)
        assert (lent != deli.readers).all()
    np.testing.assert_array_equal(deli.lent(0), deli.readers)
    own, strange = deli.scores("households", 50), deli.scores("households", 50, step=1)
    assert (np.abs(own - strange).max(axis=1) > 0).mean() > 0.9


def test_texts_name_no_department(december):
    vectors = text_vectors(tuple(december.items))
    assert vectors["words", "type"].nnz < vectors["words", "all"].nnz
    assert all(vectors[kind].shape[0] == len(december.items) for kind in vectors)
    assert np.abs(vectors["encoder", True].mean(axis=0)).max() < np.abs(vectors["encoder", False].mean(axis=0)).max()


def test_standardised_popularity_keeps_the_order():
    found = standardised(np.array([[0.0, 3.0, 1.0, 0.5]]))
    assert np.argsort(found[0]).tolist() == [0, 3, 2, 1]
    assert found.mean() == pytest.approx(0, abs=1e-6)


def test_the_record_holds_every_pair_at_every_cut(record):
    found = record.cells.groupby("model")["cut"].nunique()
    pairs = {f"{a} to {b}" for a in DEPARTMENTS for b in DEPARTMENTS if a != b}
    assert set(found.index) == {*DEPARTMENTS, *pairs, *(f"known {name}" for name in cross_domain.KNOWN)}
    assert set(found) == {len(CUTS)}
    ladder = record.households[record.households["model"] == "DELI"]
    lists = {"popularity", "store", "best", "best, store", "households, leak", "baskets"}
    assert set(ladder["list"]) == lists | {f"{b}{s}" for b in cross_domain.BRIDGES for s in ("", ", lent")}


def test_a_cell_of_the_record_comes_out_again(record, december):
    settings = record.cells.query("model == 'MEAT to DELI' and cut == @TEST_CUT").iloc[0]["settings"]
    recent = record.cells.query("model == 'DELI' and cut == @TEST_CUT").iloc[0]["settings"]["recent"]
    crossing = Crossing(december, ("MEAT",), "DELI", recent)
    again = cross_domain.with_strangers(crossing, settings)
    kept = record.households.query("model == 'MEAT to DELI' and cut == @TEST_CUT")
    kept = kept.astype({"list": str}).pivot(index="household", columns="list", values="ndcg")
    pd.testing.assert_index_equal(kept.index, again.index, check_names=False, exact=False)
    off = np.abs(kept[again.columns].to_numpy() - again.to_numpy())
    assert (off < 1e-6).mean() > 0.99


def test_baskets_given_back_are_tuned_on_more_households_than_they_are_judged_on(december):
    crossing = Crossing(december, cross_domain.others("DRUG GM"), "DRUG GM")
    chosen = {"setting": 20, "weight": 1.0}
    tuned_on, best = cross_domain.few_baskets(crossing, chosen, "mapping")
    judged, again = cross_domain.few_baskets(crossing, chosen, "mapping", best)
    assert again == best
    assert tuned_on["popularity 1"].count() > judged["popularity 1"].count() == judged["popularity 20"].count()
    # Without a basket, neighbours inside know nothing but popularity.
    np.testing.assert_allclose(judged["inside 0"], judged["popularity 0"])
    assert judged["popularity 20"].mean() > 2 * judged["popularity 0"].mean()
