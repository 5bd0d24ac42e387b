"""The shapes of the live view's messages, from which the browser's types are made.

`manage.py live_schema` prints them as JSON Schema; `mesh_web/live/schema.json` is that, committed.
"""

import json
from typing import Annotated, Any, Literal

from ninja import Schema
from pydantic import ConfigDict, Field, TypeAdapter

from topology.contracts import Health, NodeKind

Topic = Literal["graph", "graph:10", "graph:300", "revisions", "proxies"]
Count = Annotated[int, Field(ge=0)]
Ratio = Annotated[float, Field(ge=0, le=1)]
Rate = Annotated[float, Field(ge=0)]


class GraphNodeOut(Schema):
    """`id` reads "<kind>:<namespace>/<name>"."""

    id: str
    kind: NodeKind
    namespace: str
    name: str
    app: str
    version: str
    health: Health
    pods_ready: Count
    pods_desired: Count
    requests_per_second: Rate
    error_ratio: Ratio
    badges: list[str]


class EdgeBreakerOut(Schema):
    """Unix seconds; `ejected` are pods, or addresses outside the mesh; `refusing`: nothing gets through."""

    state: Literal["open", "half-open"]
    since: float | None
    until: float | None
    refusing: bool
    ejected: list[str]


class GraphEdgeOut(Schema):
    """`id` reads "<source id>-><target id>|<protocol>"; `responses` are requests/s by code; no `breaker`
    is a closed one."""

    id: str
    source: str
    target: str
    protocol: str
    requests_per_second: Rate
    requests_total: Count
    error_ratio: Ratio
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    mtls_ratio: Ratio
    responses: dict[str, float]
    bytes_sent_per_second: Rate
    bytes_received_per_second: Rate
    connections_open: Count
    health: Health
    seen_by: list[Literal["metrics", "traces"]]
    breaker: EdgeBreakerOut | None


class GraphOut(Schema):
    """Traffic over the last `window_seconds` before `at` (Unix seconds); sorted by id."""

    at: float
    window_seconds: int
    nodes: list[GraphNodeOut]
    edges: list[GraphEdgeOut]


class GraphDelta(Schema):
    """What became of nodes and edges, by id; null: gone."""

    at: float
    nodes: dict[str, GraphNodeOut | None]
    edges: dict[str, GraphEdgeOut | None]


class _Open(Schema):
    """A shape that another part owns: fields may be added."""

    model_config = ConfigDict(extra="allow")


class RevisionLive(_Open):
    number: int
    state: str
    author: str
    message: str
    ms: float | None
    converged: Count
    total: Count


class ProxyLive(_Open):
    id: str
    namespace: str
    pod: str
    workload: str
    connected: bool


class RevisionsSnapshot(Schema):
    """The latest revisions, newest first."""

    revisions: list[RevisionLive]


class RevisionsDelta(Schema):
    revision: RevisionLive


class ProxiesSnapshot(Schema):
    """Sorted by id."""

    proxies: list[ProxyLive]


class ProxiesDelta(Schema):
    proxies: dict[str, ProxyLive | None]


class _Numbered(Schema):
    epoch: str
    seq: Count


GraphTopic = Literal["graph", "graph:10", "graph:300"]


class GraphSnapshotMessage(_Numbered):
    topic: GraphTopic
    snapshot: GraphOut


class GraphDeltaMessage(_Numbered):
    topic: GraphTopic
    delta: GraphDelta


class RevisionsSnapshotMessage(_Numbered):
    topic: Literal["revisions"]
    snapshot: RevisionsSnapshot


class RevisionsDeltaMessage(_Numbered):
    topic: Literal["revisions"]
    delta: RevisionsDelta


class ProxiesSnapshotMessage(_Numbered):
    topic: Literal["proxies"]
    snapshot: ProxiesSnapshot


class ProxiesDeltaMessage(_Numbered):
    topic: Literal["proxies"]
    delta: ProxiesDelta


class LiveError(Schema):
    code: str
    message: str


class ErrorMessage(Schema):
    """The client asked for something that cannot be done; the socket stays open."""

    error: LiveError


class Subscribe(Schema):
    subscribe: Topic


class Unsubscribe(Schema):
    unsubscribe: Topic


class Resync(Schema):
    resync: Topic


class LiveProtocol(Schema):
    """Both directions of `/ws/live`."""

    client: Subscribe | Unsubscribe | Resync
    server: (
        GraphSnapshotMessage
        | GraphDeltaMessage
        | RevisionsSnapshotMessage
        | RevisionsDeltaMessage
        | ProxiesSnapshotMessage
        | ProxiesDeltaMessage
        | ErrorMessage
    )


CLIENT: TypeAdapter[Subscribe | Unsubscribe | Resync] = TypeAdapter(
    Subscribe | Unsubscribe | Resync
)


def schema() -> dict[str, Any]:
    return LiveProtocol.model_json_schema(mode="serialization")


def schema_text() -> str:
    return json.dumps(schema(), indent=2, sort_keys=True) + "\n"
