"""The service: what it keeps changes no answer, what is wrong is told, and it ends when told, with nothing lost."""

import json
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from networks import CONFIG, make_network, make_task

from shoprec.applications.serving import load
from shoprec.applications.serving.api import LARGEST_BODY, create_app
from shoprec.applications.serving.bundle import BASKET, FILES, Bundle
from shoprec.applications.serving.engine import Engine
from shoprec.models.cached import Session, basket_after

SETTINGS = replace(CONFIG, behaviour=False, max_length=20 + BASKET)


@pytest.fixture(scope="module")
def bundle():
    task = make_task()
    names = pd.DataFrame(
        {"name_zh": [f"商品 {i}" for i in task.items], "name_en": [f"Product {i}" for i in task.items]}
    )
    return Bundle.of(make_network(task.history, SETTINGS), task, names.set_index(task.items))


@pytest.fixture(scope="module")
def folder(bundle, tmp_path_factory):
    path = tmp_path_factory.mktemp("bundle")
    bundle.save(path)
    return path


@pytest.fixture
def client(bundle):
    with TestClient(create_app(Engine(bundle)), raise_server_exceptions=False) as client:
        yield client


def afresh(bundle, household, basket, k=10):
    """The list of a session that has never read anything before."""
    session, known = Session(bundle.network), bundle.purchases.get(household)
    codes = bundle.products.index.get_indexer(pd.Index(basket, dtype=int))
    if known is not None:
        session.read(known + basket_after(known, codes, bundle.today))
    else:
        empty = next(iter(bundle.purchases.values())).part(0, 0)
        session.read(basket_after(empty, codes, bundle.today))
    scores = session.scores(bundle.today)
    scores[codes] = -np.inf
    return np.sort(scores)[::-1][:k]


def test_a_bundle_comes_back_from_its_files(bundle, folder):
    again = Bundle.load(folder)
    assert again.today == bundle.today
    pd.testing.assert_frame_equal(again.products, bundle.products, check_names=False)
    assert again.purchases.keys() == bundle.purchases.keys()
    for household in list(bundle.purchases)[::9]:
        np.testing.assert_array_equal(again.purchases[household].items, bundle.purchases[household].items)
        np.testing.assert_allclose(afresh(again, household, []), afresh(bundle, household, []), atol=1e-6)


def test_a_folder_without_a_model_is_named(folder, tmp_path):
    with pytest.raises(FileNotFoundError, match=FILES[1]):
        Bundle.load(tmp_path)


@given(st.data())
@settings(max_examples=25, deadline=None)
def test_what_is_kept_changes_no_answer(bundle, data):
    engine = Engine(bundle, most_sessions=2)
    households = [*list(bundle.purchases)[:3], 999_999]
    products = st.sampled_from(bundle.products.index.tolist())
    for _ in range(data.draw(st.integers(1, 6))):
        household = data.draw(st.sampled_from(households))
        basket = data.draw(st.lists(products, max_size=6))
        answer = engine.answer(household, basket)
        np.testing.assert_allclose(answer.scores, afresh(bundle, household, basket), atol=2e-5)
        assert not set(bundle.products.index[answer.codes]) & set(basket)
        assert len(engine.sessions) <= 2


def test_only_what_is_new_is_read(bundle):
    engine, household = Engine(bundle), next(iter(bundle.purchases))
    items = bundle.products.index.tolist()
    assert engine.answer(household, []).read == len(bundle.purchases[household])
    assert [engine.answer(household, items[:n]).read for n in (1, 2, 3, 3)] == [1, 1, 1, 0]
    assert engine.answer(household, items[:1]).read == 0  # two were taken out again
    assert engine.answer(household, [items[0], items[5]]).read == 1
    assert engine.answer(household, [items[7]]).read == 1  # another basket altogether, the same history


def test_a_full_basket_has_its_places(bundle):
    engine, items = Engine(bundle), bundle.products.index.tolist()
    longest = max(bundle.purchases, key=lambda household: len(bundle.purchases[household]))
    assert len(bundle.purchases[longest]) == SETTINGS.max_length - BASKET
    answer = engine.answer(longest, (items * 9)[:BASKET], k=1)
    assert answer.read == SETTINGS.max_length


def test_an_answer_names_products_and_what_it_does_not_know(client, bundle):
    household, item = next(iter(bundle.purchases)), int(bundle.products.index[3])
    answer = client.post("/recommendations", json={"household": household, "basket": [item, 5], "k": 4})
    assert answer.status_code == 200
    said = answer.json()
    assert said["unknown"] == [5]
    assert len(said["items"]) == 4
    assert item not in [row["item"] for row in said["items"]]
    for row in said["items"]:
        assert row["name_zh"] == f"商品 {row['item']}"
        assert row["name_en"] == f"Product {row['item']}"
    scores = [row["score"] for row in said["items"]]
    assert scores == sorted(scores, reverse=True)


def test_a_list_longer_than_the_catalogue_ends_with_it(client, bundle):
    some = bundle.products.index[:3].tolist()
    said = client.post("/recommendations", json={"household": 101, "basket": some, "k": 50}).json()
    assert sorted(row["item"] for row in said["items"]) == sorted(bundle.products.index[3:])


