"""From a collector's message to a browser's socket, with the real broker, server and client."""

import asyncio
import contextlib
import json
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import pytest
import uvicorn
from channels.routing import URLRouter
from django.urls import path
from redis.asyncio import Redis
from websockets.asyncio.client import ClientConnection, connect

from mesh_web.live.broker import snapshot_key
from mesh_web.live.builder import Live
from mesh_web.live.consumer import LiveConsumer
from mesh_web.live.protocol import Follower, Message, Step
from mesh_web.live.sources import Source
from telemetry import edges
from telemetry.contracts import EDGES_FIELD, EDGES_STREAM, Channel
from tests.mesh_web.live.real import Broker, second
from topology.contracts import Marks, Registry, Service, Workload
from topology.graph.calls import Calls

Asgi = Callable[[dict[str, Any], Any, Any], Awaitable[None]]
EDGE = "workload:shop/cart->service:shop/prices|http"
REGISTRY = Registry(
    services=(Service(namespace="shop", name="prices"),),
    workloads=(Workload(namespace="shop", name="idler"),),
)


def app() -> Asgi:
    """The live socket alone, open to everyone."""

    def everyone(scope: Mapping[str, Any]) -> bool:
        return True

    class OpenToAll(LiveConsumer):
        welcome = staticmethod(everyone)

    application: Asgi = URLRouter([path("ws/live", OpenToAll.as_asgi())])
    return application


