"""Rules of the house: what they leave out, and that they change nothing else."""

import numpy as np
import pytest
from synthetic import CUT, make_purchases

from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency
from shoprec.models.rules import Only
from shoprec.tasks import next_basket_split


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


def test_the_list_is_the_models_own_without_what_is_not_allowed(task):
    allowed = np.arange(len(task.items)) % 3 > 0
    free = rank_items(PersonalFrequency().fit(task).score(task.households), len(task.items))
    ruled = rank_items(Only(PersonalFrequency(), allowed).fit(task).score(task.households), allowed.sum())
    for before, after in zip(free, ruled, strict=True):
        assert after.tolist() == before[allowed[before]].tolist()


def test_what_is_no_rule_for_the_catalogue_is_an_error(task):
    with pytest.raises(ValueError, match="no product is allowed"):
        Only(PersonalFrequency(), np.zeros(len(task.items), bool))
    with pytest.raises(ValueError, match=r"allowed has shape \(3,\); the task has 40 products"):
        Only(PersonalFrequency(), [True, False, True]).fit(task)
