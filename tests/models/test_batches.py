"""Windows, dates and targets: what a network reads while it learns, and what it must not see."""

import threading

import numpy as np
import pytest
import torch
from networks import make_task, queries, random_queries

from shoprec.models import batches
from shoprec.models.batches import ClozeSet, TrainingSet, age_class, ahead, make_batch
from shoprec.tasks import History


@pytest.fixture(scope="module")
def history():
    return make_task().history


@pytest.mark.parametrize("max_length", [3, 24])
def test_targets_are_the_next_basket_and_stay_unseen(history, monkeypatch, max_length):
    calls = []

    def spy(*arguments):
        calls.append((arguments, make_batch(*arguments)))
        return calls[-1][1]

    monkeypatch.setattr(batches, "make_batch", spy)
    examples = TrainingSet(history, max_length, batch_size=16, n_dates=4)
    assert len(list(examples(np.random.default_rng(0)))) == len(examples) == 4
    n_queries = 0
    for (_, users, stop, window, days, known, _, _), batch in calls:
        np.testing.assert_array_equal(batch.window, window)
        visible = batch.items[batch.window]
        for q in range(len(window)):
            user = users[window[q]]
            mine = np.flatnonzero(history.user == user)
            past, future = mine[history.day[mine] < days[q]], mine[history.day[mine] >= days[q]]
            next_basket = future[history.day[future] == history.day[future[0]]]
            targets = batch.target_item[batch.target_query == q].tolist()
            assert sorted(targets) == history.item[next_basket].tolist()
            # What the query may see: the end of what happened before its date.
            assert known[q] == past[-1] + 1
            seen = visible[q, : batch.position[q] + 1].tolist()
            assert 1 <= len(seen) <= max_length
            assert seen == history.item[past[-len(seen) :]].tolist()
            assert stop[window[q]] <= mine[-1] + 1
            pairs = batch.pair_item[batch.pair_query == q].tolist()
            assert pairs == sorted(set(history.item[past]))
            n_queries += 1
    assert n_queries > 40


def test_households_with_one_basket_are_left_out():
    def history_of(user, basket, day):
        item = np.arange(len(user)) % 2
        return History(np.array(user), item, np.array(basket), np.array(day, float), n_users=4, n_items=2)

    # Household 0 has one basket of two products, 1 has two baskets, 2 none, 3 one of one product.
    history = history_of([0, 0, 1, 1, 3], [0, 0, 1, 2, 3], [1, 1, 1, 5, 9])
    examples = TrainingSet(history, max_length=4)
    assert examples.users.tolist() == [1]
    (batch,) = examples(np.random.default_rng(0))
    assert set(batch.target_item.tolist()) == {1}
    with pytest.raises(ValueError, match="no household has two baskets"):
        TrainingSet(history_of([0, 0, 3], [0, 0, 1], [1, 1, 9]), max_length=4)


def test_windows_of_one_basket_fall_back_to_the_last_basket():
    # Two large baskets, a window of two purchases: no date within a window has a basket on both its sides.
    history = History(
        np.zeros(8, int), np.arange(8), np.repeat([0, 1], 4), np.repeat([1.0, 9.0], 4), n_users=1, n_items=8
    )
    examples = TrainingSet(history, max_length=2)
    for seed in range(20):
        (batch,) = examples(np.random.default_rng(seed))
        assert batch.target_item[batch.target_query == 0].tolist() == [4, 5, 6, 7]
        assert set(batch.items[0, : batch.position[0] + 1].tolist()) <= {0, 1, 2, 3}


def test_an_epoch_visits_each_household_once_and_depends_on_the_generator_alone(history, monkeypatch):
    examples = TrainingSet(history, max_length=24, batch_size=16, n_dates=4)

    def epoch(seed):
        return list(examples(np.random.default_rng(seed)))

    visited, sample = [], examples.sample
    monkeypatch.setattr(examples, "sample", lambda users, rng: visited.extend(users) or sample(users, rng))
    assert sum(len(batch.items) for batch in epoch(0)) == 60
    assert sorted(visited) == list(range(60))
    assert visited != sorted(visited)
    for a, b in zip(epoch(3), epoch(3), strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))
    assert not torch.equal(epoch(3)[0].items, epoch(4)[0].items)


