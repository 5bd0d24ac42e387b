"""Istio's standard metrics: which edge a point counts for, and what it counts."""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from enum import StrEnum
from typing import Any

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey, Reporter
from telemetry.ingest.breakers import STORED
from telemetry.ingest.values import Point, PointKind

UNKNOWN = "unknown"
MAX_NAME = 1024
MAX_VALUE = float(2**53)
"""No proxy counts further; sums of such values still fit the 64 bits of whoever reads them."""
_NAME = re.compile(r"[^a-zA-Z0-9_:]")


class Counted(StrEnum):
    """Fields of EdgeCount that a metric fills."""

    REQUESTS = "requests"
    DURATION = "duration"
    REQUEST_BYTES = "request_bytes"
    RESPONSE_BYTES = "response_bytes"
    CONNECTIONS_OPENED = "connections_opened"
    CONNECTIONS_CLOSED = "connections_closed"
    BYTES_SENT = "bytes_sent"
    BYTES_RECEIVED = "bytes_received"


METRICS: Mapping[str, Counted] = {
    "istio_requests_total": Counted.REQUESTS,
    "istio_request_duration_milliseconds": Counted.DURATION,
    "istio_request_bytes": Counted.REQUEST_BYTES,
    "istio_response_bytes": Counted.RESPONSE_BYTES,
    "istio_tcp_connections_opened_total": Counted.CONNECTIONS_OPENED,
    "istio_tcp_connections_closed_total": Counted.CONNECTIONS_CLOSED,
    "istio_tcp_sent_bytes_total": Counted.BYTES_SENT,
    "istio_tcp_received_bytes_total": Counted.BYTES_RECEIVED,
}
HISTOGRAMS = frozenset({Counted.DURATION, Counted.REQUEST_BYTES, Counted.RESPONSE_BYTES})
_TCP = frozenset(
    {
        Counted.CONNECTIONS_OPENED,
        Counted.CONNECTIONS_CLOSED,
        Counted.BYTES_SENT,
        Counted.BYTES_RECEIVED,
    }
)
_WHOLE = tuple(str(one) for one in Counted if one is not Counted.DURATION)
_SECURITY = frozenset({"mutual_tls", "none"})
_GRPC_STATUSES = frozenset(str(number) for number in range(17))


def stored_name(name: str) -> str:
    """A metric's name as Prometheus writes it: `istio.requests_total` is `istio_requests_total`."""
    return STORED.get(name) or _NAME.sub("_", name[:MAX_NAME])


def sound(point: Point) -> bool:
    """Can it be counted: are its values numbers, and those of Istio's metrics of their kind?"""
    if point.kind is PointKind.GAUGE and not point.name.startswith("istio"):
        return True
    if not all(map(math.isfinite, point.values)):
        return False
    counted = METRICS.get(stored_name(point.name)) if point.name.startswith("istio") else None
    if counted is None:
        return True
    kind = PointKind.HISTOGRAM if counted in HISTOGRAMS else PointKind.COUNTER
    return point.kind is kind and all(0 <= value <= MAX_VALUE for value in point.values)


def edge_key(counted: Counted, tags: Mapping[str, str]) -> EdgeKey | None:
    """The edge named by Istio's labels; None where there is no reporter."""
    try:
        reporter = Reporter(tags.get("reporter", ""))
    except ValueError:
        return None
    tcp = counted in _TCP
    security = tags.get("connection_security_policy", UNKNOWN)
    return EdgeKey(
        reporter=reporter,
        source_namespace=tags.get("source_workload_namespace") or UNKNOWN,
        source_workload=tags.get("source_workload") or UNKNOWN,
        source_version=tags.get("source_version", ""),
        destination_service_namespace=tags.get("destination_service_namespace") or UNKNOWN,
        destination_service=tags.get("destination_service") or UNKNOWN,
        destination_namespace=tags.get("destination_workload_namespace") or UNKNOWN,
        destination_workload=tags.get("destination_workload") or UNKNOWN,
        destination_version=tags.get("destination_version") or UNKNOWN,
        protocol="tcp" if tcp else tags.get("request_protocol") or "http",
        code="" if tcp else _code(tags),
        flags=tags.get("response_flags") or "-",
        security=security if security in _SECURITY else UNKNOWN,
    )


def _code(tags: Mapping[str, str]) -> str:
    """The gRPC status of a gRPC call that came to have one, for HTTP's is 200 whatever happened."""
    status = tags.get("grpc_response_status", "")
    if tags.get("request_protocol") == "grpc" and status in _GRPC_STATUSES:
        return status
    return tags.get("response_code", "")


_NEVER_OPENED = frozenset({"UF", "UH", "UO", "NR", "NC"})


def connection(key: EdgeKey, counted: Counted) -> tuple[EdgeKey, int] | None:
    """What each of these adds to the connections open: the key it is told under, and 1 or -1.

    A connection is opened without flags and may be closed with some; one that never came to be
    is only closed, and does not matter here. None: these are no connections.
    """
    if counted is Counted.CONNECTIONS_OPENED:
        return replace(key, flags="-"), 1
    if counted is Counted.CONNECTIONS_CLOSED and _NEVER_OPENED.isdisjoint(key.flags.split(",")):
        return replace(key, flags="-"), -1
    return None


def increase_of(counted: Counted, increase: tuple[float, ...]) -> EdgeCount:
    """An increase of one series as a count. `increase` is laid out as `Point.values`."""
    if counted is Counted.DURATION:
        buckets = tuple(int(n) for n in increase[2:])
        fits = len(buckets) == len(DURATION_BOUNDS_MS) + 1
        return EdgeCount(duration_sum_ms=increase[1], duration_buckets=buckets if fits else ())
    value = round(increase[1] if counted in HISTOGRAMS else increase[0])
    named: dict[str, Any] = {counted.value: value}
    return EdgeCount(**named)


def add(one: EdgeCount, other: EdgeCount) -> EdgeCount:
    """Sum two counts of the same edge."""
    buckets = one.duration_buckets or other.duration_buckets
    if one.duration_buckets and other.duration_buckets:
        pairs = zip(one.duration_buckets, other.duration_buckets, strict=True)
        buckets = tuple(a + b for a, b in pairs)
    return EdgeCount(
        requests=one.requests + other.requests,
        duration_sum_ms=one.duration_sum_ms + other.duration_sum_ms,
        duration_buckets=buckets,
        request_bytes=one.request_bytes + other.request_bytes,
        response_bytes=one.response_bytes + other.response_bytes,
        connections_opened=one.connections_opened + other.connections_opened,
        connections_closed=one.connections_closed + other.connections_closed,
        bytes_sent=one.bytes_sent + other.bytes_sent,
        bytes_received=one.bytes_received + other.bytes_received,
        connections_open=one.connections_open + other.connections_open,
    )


def spread(count: EdgeCount, parts: int) -> list[EdgeCount]:
    """`count` in equal parts, whole numbers, whose sum it is. Levels do not belong in it."""
    if parts == 1:
        return [count]
    columns = [_shares(getattr(count, name), parts) for name in _WHOLE]
    buckets = zip(*(_shares(number, parts) for number in count.duration_buckets), strict=True)
    durations = list(buckets) or [()] * parts
    return [
        EdgeCount(
            duration_sum_ms=count.duration_sum_ms / parts,
            duration_buckets=durations[part],
            **{name: column[part] for name, column in zip(_WHOLE, columns, strict=True)},
        )
        for part in range(parts)
    ]


def _shares(number: int, parts: int) -> list[int]:
    """5 in 3 parts is 1, 2, 2."""
    return [number * (i + 1) // parts - number * i // parts for i in range(parts)]
