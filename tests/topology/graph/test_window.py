"""Sums over the last seconds."""

from collections import Counter

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from telemetry.contracts import EdgeSecond
from tests.topology.graph.traffic_values import NOW, filled, key, requests, tcp
from topology.graph.window import REQUESTS, Totals, Window

A, B, C = key("a", "x"), key("b", "x"), key("c", "x")


def per_key(totals: Totals) -> dict[str, int]:
    found = zip(totals.keys, totals.counts[:, REQUESTS].tolist(), strict=True)
    return {one.source_workload: n for one, n in found if one is not None and n}


def one(second: int, *names: str) -> EdgeSecond:
    edges = tuple((key(name, "x"), requests(1)) for name in names)
    return EdgeSecond(collector="a", second=second, edges=edges)


steps = st.lists(
    st.tuples(
        st.integers(0, 4),  # how far the clock moves
        st.integers(-6, 2),  # how late or early the second is
        st.lists(st.sampled_from("abcde"), max_size=6),
        st.sampled_from([3, 10, 20]),
    ),
    max_size=60,
)


@given(steps)
def test_carried_sums_equal_sums_made_anew(
    history: list[tuple[int, int, list[str], int]],
) -> None:
    window = Window(retention_seconds=25, max_keys=100)
    heard: list[tuple[int, list[str]]] = []
    now, newest = NOW, 0
    for moved, offset, names, size in history:
        now += moved
        if now - 25 < now + offset:
            heard.append((now + offset, names))
            newest = max(newest, now + offset)
        window.add(one(now + offset, *names), now)
        last = min(max(newest, now - 3), now)
        expected = Counter[str]()
        for second, seen in heard:
            if last - size < second <= last:
                expected.update(seen)
        totals = window.totals(now, size)
        assert per_key(totals) == dict(expected)
        recent = Counter[str]()
        for second, seen in heard:
            if last - 3 < second <= last:
                recent.update(seen)
        assert int(totals.recent[:, REQUESTS].sum()) == recent.total()


def test_rates_are_right_while_the_window_fills() -> None:
    window = filled(*[((A, requests(5)),)] * 4)
    assert window.totals(NOW + 1, 60).seconds == 4
    assert window.totals(NOW + 1, 3).seconds == 3
    assert per_key(window.totals(NOW + 1, 60)) == {"a": 20}


def test_a_silent_window_empties() -> None:
    window = filled(((A, requests(5)),))
    assert per_key(window.totals(NOW + 11, 10)) == {"a": 5}
    assert per_key(window.totals(NOW + 13, 10)) == {}


def test_collectors_add_up_within_a_second() -> None:
    window = Window()
    for collector in "ab":
        window.add(EdgeSecond(collector=collector, second=NOW, edges=((A, requests(2)),)), NOW)
    assert per_key(window.totals(NOW, 10)) == {"a": 4}


def test_a_key_named_twice_in_one_message_adds_up() -> None:
    window = filled(((A, requests(2)), (A, requests(3))))
    assert per_key(window.totals(NOW, 10)) == {"a": 5}


def test_only_new_keys_are_news() -> None:
    window = Window()
    assert [
        window.add(one(NOW + i, *names), NOW + i) for i, names in enumerate(["a", "ab", "b"])
    ] == [
        True,
        True,
        False,
    ]


def test_wrong_clocks_are_refused() -> None:
    window = Window()
    assert window.add(one(NOW + 3600, "a"), NOW) is False
    assert window.add(one(NOW - 3600, "a"), NOW) is False
    assert per_key(window.totals(NOW, 300)) == {}


def test_keys_out_of_sight_make_room() -> None:
    window = Window(retention_seconds=10, max_keys=2)
    window.add(one(NOW, "a", "b", "c"), NOW)
    assert per_key(window.totals(NOW, 10)) == {"a": 1, "b": 1}
    assert window.refused_keys == 1
    window.add(one(NOW + 30, "c"), NOW + 30)
    window.add(one(NOW + 31, "c"), NOW + 31)
    assert per_key(window.totals(NOW + 31, 10)) == {"c": 2}
    assert window.refused_keys == 1


def test_the_oldest_seconds_go_when_memory_is_full() -> None:
    window = Window(max_rows=3)
    for i in range(5):
        window.add(one(NOW + i, "a"), NOW + i)
    totals = window.totals(NOW + 4, 60)
    assert per_key(totals) == {"a": 3}
    assert totals.seconds == 3


def levels(totals: Totals) -> dict[str, int]:
    found = zip(totals.keys, totals.open_connections.tolist(), strict=True)
    return {one.source_workload: level for one, level in found if one is not None and level}


def test_open_connections_are_the_newest_level_of_each_collector() -> None:
    window = Window()
    for collector, second, edges in (
        ("one", NOW - 1, ((A, tcp(still_open=3)), (B, tcp(still_open=1)))),
        ("other", NOW - 1, ((A, tcp(still_open=2)),)),
        ("one", NOW, ((A, tcp(closed=1, still_open=2)),)),
        ("one", NOW - 9, ((A, requests(4)),)),  # told late: no news of what is open
    ):
        window.add(EdgeSecond(collector=collector, second=second, edges=edges), NOW)
    assert levels(window.totals(NOW, 10)) == {"a": 4}


def test_a_collector_that_stays_away_has_no_open_connections() -> None:
    window = filled(((A, tcp(still_open=3)),))
    assert levels(window.totals(NOW + 3, 60)) == {"a": 3}
    assert levels(window.totals(NOW + 4, 60)) == {}


def test_totals_are_a_copy() -> None:
    window = filled(((A, requests(1)),))
    before = window.totals(NOW, 10)
    kept = before.counts.copy()
    window.add(one(NOW, "a"), NOW)
    assert np.array_equal(before.counts, kept)
