"""Reads a Telemetry."""

from collections.abc import Iterator
from dataclasses import replace

from routing.contracts import Document
from routing.ir import AccessLog, SpanTag
from routing.model.telemetry import MetricWish, Telemetry, TracingWish
from routing.parse.notes import Note, Spec, items, label_set, metadata_of, part, text
from routing.parse.targets import targets

SIDES = {"CLIENT": ("client",), "SERVER": ("server",)}
BOTH = ("client", "server")
METRICS = {
    "REQUEST_COUNT": "requests_total",
    "REQUEST_DURATION": "request_duration_milliseconds",
    "REQUEST_SIZE": "request_bytes",
    "RESPONSE_SIZE": "response_bytes",
    "TCP_OPENED_CONNECTIONS": "tcp_connections_opened_total",
    "TCP_CLOSED_CONNECTIONS": "tcp_connections_closed_total",
    "TCP_SENT_BYTES": "tcp_sent_bytes_total",
    "TCP_RECEIVED_BYTES": "tcp_received_bytes_total",
}
"""Istio's words for its standard metrics, and their names."""


def telemetry(document: Document, note: Note) -> Telemetry:
    spec = document.spec
    for field in ("tracing", "accessLogging", "metrics"):
        for i, one in enumerate(items(spec, field)):
            for j, provider in enumerate(items(one, "providers")):
                path = f"spec.{field}[{i}].providers[{j}].name"
                note("MSH1133", path, text(provider, "name"))
    logs: dict[str, AccessLog] = {}
    tracing = dict.fromkeys(BOTH, TracingWish())
    for one in items(spec, "accessLogging"):
        for side in sides(one):
            logs[side] = access_log(one)
    for i, one in enumerate(items(spec, "tracing")):
        for side in sides(one):
            tracing[side] = traced(tracing[side], one, f"spec.tracing[{i}]", note)
    metrics: dict[str, list[MetricWish]] = {side: [] for side in BOTH}
    for i, one in enumerate(items(spec, "metrics")):
        for j, override in enumerate(items(one, "overrides")):
            if text(part(override, "match"), "customMetric"):
                continue
            wish = metric(override, f"spec.metrics[{i}].overrides[{j}]", note)
            for side in sides(override):
                metrics[side].append(wish)
    return Telemetry(
        metadata=metadata_of(document),
        selector=label_set(part(spec, "selector"), "matchLabels"),
        targets=targets(spec, note),
        client=logs.get("client"),
        server=logs.get("server"),
        client_tracing=tracing["client"],
        server_tracing=tracing["server"],
        client_metrics=tuple(metrics["client"]),
        server_metrics=tuple(metrics["server"]),
    )


def sides(given: Spec) -> tuple[str, ...]:
    return SIDES.get(text(part(given, "match"), "mode"), BOTH)


def access_log(given: Spec) -> AccessLog:
    return AccessLog(
        enabled=not given.get("disabled"),
        expression=text(part(given, "filter"), "expression"),
    )


def traced(before: TracingWish, given: Spec, path: str, note: Note) -> TracingWish:
    percent, disabled = given.get("randomSamplingPercentage"), given.get("disableSpanReporting")
    tags = given.get("customTags")
    by_request_id = given.get("useRequestIdForTraceSampling")
    istio_tags = given.get("enableIstioTags")
    return replace(
        before,
        percent=before.percent if percent is None else float(percent),
        spans=before.spans if disabled is None else not disabled,
        tags=before.tags if tags is None else tuple(span_tags(tags, f"{path}.customTags", note)),
        by_request_id=before.by_request_id if by_request_id is None else by_request_id,
        istio_tags=before.istio_tags if istio_tags is None else istio_tags,
    )


def span_tags(given: Spec, path: str, note: Note) -> Iterator[SpanTag]:
    for name, tag in sorted(given.items()):
        source = next(
            (
                kind
                for kind in ("literal", "header", "environment", "formatter")
                if (tag or {}).get(kind)
            ),
            None,
        )
        if source is None:
            note(
                "MSH1111",
                f"{path}.{name}",
                "a custom tag",
                "literal, header, environment or formatter",
            )
            continue
        of = part(tag, source)
        value = text(of, "value") or text(of, "name")
        if not value:
            note("MSH1111", f"{path}.{name}.{source}", source, "a value or a name")
            continue
        yield replace(SpanTag(name=name, otherwise=text(of, "defaultValue")), **{source: value})


def metric(given: Spec, path: str, note: Note) -> MetricWish:
    match = part(given, "match")
    named = text(match, "metric")
    tags = []
    for name, change in sorted(part(given, "tagOverrides").items()):
        removed = text(change or {}, "operation") == "REMOVE"
        value = text(change or {}, "value")
        if removed == bool(value):
            wrong = "left out with REMOVE" if removed else "a CEL expression"
            note("MSH1021", f"{path}.tagOverrides.{name}.value", "value", wrong)
        tags.append((name, None if removed else value))
    return MetricWish(
        metric=METRICS.get(named, named if named not in ("", "ALL_METRICS") else ""),
        disabled=given.get("disabled"),
        tags=tuple(tags),
    )