def test_health_and_metrics(client, bundle):
    said = client.get("/health").json()
    assert said == {"status": "ready", "households": len(bundle.purchases), "products": len(bundle.products)}
    household = next(iter(bundle.purchases))
    for basket in ([], [int(bundle.products.index[0])]):
        client.post("/recommendations", json={"household": household, "basket": basket})
    client.post("/recommendations", json={})
    client.get("/nowhere")
    page = client.get("/metrics").text
    for line in (
        'requests_total{path="/recommendations",status="200"} 2.0',
        'requests_total{path="/recommendations",status="422"} 1.0',
        'requests_total{path="other",status="404"} 1.0',
        f"purchases_read_total {len(bundle.purchases[household]) + 1}.0",
        "request_seconds_count 3.0",
        "requests_in_flight 0.0",
    ):
        assert line in page.splitlines()


@pytest.mark.parametrize(
    ("body", "status", "where"),
    [
        ({}, 422, "household"),
        ({"household": "1"}, 422, "household"),
        ({"household": 1.5}, 422, "household"),
        ({"household": True}, 422, "household"),
        ({"household": -1}, 422, "household"),
        ({"household": 10**30}, 422, "household"),
        ({"household": 1, "basket": ["1"]}, 422, "basket"),
        ({"household": 1, "basket": [1] * (BASKET + 1)}, 422, "basket"),
        ({"household": 1, "k": 0}, 422, "k"),
        ({"household": 1, "k": 51}, 422, "k"),
        ({"household": 1, "age": 3}, 422, "age"),
        ([], 422, "body"),
        (None, 422, "body"),
    ],
)
def test_what_is_wrong_is_named(client, body, status, where):
    answer = client.post("/recommendations", json=body)
    assert answer.status_code == status
    assert any(where in fault["where"] for fault in answer.json()["detail"])


@pytest.mark.parametrize(
    "body",
    [
        b"", b"{", b"household=1", b"\xff\xfe", b'{"household": NaN}', b'{"household": Infinity}', b"[" * 5000,
        b'{"household": "\\ud800"}', b'{"\\ud800": 1}', b'{"household": 1e400}', b'{"household": 1, "household": "x"}',
    ],
)  # fmt: skip
def test_no_body_breaks_it(client, body):
    answer = client.post("/recommendations", content=body, headers={"Content-Type": "application/json"})
    assert 400 <= answer.status_code < 500
    assert answer.json()["detail"]


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
NEARLY = st.fixed_dictionaries(
    {"household": st.integers(-2, 200) | JSON},
    optional={"basket": st.lists(st.integers(0, 1400) | JSON, max_size=60) | JSON, "k": st.integers(-1, 60) | JSON},
)


@given(body=NEARLY | JSON)
@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_is_sent_gets_an_answer_below_500(client, body):
    sent = json.dumps(body).encode("utf-8", "surrogatepass")
    answer = client.post("/recommendations", content=sent, headers={"Content-Type": "application/json"})
    assert answer.status_code in (200, 413, 422)
    assert ("items" if answer.status_code == 200 else "detail") in answer.json()


@given(body=st.binary(max_size=200))
@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_whatever_bytes_are_sent_get_an_answer_below_500(client, body):
    answer = client.post("/recommendations", content=body, headers={"Content-Type": "application/json"})
    assert 200 <= answer.status_code < 500


def test_a_body_is_read_up_to_its_limit_only(client):
    fits = b'{"household": 1}'.ljust(LARGEST_BODY)
    assert (
        client.post("/recommendations", content=fits, headers={"Content-Type": "application/json"}).status_code == 200
    )
    taken = []

    def endless():
        for part in range(10_000):
            taken.append(part)
            yield b" " * 1000

    answer = client.post("/recommendations", content=endless(), headers={"Content-Type": "application/json"})
    assert answer.status_code == 413
    assert str(LARGEST_BODY) in answer.json()["detail"]


@pytest.mark.parametrize(("method", "path", "status"), [("get", "/recommendations", 405), ("get", "/", 404)])
def test_other_ways_to_ask_are_refused(client, method, path, status):
    assert getattr(client, method)(path).status_code == status


def test_beyond_the_limit_requests_are_sent_away_at_once(bundle):
    engine, statuses = Engine(bundle), []
    with TestClient(create_app(engine, in_flight=2)) as client:
        engine.lock.acquire()  # the model is busy
        ask = lambda: statuses.append(client.post("/recommendations", json={"household": 101}).status_code)  # noqa: E731
        threads = [threading.Thread(target=ask) for _ in range(2)]
        for thread in threads:
            thread.start()
        while "requests_in_flight 2.0" not in client.get("/metrics").text:
            pass
        answer = client.post("/recommendations", json={"household": 101})
        assert answer.status_code == 503
        assert answer.headers["Retry-After"] == "1"
        assert client.get("/health").status_code == 200
        engine.lock.release()
        for thread in threads:
            thread.join()
    assert statuses == [200, 200]


def test_as_a_process_it_answers_many_and_ends_with_nothing_lost(folder, bundle):
    items = bundle.products.index.tolist()
    requests = [{"household": int(h), "basket": items[:n]} for h in list(bundle.purchases)[:10] for n in range(6)]
    with load.serving(folder) as service:
        answers = load.ask_many(service.address, requests, at_once=6)
        assert answers["status"].eq(200).all()
        assert len(answers) == len(requests)
        assert (answers["ms"] >= answers["model_ms"]).all()
        status, said = load.post(service.address, b'{"household": "\\ud800"}')
        assert status == 422
        assert "household" in said
        statuses, ended = load.end_in_flight(service, requests[:4])
    assert statuses == [200] * 4
    assert ended == 0


def test_without_requests_it_ends_at_once_and_its_place_is_free(folder):
    with load.serving(folder) as service:
        assert service.end() == 0


def test_a_service_that_cannot_start_says_why(tmp_path):
    with pytest.raises(RuntimeError, match="unrecognized arguments: --nonsense"), load.serving(tmp_path, "--nonsense"):
        pass
