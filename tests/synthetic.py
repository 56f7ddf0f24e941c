"""Made up for tests: a small shop whose households have habits, and a model whose scores are known."""

import numpy as np
import pandas as pd

CUT = "2021-11-15"  # leaves the last seven weeks of the year for targets


class Given:
    """A model that returns the scores that it was given, one row per household code, and notes what it was asked."""

    def __init__(self, scores):
        self.scores, self.tasks, self.asked = scores, [], []

    def fit(self, task):
        self.tasks.append(task)
        return self

    def score(self, households):
        self.asked.append(len(households))
        return self.scores[households]


def make_purchases(n_users: int = 60, n_items: int = 40, n_days: int = 365, seed: int = 0) -> pd.DataFrame:
    """Columns user, item, basket, timestamp; rows in random order, some products twice in one basket.

    A household buys each of its five favourites about once per cycle of its own, and now and then something
    else. Ids are no codes: users count from 101, items are 7 apart, and a basket's number says nothing of its time.
    """
    rng = np.random.default_rng(seed)
    popularity = 1 / np.arange(2, n_items + 2)
    popularity /= popularity.sum()
    rows = []
    for user in range(n_users):
        habits = rng.choice(n_items, size=5, replace=False, p=popularity)
        cycle, last = rng.integers(5, 60, size=5), np.full(5, -100.0)
        for day in np.unique(rng.integers(n_days, size=rng.integers(8, 40))):
            due = rng.random(5) < 1 - np.exp(-(day - last) / cycle)
            last[due] = day
            whims = rng.choice(n_items, size=rng.integers(1, 3), p=popularity)
            moment = day + rng.uniform(0.3, 0.9)
            rows += [(user, item, moment) for item in {*habits[due].tolist(), *whims.tolist()}]
    user, item, moment = map(np.array, zip(*rows, strict=True))
    table = pd.DataFrame({"user": user + 101, "item": item * 7 + 1000})
    table["basket"] = pd.Series(moment).factorize()[0]
    table["basket"] = rng.permutation(table["basket"].max() + 1)[table["basket"]] + 5000
    table["timestamp"] = pd.Timestamp("2021-01-01") + pd.to_timedelta(np.round(moment * 86400), unit="s")
    again = table.sample(frac=0.05, random_state=seed)
    return pd.concat([table, again]).sample(frac=1, random_state=seed).reset_index(drop=True)
