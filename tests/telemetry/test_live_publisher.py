"""Which second an increase is told of, and how it is shared among several."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.collector import samples
from telemetry.collector.live import PARTS, LivePublisher, by_second
from telemetry.contracts import EdgeCount, EdgeKey, Reporter
from telemetry.ingest.istio import Counted, add, connection, spread
from telemetry.ingest.series import Increase, SeriesTable

NOW = 1_800_000_000
KEY = EdgeKey(
    reporter=Reporter.SOURCE,
    source_namespace="shop",
    source_workload="cart",
    destination_service_namespace="shop",
    destination_service="prices.shop.svc.cluster.local",
    destination_namespace="shop",
    destination_workload="prices",
    destination_version="v1",
    protocol="tcp",
    code="",
    flags="-",
    security="mutual_tls",
)


def gained(requests: int, *, since: float) -> Increase:
    count = EdgeCount(requests=requests)
    return Increase(
        instance="uid-1", since=since, heard_at=NOW - 0.5, values={}, counts=((KEY, count),)
    )


def told(*increases: Increase) -> dict[int, int]:
    """Requests by seconds before now."""
    found = by_second(increases, NOW)
    return {NOW - second: edges[KEY].requests for second, edges in found.items() if edges}


def test_what_is_fresh_belongs_to_this_second() -> None:
    assert told(gained(7, since=NOW - 1.5), gained(3, since=NOW - 2.9)) == {0: 10}


def test_what_is_of_unknown_age_belongs_to_this_second() -> None:
    assert told(gained(7, since=0)) == {0: 7}


def test_what_was_held_back_is_spread_over_the_seconds_missed() -> None:
    assert told(gained(11, since=NOW - 5.0), gained(2, since=NOW - 1)) == {
        4: 2,
        3: 2,
        2: 2,
        1: 2,
        0: 5,
    }


def test_few_requests_are_not_made_more() -> None:
    assert told(gained(1, since=NOW - 5.0)) == {0: 1}


def test_a_long_silence_is_told_in_at_most_so_many_parts() -> None:
    found = told(gained(PARTS * 10, since=NOW - 100_000.0))
    assert set(found.values()) == {10}
    assert (len(found), min(found), max(found)) == (PARTS, 0, 589)


numbers = st.integers(0, 10**6)


@given(
    st.builds(
        EdgeCount,
        requests=numbers,
        duration_buckets=st.lists(numbers, max_size=20).map(tuple),
        bytes_sent=numbers,
        connections_opened=numbers,
    ),
    st.integers(1, 70),
)
def test_parts_sum_to_the_whole_and_differ_by_one(count: EdgeCount, number: int) -> None:
    parts = spread(count, number)
    total = EdgeCount()
    for part in parts:
        total = add(total, part)
    assert (len(parts), total) == (number, count)
    requests = [part.requests for part in parts]
    assert max(requests) - min(requests) <= 1


def test_connections_count_for_the_edge_without_flags() -> None:
    def of(counted: Counted, flags: str) -> int | None:
        found = connection(replace(KEY, flags=flags), counted)
        assert found is None or found[0] == KEY
        return found and found[1]

    opened, closed = Counted.CONNECTIONS_OPENED, Counted.CONNECTIONS_CLOSED
    assert [of(opened, "-"), of(closed, "-"), of(closed, "DC")] == [1, -1, -1]
    assert [of(closed, "UF"), of(closed, "UF,URX"), of(Counted.BYTES_SENT, "-")] == [None] * 3


def test_a_tick_that_fails_is_not_the_last(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of both loops; that it is logged is how the test sees it."""
    ticks: list[str] = []

    async def nothing(_seconds: float) -> None:
        if len(ticks) >= 4:
            raise asyncio.CancelledError

    def broken(name: str) -> Any:
        async def tick(*_: object) -> None:
            ticks.append(name)
            raise ValueError(name)

        return tick

    table = SeriesTable()
    broker: Any = None
    store: Any = None
    monkeypatch.setattr(LivePublisher, "publish", broken("live"))
    monkeypatch.setattr(samples, "sample", broken("samples"))
    monkeypatch.setattr(asyncio, "sleep", nothing)
    for loop in (
        LivePublisher(table, broker, "c", frozenset()).run(),
        samples.write_samples(table, store),
    ):
        ticks.clear()
        with pytest.raises(asyncio.CancelledError):
            asyncio.run(loop)
        assert len(set(ticks)) == 1
        assert len(ticks) == 4
