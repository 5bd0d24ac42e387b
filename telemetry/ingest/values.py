"""What a signal is after decoding: tuples of plain values.

NamedTuples, not dataclasses: they are made a hundred thousand times a second at the busiest
place we have, and building one costs a fifth.
"""

from collections.abc import Mapping
from enum import StrEnum
from typing import NamedTuple

Attributes = Mapping[str, str]


class Resource(NamedTuple):
    """Who sent it. `service`, `namespace`, `workload` are "unknown" where it does not say."""

    service: str
    namespace: str
    workload: str
    attributes: Attributes


class Event(NamedTuple):
    time_ns: int
    name: str
    attributes: Attributes


class Link(NamedTuple):
    trace_id: str
    span_id: str
    attributes: Attributes


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


class ResourcePoints(NamedTuple):
    """`instance` tells one run of one sender from every other."""

    instance: str
    resource: Resource
    points: tuple[Point, ...]
    refused: int
