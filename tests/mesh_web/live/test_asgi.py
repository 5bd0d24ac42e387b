"""The live socket and the graph's REST call in the whole web application."""

import asyncio
import json
from collections.abc import Callable
from datetime import timedelta
from http.cookies import SimpleCookie

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone
from redis import Redis
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Origin

from mesh_web.accounts.models import Account
from mesh_web.asgi import application
from mesh_web.live import consumer
from mesh_web.live.broker import snapshot_key, wanted_key
from tests.mesh_web.live.real import Broker
from tests.mesh_web.live.test_whole import serving

NODES = [
    {"id": f"workload:{namespace}/w", "namespace": namespace} for namespace in ("shop", "bank")
]
GRAPH = {"at": 1.0, "window_seconds": 60, "nodes": NODES, "edges": []}
MESSAGE = {"topic": "graph", "epoch": "0a", "seq": 3, "snapshot": GRAPH}


def keep(broker: Broker, topic: str = "graph") -> None:
    text = json.dumps({**MESSAGE, "topic": topic}, separators=(",", ":"))
    with Redis.from_url(broker.url) as client:
        client.set(snapshot_key(topic), text)


def logged_in() -> Client:
    client = Client(SERVER_NAME="localhost")
    user = get_user_model().objects.create_user("vera", password="a long password")
    Account.objects.create(user=user)
    client.force_login(user)
    return client


def cookie(cookies: SimpleCookie) -> dict[str, str]:
    return {"Cookie": "; ".join(f"{name}={one.value}" for name, one in cookies.items())}


@pytest.mark.django_db(transaction=True)
async def test_a_session_opens_the_socket(broker: Broker) -> None:
    keep(broker)
    client = await asyncio.to_thread(logged_in)
    async with (
        serving(application) as url,
        connect(url, origin=_origin(url), additional_headers=cookie(client.cookies)) as browser,
    ):
        await browser.send('{"subscribe": "graph"}')
        assert json.loads(await browser.recv()) == MESSAGE


@pytest.mark.django_db(transaction=True)
async def test_without_a_session_the_socket_closes_with_4401(broker: Broker) -> None:
    async with serving(application) as url, connect(url, origin=_origin(url)) as browser:
        with pytest.raises(ConnectionClosed):
            await browser.recv()
        assert browser.close_code == 4401


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("origin", ["http://evil.test", "http://127.0.0.1:8080"])
async def test_another_origin_is_refused(broker: Broker, origin: str) -> None:
    client = await asyncio.to_thread(logged_in)
    headers = cookie(client.cookies)
    async with serving(application) as url:
        with pytest.raises(InvalidStatus):
            await connect(url, origin=Origin(origin), additional_headers=headers)


def log_out() -> None:
    Session.objects.all().delete()


def expire() -> None:
    Session.objects.update(expire_date=timezone.now() - timedelta(seconds=1))


def change_the_password() -> None:
    user = get_user_model().objects.get()
    user.set_password("another long password")
    user.save()


def close_the_account() -> None:
    Account.objects.all().delete()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("end", [log_out, expire, change_the_password, close_the_account])
async def test_a_socket_does_not_outlive_its_session(
    broker: Broker, monkeypatch: pytest.MonkeyPatch, end: Callable[[], None]
) -> None:
    keep(broker)
    monkeypatch.setattr(consumer, "SESSION_CHECK_SECONDS", 0.1)
    client = await asyncio.to_thread(logged_in)
    async with (
        serving(application) as url,
        connect(url, origin=_origin(url), additional_headers=cookie(client.cookies)) as browser,
    ):
        await browser.send('{"subscribe": "graph"}')
        assert json.loads(await browser.recv()) == MESSAGE
        await asyncio.sleep(0.3)  # it is asked and stays
        await browser.send('{"resync": "graph"}')
        assert json.loads(await browser.recv()) == MESSAGE
        await asyncio.to_thread(end)
        with pytest.raises(ConnectionClosed):
            async with asyncio.timeout(3):
                await browser.recv()
        assert browser.close_code == 4401


def _origin(url: str) -> Origin:
    return Origin(url.replace("ws://", "http://").removesuffix("/ws/live"))


@pytest.mark.django_db
def test_the_graph_is_the_snapshot_kept(broker: Broker) -> None:
    keep(broker)
    answer = logged_in().get("/api/v1/graph")
    assert (answer.status_code, answer.json()) == (200, GRAPH)


@pytest.mark.django_db
def test_the_graph_of_a_namespace(broker: Broker) -> None:
    keep(broker)
    answer = logged_in().get("/api/v1/graph?namespaces=bank,other&window=60")
    assert answer.json() == {**GRAPH, "nodes": [NODES[1]]}


@pytest.mark.django_db
def test_another_window_is_asked_for(broker: Broker) -> None:
    keep(broker, "graph:10")
    assert logged_in().get("/api/v1/graph?window=10s").status_code == 200
    with Redis.from_url(broker.url) as client:
        assert client.exists(wanted_key("graph:10"))
        assert not client.exists(wanted_key("graph"))


@pytest.mark.django_db
def test_without_a_live_process_there_is_no_graph_yet(broker: Broker) -> None:
    answer = logged_in().get("/api/v1/graph")
    assert (answer.status_code, answer.json()) == (
        503,
        {
            "code": "unavailable",
            "message": "The live process has not published a graph yet.",
            "path": "",
            "findings": [],
        },
    )


@pytest.mark.django_db
def test_without_a_broker_there_is_no_graph_either(broker: Broker) -> None:
    broker.stop()
    answer = logged_in().get("/api/v1/graph")
    assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")


@pytest.mark.django_db
@pytest.mark.parametrize(
    "query",
    [
        "window=5s",
        "window=8d",
        "window=x",
        "type=pods",
        "at=-1",
        "at=nan",
        "at=99999999999",
        "namespaces=a%00b",
    ],
)
def test_what_is_not_offered_is_422(broker: Broker, query: str) -> None:
    assert logged_in().get(f"/api/v1/graph?{query}").status_code == 422


def test_a_stranger_gets_no_graph(broker: Broker, db: None) -> None:
    assert Client(SERVER_NAME="localhost").get("/api/v1/graph").status_code == 401
