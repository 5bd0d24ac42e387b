"""What a signal is after decoding: tuples of plain values.

NamedTuples, not dataclasses: they are made a hundred thousand times a second at the busiest
place we have, and building one costs a fifth.
"""

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple

Attributes = Mapping[str, str]
Types = Mapping[str, str]
"""What attributes were before they became text: place and key ("span.retry", "event0.size") to
"int", "double", "bool", "bytes", "array" or "map". Text itself is left out."""

NONE: Attributes = MappingProxyType({})


class Resource(NamedTuple):
    """Who sent it. `service`, `namespace`, `workload` are "unknown" where it does not say."""

    service: str
    namespace: str
    workload: str
    attributes: Attributes
    types: Types = NONE


class Event(NamedTuple):
    time_ns: int
    name: str
    attributes: Attributes


class Link(NamedTuple):
    trace_id: str
    span_id: str
    attributes: Attributes
    trace_state: str = ""


class Span(NamedTuple):
    """Times in Unix nanoseconds; ids in lower-case hex ("" for none); kind and status as words."""

    start_ns: int
    end_ns: int
    trace_id: str
    span_id: str
    parent_id: str
    trace_state: str
    name: str
    kind: str
    resource: Resource
    scope_name: str
    scope_version: str
    attributes: Attributes
    status: str
    message: str
    events: tuple[Event, ...] = ()
    links: tuple[Link, ...] = ()
    scope_attributes: Attributes = NONE
    types: Types = NONE
    flags: int = 0


class LogRecord(NamedTuple):
    time_ns: int
    trace_id: str
    span_id: str
    severity: str
    body: str
    resource: Resource
    attributes: Attributes


class PointKind(StrEnum):
    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class PointExemplar(NamedTuple):
    """One measurement that a point holds, and the trace it was made in."""

    time_ns: int
    value: float
    labels: Attributes


class Point(NamedTuple):
    """One cumulative value of one series at one moment.

    `key` identifies the attributes (their serialised bytes). `values` is (value,), or for a
    histogram (count, sum, one count per bucket); `bounds` are its upper bounds, without +Inf.
    """

    name: str
    kind: PointKind
    key: bytes
    values: tuple[float, ...]
    bounds: tuple[float, ...] = ()
    exemplars: tuple[PointExemplar, ...] = ()


class ResourcePoints(NamedTuple):
    """`instance` tells one run of one sender from every other."""

    instance: str
    resource: Resource
    points: tuple[Point, ...]
    refused: int
