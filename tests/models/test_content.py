"""The content model against scikit-learn's cosine, and the cold product that it alone can rank."""

import numpy as np
import pandas as pd
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.metrics.pairwise import cosine_similarity
from synthetic import CUT, make_purchases

from shoprec.models.content import ContentTfidf, product_text
from shoprec.models.neighbors import ItemKNN
from shoprec.tasks import next_basket_split

WORDS = np.array(["milk", "tea", "jam", "rye", "soap", "salt", "rice", "corn", "fig", "oat"])


@pytest.fixture(scope="module")
def task():
    return next_basket_split(make_purchases(), CUT, min_users=1)


@pytest.fixture(scope="module")
def text(task):
    rng = np.random.default_rng(0)
    return pd.Series([" ".join(rng.choice(WORDS, size=rng.integers(1, 6))) for _ in task.items], index=task.items)


def test_scores_are_cosines_with_the_summed_words(task, text):
    scores = ContentTfidf(text, half_life=50).fit(task).score(task.households)
    vectors = TfidfVectorizer(sublinear_tf=True, token_pattern=r"[^\s]+").fit_transform(text).toarray()
    behaviour = np.zeros((len(task.users), vectors.shape[1]))
    for u, i, day in zip(task.history.user, task.history.item, task.history.day, strict=True):
        behaviour[u] += 0.5 ** ((task.cut_day - day) / 50) * vectors[i]
    np.testing.assert_allclose(scores, cosine_similarity(behaviour, vectors)[task.households], rtol=1e-4, atol=1e-6)


def test_the_order_of_the_texts_does_not_matter(task, text):
    scores = ContentTfidf(text).fit(task).score(task.households)
    shuffled = pd.concat([text, pd.Series(["none"], index=[1])]).sample(frac=1, random_state=0)
    np.testing.assert_allclose(ContentTfidf(shuffled).fit(task).score(task.households), scores, atol=1e-6)


def test_a_product_that_nobody_bought_is_ranked_by_its_words():
    rows = [("Ann", "green tea", "2021-01-01"), ("Bo", "soap", "2021-01-01")]
    rows += [(user, "soap", "2021-02-01") for user in ("Ann", "Bo")]
    table = pd.DataFrame(rows, columns=["user", "item", "timestamp"])
    table["timestamp"] = pd.to_datetime(table["timestamp"])
    items = ["green tea", "soap", "black tea", "bar of soap"]
    task = next_basket_split(table, "2021-02-01", items=items)
    ann, bo = ContentTfidf(pd.Series(items, index=items)).fit(task).score(task.households)
    assert ann[2] > 0
    assert ann[3] == 0
    assert bo[3] > 0
    assert bo[2] == 0
    assert not ItemKNN().fit(task).score(task.households)[:, 2:].any()


def test_a_product_without_text_is_an_error(task, text):
    with pytest.raises(ValueError, match=r"2 of 40 items have no text, first 1\d\d\d"):
        ContentTfidf(text.iloc[2:]).fit(task)
    gap = text.copy()
    gap.iloc[7] = None
    with pytest.raises(ValueError, match="1 of 40 items have no text"):
        ContentTfidf(gap).fit(task)


def test_a_product_with_two_texts_is_an_error(task, text):
    with pytest.raises(ValueError, match=rf"item {text.index[4]} has several texts; keep one"):
        ContentTfidf(pd.concat([text, text.iloc[4:5]])).fit(task)


def test_a_missing_column_is_named():
    with pytest.raises(ValueError, match=r"lack the columns \['brand', 'department'\]"):
        product_text(pd.DataFrame({"type": ["A"], "category": ["B"], "manufacturer": [1]}))


def test_an_empty_text_matches_nothing(task, text):
    text = text.copy()
    text.iloc[3] = ""
    assert not ContentTfidf(text).fit(task).score(task.households)[:, 3].any()


def test_product_text_keeps_attributes_whole_and_survives_gaps():
    table = pd.DataFrame(
        {
            "department": ["GROCERY", "DELI"],
            "category": ["SOFT DRINKS", None],
            "type": ["COLA 12/12OZ & MORE", None],
            "brand": pd.Categorical(["Private", None]),
            "manufacturer": [69, 2],
        },
        index=[5, 6],
    )
    cola, gap = product_text(table)
    assert cola == "department=grocery category=soft_drinks brand=private manufacturer=69 cola 12 12oz more"
    assert gap.split() == ["department=deli", "category=none", "brand=none", "manufacturer=2"]
