"""Reasons: what is read once gives the same answer as a plain pass, and what is deleted is gone from the question."""

from collections.abc import Sequence

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from shoprec.models.language.reasons import (
    ANOTHER,
    BECAUSE,
    question,
    reason_log_likelihoods,
    yes_log_odds,
)

BOUGHT, PRODUCT = ["Oat cakes", "Tea", "Jam 12 oz"], "Rye bread"


class Words:
    """A tokenizer with a token for each character, and one each for Yes and No."""

    def __call__(
        self, text: str, add_special_tokens: bool, return_tensors: str | None = None
    ) -> dict[str, list[int] | torch.Tensor]:
        assert not add_special_tokens
        ids = {"Yes": [200], "No": [201]}.get(text) or [ord(character) % 128 for character in text]
        return {"input_ids": ids if return_tensors is None else torch.tensor([ids])}


class Letters(Words):
    """One that has no token for Yes."""

    def __call__(self, text: str, add_special_tokens: bool, return_tensors: str | None = None) -> dict:
        return super().__call__(f"{text} " if text == "Yes" else text, add_special_tokens, return_tensors)


@pytest.fixture(scope="module")
def decoder() -> tuple[Words, LlamaForCausalLM]:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=256, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=2048, initializer_range=0.3,
    )  # fmt: skip
    return Words(), LlamaForCausalLM(config).eval()


def plain(decoder: tuple[Words, LlamaForCausalLM], bought: Sequence[str]) -> float:
    """Log-odds by one pass over the whole question."""
    tokenizer, model = decoder
    ids = tokenizer(question(bought, PRODUCT), add_special_tokens=False, return_tensors="pt")["input_ids"]
    with torch.inference_mode():
        log_p = model(ids).logits[0, -1].log_softmax(dim=0)
    return float(log_p[200] - log_p[201])


def test_log_odds_are_those_of_one_plain_pass(decoder: tuple[Words, LlamaForCausalLM]) -> None:
    whole, without = yes_log_odds(decoder, BOUGHT, PRODUCT)
    assert whole == pytest.approx(plain(decoder, BOUGHT), abs=1e-4)
    expected = [plain(decoder, [*BOUGHT[:i], *BOUGHT[i + 1 :]]) for i in range(3)]  # each is deleted once
    np.testing.assert_allclose(without, expected, atol=1e-4)
    assert np.ptp(without) > 1e-3  # else it wouldn't matter which is deleted


def test_the_reason_is_read_behind_the_question_and_a_yes(decoder: tuple[Words, LlamaForCausalLM]) -> None:
    tokenizer, model = decoder
    for product in (PRODUCT, ANOTHER):
        found = reason_log_likelihoods(decoder, BOUGHT, product)
        for name, value in zip(BOUGHT, found, strict=True):
            start = tokenizer(question(BOUGHT, product) + BECAUSE, add_special_tokens=False)["input_ids"]
            end = tokenizer(f" {name}.", add_special_tokens=False)["input_ids"]
            with torch.inference_mode():
                log_p = model(torch.tensor([start + end])).logits[0].log_softmax(dim=1)
            expected = np.mean([log_p[len(start) + t - 1, token].item() for t, token in enumerate(end)])
            assert value == pytest.approx(expected, abs=1e-4)


def test_the_question_names_the_product_or_none() -> None:
    assert all(name in question(BOUGHT, PRODUCT) for name in [*BOUGHT, PRODUCT])
    assert PRODUCT not in question(BOUGHT)
    assert ANOTHER in question(BOUGHT)


def test_what_cannot_be_asked_is_named(decoder: tuple[Words, LlamaForCausalLM]) -> None:
    with pytest.raises(ValueError, match="list two or more"):
        yes_log_odds(decoder, ["Tea"], PRODUCT)
    with pytest.raises(ValueError, match="must be a token each"):
        yes_log_odds((Letters(), decoder[1]), BOUGHT, PRODUCT)
