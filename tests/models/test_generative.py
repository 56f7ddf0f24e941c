"""A network that writes codes: its probabilities by plain loops, beam search, and lists of products that exist."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from networks import make_network, make_task

from shoprec.evaluation import evaluate
from shoprec.models.batches import TrainingSet
from shoprec.models.factors import SVD
from shoprec.models.generative import CodeTransformer
from shoprec.models.semantic_ids import SemanticIds, semantic_ids
from shoprec.models.sequential import SequentialRecommender
from shoprec.models.transformer import TransformerConfig, at_queries
from shoprec.training.loop import TrainingConfig, train

CONFIG = TransformerConfig(d_model=8, n_layers=1, max_length=12, dropout=0.0, behaviour=False, pointing=False)
PRIOR = pytest.mark.parametrize("prior", [False, True], ids=["plain", "prior"])


@pytest.fixture(scope="module")
def task():
    return make_task()


@pytest.fixture(scope="module")
def ids(task):
    return semantic_ids(SVD(8, half_life=np.inf).fit(task).item_vectors(), sizes=[4, 3])


def network_of(task, ids, prior=True):
    return make_network(
        task.history, CONFIG, lambda history, config: CodeTransformer(history, ids, config, prior=prior)
    )


def example(task):
    return next(TrainingSet(task.history, 12, batch_size=6, n_dates=3, behaviour=False)(np.random.default_rng(0)))


def by_loops(network, read, item, tree):
    """A product's log-probability, one code after another, the trie asked at each."""
    codes, total = network.ids.tuple_of(item), 0.0
    share = network.log_popularity.exp()
    for level, code in enumerate(codes):
        prefix, size = codes[:level], network.ids.sizes[level]
        begins = [(network.ids.codes[:, : level + 1] == [*prefix, c]).all(axis=1) for c in range(size)]
        logits = network.decode(read[None], torch.tensor([prefix], dtype=torch.long).view(1, level))[0, -1]
        start = sum(network.ids.sizes[:level])
        logits = network.item.weight[start : start + size] @ logits + network.item_bias[start : start + size]
        if network.prior:
            popular = torch.stack([share[torch.as_tensor(some)].sum().log() for some in begins]).clamp(min=-30)
            logits = logits + network.popularity_weight * popular
        if tree:
            logits[~torch.as_tensor(network.ids.trie.mask(prefix, range(size)))] = -np.inf
        total += float(logits.log_softmax(0)[code])
    return total


@PRIOR
@pytest.mark.parametrize("tree", [False, True], ids=["free", "tree"])
@torch.no_grad()
def test_each_products_probability_is_the_product_of_its_codes(task, ids, prior, tree):
    network, batch = network_of(task, ids, prior), example(task)
    read = at_queries(network.encode(batch), batch)[:3]
    expected = [[by_loops(network, one, item, tree) for item in range(network.n_items)] for one in read]
    np.testing.assert_allclose(network.exact(read, tree), expected, rtol=1e-4, atol=1e-5)


@PRIOR
@torch.no_grad()
def test_with_the_tree_all_products_together_are_certain_and_without_it_they_arent(task, ids, prior):
    network, batch = network_of(task, ids, prior), example(task)
    np.testing.assert_allclose(network(batch).exp().sum(dim=1), 1, rtol=1e-4)
    read = at_queries(network.encode(batch), batch)
    free = network.exact(read, tree=False).exp().sum(dim=1)
    assert (free < 1.0001).all()
    if not prior:
        assert (free < 0.999).all(), "some is of codes that no product has"


@PRIOR
@torch.no_grad()
def test_the_loss_is_that_of_the_scores(task, ids, prior):
    network, batch = network_of(task, ids, prior), example(task)
    scores = network.exact(at_queries(network.encode(batch), batch), tree=prior)
    each = -scores[batch.target_query, batch.target_item]
    means = [float(each[batch.target_query == q].mean()) for q in range(len(batch.window))]
    assert float(network.loss(batch)) == pytest.approx(np.mean(means), rel=1e-4)


@torch.no_grad()
def test_a_beam_as_wide_as_the_catalogue_is_exact(task, ids):
    network, batch = network_of(task, ids), example(task)
    exact = network(batch)
    network.beam_width = network.n_items
    torch.testing.assert_close(network(batch), exact)
    network.beam_width = 5
    narrow = network(batch)
    assert ((narrow > -np.inf).sum(dim=1) == 5).all()
    found = narrow > -np.inf
    torch.testing.assert_close(narrow[found], exact[found])


@settings(max_examples=25, deadline=None)
@given(st.data())
@torch.no_grad()
def test_what_is_written_exists(data):
    task = make_task()
    n = task.history.n_items
    free = st.lists(
        st.tuples(st.integers(0, 6), st.integers(0, 6), st.integers(0, 6)), min_size=n, max_size=n, unique=True
    )
    network = network_of(task, SemanticIds(np.array(data.draw(free)), ()), data.draw(st.booleans()))
    width = data.draw(st.integers(1, 2 * n))
    batch = example(task)
    items, log_p = network.beam(at_queries(network.encode(batch), batch), width)
    for row, scores in zip(items, log_p, strict=True):
        real = row[scores > -np.inf].tolist()
        assert all(0 <= item < n for item in real)
        assert len(set(real)) == len(real) > 0
        assert all(network.ids.item_of(network.ids.tuple_of(item)) == item for item in real)


def test_it_learns_and_ranks(task, ids):
    network = CodeTransformer(task.history, ids, CONFIG)
    network.start_from_books()
    examples = TrainingSet(task.history, 12, batch_size=8, n_dates=3, behaviour=False)
    before = evaluate(SequentialRecommender(network).fit(task), task)["ndcg"].mean()
    log = train(network, examples, len(examples), lambda network: 0.0, TrainingConfig(8, 8, 1e-2), progress=False)
    assert log["loss"].iloc[-1] < log["loss"].iloc[0]
    assert evaluate(SequentialRecommender(network).fit(task), task)["ndcg"].mean() != before


def test_no_table_has_a_row_for_each_product(task, ids):
    network = CodeTransformer(task.history, ids, CONFIG)
    assert network.item.weight.shape == (sum(ids.sizes), 8)
    assert all(task.history.n_items not in p.shape for p in network.parameters())


@torch.no_grad()
def test_a_purchase_starts_as_what_its_codes_say_of_its_vector(task, ids):
    network = CodeTransformer(task.history, ids, CONFIG)
    network.item.weight.zero_()
    network.start_from_books()
    said = sum(book[code] for book, code in zip(ids.books, ids.codes.T, strict=False))
    vectors = network.item(torch.arange(len(ids.codes)))
    np.testing.assert_allclose(vectors, said * 0.06 / said.std(ddof=1), rtol=1e-3, atol=1e-6)
    assert not network.item(torch.tensor([len(ids.codes)])).any(), "padding is zero"


def test_what_doesnt_go_together_is_refused(task, ids):
    with pytest.raises(ValueError, match="without pointing"):
        CodeTransformer(task.history, ids, TransformerConfig(8, max_length=12, behaviour=False))
    with pytest.raises(ValueError, match="ids of the history"):
        CodeTransformer(task.history, SemanticIds(ids.codes[:-1], ()), CONFIG)
