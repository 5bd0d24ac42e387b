"""Reads of traces from the store. All SQL here; values only as parameters."""

import re
from typing import Any

from telemetry.facade import Store
from telemetry.own.config import NAMESPACE
from tracing.analysis.tree import arrange
from tracing.contracts import (
    Event,
    Link,
    Span,
    Trace,
    TracePage,
    TracePosition,
    TraceQuery,
)
from tracing.places import LAIN, THERE
from tracing.query.sql import Parameters, sql_of
from tracing.rows import rows_of
from tracing.summaries import summaries

MAX_SPANS = 10_000
"""Of one trace; what is beyond is left out."""
MAX_SPANS_OF_ALL = 100_000
"""Of all traces of one answer."""

_WHO = (
    "({0}ServiceName = {{{1}_name:String}} OR {0}Workload = {{{1}_name:String}})"
    " AND {0}ServiceName IN (SELECT ServiceName FROM {{database}}.span_services"
    "  WHERE ServiceName = {{{1}_name:String}} OR Workload = {{{1}_name:String}})"
)
"""Spans lie in the order of their services: those of a workload are found by its services."""
_WHERE = " AND {0}Namespace = {{{1}_namespace:String}}"
_TIME = (
    "{0}Timestamp >= fromUnixTimestamp64Nano({{start:Int64}})"
    " AND {0}Timestamp < fromUnixTimestamp64Nano({{end:Int64}})"
)
_EDGE = (
    "{database}.otel_traces AS d INNER JOIN {database}.otel_traces AS s"
    " ON s.TraceId = d.TraceId AND s.SpanId = d.ParentSpanId"
)


_ADDRESSED = (
    "({0}SpanKind = 'Client' AND ("
    "(startsWith({0}SpanAttributes['upstream_cluster.name'], 'outbound|')"
    " AND match(splitByChar('|', {0}SpanAttributes['upstream_cluster.name'])[-1], {{{1}_host:String}}))"
    " OR match(domain({0}SpanAttributes['http.url']), {{{1}_host:String}})))"
)
"""A call to a host, answered or not: by the cluster that Envoy chose, or by the URL's authority."""


def search(store: Store, query: TraceQuery) -> TracePage:
    """Traces with a span that matches, newest match first."""
    found = _found(store, query)
    shown = found[: query.limit]
    position = None
    if len(found) > len(shown):
        position = TracePosition(latest_ns=shown[-1][1], trace_id=shown[-1][0])
    return TracePage(traces=summaries(store, [row[0] for row in shown]), next=position)


def _found(store: Store, query: TraceQuery) -> list[tuple[str, int]]:
    """(trace id, its newest match), newest first; one more than the query's limit."""
    matches, parameters = _matches(query)
    having = ""
    if query.after:
        having = "HAVING (latest, id) < ({after_ns:Int64}, {after_id:String})"
        parameters |= {"after_ns": query.after.latest_ns, "after_id": query.after.trace_id}
    rows = rows_of(
        store,
        # only our own constants are put together here; what users give are parameters
        f"SELECT id, max(toUnixTimestamp64Nano(at)) AS latest FROM ({matches}) GROUP BY id {having}"  # noqa: S608  constants
        " ORDER BY latest DESC, id DESC LIMIT {limit:UInt32}",
        limit=query.limit + 1,
        **parameters,
    )
    return [(row[0], row[1]) for row in rows]


def trace(store: Store, trace_id: str) -> Trace | None:
    """One trace by its id (32 lower-case hex digits); None where no span of it is kept."""
    spans = arrange(spans_of(store, [trace_id]).get(trace_id, ()))
    return Trace(trace_id=trace_id, spans=spans) if spans else None


def traces(store: Store, query: TraceQuery) -> tuple[Trace, ...]:
    """Whole traces that a search finds, newest match first."""
    ids = [found for found, _ in _found(store, query)[: query.limit]]
    spans = spans_of(store, ids)
    return tuple(Trace(trace_id=i, spans=arrange(spans[i])) for i in ids if i in spans)


