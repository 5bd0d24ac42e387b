"""Snapshots and deltas."""

from typing import Any

import orjson
from hypothesis import given
from hypothesis import strategies as st

from mesh_web.live.protocol import (
    TOPICS,
    Envelope,
    Follower,
    Kind,
    Message,
    Position,
    Published,
    Step,
    new_epoch,
    step,
    within,
)

Json = dict[str, Any]
EPOCH = new_epoch(1_800_000_000)


def items(ids: str = "abcd") -> st.SearchStrategy[list[Json]]:
    """Items sorted by id, some of them equal from one value to the next."""
    contents = st.dictionaries(st.sampled_from(ids), st.integers(0, 2))
    return contents.map(lambda found: [{"id": key, "x": found[key]} for key in sorted(found)])


graphs = st.builds(
    lambda at, window, nodes, edges: {
        "at": at, "window_seconds": window, "nodes": nodes, "edges": edges,
    },
    st.integers(0, 5), st.sampled_from([60, 60, 60, 10]), items(), items(),
)  # fmt: skip
proxies = items().map(lambda found: {"proxies": found})
revisions = st.dictionaries(st.integers(1, 40), st.integers(0, 2), max_size=40).map(
    lambda found: {
        "revisions": [{"number": n, "state": found[n]} for n in sorted(found, reverse=True)[:20]]
    }
)
histories = st.one_of(
    st.tuples(st.just("graph"), st.lists(graphs, min_size=1)),
    st.tuples(st.just("proxies"), st.lists(proxies, min_size=1)),
    st.tuples(st.just("revisions"), st.lists(revisions, min_size=1)),
)


def followed(follower: Follower, messages: tuple[Message, ...]) -> Follower:
    for message in messages:
        follower, verdict = follower.receive(message)
        assert verdict is Step.TAKE
    return follower


@given(histories)
def test_snapshot_and_deltas_equal_the_later_snapshot(history: tuple[str, list[Json]]) -> None:
    topic, (first, *later) = history
    published = Published(topic, EPOCH, first)
    follower = followed(Follower(), (published.snapshot(),))
    for value in later:
        published, messages = published.advance(value)
        follower = followed(follower, messages)
        assert follower.value == value == published.value
        assert follower.position == (EPOCH, published.seq)


@given(histories, st.data())
def test_whoever_joins_late_from_any_snapshot_ends_with_the_same_value(
    history: tuple[str, list[Json]], data: st.DataObject
) -> None:
    topic, (first, *later) = history
    published = Published(topic, EPOCH, first)
    snapshots = [published.snapshot()]
    sent: list[Message] = []
    for value in later:
        published, messages = published.advance(value)
        snapshots.append(published.snapshot())
        sent.extend(messages)
    follower, verdict = Follower().receive(data.draw(st.sampled_from(snapshots)))
    assert verdict is Step.TAKE
    for message in sent:  # what it knows already it ignores
        follower, verdict = follower.receive(message)
        assert verdict in (Step.TAKE, Step.IGNORE)
    assert follower.value == published.value


@given(histories)
def test_an_equal_value_is_not_worth_a_message(history: tuple[str, list[Json]]) -> None:
    topic, (value, *_) = history
    published = Published(topic, EPOCH, value)
    expected = 1 if topic == "graph" else 0  # the graph's `at` is the sign of life
    assert len(published.advance(value)[1]) == expected


def test_a_delta_names_only_what_changed() -> None:
    old = {
        "at": 1,
        "window_seconds": 60,
        "nodes": [{"id": "a", "x": 1}, {"id": "b", "x": 1}],
        "edges": [{"id": "e", "x": 1}],
    }
    new = {
        "at": 2,
        "window_seconds": 60,
        "nodes": [{"id": "a", "x": 2}, {"id": "c", "x": 1}],
        "edges": [{"id": "e", "x": 1}],
    }
    (message,) = Published("graph", EPOCH, old, seq=7).advance(new)[1]
    assert message.to_json() == {
        "topic": "graph",
        "epoch": EPOCH,
        "seq": 8,
        "delta": {
            "at": 2,
            "nodes": {"a": {"id": "a", "x": 2}, "c": {"id": "c", "x": 1}, "b": None},
            "edges": {},
        },
    }


def test_a_revision_that_vanished_takes_a_snapshot() -> None:
    before = {"revisions": [{"number": 2}, {"number": 1}]}
    after = {"revisions": [{"number": 2}]}
    (message,) = Published("revisions", EPOCH, before).advance(after)[1]
    assert message == Message("revisions", EPOCH, 1, Kind.SNAPSHOT, after)


def test_a_step_is_judged_by_position() -> None:
    def delta(epoch: str, seq: int) -> Envelope:
        return Envelope("graph", Position(epoch, seq), Kind.DELTA)

    def snapshot(epoch: str, seq: int) -> Envelope:
        return Envelope("graph", Position(epoch, seq), Kind.SNAPSHOT)

    here = Position("b", 5)
    assert [step(here, one) for one in (delta("b", 5), delta("b", 6), delta("b", 7))] == [
        Step.IGNORE,
        Step.TAKE,
        Step.GAP,
    ]
    assert [step(here, one) for one in (delta("a", 9), delta("c", 1))] == [Step.IGNORE, Step.GAP]
    assert [step(here, one) for one in (snapshot("b", 4), snapshot("c", 0))] == [
        Step.IGNORE,
        Step.TAKE,
    ]
    assert [step(None, one) for one in (delta("b", 1), snapshot("b", 1))] == [Step.GAP, Step.TAKE]


def test_later_epochs_sort_later() -> None:
    assert new_epoch(1_800_000_000.5) < new_epoch(1_800_000_000.502) < new_epoch(9_999_999_999)


@given(histories)
def test_an_envelope_is_read_without_the_body(history: tuple[str, list[Json]]) -> None:
    topic, (value, *_) = history
    message = Message(topic, EPOCH, 12, Kind.SNAPSHOT, value)
    assert Envelope.read(orjson.dumps(message.to_json())) == Envelope(
        topic, Position(EPOCH, 12), Kind.SNAPSHOT
    )
    assert Message.of(orjson.loads(orjson.dumps(message.to_json()))) == message


def test_what_is_not_a_live_message_has_no_envelope() -> None:
    assert [Envelope.read(raw) for raw in (b"", b"{}", b'{"topic":"x"}', b"\xff\xfe")] == [None] * 4


def test_every_topic_the_schema_names_has_a_shape() -> None:
    assert sorted(TOPICS) == ["graph", "graph:10", "graph:300", "proxies", "revisions"]


def test_namespaces_keep_their_nodes_and_their_neighbours() -> None:
    nodes = [{"id": one, "namespace": one[0]} for one in ("a1", "a2", "b1", "b2", "c1")]
    edges = [
        {"id": f"{source}{target}", "source": source, "target": target}
        for source, target in (("a1", "b1"), ("b1", "b2"), ("c1", "b2"))
    ]
    graph = {"at": 1, "nodes": nodes, "edges": edges}
    assert within(graph, frozenset("a")) == {
        "at": 1,
        "nodes": [{"id": one, "namespace": one[0]} for one in ("a1", "a2", "b1")],
        "edges": [edges[0]],
    }
