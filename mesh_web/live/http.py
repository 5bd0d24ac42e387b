"""REST: the latest graph, as the live process published it."""

import time
from typing import Any, cast

import orjson
from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema
from redis.exceptions import RedisError

from mesh_web.live.broker import WANTED_SECONDS, connect_blocking, snapshot_key, wanted_key
from mesh_web.live.protocol import ON_DEMAND, Json, graph_topic, within
from mesh_web.live.schema import GraphOut
from rest.contracts import Refusal
from rest.shapes import ERRORS

router = Router(tags=["graph"])

PATIENCE_SECONDS = 3.0
"""How long a window that nobody had asked for may take to be built."""


class Asked(Schema):
    """Which graph."""

    namespaces: str = Field(
        "", max_length=4000, pattern=r"^[-a-z0-9.,]*$", description="Comma separated; empty: all"
    )
    window: str = Field("60s", pattern=r"^(10|60|300)s?$", description="10s, 60s or 300s")
    type: str = Field("workload", pattern=r"^workload$", description="workload")


@router.get("/graph", response={200: GraphOut, **ERRORS}, summary="The traffic graph")
def graph(
    request: HttpRequest,  # noqa: ARG001  every view has it
    asked: Query[Asked],
) -> HttpResponse:
    """Nodes of the namespaces, and those they talk to, with the edges between."""
    snapshot = _snapshot(graph_topic(int(asked.window.removesuffix("s"))))
    wanted = frozenset(name for name in asked.namespaces.split(",") if name)
    body = within(snapshot, wanted) if wanted else snapshot
    return HttpResponse(orjson.dumps(body), content_type="application/json")


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