def spans_of(store: Store, ids: list[str]) -> dict[str, list[Span]]:
    """All spans of these traces as they were sent, by start; of each at most MAX_SPANS."""
    if not ids:
        return {}
    rows = rows_of(
        store,
        f"{LAIN}SELECT TraceId, SpanId, ParentSpanId, ServiceName, Namespace, Workload, SpanName,"  # noqa: S608  constants
        " SpanKind, toUnixTimestamp64Nano(Timestamp), Duration, StatusCode, SpanAttributes,"
        " StatusMessage, TraceState, Flags, ResourceAttributes, ScopeName, ScopeVersion,"
        " ScopeAttributes,"
        " arrayMap(e -> (toUnixTimestamp64Nano(e.Timestamp), e.Name, e.Attributes), Events),"
        " arrayMap(k -> (k.TraceId, k.SpanId, k.Attributes), Links), LinkStates, Types"
        f" FROM {{database}}.otel_traces WHERE {THERE}"
        " ORDER BY Timestamp LIMIT {most:UInt32} BY TraceId LIMIT {all:UInt32}",
        ids=ids,
        most=MAX_SPANS,
        all=MAX_SPANS_OF_ALL,
    )
    found: dict[str, list[Span]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(_span(row[1:], row[0]))
    return found


def services(
    store: Store, *, start_ns: int, end_ns: int, own: bool = True
) -> tuple[tuple[str, str, tuple[str, ...]], ...]:
    """(namespace, service, its operations) of everything that sent spans in that time.

    `own`: Meshweb's processes, too.
    """
    rows = rows_of(
        store,
        "SELECT Namespace, ServiceName, arraySort(groupUniqArray(500)(SpanName))"  # noqa: S608  constants
        f" FROM {{database}}.otel_traces WHERE {_TIME.format('')}"
        " AND ({own:UInt8} = 1 OR Namespace != {ours:String})"
        " GROUP BY Namespace, ServiceName ORDER BY Namespace, ServiceName LIMIT 1000",
        start=start_ns,
        end=end_ns,
        own=int(own),
        ours=NAMESPACE,
    )
    return tuple((namespace, service, tuple(names)) for namespace, service, names in rows)


def operations(
    store: Store, service: str, kind: str, *, start_ns: int, end_ns: int
) -> tuple[tuple[str, str], ...]:
    """(name, kind) of one service's spans; `kind` in lower case, "" for all."""
    rows = rows_of(
        store,
        "SELECT DISTINCT SpanName, lower(SpanKind) AS kind"  # noqa: S608  constants
        f" FROM {{database}}.otel_traces WHERE {_TIME.format('')} AND ServiceName = {{service:String}}"
        " AND ({kind:String} = '' OR kind = {kind:String})"
        " ORDER BY SpanName, kind LIMIT 2000",
        start=start_ns,
        end=end_ns,
        service=service,
        kind=kind,
    )
    return tuple((name, found) for name, found in rows)


def _matches(query: TraceQuery) -> tuple[str, dict[str, str | int | float]]:
    """SQL of the spans that match, as (id, at), and its parameters."""
    conditions, parameters = _conditions(query)
    for name, value in (
        ("service", query.service),
        ("source", query.source),
        ("destination", query.destination),
    ):
        if value:
            parameters |= _names(name, value)
    if query.service:
        conditions.append(_who("d.", "service", query.service))
    if query.source and query.destination:
        return _crossings(query, conditions), parameters
    for name, value in (("source", query.source), ("destination", query.destination)):
        if value:
            conditions.append(_who("d.", name, value))
    return _selected("{database}.otel_traces AS d", conditions), parameters


def _crossings(query: TraceQuery, conditions: list[str]) -> str:
    """Spans that were called over an edge, and calls over it that left no span of the called.

    The end of an edge may be a service: it has no spans, but its callers' say whom they called.
    """
    calls_on = _who("s.", "source", query.source)
    called = _who("d.", "destination", query.destination)
    answered = [
        *conditions,
        # a caller starts before its callee; a minute allows for clocks and long streams
        "s.Timestamp >= fromUnixTimestamp64Nano({start:Int64}) - INTERVAL 1 MINUTE",
        f"({calls_on} OR {_ADDRESSED.format('s.', 'source')})",
        called,
    ]
    addressed = [
        *conditions,
        _who("d.", "source", query.source),
        _ADDRESSED.format("d.", "destination"),
    ]
    return (
        f"{_selected(_EDGE, answered)} UNION ALL"
        f" {_selected('{database}.otel_traces AS d', addressed)}"
    )


def _selected(table: str, conditions: list[str]) -> str:
    return (
        f"SELECT d.TraceId AS id, d.Timestamp AS at FROM {table} WHERE {' AND '.join(conditions)}"  # noqa: S608  constants
    )


def _conditions(query: TraceQuery) -> tuple[list[str], dict[str, str | int | float]]:
    """What holds for a matching span `d`, whoever it is of."""
    conditions = [_TIME.format("d.")]
    parameters: dict[str, str | int | float] = {"start": query.start_ns, "end": query.end_ns}
    if query.operation:
        conditions.append("d.SpanName = {operation:String}")
        parameters["operation"] = query.operation
    if query.min_duration_ns:
        conditions.append("d.Duration >= {min_duration:UInt64}")
        parameters["min_duration"] = query.min_duration_ns
    if query.error is not None:
        conditions.append("d.StatusCode = 'Error'" if query.error else "d.StatusCode != 'Error'")
    if query.max_duration_ns:
        conditions.append("d.Duration <= {max_duration:UInt64}")
        parameters["max_duration"] = query.max_duration_ns
    if not query.own:
        conditions.append("d.Namespace != {ours:String}")
        parameters["ours"] = NAMESPACE
    if query.where is not None:
        values = Parameters()
        conditions.append(sql_of(query.where, values, "d."))
        parameters |= values.values
    return conditions, parameters


def _who(table: str, name: str, value: str) -> str:
    namespaced = _WHERE.format(table, name) if "/" in value else ""
    return f"({_WHO.format(table, name)}{namespaced})"


def _names(name: str, value: str) -> dict[str, str | int | float]:
    """Parameters of a service or workload: its parts, and a pattern of the hosts it may go by."""
    namespace, slash, short = value.rpartition("/")
    home = re.escape(namespace) if slash else "[^.]+"
    hosts = rf"{re.escape(short)}\.{home}(\.svc(\.cluster\.local)?)?"
    if "." in short:  # a host outside the mesh; its namespace is that of its ServiceEntry
        hosts = f"{hosts}|{re.escape(short)}"
    found: dict[str, str | int | float] = {f"{name}_name": short, f"{name}_host": f"^({hosts})$"}
    return {**found, f"{name}_namespace": namespace} if slash else found


def _span(row: tuple[Any, ...], trace_id: str) -> Span:
    """Of spans stored by the first schema the states of links are missing."""
    links, states = row[19], row[20]
    return Span(
        span_id=row[0],
        parent_id=row[1],
        service=row[2],
        namespace=row[3],
        workload=row[4],
        operation=row[5],
        kind=row[6].lower(),
        start_ns=row[7],
        duration_ns=row[8],
        status=row[9].lower(),
        attributes=row[10],
        message=row[11],
        trace_state=row[12],
        flags=row[13],
        resource=row[14],
        scope_name=row[15],
        scope_version=row[16],
        scope_attributes=row[17],
        events=tuple(Event(time_ns=e[0], name=e[1], attributes=e[2]) for e in row[18]),
        links=tuple(
            Link(
                trace_id=k[0],
                span_id=k[1],
                attributes=k[2],
                trace_state=states[i] if i < len(states) else "",
            )
            for i, k in enumerate(links)
        ),
        types=row[21],
        trace_id=trace_id,
    )
