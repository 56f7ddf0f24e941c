"""Ranking by letters: against one plain pass for each order, and with decoders that see only places or only names."""

import numpy as np
import pandas as pd
import pytest
import torch
from synthetic import CUT, make_purchases
from transformers import LlamaConfig, LlamaForCausalLM

from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language import listwise
from shoprec.models.language.listwise import (
    LABELS,
    QUESTIONS,
    ListwiseJudge,
    by_candidate,
    drawn_orders,
    label_log_probabilities,
)
from shoprec.tasks import next_basket_split


class Characters:
    """A tokenizer with a token for each character, and one for a space with a letter after it."""

    def __call__(self, text, add_special_tokens):
        assert not add_special_tokens
        if len(text) == 2 and text[0] == " ":
            return {"input_ids": [128 + ord(text[1])]}
        return {"input_ids": [ord(character) % 128 for character in text]}


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=4096, initializer_range=0.3,
    )  # fmt: skip
    return Characters(), LlamaForCausalLM(config).eval()


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.fixture(scope="module")
def names(task):
    return pd.Series([f"thing {chr(97 + n % 26)}{n}" for n in range(len(task.items))], index=task.items)


def test_the_letters_probabilities_are_those_of_one_plain_pass(tiny):
    tokenizer, model = tiny
    candidates, orders = ["tea", "oat cake", "jam"], np.array([[0, 1, 2], [2, 0, 1]])
    found = label_log_probabilities(tokenizer, model, "It buys: tea.\n", candidates, orders, "Answer:")
    for row, order in zip(found, orders, strict=True):
        lines = "".join(f"{LABELS[place]}. {candidates[one]}\n" for place, one in enumerate(order))
        tokens = tokenizer(f"It buys: tea.\n{lines}Answer:", add_special_tokens=False)["input_ids"]
        with torch.no_grad():
            logits = model(torch.tensor([tokens])).logits[0, -1]
        plain = logits[[128 + ord(letter) for letter in "ABC"]].log_softmax(dim=0)
        np.testing.assert_allclose(row, plain, atol=1e-4)
    np.testing.assert_allclose(np.exp(found).sum(axis=1), 1, rtol=1e-5)


def test_every_other_order_is_the_reverse_of_the_one_before():
    orders = drawn_orders(20, n_pairs=3, rng=np.random.default_rng(0))
    assert orders.shape == (6, 20)
    assert (orders[1::2] == orders[::2, ::-1]).all()
    assert len({tuple(order) for order in orders}) == 6


def test_by_candidate_undoes_the_order():
    rng = np.random.default_rng(0)
    values, orders = rng.random((5, 4, 8)), rng.permuted(np.tile(np.arange(8), (5, 4, 1)), axis=2)
    by_place = np.take_along_axis(values, orders, axis=-1)
    np.testing.assert_array_equal(by_candidate(by_place, orders), values)


def judged(task, names, monkeypatch, answer, n_pairs=1):
    monkeypatch.setattr(listwise, "label_log_probabilities", answer)
    base = PersonalFrequency()
    judge = ListwiseJudge(base, names, n_candidates=6, n_pairs=n_pairs, decoder=(None, None)).fit(task)
    some = task.households[:4]
    return rank_items(base.score(some), 12), rank_items(judge.score(some), 12)


def test_a_judge_that_knows_the_products_orders_them_whatever_the_order_asked(task, names, monkeypatch):
    def by_name(tokenizer, model, opening, candidates, orders, closing, lead):
        return np.array([[len(candidates[one]) + ord(candidates[one][6]) for one in order] for order in orders], float)

    before, after = judged(task, names, monkeypatch, by_name)
    for old, new in zip(before, after, strict=True):
        assert set(new[:6]) == set(old[:6])
        assert new[6:].tolist() == old[6:].tolist()
        values = [len(names.iloc[i]) + ord(names.iloc[i][6]) for i in new[:6]]
        assert values == sorted(values, reverse=True)


def test_a_judge_with_a_straight_taste_for_places_changes_nothing(task, names, monkeypatch):
    def by_place(tokenizer, model, opening, candidates, orders, closing, lead):
        return np.tile(np.arange(len(candidates), 0, -1.0), (len(orders), 1))

    before, after = judged(task, names, monkeypatch, by_place, n_pairs=2)
    np.testing.assert_array_equal(before, after)


def test_what_a_household_is_told_and_asked(task, names, tiny):
    judge = ListwiseJudge(PersonalFrequency(), names, question=QUESTIONS["rhythm"], decoder=tiny).fit(task)
    opening = judge.opening(task.households[0])
    assert "times, last" in opening
    assert opening.endswith("to buy next time?\n")


@pytest.mark.parametrize(
    ("candidates", "orders", "message"),
    [
        (["tea"], [[0]], "1 candidates; a list for letters has 2 to 26"),
        (["tea"] * 27, [range(27)], "27 candidates"),
        (["tea", "jam"], [[0, 0]], r"each of 0 to 1 once; pass drawn_orders\(2"),
        (["tea", "jam"], [0, 1], "each of 0 to 1 once"),
    ],
)
def test_what_is_no_list_is_an_error(tiny, candidates, orders, message):
    with pytest.raises(ValueError, match=message):
        label_log_probabilities(*tiny, "It buys: tea.\n", candidates, orders, "Answer:")


def test_letters_must_be_one_token_and_enough(tiny, names):
    with pytest.raises(ValueError, match="choose another lead"):
        label_log_probabilities(*tiny, "It buys.\n", ["tea", "jam"], [[0, 1]], "Answer:", lead="  ")
    with pytest.raises(ValueError, match="at most 26"):
        ListwiseJudge(PersonalFrequency(), names, n_candidates=27)


def test_the_text_of_a_question_is_what_the_letters_are_read_from(task, names, tiny):
    judge = ListwiseJudge(PersonalFrequency(), names, n_candidates=3, decoder=tiny).fit(task)
    household, items = task.households[0], np.array([4, 2, 9])
    text = judge.text(household, items)
    assert [line[3:] for line in text.splitlines() if line[1:3] == ". "] == names.iloc[items].tolist()
    tokenizer, model = tiny
    with torch.no_grad():
        tokens = tokenizer(text, add_special_tokens=False)["input_ids"]
        logits = model(torch.tensor([tokens])).logits[0, -1]
    plain = logits[[128 + ord(letter) for letter in "ABC"]].log_softmax(dim=0)
    np.testing.assert_allclose(judge.judge(household, items, [[0, 1, 2]])[0], plain, atol=1e-4)
