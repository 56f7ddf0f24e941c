"""Yes or no about a product: against one plain pass for each, and with decoders that know nothing or everything."""

import numpy as np
import pandas as pd
import pytest
import torch
from synthetic import CUT, make_purchases
from transformers import LlamaConfig, LlamaForCausalLM

from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language import pointwise
from shoprec.models.language.lora import Adapters
from shoprec.models.language.pointwise import PointwiseJudge, in_words, purchase_facts, yes_log_odds
from shoprec.tasks import next_basket_split

YES, NO = 200, 201


class Characters:
    """A tokenizer with a token for each character, and one for each of the two answers."""

    def __call__(self, text, add_special_tokens):
        assert not add_special_tokens
        answer = {" Yes": YES, " No": NO}.get(text)
        return {"input_ids": [answer] if answer else [ord(character) % 128 for character in text]}


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


def test_log_odds_are_those_of_one_plain_pass_for_each_line(tiny):
    tokenizer, model = tiny
    lines = ["tea (5 times, 12 days ago):", "oat cake (never):", "jam (1 times, 3 days ago):"]
    with torch.no_grad():
        found = yes_log_odds(tokenizer, model, "It buys: tea.\n", lines)
        for odds, line in zip(found, lines, strict=True):
            tokens = tokenizer(f"It buys: tea.\n{line}", add_special_tokens=False)["input_ids"]
            log_p = model(torch.tensor([tokens])).logits[0, -1].log_softmax(dim=0)
            torch.testing.assert_close(odds, log_p[YES] - log_p[NO], atol=1e-4, rtol=1e-4)


def test_a_line_does_not_see_the_others(tiny):
    lines = ["tea:", "a much longer line about oat cake:", "jam:"]
    with torch.no_grad():
        together = yes_log_odds(*tiny, "It buys: tea.\n", lines)
        backwards = yes_log_odds(*tiny, "It buys: tea.\n", lines[::-1]).flip(0)
        alone = torch.cat([yes_log_odds(*tiny, "It buys: tea.\n", [line]) for line in lines])
    torch.testing.assert_close(together, backwards, atol=1e-4, rtol=1e-4)
    torch.testing.assert_close(together, alone, atol=1e-4, rtol=1e-4)


def test_adapters_learn_an_answer_through_the_log_odds():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, initializer_range=0.3,
    )  # fmt: skip
    model = LlamaForCausalLM(config).eval()
    adapters = Adapters(model, rank=4)
    optimizer = torch.optim.Adam(adapters.parameters(), 0.01)
    lines, bought = ["tea (9 times):", "jam (1 times):"], torch.tensor([1.0, 0.0])
    losses = []
    for _ in range(30):
        odds = yes_log_odds(Characters(), model, "It buys: tea.\n", lines)
        loss = torch.nn.functional.binary_cross_entropy_with_logits(odds, bought)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.2 < losses[0]


def test_facts_are_what_a_look_at_the_purchases_tells(task):
    rng = np.random.default_rng(0)
    households = task.households[:5]
    items = np.stack([rng.permutation(len(task.items))[:12] for _ in households])
    facts, history = purchase_facts(task, households, items), task.history
    assert facts.shape == (5, 12, 3)
    for household, row, known in zip(households, items, facts, strict=True):
        own = history.user == household
        assert (known[:, 2] == len(np.unique(history.basket[own]))).all()
        for item, (times, days, _) in zip(row, known, strict=True):
            when = history.day[own & (history.item == item)]
            assert times == len(when)
            assert np.isnan(days) if not len(when) else days == pytest.approx(task.cut_day - when.max())
    assert 0 < np.isnan(facts[..., 1]).mean() < 1


def judged(task, names, monkeypatch, answer):
    monkeypatch.setattr(pointwise, "yes_log_odds", answer)
    base = PersonalFrequency()
    judge = PointwiseJudge(base, names, n_candidates=6, decoder=(None, None)).fit(task)
    some = task.households[:4]
    return rank_items(base.score(some), 12), rank_items(judge.score(some), 12)


def test_a_judge_orders_the_first_by_its_log_odds_and_leaves_the_rest(task, names, monkeypatch):
    def by_name(tokenizer, model, opening, lines):
        return torch.tensor([float(line[6:].split()[0][1:]) for line in lines])  # the number in its name

    before, after = judged(task, names, monkeypatch, by_name)
    for old, new in zip(before, after, strict=True):
        assert new[:6].tolist() == sorted(old[:6], reverse=True)
        assert new[6:].tolist() == old[6:].tolist()


def test_a_judge_that_says_the_same_of_all_changes_nothing(task, names, monkeypatch):
    before, after = judged(task, names, monkeypatch, lambda *asked: torch.zeros(len(asked[-1])))
    np.testing.assert_array_equal(before, after)


def test_what_a_household_is_told_and_asked(task, names, tiny):
    judge = PointwiseJudge(PersonalFrequency(), names, n_purchases=3, decoder=tiny).fit(task)
    household, items = task.households[0], np.array([4, 2, 9])
    opening, lines = judge.question(household, items)
    facts = purchase_facts(task, np.array([household]), items[None])[0]
    assert f"It came {facts[0, 2]:.0f} times." in opening
    assert opening.count("thing ") == 3
    assert lines == [in_words(name, known) for name, known in zip(names.iloc[items], facts, strict=True)]
    other, same = judge.question(household, items, listed=task.households[1])
    assert same == lines
    assert other != opening
    assert other.partition("often: ")[2] == judge.question(task.households[1], items)[0].partition("often: ")[2]
    same, swapped = judge.question(household, items, named=items[::-1])
    assert same == opening
    for line, other, name in zip(lines, swapped, names.iloc[items[::-1]], strict=True):
        assert other == name + line[line.index(" (") :]


def test_what_cannot_be_asked_is_an_error(tiny, names):
    for opening, lines in (("", ["tea:"]), ("It buys.", []), ("It buys.", ["tea:", ""])):
        with pytest.raises(ValueError, match="at least one token"):
            yes_log_odds(*tiny, opening, lines)
    with pytest.raises(ValueError, match="several tokens"):
        yes_log_odds(lambda text, add_special_tokens: {"input_ids": [1, 2]}, tiny[1], "It buys.", ["tea:"])
    with pytest.raises(ValueError, match="n_candidates"):
        PointwiseJudge(PersonalFrequency(), names, n_candidates=1)
