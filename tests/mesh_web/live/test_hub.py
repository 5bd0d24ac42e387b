"""Fan-out: every follower gets a snapshot and then everything, or is let go."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import orjson
from redis.asyncio import Redis

from mesh_web.live.broker import connect, snapshot_key, wanted_key
from mesh_web.live.hub import QUEUE_MESSAGES, Hub, Outbox
from mesh_web.live.lease import Hold, Lease
from mesh_web.live.protocol import Kind, Message
from telemetry.contracts import Channel
from tests.mesh_web.live.real import Broker, until


def snapshot(seq: int, epoch: str = "0a", topic: str = "graph") -> bytes:
    return orjson.dumps(Message(topic, epoch, seq, Kind.SNAPSHOT, {}).to_json())


def delta(seq: int, epoch: str = "0a") -> bytes:
    return orjson.dumps(Message("graph", epoch, seq, Kind.DELTA, {}).to_json())


@asynccontextmanager
async def hub_on(broker: Broker) -> AsyncIterator[tuple[Hub, "Redis"]]:
    hub, client = Hub(connect(broker.url)), connect(broker.url)
    running = asyncio.create_task(hub.run())
    while not (await client.pubsub_numsub(Channel.LIVE))[0][1]:
        await asyncio.sleep(0.01)
    await asyncio.sleep(0.05)
    try:
        yield hub, client
    finally:
        running.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await running
        await client.aclose()


async def taken(outbox: Outbox, number: int) -> list[bytes | None]:
    async with asyncio.timeout(3):
        texts = [await outbox.take() for _ in range(number)]
    return [None if text is None else text.encode() for text in texts]


async def test_a_follower_gets_the_snapshot_then_every_delta(broker: Broker) -> None:
    async with hub_on(broker) as (hub, client):
        await client.set(snapshot_key("graph"), snapshot(4))
        outbox = Outbox()
        await hub.join(outbox, "graph")
        for seq in (4, 5, 6):  # the fourth is in the snapshot
            await client.publish(Channel.LIVE, delta(seq))
        assert await taken(outbox, 3) == [snapshot(4), delta(5), delta(6)]


async def test_what_was_heard_before_the_snapshot_came_is_not_lost(broker: Broker) -> None:
    async with hub_on(broker) as (hub, client):
        first, late = Outbox(), Outbox()
        await client.set(snapshot_key("graph"), snapshot(1))
        await hub.join(first, "graph")
        for seq in (2, 3, 4):
            await client.publish(Channel.LIVE, delta(seq))
        assert await taken(first, 4) == [snapshot(1), delta(2), delta(3), delta(4)]
        await client.set(snapshot_key("graph"), snapshot(2))  # as if read before the deltas
        await hub.join(late, "graph")
        assert await taken(late, 3) == [snapshot(2), delta(3), delta(4)]


async def test_a_gap_brings_a_fresh_snapshot(broker: Broker) -> None:
    async with hub_on(broker) as (hub, client):
        outbox = Outbox()
        await client.set(snapshot_key("graph"), snapshot(1))
        await hub.join(outbox, "graph")
        await client.set(snapshot_key("graph"), snapshot(7))
        await client.publish(Channel.LIVE, delta(7))
        assert await taken(outbox, 2) == [snapshot(1), snapshot(7)]


async def test_a_new_epoch_begins_with_its_snapshot(broker: Broker) -> None:
    async with hub_on(broker) as (hub, client):
        outbox = Outbox()
        await hub.join(outbox, "graph")  # nothing is there yet
        for message in (snapshot(0), delta(1), snapshot(0, "0b"), delta(2), delta(1, "0b")):
            await client.publish(Channel.LIVE, message)
        assert await taken(outbox, 4) == [
            snapshot(0), delta(1), snapshot(0, "0b"), delta(1, "0b"),
        ]  # fmt: skip


async def test_joining_again_is_a_resync(broker: Broker) -> None:
    async with hub_on(broker) as (hub, client):
        await client.set(snapshot_key("graph"), snapshot(1))
        outbox = Outbox()
        await hub.join(outbox, "graph")
        await hub.join(outbox, "graph")
        assert await taken(outbox, 2) == [snapshot(1), snapshot(1)]


async def test_who_leaves_hears_no_more(broker: Broker) -> None:
    async with hub_on(broker) as (hub, client):
        gone, stays = Outbox(), Outbox()
        await client.set(snapshot_key("graph"), snapshot(1))
        for outbox in (gone, stays):
            await hub.join(outbox, "graph")
        hub.leave(gone, "graph")
        await client.publish(Channel.LIVE, delta(2))
        assert await taken(stays, 2) == [snapshot(1), delta(2)]
        assert await taken(gone, 1) == [snapshot(1)]
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.05):
                assert not await gone.take()


async def test_a_slow_follower_overflows_and_the_others_do_not_wait(broker: Broker) -> None:
    async with hub_on(broker) as (hub, client):
        slow, fast = Outbox(), Outbox()
        await client.set(snapshot_key("graph"), snapshot(0))
        for outbox in (slow, fast):
            await hub.join(outbox, "graph")
        assert await taken(fast, 1) == [snapshot(0)]
        for seq in range(1, QUEUE_MESSAGES + 2):
            await client.publish(Channel.LIVE, delta(seq))
            assert await taken(fast, 1) == [delta(seq)]
        await until(lambda: slow.overflowed)
        assert await taken(slow, 2) == [None, None]


async def test_following_a_topic_on_demand_asks_for_it(broker: Broker) -> None:
    async with hub_on(broker) as (hub, client):
        await hub.join(Outbox(), "graph:10")
        assert await client.exists(wanted_key("graph:10"))


async def test_one_lease_at_a_time(broker: Broker) -> None:
    client = connect(broker.url)
    one, other = Lease(client), Lease(client)
    assert [await one.hold(), await one.hold(), await other.hold()] == [
        Hold.TAKEN,
        Hold.KEPT,
        Hold.LOST,
    ]
    assert await other.publish("graph", snapshot(1), [delta(1)]) is False
    assert await client.get(snapshot_key("graph")) is None
    await other.release()  # not its own: nothing happens
    assert await one.publish("graph", snapshot(1), [delta(1)]) is True
    await one.release()
    assert await other.hold() is Hold.TAKEN
    await client.aclose()
