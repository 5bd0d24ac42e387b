"""Traces as other apps may hold them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracing.query.conditions import Condition


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened in a span; Unix nanoseconds."""

    time_ns: int
    name: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """Another span that has to do with this one."""

    trace_id: str
    span_id: str
    trace_state: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """One span. Times in Unix nanoseconds; ids in hex, `parent_id` "" for none.

    `kind` is "server", "client", "producer", "consumer", "internal" or "unspecified";
    `status` is "unset", "ok" or "error", `message` what was said of it. Values of attributes are
    text; `types` tells what else some were: place and key ("span.retry", "resource.port",
    "scope.beta", "event0.size", "link0.n") to "int", "double", "bool", "bytes" (hex), "array" or
    "map" (both JSON).
    """

    span_id: str
    parent_id: str
    service: str
    namespace: str
    workload: str
    operation: str
    kind: str
    start_ns: int
    duration_ns: int
    status: str
    attributes: Mapping[str, str] = field(default_factory=dict)
    message: str = ""
    trace_state: str = ""
    flags: int = 0
    resource: Mapping[str, str] = field(default_factory=dict)
    scope_name: str = ""
    scope_version: str = ""
    scope_attributes: Mapping[str, str] = field(default_factory=dict)
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)
    trace_id: str = ""

    @property
    def end_ns(self) -> int:
        return self.start_ns + self.duration_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedSpan:
    """A span and how deep it lies in its tree (roots are 0)."""

    span: Span
    depth: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Trace:
    """All spans of one trace, depth first, children by start."""

    trace_id: str
    spans: tuple[PlacedSpan, ...]

    @property
    def start_ns(self) -> int:
        return min((p.span.start_ns for p in self.spans), default=0)

    @property
    def duration_ns(self) -> int:
        end = max((p.span.start_ns + p.span.duration_ns for p in self.spans), default=0)
        return end - self.start_ns


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceSummary:
    """One line of a search: `services` are (name, number of spans), most spans first."""

    trace_id: str
    root_service: str
    root_operation: str
    start_ns: int
    duration_ns: int
    spans: int
    errors: int
    services: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class TraceQuery:
    """What to look for; empty fields match everything.

    `service`, `source` and `destination` are a service or workload, "name" or "namespace/name".
    `source` and `destination` together name an edge: a span of the one calls a span of the other.
    A span matches that fulfils all of it: operation, duration (both bounds included) and `where`.
    Without `own` none of Meshweb's processes do.
    Times in Unix nanoseconds: traces whose matching spans lie in [start_ns, end_ns).
    """

    start_ns: int
    end_ns: int
    service: str = ""
    source: str = ""
    destination: str = ""
    operation: str = ""
    min_duration_ns: int = 0
    max_duration_ns: int = 0
    where: Condition | None = None
    error: bool | None = None
    own: bool = True
    limit: int = 20
    after: "TracePosition | None" = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePosition:
    """Where a page of a search ended: the last trace and its newest matching span."""

    latest_ns: int
    trace_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TracePage:
    """`next` is None on the last page."""

    traces: tuple[TraceSummary, ...]
    next: TracePosition | None = None
