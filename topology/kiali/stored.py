"""Kiali's queries answered from what our own store counted, in one reading.

Each request is in the counts once (`topology.graph.accounting`), so a source's word is also the
destination's: whichever of the two a query asks hears the same.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemetry.contracts import EdgeKey, Reporter
from telemetry.totals import EdgeTotals
from topology.contracts import Registry, Workload
from topology.graph.accounting import UNKNOWN, Counted, counted
from topology.graph.places import CLUSTER_SUFFIX
from topology.graph.window import BUCKETS, BYTES_RECEIVED, BYTES_SENT, COLUMNS, REQUESTS, Totals
from topology.kiali.query import REQUESTS as REQUESTS_TOTAL
from topology.kiali.query import TCP_RECEIVED, TCP_SENT, Labels, Query, Vector

HOME_CLUSTER = "Kubernetes"
"""What Istio calls the only cluster where nobody named it."""
_OK, _GRPC_STATUSES = "200", frozenset(map(str, range(17)))


Classes = Callable[[str], Iterable[tuple[str, EdgeTotals]]]
"""What edges counted, by each value of a label that classifies requests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One series; `rate` and bytes per second, share of mutual TLS (NaN: nobody could tell), buckets.

    `first`: no row before it tells of the same traffic.
    """

    metric: str
    labels: Labels
    rate: float
    sent: float
    received: float
    mtls: float
    buckets: NDArray[np.int64]
    first: bool


class Stored:
    """Answers queries out of the counts of one window."""

    def __init__(
        self,
        edges: EdgeTotals,
        registry: Registry,
        seconds: int,
        classes: Classes = lambda _: (),
    ) -> None:
        self._seconds = max(1, seconds)
        self._classes = classes
        self._workloads = {(one.namespace, one.name): one for one in registry.workloads}
        data = counted(Totals.stored(edges, seconds))
        still = np.flatnonzero(~edges.counts.any(axis=1))
        resting = _resting([edges.edges[at] for at in still.tolist()], data)
        self.rows = (
            *_rows(data, self._workloads, seconds),
            *_rows(resting, self._workloads, seconds),
        )
        self._index: dict[tuple[str, str, str], list[Row]] = defaultdict(list)
        for row in self.rows:
            for label in _INDEXED:
                self._index[row.metric, label, row.labels[label]].append(row)

    def __call__(self, query: Query) -> Vector:
        sums: dict[tuple[tuple[str, str], ...], float] = {}
        for labels, rate in self._told(query):
            if all(one.matches(labels) for one in query.matchers):
                by = tuple((name, labels[name]) for name in query.by if name in labels)
                sums[by] = sums.get(by, 0.0) + rate
        return tuple(
            (dict(by), round(rate, 3)) for by, rate in sums.items() if rate > 0 or query.idle
        )

    def _told(self, query: Query) -> Iterator[tuple[Labels, float]]:
        if query.aggregate:
            yield from self._classified(query.aggregate)
            return
        for row in self._candidates(query):
            yield row.labels, row.rate

    def _classified(self, label: str) -> Iterator[tuple[Labels, float]]:
        """Requests with such a label, as destinations told them."""
        for value, totals in self._classes(label):
            for key, requests in zip(totals.edges, totals.requests.tolist(), strict=True):
                if key.reporter is Reporter.DESTINATION:
                    labels = {**_labels(key, self._workloads), "reporter": key.reporter.value}
                    yield {**labels, label: value}, requests / self._seconds

    def _candidates(self, query: Query) -> Iterable[Row]:
        for one in query.matchers:
            if one.label in _INDEXED and one.op == "=":
                return self._index.get((query.metric, one.label, one.value), ())
        return [row for row in self.rows if row.metric == query.metric]


_INDEXED = ("source_workload_namespace", "destination_workload_namespace")


def _resting(keys: Iterable[EdgeKey], data: Counted) -> Counted:
    """Edges without traffic that proxies told of; the source's word where it is one of the mesh."""
    busy = {_ends(key) for key in data.keys}
    told = tuple(
        key
        for key in keys
        if _ends(key) not in busy
        and (key.reporter is Reporter.SOURCE or key.source_workload == UNKNOWN)
    )
    return Counted(
        keys=told,
        counts=np.zeros((len(told), COLUMNS), np.int64),
        mtls=np.full(len(told), np.nan),
        open_connections=np.zeros(len(told), np.int64),
    )


