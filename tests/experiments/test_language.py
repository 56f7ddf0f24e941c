"""Language models beside counting: the rows are what the records hold, paired by household, and costs are counted."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from shoprec.experiments.judge import N, orders_of
from shoprec.experiments.language import (
    ASKED,
    BYTES,
    DECODER_PARAMETERS,
    ORDERS,
    language_board,
    seconds_a_question,
)
from shoprec.experiments.lineup import MODELS
from shoprec.experiments.records import Record, load_record
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language.decoders import load_decoder
from shoprec.models.language.listwise import ListwiseJudge


@pytest.fixture(scope="module")
def records() -> dict[str, Record]:
    return {name: load_record(name) for name in ("judge", "prompts", "leaderboard")}


@pytest.fixture(scope="module")
def board(records: dict[str, Record]) -> pd.DataFrame:
    return language_board(**records, n=400)


def test_every_way_that_is_recorded_has_a_row(records: dict[str, Record], board: pd.DataFrame) -> None:
    recorded = {(name, model) for name in ("judge", "prompts") for model in records[name].cells["model"]}
    assert set(board.index) == recorded - {("prompts", "counting")}  # the reference stands there once
    assert len({way.name for way in ASKED}) == len(ASKED)
    assert ASKED[0].name == MODELS["PersonalFrequency"].name


def test_rows_are_the_records_means_and_paired_differences(records: dict[str, Record], board: pd.DataFrame) -> None:
    for (study, model), row in board.iterrows():
        rows = records[study].households.set_index("household")
        own, counting = (rows.loc[rows["model"] == name, "all"] for name in (model, "counting"))
        assert row["households"] == len(own)
        assert row["mean"] == pytest.approx(own.mean(), abs=1e-6)
        assert row["low"] < row["mean"] < row["high"]
        if model == "counting":
            assert np.isnan(row[["gain", "gain_low", "gain_high"]].astype(float)).all()
            continue
        difference = own - counting.loc[own.index]
        assert row["gain"] == pytest.approx(difference.mean(), abs=1e-6)
        deviation = difference.std() / np.sqrt(len(own))
        assert row["gain_high"] - row["gain_low"] == pytest.approx(3.92 * deviation, rel=0.15)


def test_seconds_of_all_questions_add_up_to_those_of_the_run(records: dict[str, Record], board: pd.DataFrame) -> None:
    seconds = seconds_a_question(records["judge"])
    asked = ORDERS * (board.loc[("judge", "given"), "households"] + board.loc[("judge", "rhythm"), "households"])
    assert seconds * asked == pytest.approx(records["judge"].stamp["seconds"])
    for way in ASKED:
        row = board.loc[(way.study, way.model)]
        if way.questions:
            assert row["seconds"] == pytest.approx(way.questions * seconds_a_question(records[way.study]))
            assert row["bytes"] == DECODER_PARAMETERS * BYTES[way.study]
        elif way.model != "counting":
            assert np.isnan(row["seconds"])
    of_prompts = board.xs("prompts").dropna(subset="seconds")
    assert (of_prompts["seconds"] * of_prompts["households"]).sum() == records["prompts"].stamp["seconds"]


def test_counting_costs_what_the_leaderboard_says(records: dict[str, Record], board: pd.DataFrame) -> None:
    cells = records["leaderboard"].cells.query("model == 'PersonalFrequency' and cut == '2017-12-01'")
    row = board.loc[("judge", "counting")]
    assert row["seconds"] == cells["request_seconds"].iloc[0]
    assert row["parameters"] == cells["parameters"].iloc[0]
    alone = language_board(records["judge"], records["prompts"], n=50)
    assert np.isnan(alone.loc[("judge", "counting"), "seconds"])


def test_the_decoder_has_as_many_parameters_as_is_said() -> None:
    _, model = load_decoder()
    assert model.num_parameters() == DECODER_PARAMETERS
    assert all(weight.element_size() == BYTES["prompts"] for weight in model.parameters())


def test_the_judge_read_as_many_orders_as_is_said() -> None:
    judge = ListwiseJudge(PersonalFrequency(), pd.Series(dtype=str), N)
    assert orders_of(judge, np.array([0])).shape == (1, ORDERS, N)


def test_a_record_that_lacks_a_way_is_named(records: dict[str, Record]) -> None:
    less = records["judge"].households.query("model != 'given'")
    with pytest.raises(ValueError, match="the record judge lacks given"):
        language_board(replace(records["judge"], households=less), records["prompts"])
