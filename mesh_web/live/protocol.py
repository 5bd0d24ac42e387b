"""What the live view's messages mean: snapshots, deltas, and how a follower applies them.

A topic is a JSON value that changes. Its publisher numbers every message with `seq` within an
`epoch` (a text that sorts by time, new whenever a publisher takes over); a follower that has applied `seq`
may apply a delta numbered `seq + 1`. The law: snapshot + deltas == the later snapshot.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any, NamedTuple

Json = dict[str, Any]

GRAPH_WINDOWS_SECONDS = (60, 10, 300)
"""The first is the topic "graph"; the others are "graph:<seconds>", built while anyone asks."""
REVISIONS_SHOWN = 20


class Kind(StrEnum):
    SNAPSHOT = "snapshot"
    DELTA = "delta"


def new_epoch(now: float) -> str:
    """Milliseconds in hex, padded so that later ones sort later."""
    return f"{int(now * 1000):012x}"


def graph_topic(window_seconds: int) -> str:
    default = window_seconds == GRAPH_WINDOWS_SECONDS[0]
    return "graph" if default else f"graph:{window_seconds}"


@dataclass(frozen=True, slots=True)
class Shape:
    """How values of a topic differ: `diff` yields nothing where they are the same.

    `diff` yields None where no delta can say it; then a snapshot does.
    """

    diff: Callable[[Json, Json], Iterator[Json | None]]
    apply: Callable[[Json, Json], Json]


def graph_diff(old: Json, new: Json) -> Iterator[Json | None]:
    """Always one delta, for `at` moves on: it is also the sign of life."""
    if old["window_seconds"] != new["window_seconds"]:
        yield None
        return
    yield {
        "at": new["at"],
        "nodes": _changed(_by_id(old["nodes"]), _by_id(new["nodes"])),
        "edges": _changed(_by_id(old["edges"]), _by_id(new["edges"])),
    }


def graph_apply(snapshot: Json, delta: Json) -> Json:
    return {
        "at": delta["at"],
        "window_seconds": snapshot["window_seconds"],
        "nodes": _patched(snapshot["nodes"], delta["nodes"]),
        "edges": _patched(snapshot["edges"], delta["edges"]),
    }


def proxies_diff(old: Json, new: Json) -> Iterator[Json | None]:
    changed = _changed(_by_id(old["proxies"]), _by_id(new["proxies"]))
    if changed:
        yield {"proxies": changed}


def proxies_apply(snapshot: Json, delta: Json) -> Json:
    return {"proxies": _patched(snapshot["proxies"], delta["proxies"])}


def revisions_diff(old: Json, new: Json) -> Iterator[Json | None]:
    """One delta for each revision that is new or changed, oldest first."""
    before = {one["number"]: one for one in old["revisions"]}
    deltas: list[Json] = [
        {"revision": one} for one in reversed(new["revisions"]) if before.get(one["number"]) != one
    ]
    value = old
    for delta in deltas:
        value = revisions_apply(value, delta)
    if value != new:
        yield None
        return
    yield from deltas


def revisions_apply(snapshot: Json, delta: Json) -> Json:
    revision = delta["revision"]
    others = [one for one in snapshot["revisions"] if one["number"] != revision["number"]]
    newest_first = sorted([*others, revision], key=lambda one: -one["number"])
    return {"revisions": newest_first[:REVISIONS_SHOWN]}


GRAPH = Shape(graph_diff, graph_apply)
TOPICS: Mapping[str, Shape] = {
    **{graph_topic(seconds): GRAPH for seconds in GRAPH_WINDOWS_SECONDS},
    "revisions": Shape(revisions_diff, revisions_apply),
    "proxies": Shape(proxies_diff, proxies_apply),
}


ON_DEMAND = frozenset(graph_topic(seconds) for seconds in GRAPH_WINDOWS_SECONDS[1:])


def within(graph: Json, namespaces: frozenset[str]) -> Json:
    """The edges with an end in one of the namespaces, and the nodes they need or that lie there."""
    inside = {node["id"] for node in graph["nodes"] if node["namespace"] in namespaces}
    edges = [one for one in graph["edges"] if one["source"] in inside or one["target"] in inside]
    shown = inside.union(*((one["source"], one["target"]) for one in edges))
    return {
        **graph,
        "nodes": [node for node in graph["nodes"] if node["id"] in shown],
        "edges": edges,
    }


def _by_id(items: list[Json]) -> dict[str, Json]:
    return {item["id"]: item for item in items}


def _changed(old: dict[str, Json], new: dict[str, Json]) -> dict[str, Json | None]:
    changed: dict[str, Json | None] = {
        key: item for key, item in new.items() if old.get(key) != item
    }
    changed.update({key: None for key in old if key not in new})
    return changed


def _patched(items: list[Json], changes: Mapping[str, Json | None]) -> list[Json]:
    """Items stay sorted by id."""
    merged: dict[str, Json | None] = {**_by_id(items), **changes}
    return [item for _, item in sorted(merged.items()) if item is not None]


# -- Messages ---------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Message:
    topic: str
    epoch: str
    seq: int
    kind: Kind
    body: Json

    def to_json(self) -> Json:
        """The keys in the order that `Envelope.read` relies on."""
        return {
            "topic": self.topic,
            "epoch": self.epoch,
            "seq": self.seq,
            self.kind.value: self.body,
        }

    @staticmethod
    def of(value: Json) -> "Message":
        kind = Kind.SNAPSHOT if Kind.SNAPSHOT in value else Kind.DELTA
        return Message(value["topic"], value["epoch"], value["seq"], kind, value[kind])


class Position(NamedTuple):
    """How far a follower is; positions of one topic compare by time."""

    epoch: str
    seq: int


class Envelope(NamedTuple):
    """What a relay must know of a message; it never reads the body."""

    topic: str
    position: Position
    kind: Kind

    @staticmethod
    def read(raw: bytes) -> "Envelope | None":
        """None for what is not a live message."""
        found = _ENVELOPE.match(raw)
        if found is None:
            return None
        topic, epoch, seq, kind = found.groups()
        return Envelope(topic.decode(), Position(epoch.decode(), int(seq)), Kind(kind.decode()))


_ENVELOPE = re.compile(
    rb'\{"topic":"([a-z0-9:]{1,40})","epoch":"([0-9a-f]{1,40})","seq":(\d{1,18}),"(snapshot|delta)":'
)


@dataclass(frozen=True, slots=True)
class Published:
    """A topic as its publisher holds it: the newest value and the number of the last message."""

    topic: str
    epoch: str
    value: Json
    seq: int = 0

    def snapshot(self) -> Message:
        return Message(self.topic, self.epoch, self.seq, Kind.SNAPSHOT, self.value)

    def advance(self, value: Json) -> tuple["Published", tuple[Message, ...]]:
        """The topic at its next value, and the messages that say how it came there."""
        deltas = tuple(TOPICS[self.topic].diff(self.value, value))
        if not deltas:
            return self, ()
        if None in deltas:
            moved = replace(self, value=value, seq=self.seq + 1)
            return moved, (moved.snapshot(),)
        messages = tuple(
            Message(self.topic, self.epoch, self.seq + i, Kind.DELTA, delta)
            for i, delta in enumerate(deltas, 1)
            if delta is not None
        )
        return replace(self, value=value, seq=self.seq + len(messages)), messages


class Step(StrEnum):
    """What a message is to someone at a position."""

    TAKE = "take"
    IGNORE = "ignore"
    """Known already."""
    GAP = "gap"
    """Something is missing: ask for a snapshot."""


def step(position: Position | None, envelope: Envelope) -> Step:
    """`position` is None before the first snapshot."""
    if envelope.kind is Kind.SNAPSHOT:
        newer = position is None or envelope.position >= position
        return Step.TAKE if newer else Step.IGNORE
    if position is None:
        return Step.GAP
    if envelope.position <= position:
        return Step.IGNORE
    follows = envelope.position == (position.epoch, position.seq + 1)
    return Step.TAKE if follows else Step.GAP


@dataclass(frozen=True, slots=True)
class Follower:
    """A topic as a reader holds it; the browser does the same."""

    position: Position | None = None
    value: Json | None = None

    def receive(self, message: Message) -> tuple["Follower", Step]:
        at = Position(message.epoch, message.seq)
        verdict = step(self.position, Envelope(message.topic, at, message.kind))
        if verdict is not Step.TAKE:
            return self, verdict
        if message.kind is Kind.SNAPSHOT or self.value is None:
            return Follower(at, message.body), verdict
        return Follower(at, TOPICS[message.topic].apply(self.value, message.body)), verdict