def _ends(key: EdgeKey) -> tuple[str, ...]:
    return (
        key.source_namespace,
        key.source_workload,
        key.destination_service,
        key.destination_namespace,
        key.destination_workload,
        key.protocol,
    )


def _rows(
    data: Counted, workloads: Mapping[tuple[str, str], Workload], seconds: int
) -> Iterator[Row]:
    rates = data.counts / max(1, seconds)
    for at, key in enumerate(data.keys):
        sent, received = float(rates[at, BYTES_SENT]), float(rates[at, BYTES_RECEIVED])
        measured: tuple[tuple[str, float], ...] = ((REQUESTS_TOTAL, float(rates[at, REQUESTS])),)
        if key.protocol == "tcp":
            measured = ((TCP_SENT, sent), (TCP_RECEIVED, received))
        reporters = _reporters(key)
        for reporter in reporters:
            labels = {**_labels(key, workloads), "reporter": reporter}
            for metric, rate in measured:
                yield Row(
                    metric=metric,
                    labels=labels,
                    rate=rate,
                    sent=sent,
                    received=received,
                    mtls=float(data.mtls[at]),
                    buckets=data.counts[at, BUCKETS:],
                    first=reporter == reporters[0] and metric == measured[0][0],
                )


def _reporters(key: EdgeKey) -> tuple[str, ...]:
    arrived = key.destination_workload != UNKNOWN
    if key.reporter is Reporter.SOURCE and arrived:
        return (Reporter.SOURCE, Reporter.DESTINATION)
    return (key.reporter,)


def _labels(key: EdgeKey, workloads: Mapping[tuple[str, str], Workload]) -> dict[str, str]:
    source = workloads.get((key.source_namespace, key.source_workload))
    target = workloads.get((key.destination_namespace, key.destination_workload))
    labels = {
        "source_cluster": _cluster(key.source_workload),
        "source_workload_namespace": key.source_namespace,
        "source_workload": key.source_workload,
        "source_canonical_service": source.app if source else key.source_workload,
        "source_canonical_revision": _revision(source, key.source_version, key.source_workload),
        "destination_cluster": _cluster(key.destination_service, key.destination_workload),
        "destination_service_namespace": key.destination_service_namespace,
        "destination_service": key.destination_service,
        "destination_service_name": _short(key.destination_service),
        "destination_workload_namespace": key.destination_namespace,
        "destination_workload": key.destination_workload,
        "destination_canonical_service": target.app if target else key.destination_workload,
        "destination_canonical_revision": _revision(
            target, key.destination_version, key.destination_workload
        ),
        "response_flags": key.flags,
    }
    return labels if key.protocol == "tcp" else {**labels, **_response(key)}


def _response(key: EdgeKey) -> dict[str, str]:
    response = {"request_protocol": key.protocol, "response_code": key.code or "0"}
    if key.protocol == "grpc" and key.code in _GRPC_STATUSES:
        return {**response, "response_code": _OK, "grpc_response_status": key.code}
    return response


def _cluster(*names: str) -> str:
    return UNKNOWN if set(names) <= {UNKNOWN, ""} else HOME_CLUSTER


def _revision(known: Workload | None, told: str, workload: str) -> str:
    if workload == UNKNOWN:
        return UNKNOWN
    told = "" if told == UNKNOWN else told
    return told or (known.version if known else "") or "latest"


def _short(host: str) -> str:
    if host.endswith(CLUSTER_SUFFIX):
        return host.removesuffix(CLUSTER_SUFFIX).rpartition(".")[0]
    return host
