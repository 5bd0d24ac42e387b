"""REST: the latest graph, as the live process published it; that of any other time from the store."""

import time
from typing import Any, cast

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from redis.exceptions import RedisError

from mesh_web.live.broker import WANTED_SECONDS, connect_blocking, snapshot_key, wanted_key
from mesh_web.live.protocol import GRAPH_WINDOWS_SECONDS, ON_DEMAND, Json, graph_topic, within
from mesh_web.live.schema import GraphOut
from mesh_web.live.sources import marks, marks_at
from rest.contracts import Refusal
from rest.shapes import ERRORS
from topology.contracts import GraphType, Marks
from topology.facade import PRESENT_SECONDS, graph_at
from topology.graph.as_json import to_json
from topology.graph.badges import badging
from topology.graph.breaking import breaking

router = Router(tags=["graph"])

SHORTEST_SECONDS, LONGEST_SECONDS = 10, 7 * 86_400
CLOCKS_DIFFER_SECONDS = 60
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
PATIENCE_SECONDS = 3.0
"""How long a window that nobody had asked for may take to be built."""


class Asked(Schema):
    """Which graph."""

    namespaces: str = Field(
        "", max_length=4000, pattern=r"^[-a-z0-9.,]*$", description="Comma separated; empty: all"
    )
    window: str = Field(
        "60s", pattern=r"^[0-9]{1,6}[smhd]?$", description="How far it looks back: 10s to 7d"
    )
    type: GraphType = Field(GraphType.WORKLOAD, description="What stands for the workloads")
    at: float | None = Field(
        None, ge=0, allow_inf_nan=False, description="Unix seconds; absent: now"
    )
    own: bool = Field(False, description="With the calls of Meshweb's own processes to one another")


@router.get("/graph", response={200: GraphOut, **ERRORS}, summary="The traffic graph")
def graph(
    request: HttpRequest,  # noqa: ARG001  every view has it
    asked: Query[Asked],
) -> HttpResponse:
    """Nodes of the namespaces, and those they talk to, with the edges between."""
    snapshot = _graph(asked, _window_seconds(asked.window))
    wanted = frozenset(name for name in asked.namespaces.split(",") if name)
    body = within(snapshot, wanted) if wanted else snapshot
    return HttpResponse(orjson.dumps(body), content_type="application/json")


def _window_seconds(window: str) -> int:
    unit = _UNITS.get(window[-1], 0)
    seconds = int(window[:-1]) * unit if unit else int(window)
    if not SHORTEST_SECONDS <= seconds <= LONGEST_SECONDS:
        raise Refusal(422, "bad_window", "A window is 10 seconds long at least, 7 days at most.")
    return seconds


def _graph(asked: Asked, seconds: int) -> Json:
    """What is told live as it is told; everything else as the store has it."""
    live = asked.at is None and asked.type is GraphType.WORKLOAD and not asked.own
    if live and seconds in GRAPH_WINDOWS_SECONDS:
        return _snapshot(graph_topic(seconds))
    now = time.time()
    at = now if asked.at is None else asked.at
    if at > now + CLOCKS_DIFFER_SECONDS:
        raise Refusal(422, "bad_time", "That time is yet to come.")
    marks = _marks(min(at, now), now)
    also = (badging(marks.badges), breaking(marks.breakers))
    return to_json(graph_at(min(at, now), seconds, asked.type, own=asked.own, also=also))


def _marks(at: float, now: float) -> Marks:
    if now - at >= PRESENT_SECONDS:
        return marks_at(at)
    try:
        return marks()
    except (RedisError, OSError):
        return marks_at(at)  # the broker alone knows what breakers do


def _snapshot(topic: str) -> Json:
    try:
        raw = _kept(topic)
    except (RedisError, OSError):
        raise Refusal(503, "unavailable", "The broker does not answer; try again.") from None
    if raw is None:
        raise Refusal(503, "unavailable", "The live process has not published a graph yet.")
    message: dict[str, Any] = orjson.loads(raw)
    found: Json = message["snapshot"]
    return found


def _kept(topic: str) -> bytes | None:
    """The kept snapshot message; asks for the topic and waits where nobody had."""
    broker, patience = connect_blocking(), 0.0
    if topic in ON_DEMAND:
        broker.set(wanted_key(topic), b"1", ex=WANTED_SECONDS)
        patience = PATIENCE_SECONDS
    until = time.monotonic() + patience
    while True:
        raw = cast("bytes | None", broker.get(snapshot_key(topic)))
        if raw is not None or time.monotonic() >= until:
            return raw
        time.sleep(0.1)
