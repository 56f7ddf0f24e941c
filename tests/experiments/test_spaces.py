"""Search spaces: equal trials for all, and the best of them."""

import numpy as np
import pandas as pd
import pytest
from synthetic import CUT, make_purchases

from shoprec.evaluation import evaluate
from shoprec.experiments.spaces import TRIALS, Candidate, candidates, grid, search
from shoprec.models.counting import PersonalFrequency, Popularity
from shoprec.tasks import tasks_at

CANDIDATES = candidates(pd.Series(dtype=str))


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_model_gets_as_many_trials_as_any_other_or_has_nothing_to_set(name):
    trials = CANDIDATES[name].trials
    assert len(trials) == (1 if trials[0] == {} else TRIALS)
    assert len({tuple(sorted(trial.items())) for trial in trials}) == len(trials)


@pytest.mark.parametrize("name", CANDIDATES)
def test_every_setting_is_one_that_the_model_takes(name):
    for settings in CANDIDATES[name].trials:
        CANDIDATES[name].build(**settings)


def test_the_search_returns_all_trials_and_the_best_first():
    validation, _ = tasks_at(make_purchases(), CUT, min_users=1)
    found = search(Candidate(PersonalFrequency, grid(half_life=[1.0, 30.0, np.inf])), validation)
    by_hand = {h: evaluate(PersonalFrequency(h).fit(validation), validation)["ndcg"].mean() for h in (1, 30, np.inf)}
    assert {trial.settings["half_life"]: trial.ndcg for trial in found} == pytest.approx(by_hand)
    assert found[0].ndcg == max(by_hand.values())


def test_of_equal_settings_the_earlier_one_is_taken():
    validation, _ = tasks_at(make_purchases(), CUT, min_users=1)
    found = search(Candidate(lambda label: Popularity(), grid(label=["b", "a"])), validation)
    assert [trial.settings["label"] for trial in found] == ["b", "a"]
