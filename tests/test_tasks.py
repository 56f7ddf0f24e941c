"""Next-basket tasks against a slow split written out in loops, and the promise that the future stays out."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from synthetic import CUT, make_purchases

from shoprec.data.interactions import DataError
from shoprec.tasks import (
    earlier,
    frequent_items,
    next_basket_split,
    random_basket_split,
    random_split,
    tasks_at,
)


def slow_split(table, cut, until, catalogue):
    """History as {user: {(basket, item)}} with each basket's time, and targets as {user: {item}}.

    A basket is what a user has under one number on one day, at the time of its first line.
    """
    day = table["timestamp"].dt.strftime("%Y-%m-%d")
    number = table["basket"].astype("str") if "basket" in table else pd.Series("", index=table.index)
    table = table.assign(basket=list(zip(number, day, strict=True)))
    cut = pd.Timestamp(cut)
    until = pd.Timestamp(until) if until is not None else pd.Timestamp.max
    times, events, future, targets = {}, {}, {}, {}
    for row in table.itertuples():
        key = row.user, row.basket
        times[key] = min(times.get(key, row.timestamp), row.timestamp)
    for row in table[table["item"].isin(catalogue)].itertuples():
        moment = times[row.user, row.basket]
        if moment < cut:
            events.setdefault(row.user, set()).add((row.basket, row.item))
        elif moment < until:
            future.setdefault(row.user, []).append((moment, row.basket, row.item))
    for user in events.keys() & future.keys():
        # Of two baskets at the same moment, the one with the lower number.
        first = min(line[:2] for line in future[user])
        targets[user] = {item for *basket, item in future[user] if tuple(basket) == first}
    return events, times, targets


def history_of(task):
    """The task's history by the data's own ids: {user: [(day, basket code, item)]}, in its order."""
    h = task.history
    result = {}
    for user, item, basket, day in zip(task.users[h.user], task.items[h.item], h.basket, h.day, strict=True):
        result.setdefault(user, []).append((day, basket, item))
    return result


def targets_of(task):
    return {task.users[u]: set(task.items[np.flatnonzero(task.targets[[u]].toarray()[0])]) for u in task.households}


def assert_equals_slow_split(task, table, cut, until, catalogue):
    events, times, targets = slow_split(table, cut, until, catalogue)
    ours = history_of(task)
    assert ours.keys() == events.keys()
    for user, lines in ours.items():
        wanted = {}
        for basket, item in events[user]:
            wanted.setdefault(basket, set()).add(item)
        found, day_of = {}, {}
        for day, basket, item in lines:
            found.setdefault(basket, []).append(item)
            day_of.setdefault(basket, set()).add(day)
        assert all(len(days) == 1 for days in day_of.values()), "a basket is one moment"
        moment = {b: (times[user, b] - pd.Timestamp(0)) / pd.Timedelta(days=1) for b in wanted}
        by_time = sorted(wanted, key=lambda b: (moment[b], b))
        assert [sorted(wanted[b]) for b in by_time] == [sorted(lines) for lines in found.values()]
        np.testing.assert_allclose([moment[b] for b in by_time], [min(day_of[b]) for b in found], rtol=0, atol=1e-9)
    assert targets_of(task) == targets
    np.testing.assert_array_equal(task.households, np.flatnonzero(task.users.isin(list(targets))))


def assert_history_is_in_order(history):
    assert (np.diff(history.user) >= 0).all()
    same = np.diff(history.user) == 0
    assert (np.diff(history.day)[same] >= 0).all()
    np.testing.assert_array_equal(np.unique(history.basket), np.arange(history.basket[-1] + 1))
    steps = np.diff(history.basket)
    assert np.isin(steps, (0, 1)).all()
    assert (steps[~same] == 1).all(), "two households share a basket"
    assert (np.diff(history.item)[steps == 0] > 0).all(), "a product stands twice in a basket, or out of order"


@pytest.mark.parametrize("until", [None, "2021-12-01"])
@pytest.mark.parametrize("baskets", ["given", "derived"])
@pytest.mark.parametrize("catalogue", ["frequent", "given"])
def test_split_equals_the_slow_one(until, baskets, catalogue):
    table = make_purchases()
    # Late-comers have no history, one household never comes back.
    table = table[(table["user"] > 104) | (table["timestamp"] >= CUT)]
    table = table[(table["user"] != 110) | (table["timestamp"] < CUT)]
    if baskets == "derived":
        table = table.drop(columns="basket")
        # A second trip on the same day is the same basket.
        table = pd.concat([table, table.assign(timestamp=table["timestamp"] + pd.Timedelta(hours=1)).iloc[::9]])
    if catalogue == "given":
        items = pd.Index(table["item"].unique()[::2])
        task = next_basket_split(table, CUT, until=until, items=items)
        assert list(task.items) == list(items)
    else:
        past = table[table["timestamp"] < CUT]
        items = {i for i in set(table["item"]) if past[past["item"] == i]["user"].nunique() >= 15}
        task = next_basket_split(table, CUT, until=until, min_users=15)
        assert list(task.items) == sorted(items)
        assert 0 < len(items) < table["item"].nunique()
    assert_equals_slow_split(task, table, CUT, until, set(items))
    assert_history_is_in_order(task.history)
    assert not {101, 102, 103, 104, 110} & set(task.users[task.households])
    assert task.cut_day == (pd.Timestamp(CUT) - pd.Timestamp(0)).days


@st.composite
def small_tables(draw):
    """A few rows with many coincidences: same moments, baskets that straddle the cut or interleave."""
    row = st.tuples(st.integers(0, 2), st.sampled_from("abcd"), st.integers(0, 3), st.integers(0, 71))
    rows = draw(st.lists(row, min_size=2, max_size=14))
    table = pd.DataFrame(rows, columns=["user", "item", "basket", "hour"])
    table["timestamp"] = pd.Timestamp("2021-03-01") + pd.to_timedelta(table.pop("hour"), unit="h")
    return table if draw(st.booleans()) else table.drop(columns="basket")


@given(small_tables(), st.integers(1, 71), st.sampled_from([None, 6, 30]))
def test_history_ends_and_targets_begin_at_the_cut(table, hour, length):
    cut = pd.Timestamp("2021-03-01") + pd.Timedelta(hours=hour)
    until = None if length is None else cut + pd.Timedelta(hours=length)
    assume(slow_split(table, cut, until, set("abcd"))[2])
    task = next_basket_split(table, cut, until=until, items=list("abcd"))
    assert (task.history.day < task.cut_day).all()
    for user, items in targets_of(task).items():
        assert items <= set(table.loc[(table["timestamp"] >= cut) & (table["user"] == user), "item"])
    assert_equals_slow_split(task, table, cut, until, set("abcd"))
    assert_history_is_in_order(task.history)


def test_a_basket_is_one_moment_even_if_its_lines_are_not():
    times = pd.to_datetime(["2021-01-01 09:00", "2021-01-01 18:00", "2021-01-05 10:00"])
    table = pd.DataFrame({"user": 1, "item": ["a", "b", "a"], "timestamp": times})
    history = next_basket_split(table, "2021-01-05", items=["a", "b"]).history
    noon_cut = next_basket_split(table, "2021-01-01 12:00", items=["a", "b"])
    assert noon_cut.history.item.tolist() == [0, 1]  # the whole basket lies on one side of a cut at noon, too
    noon = (pd.Timestamp("2021-01-01 12:00") - pd.Timestamp(0)) / pd.Timedelta(days=1)
    assert history.basket.tolist() == [0, 0]
    assert history.known(np.array([0]), np.array([noon])).item() == 2


def test_history_arrays_agree_with_loops():
    history = next_basket_split(make_purchases(), CUT, min_users=1).history
    assert [0, len(history.user)] == history.start[[0, -1]].tolist()
    for u in range(history.n_users):
        assert (history.user[history.start[u] : history.start[u + 1]] == u).all()
    for b in range(0, history.basket[-1] + 1, 7):
        inside = np.arange(history.basket_start[b], history.basket_start[b + 1])
        np.testing.assert_array_equal(inside, np.flatnonzero(history.basket == b))
        assert history.opens_basket[inside].tolist() == [True] + [False] * (len(inside) - 1)
    counts = np.zeros((history.n_users, history.n_items))
    weights = np.random.default_rng(0).random(len(history.user))
    weighted = np.zeros_like(counts)
    for user, item, weight in zip(history.user, history.item, weights, strict=True):
        counts[user, item] += 1
        weighted[user, item] += weight
    np.testing.assert_array_equal(history.matrix().toarray(), counts)
    np.testing.assert_allclose(history.matrix(weights).toarray(), weighted, rtol=1e-5)
    share = np.exp(history.log_popularity)
    assert share.sum() == pytest.approx(1)
    np.testing.assert_allclose(share / share[0], (counts.sum(axis=0) + 1) / (counts[:, 0].sum() + 1))


def test_known_counts_what_happened_before_a_moment():
    history = next_basket_split(make_purchases(), CUT, min_users=1).history
    rng = np.random.default_rng(1)
    users = rng.integers(history.n_users, size=300)
    days = rng.choice(history.day, size=300) + rng.choice([-0.5, 0, 0.5], size=300)
    before = [np.sum((history.user == u) & (history.day < d)) for u, d in zip(users, days, strict=True)]
    np.testing.assert_array_equal(history.known(users, days), history.start[users] + before)


def test_frequent_items_counts_households_not_purchases():
    table = pd.DataFrame({"user": [1, 1, 1, 2, 3], "item": ["a", "a", "b", "b", "a"]})
    table["timestamp"] = pd.to_datetime(["2021-01-01"] * 4 + ["2021-02-01"])
    assert frequent_items(table, "2021-02-01", 2).tolist() == ["b"]
    assert frequent_items(table, "2021-02-02", 2).tolist() == ["a", "b"]


def test_the_validation_task_can_rank_the_catalogue_of_the_test():
    table = make_purchases()
    test = next_basket_split(table, CUT, min_users=15)
    validation = next_basket_split(table, "2021-10-01", until=CUT, items=test.items)
    assert validation.items.equals(test.items)
    assert validation.history.n_items == test.history.n_items
    assert "40 items" in repr(next_basket_split(table, CUT, min_users=1))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda t: (t.drop(columns="item"), {}), r"lack the columns \['item'\]"),
        (lambda t: (t, {"cut": "2020-01-01"}), "no purchase of a catalogue item before the cut 2020-01-01"),
        (lambda t: (t, {"cut": "2023-01-01"}), "after the cut 2023-01-01"),
        (lambda t: (t, {"cut": CUT, "until": CUT}), "after the cut"),
        (lambda t: (t, {"cut": CUT, "min_users": 1000}), "the catalogue has 0 items"),
    ],
)
def test_errors_say_what_is_wrong(change, message):
    table, arguments = change(make_purchases())
    with pytest.raises(ValueError, match=message):
        next_basket_split(table, **arguments)


# --- Splits at random -----------------------------------------------------------------------------------


def test_a_random_split_parts_the_purchases():
    task = next_basket_split(make_purchases(), CUT, min_users=1)
    split = random_split(task, share=0.25, seed=1)
    held = len(task.history.item) - len(split.history.item)
    assert held / len(task.history.item) == pytest.approx(0.25, abs=0.03)
    assert_history_is_in_order(split.history)
    kept, all_events = split.history.matrix().toarray(), task.history.matrix().toarray()
    assert (kept <= all_events).all()
    np.testing.assert_array_equal(split.targets.toarray(), kept < all_events)
    assert (np.diff(split.targets.indptr)[split.households] > 0).all()
    assert split.history.day.max() > task.history.day.max() - 3  # it leaks: what is kept goes on to the end
    np.testing.assert_array_equal(random_split(task, 0.25, seed=1).history.item, split.history.item)
    assert len(random_split(task, 0.25, seed=2).history.item) != len(split.history.item)


def test_a_random_basket_is_held_out_with_and_without_its_future():
    table = make_purchases()
    once = table[table["user"] == 101]["basket"].iloc[0]  # a household with a single basket
    task = next_basket_split(table[(table["user"] != 101) | (table["basket"] == once)], "2021-12-31", min_users=1)
    past, both = random_basket_split(task, past_only=True), random_basket_split(task, past_only=False)
    np.testing.assert_array_equal(past.targets.toarray(), both.targets.toarray())
    np.testing.assert_array_equal(past.households, both.households)
    assert past.households.tolist() == list(range(1, len(task.users)))
    for split in (past, both):
        assert_history_is_in_order(split.history)
    assert set(past.history.user) == set(both.history.user) == set(past.households)
    later = 0
    for user in past.households:
        baskets, kept, before = (
            {
                day: frozenset(history.item[(history.user == user) & (history.day == day)])
                for day in history.day[history.user == user]
            }
            for history in (task.history, both.history, past.history)
        )
        (held,) = baskets.keys() - kept.keys()
        assert baskets[held] == set(np.flatnonzero(past.targets[[user]].toarray()[0]))
        assert kept == {day: items for day, items in baskets.items() if day != held}
        assert before == {day: items for day, items in baskets.items() if day < held}
        assert before
        later += kept != before
    assert later > 30


def test_select_keeps_events_and_numbers_baskets_anew():
    history = next_basket_split(make_purchases(), CUT, min_users=2).history
    keep = np.random.default_rng(0).random(len(history.item)) < 0.4
    part = history.select(keep)
    for field in ("user", "item", "day"):
        np.testing.assert_array_equal(getattr(part, field), getattr(history, field)[keep])
    assert (part.n_users, part.n_items) == (history.n_users, history.n_items)
    _, expected = np.unique(history.basket[keep], return_inverse=True)
    np.testing.assert_array_equal(part.basket, expected)


def shop(**columns):
    """A small table in order, with some columns replaced."""
    days = pd.to_datetime(["2017-01-01", "2017-02-05", "2017-04-09", "2017-01-02", "2017-04-10"])
    table = pd.DataFrame({"user": [1, 1, 1, 2, 2], "item": [10, 11, 10, 10, 11], "timestamp": days})
    return table.assign(**columns)


def refusal(table, cut="2017-03-01", **options):
    """The message of the one clear error."""
    with pytest.raises(DataError) as caught:
        next_basket_split(table, cut, **{"min_users": 1} | options)
    return str(caught.value)


def test_receipt_numbers_that_restart_are_baskets_of_their_own():
    task = next_basket_split(shop(basket=[17, 17, 17, 17, 3]), "2017-03-01", min_users=1)
    assert task.history.basket.tolist() == [0, 1, 2]
    assert targets_of(task) == {1: {10}, 2: {11}}


def test_rows_without_a_basket_id_are_one_basket_per_user_and_day():
    table = pd.concat([shop(basket=["a", None, None, None, "b"]), shop(item=12, basket=[None, None, "c", "d", "b"])])
    task = next_basket_split(table, "2017-03-01", min_users=1)
    baskets = pd.Series(task.items[task.history.item]).groupby(task.history.basket).agg(list)
    assert sorted(baskets) == [[10], [10], [11, 12], [12], [12]]
    assert task.targets.sum() == 3  # of the two baskets of 9 April the numbered one comes first
    assert not np.isnan(task.history.day).any()


def test_the_type_of_the_timestamps_is_refused_with_the_call_that_mends_it():
    table = shop()
    zoned = refusal(table.assign(timestamp=table["timestamp"].dt.tz_localize("UTC")))
    assert "has the time zone UTC" in zoned
    assert '.dt.tz_convert("Asia/Shanghai").dt.tz_localize(None)' in zoned
    text = refusal(table.assign(timestamp=table["timestamp"].astype("str")))
    assert "holds text" in text
    assert 'pd.to_datetime(purchases["timestamp"])' in text
    numbers = refusal(table.assign(timestamp=[1_488_326_400] * 5))
    assert "holds numbers" in numbers
    assert 'unit="s"' in numbers
    dates = refusal(table.assign(timestamp=table["timestamp"].dt.date))
    assert "convert it first" in dates
    mended = table.assign(timestamp=pd.to_datetime(table["timestamp"].astype("str")))
    assert len(next_basket_split(mended, "2017-03-01", min_users=1).households) == 2


@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_any_unit_of_time_gives_the_same_task(unit):
    table = shop(timestamp=shop()["timestamp"].astype(f"datetime64[{unit}]"))
    task = next_basket_split(table, "2017-03-01", min_users=1)
    np.testing.assert_array_equal(task.history.day, [17167, 17202, 17168])


@pytest.mark.parametrize("name", ["user", "item", "timestamp"])
def test_missing_values_are_refused_with_their_place(name):
    table = shop().astype({"user": "str", "item": "str"})
    table.loc[3, name] = None
    message = refusal(table)
    assert f"{name} is missing in 1 of 5 purchases, first at index 3" in message
    assert f'dropna(subset=["{name}"])' in message


def test_columns_that_are_absent_twice_or_mixed_are_refused():
    assert "lack the columns ['user']" in refusal(shop().rename(columns={"user": "member"}))
    twice = pd.concat([shop(), shop()[["item"]]], axis=1)
    assert "have the column 'item' more than once" in refusal(twice)
    assert "user holds values of several types" in refusal(shop(user=pd.Series([1, "1", 2, 2, "x"], dtype=object)))
    assert "are a dict" in refusal({"user": [1]})


def test_a_catalogue_is_checked_against_the_table():
    message = refusal(shop(), items=["10"])
    assert "none of the 1 items was bought: items has '10' (str), the purchases 10 (int64)" in message
    assert 'purchases["item"].astype("str")' in message
    assert "items has 10 more than once" in refusal(shop(), items=[10, 11, 10])
    assert "missing value" in refusal(shop(), items=[10, None])
    assert "none of the 0 items" in refusal(shop(), items=[])


def test_nobody_on_both_sides_is_one_error_that_says_what_the_columns_look_like():
    message = refusal(shop(user=["o1", "o2", "o3", "o4", "o5"]))
    assert "no user has purchases on both sides of the cut 2017-03-01: 3 only before it, 2 only after" in message
    assert "5 rows, 5 users (1.0 rows each), 2 items" in message
    assert "'o1' stand for orders" in message


def test_a_cut_is_a_date_of_the_shop():
    assert "cut=" in refusal(shop(), cut=pd.Timestamp("2017-03-01", tz="UTC"))
    assert "is not after the cut" in refusal(shop(), until="2017-02-01")
    assert "no purchase of a catalogue item before the cut" in refusal(shop(), cut="2016-01-01", items=[10])
    assert "no purchase of a catalogue item after the cut" in refusal(shop(), cut="2018-01-01")


def test_the_catalogue_is_fixed_before_the_month_to_tune_on():
    table = make_purchases()
    validation, test = tasks_at(table, CUT, min_users=10)
    assert validation.items.equals(test.items)
    start = pd.Timestamp(CUT) - pd.DateOffset(months=1)
    assert test.items.equals(frequent_items(table, start, 10))
    late = table[table["timestamp"] >= start].assign(item=10**6)
    assert tasks_at(pd.concat([table, late], ignore_index=True), CUT, min_users=10)[1].items.equals(test.items)


def test_a_target_lies_within_a_month_of_its_cut():
    table = make_purchases()
    end = pd.Timestamp(CUT) + pd.DateOffset(months=1)
    _, test = tasks_at(table, CUT, min_users=1)
    month = table[(table["timestamp"] >= CUT) & (table["timestamp"] < end)]
    known = table.loc[table["timestamp"] < CUT, "user"]
    assert set(test.users[test.households]) <= set(month["user"]) & set(known)
    moved = table.copy()
    moved.loc[month.index, "timestamp"] = end
    with pytest.raises(DataError, match="no purchase of a catalogue item after the cut"):
        tasks_at(moved[moved["timestamp"] <= end], CUT, min_users=1)


def test_an_earlier_task_is_the_split_at_the_earlier_cut():
    table, cut = make_purchases(), "2021-10-02"
    task = next_basket_split(table, CUT, min_users=1)
    before, split = earlier(task, cut), next_basket_split(table, cut, until=CUT, items=task.items)
    assert before.cut == split.cut
    assert history_of(before) == history_of(split)
    assert targets_of(before) == targets_of(split)


@pytest.mark.parametrize(("cut", "message"), [(CUT, "isn't before the task's cut"), ("2020-12-31", "too short")])
def test_an_earlier_cut_lies_within_the_history(cut, message):
    with pytest.raises(DataError, match=message):
        earlier(next_basket_split(make_purchases(), CUT, min_users=1), cut)