def test_more_passes_make_a_longer_epoch(history):
    once, thrice = TrainingSet(history, 24, batch_size=25), TrainingSet(history, 24, batch_size=25, passes=3)
    assert (len(once), len(thrice)) == (3, 9)
    epoch = list(thrice(np.random.default_rng(0)))
    assert [len(batch.items) for batch in epoch] == [25, 25, 10] * 3
    assert not torch.equal(epoch[0].items, epoch[3].items)
    # The first pass is the epoch of one pass.
    for a, b in zip(once(np.random.default_rng(0)), epoch[:3], strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_windows_are_as_long_as_the_longest(history):
    users, days = random_queries(history)
    lengths = history.known(users, days) - history.start[users]
    few = np.argsort(lengths)[:5]
    batch = queries(history, users[few], days[few], max_length=10_000)
    assert batch.items.shape == batch.gaps.shape == batch.days.shape == (5, lengths[few].max())
    assert (batch.items < history.n_items).sum(dim=1).tolist() == lengths[few].tolist()
    assert queries(history, users, days, max_length=3).items.shape == (12, 3)


def test_behaviour_is_computed_only_if_asked_for(history):
    users = np.arange(8)
    with_it, without = (
        TrainingSet(history, 24, behaviour=b).sample(users, np.random.default_rng(0)) for b in (True, False)
    )
    assert len(with_it.pair_item) > 0
    assert [len(without.pair_query), len(without.pair_item)] == [0, 0]
    assert without.pair_features.shape == (0, with_it.pair_features.shape[1])
    for name in {*with_it._fields} - {"pair_query", "pair_item", "pair_features"}:
        assert torch.equal(getattr(with_it, name), getattr(without, name))


@pytest.mark.parametrize("kind", [TrainingSet, ClozeSet])
def test_batches_are_made_for_the_device(history, kind):
    examples = kind(history, 24, device=torch.device("meta"))
    for batch in examples(np.random.default_rng(0)):
        assert {tensor.device.type for tensor in batch} == {"meta"}
    (batch,) = kind(history, 24, batch_size=60)(np.random.default_rng(0))
    assert {tensor.device.type for tensor in batch} == {"cpu"}


@pytest.mark.parametrize("name", ["max_length", "batch_size", "n_dates", "passes"])
@pytest.mark.parametrize("value", [0, -1, 2.0, True])
def test_sizes_of_batches_are_whole_numbers(history, name, value):
    with pytest.raises(ValueError, match=f"{name} is {value}; pass a whole number, at least 1"):
        TrainingSet(**{"history": history, "max_length": 24, name: value})


def test_settings_of_gaps_are_checked(history):
    with pytest.raises(ValueError, match=r"\[MASK\] takes one place"):
        ClozeSet(history, max_length=1)
    for share in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="share must be from 0 to 1"):
            ClozeSet(history, 24, share=share)


# --- Gaps -----------------------------------------------------------------------------------------------


def test_every_basket_but_the_first_is_asked_for(history):
    user = 5
    baskets = np.unique(history.basket[history.user == user])
    examples, rng, asked = ClozeSet(history, 24, share=0.0), np.random.default_rng(0), set()
    for _ in range(40 * len(baskets)):
        batch = examples.sample(np.array([user]), rng)
        asked.add(tuple(sorted(batch.target_item.tolist())))
    expected = {tuple(sorted(history.item[history.basket == b].tolist())) for b in baskets[1:]}
    assert asked == expected
    # A household with two baskets has one answer, its last.
    two = history.select(history.basket < history.basket[history.start[history.user]] + 2)
    batch = ClozeSet(two, 24, share=0.0).sample(np.arange(two.n_users), rng)
    last = two.basket[two.start[1:] - 1]
    for user, basket in enumerate(last):
        assert batch.target_item[batch.target_query == user].tolist() == two.item[two.basket == basket].tolist()


# --- Ahead of the step ----------------------------------------------------------------------------------


def test_making_batches_ahead_changes_nothing_but_the_thread(history, monkeypatch):
    examples = TrainingSet(history, 24, batch_size=16)
    expected = list(examples(np.random.default_rng(3)))
    makers, make = set(), batches.make_batch

    def spy(*arguments):
        makers.add(threading.get_ident())
        return make(*arguments)

    monkeypatch.setattr(batches, "make_batch", spy)
    monkeypatch.setattr(batches.Batch, "to", lambda batch, device: batch)
    examples.device = torch.device("cuda")
    made = list(examples(np.random.default_rng(3)))
    assert makers
    assert threading.get_ident() not in makers
    for a, b in zip(expected, made, strict=True):
        assert all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_at_most_one_batch_is_made_ahead():
    made = []

    def numbers():
        for i in range(9):
            made.append(i)
            yield i

    taken = ahead(numbers())
    assert [next(taken), next(taken), next(taken)] == [0, 1, 2]
    taken.close()
    assert made in ([0, 1, 2], [0, 1, 2, 3])


def test_what_fails_ahead_fails_here():
    def broken():
        yield 1
        raise KeyError("no such basket")

    taken = ahead(broken())
    assert next(taken) == 1
    with pytest.raises(KeyError, match="no such basket"):
        next(taken)


# --- Ages -----------------------------------------------------------------------------------------------


def test_age_classes_rise_and_stay_in_the_table():
    classes = age_class(torch.linspace(0, 5000, 20_000))
    assert (classes.diff() >= 0).all()
    assert classes.max() == batches.N_AGES - 1
    assert age_class(torch.tensor([-3.0])).item() == 0
    for days in (1, 3, 7, 15, 31):  # 1 + days doubles from one to the next: two classes more
        assert age_class(torch.tensor(2.0 * days + 1)) == age_class(torch.tensor(float(days))) + 2