@asynccontextmanager
async def serving(application: Asgi) -> AsyncIterator[str]:
    """The application behind uvicorn; gives the URL of the live socket."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(
            uvicorn.Config(
                application,
                lifespan="off",
                log_level="warning",
                ws="websockets-sansio",
                ws_per_message_deflate=False,
            )
        )
        running = asyncio.create_task(server.serve(sockets=[listening]))
        while not server.started:
            await asyncio.sleep(0.01)
        try:
            yield f"ws://127.0.0.1:{listening.getsockname()[1]}/ws/live"
        finally:
            server.should_exit = True
            server.force_exit = True
            await running


@asynccontextmanager
async def building(
    broker: Broker, sources: tuple[Source, ...] = (), calls: tuple[Calls, ...] = ()
) -> AsyncIterator[None]:
    live = Live(
        broker.url,
        read_registry=lambda: REGISTRY,
        read_marks=Marks,
        read_calls=lambda: calls,
        topic_sources=sources,
    )
    task = asyncio.create_task(live.run())
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


async def publish(broker: Broker, requests: int = 5, target: str = "prices") -> None:
    packed = edges.pack(second(time.time() - 1, "cart", target, requests))
    async with Redis.from_url(broker.url) as client:
        await client.xadd(EDGES_STREAM, {EDGES_FIELD: packed})


async def follow(
    browser: ClientConnection, enough: Callable[[dict[str, Any]], bool], follower: Follower
) -> Follower:
    """Apply messages until the value is as hoped for."""
    async with asyncio.timeout(6):
        while follower.value is None or not enough(follower.value):
            follower, step = follower.receive(Message.of(json.loads(await browser.recv())))
            assert step is Step.TAKE
    return follower


def requests_on(graph: dict[str, Any], edge: str = EDGE) -> int:
    return sum(one["requests_total"] for one in graph["edges"] if one["id"] == edge)


async def test_a_new_edge_is_on_the_socket_within_two_seconds_of_its_message(
    broker: Broker,
) -> None:
    async with building(broker), serving(app()) as url, connect(url) as browser:
        await browser.send('{"subscribe": "graph"}')
        follower = await follow(browser, lambda graph: bool(graph["nodes"]), Follower())
        began = time.monotonic()
        await publish(broker)
        follower = await follow(browser, lambda graph: requests_on(graph) == 5, follower)
        assert time.monotonic() - began < 1.0, "half of the two seconds are the collector's"
        assert follower.value is not None
        assert [node["id"] for node in follower.value["nodes"]] == [
            "service:shop/prices",
            "workload:shop/cart",
            "workload:shop/idler",
            "workload:shop/prices",
        ]


async def test_an_edge_that_spans_alone_know_is_drawn_and_says_so(broker: Broker) -> None:
    told = (
        Calls(parent="cart", child="prices", calls=3),
        Calls(parent="cart", child="ledger", calls=86, errors=43, p95_ms=7.0),
    )
    async with building(broker, calls=told), serving(app()) as url, connect(url) as browser:
        await publish(broker)
        await browser.send('{"subscribe": "graph"}')
        follower = await follow(browser, lambda graph: len(graph["edges"]) == 3, Follower())
        assert follower.value is not None
        edges = {one["id"]: one for one in follower.value["edges"]}
        assert edges[EDGE]["seen_by"] == ["metrics", "traces"]
        ledger = edges["workload:shop/cart->external:/ledger|traces"]
        assert ledger["seen_by"] == ["traces"]
        assert (ledger["requests_per_second"], ledger["error_ratio"]) == (2.0, 0.5)


async def test_a_killed_builder_comes_back_with_its_history_in_a_new_epoch(broker: Broker) -> None:
    async with serving(app()) as url, connect(url) as browser:
        await browser.send('{"subscribe": "graph"}')
        async with building(broker):
            await publish(broker, 5)
            first = await follow(browser, lambda graph: requests_on(graph) == 5, Follower())
        async with building(broker):
            await publish(broker, 2)
            second_one = await follow(browser, lambda graph: requests_on(graph) == 7, first)
        assert first.position is not None
        assert second_one.position is not None
        assert second_one.position.epoch > first.position.epoch


async def test_what_came_while_no_builder_lived_is_on_the_graph_of_the_next(
    broker: Broker,
) -> None:
    async with serving(app()) as url, connect(url) as browser:
        await browser.send('{"subscribe": "graph"}')
        async with building(broker):
            await publish(broker, 5)
            follower = await follow(browser, lambda graph: requests_on(graph) == 5, Follower())
        for _ in range(60):  # more than are read at once
            await publish(broker, 2)
        async with Redis.from_url(broker.url) as client:
            await client.xadd(EDGES_STREAM, {EDGES_FIELD: b"not packed"})
        async with building(broker):
            await publish(broker, 3)
            await follow(browser, lambda graph: requests_on(graph) == 128, follower)


async def test_of_two_builders_one_publishes_and_the_other_takes_over_warm(broker: Broker) -> None:
    async with serving(app()) as url, connect(url) as browser:
        await browser.send('{"subscribe": "graph"}')
        async with building(broker):
            async with building(broker):
                await publish(broker, 5)
                follower = await follow(browser, lambda graph: requests_on(graph) == 5, Follower())
            await publish(broker, 3)
            await follow(browser, lambda graph: requests_on(graph) == 8, follower)


async def test_the_socket_resynchronises_after_the_loss_of_the_broker(broker: Broker) -> None:
    async with building(broker), serving(app()) as url, connect(url) as browser:
        await browser.send('{"subscribe": "graph"}')
        await publish(broker, 5)
        follower = await follow(browser, lambda graph: requests_on(graph) == 5, Follower())
        broker.stop()
        await asyncio.sleep(0.3)
        broker.start()
        await publish(broker, 4)
        await follow(browser, lambda graph: requests_on(graph) == 9, follower)


async def test_a_window_is_built_while_somebody_follows_it(broker: Broker) -> None:
    async with building(broker), serving(app()) as url, connect(url) as browser:
        await publish(broker, 5)
        await browser.send('{"subscribe": "graph:10"}')
        follower = await follow(browser, lambda graph: requests_on(graph) == 5, Follower())
        assert follower.value is not None
        assert follower.value["window_seconds"] == 10
        async with Redis.from_url(broker.url) as client:
            assert await client.get(snapshot_key("graph:300")) is None


async def test_topics_from_the_database_are_followed_by_their_hints(broker: Broker) -> None:
    revisions = [{"number": 1, "state": "pushed"}]
    source = Source(
        "revisions", lambda: {"revisions": list(revisions)}, frozenset({Channel.REVISION})
    )
    async with building(broker, (source,)), serving(app()) as url, connect(url) as browser:
        await browser.send('{"subscribe": "revisions"}')
        follower = await follow(browser, bool, Follower())
        revisions.insert(0, {"number": 2, "state": "accepted"})
        async with Redis.from_url(broker.url) as client:
            await client.publish(Channel.REVISION, b'{"number": 2}')
        follower = await follow(browser, lambda value: len(value["revisions"]) == 2, follower)
        assert follower.value == {"revisions": revisions}


@pytest.mark.parametrize("text", ["", "[]", '{"subscribe": "secrets"}', "x" * 2000, '{"a": 1}'])
async def test_nonsense_is_answered_and_the_socket_stays_open(broker: Broker, text: str) -> None:
    async with serving(app()) as url, connect(url) as browser:
        await browser.send(text)
        assert json.loads(await browser.recv())["error"]["code"] == "bad_request"
        await browser.send(text)
        assert json.loads(await browser.recv())["error"]["code"] == "bad_request"
