"""Small values for the graph's tests: counts, keys, and windows filled with them."""

from dataclasses import replace
from itertools import count as counter

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey, EdgeSecond, Reporter
from topology.graph.window import Window

NOW = 1_800_000_000
Edges = tuple[tuple[EdgeKey, EdgeCount], ...]


def key(source: str, target: str, code: str = "200", **changes: str) -> EdgeKey:
    """HTTP over mutual TLS in namespace shop as the source reports it, to a service of that name."""
    plain = EdgeKey(
        reporter=Reporter.SOURCE,
        source_namespace="shop",
        source_workload=source,
        destination_service_namespace="shop",
        destination_service=f"{target}.shop.svc.cluster.local",
        destination_namespace="shop",
        destination_workload=target,
        destination_version="v1",
        protocol="http",
        code=code,
        flags="-",
        security="mutual_tls",
    )
    return replace(plain, **changes)  # type: ignore[arg-type]


def inbound(source: str, target: str, code: str = "200", **changes: str) -> EdgeKey:
    """The same as the destination reports it; source "unknown" is a caller it cannot name."""
    namespace = "unknown" if source == "unknown" else "shop"
    return replace(
        key(source, target, code, source_namespace=namespace, **changes),
        reporter=Reporter.DESTINATION,
    )


def buckets(**counts: int) -> tuple[int, ...]:
    """Bucket counts by upper bound: buckets(le10=5, le25=5, inf=1)."""
    names = [f"le{bound:g}" for bound in DURATION_BOUNDS_MS] + ["inf"]
    assert set(counts) <= set(names)
    return tuple(counts.get(name, 0) for name in names)


def requests(number: int, **durations: int) -> EdgeCount:
    return EdgeCount(requests=number, duration_buckets=buckets(**durations) if durations else ())


def tcp(
    opened: int = 0, closed: int = 0, sent: int = 0, received: int = 0, still_open: int = 0
) -> EdgeCount:
    return EdgeCount(
        connections_open=still_open,
        connections_opened=opened,
        connections_closed=closed,
        bytes_sent=sent,
        bytes_received=received,
    )


def filled(*seconds: Edges, until: int = NOW, collector: str = "a") -> Window:
    """A window whose last second is `until`."""
    window = Window()
    for second, edges in zip(counter(until - len(seconds) + 1), seconds, strict=False):
        window.add(EdgeSecond(collector=collector, second=second, edges=edges), second + 1)
    return window
