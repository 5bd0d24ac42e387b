"""Istio's standard metrics, access logs and spans, told by Envoy itself.

Envoy lacks Istio's metrics filter; its stats access logger counts the same with the same labels.
A label's value is always bounded: from our own configuration, from endpoints' metadata, from a
verified certificate, or mapped to a few words. What is not known is "unknown", as in Istio.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from google.protobuf.message import Message

from proxy.xds.fields import METADATA, Fields, number, service_host
from proxy.xds.messages import duration, extension, typed
from proxy.xds.options import Options
from routing.ir import InboundListener, MetricChange, OutboundTcpListener, Proxy, SpanTag

UNKNOWN = "unknown"
_ABSENT = ""
"""What Envoy's stats logger reads for nothing; its other loggers write "-"."""

_STATS = "envoy.extensions.access_loggers.stats.v3.Config"
_LOGS = "envoy.extensions.access_loggers.open_telemetry.v3.OpenTelemetryAccessLogConfig"
_MOST_SERIES = 4000

Tags = tuple[Fields, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """What one end of a connection says of it: the tags of its metrics and logs."""

    reporter: str
    tags: Tags


def outbound(proxy: Proxy, options: Options) -> Side:
    """Of requests that this proxy sends on; the destination is known route by route."""
    return Side(
        reporter="source",
        tags=(
            *_source(proxy, options),
            *_upstream(),
            _tag("destination_service", f"%METADATA(ROUTE:{METADATA}:service)%"),
            _tag("destination_service_name", f"%METADATA(ROUTE:{METADATA}:service_name)%"),
            _tag(
                "destination_service_namespace", f"%METADATA(ROUTE:{METADATA}:service_namespace)%"
            ),
        ),
    )


def outbound_tcp(proxy: Proxy, listener: OutboundTcpListener, options: Options) -> Side:
    service = _service(listener.service_name, listener.service_namespace)
    return Side(reporter="source", tags=(*_source(proxy, options), *_upstream(), *service))


def passthrough(proxy: Proxy, options: Options) -> Side:
    """Of connections that a gateway passes on by SNI; the service is known by its cluster."""
    return Side(
        reporter="source",
        tags=(
            *_source(proxy, options),
            *_upstream(),
            _tag("destination_service", f"%METADATA(CLUSTER:{METADATA}:service)%"),
            _tag("destination_service_name", f"%METADATA(CLUSTER:{METADATA}:service_name)%"),
            _tag(
                "destination_service_namespace",
                f"%METADATA(CLUSTER:{METADATA}:service_namespace)%",
            ),
        ),
    )


def inbound(proxy: Proxy, listener: InboundListener, options: Options, *, mtls: bool) -> Side:
    """Of what reaches this proxy. Only a caller that proved its identity may say who it is."""
    named = mtls and listener.protocol.is_http
    return Side(
        reporter="destination",
        tags=(
            *(_caller_by_header() if named else _caller_unknown()),
            _tag("source_principal", "%DOWNSTREAM_PEER_URI_SAN%")
            if mtls
            else _constant("source_principal", UNKNOWN),
            *_described("destination", proxy),
            _constant("destination_principal", principal(proxy, options) if mtls else UNKNOWN),
            *_service(listener.service_name, listener.service_namespace),
            _constant("connection_security_policy", "mutual_tls" if mtls else "none"),
        ),
    )


def principal(proxy: Proxy, options: Options) -> str:
    return f"spiffe://{options.trust_domain}/ns/{proxy.namespace}/sa/{proxy.service_account}"


def http_loggers(side: Side, proxy: Proxy, options: Options) -> list[Fields]:
    tags = [_constant("reporter", side.reporter), *side.tags, _protocol()]
    answered = [
        *tags,
        _constant_format("response_code", "%RESPONSE_CODE%"),
        _constant_format("response_flags", "%RESPONSE_FLAGS%"),
        _grpc_status(),
    ]
    stats = _stats(
        counters=_kept([_counter("requests_total", answered)], options),
        histograms=_kept(
            [
                _histogram("request_duration_milliseconds", answered, "Milliseconds", "%DURATION%"),
                _histogram("request_bytes", answered, "Bytes", "%BYTES_RECEIVED%"),
                _histogram("response_bytes", answered, "Bytes", "%BYTES_SENT%"),
            ],
            options,
        ),
    )
    return [*stats, *_access_log(side, proxy, options, _HTTP_ATTRIBUTES)]


def tcp_loggers(side: Side, proxy: Proxy, options: Options) -> list[Fields]:
    """One logger when a connection is up, one when it ends: each event counts once.

    A connection's bytes count when it ends. Envoy (1.40) could tell them while it lasts
    (`access_log_flush_interval`), but each such record holds all bytes since its beginning, and a
    counter would add them up again and again.
    """
    tags = [
        _constant("reporter", side.reporter),
        *side.tags,
        _constant("request_protocol", "tcp"),
        _constant_format("response_flags", "%RESPONSE_FLAGS%"),
    ]
    opened = _stats(
        counters=_kept([_counter("tcp_connections_opened_total", tags)], options), histograms=[]
    )
    closed = _stats(
        counters=_kept(
            [
                _counter("tcp_connections_closed_total", tags),
                _counter("tcp_sent_bytes_total", tags, "%BYTES_SENT%"),
                _counter("tcp_received_bytes_total", tags, "%BYTES_RECEIVED%"),
            ],
            options,
        ),
        histograms=[],
    )
    ended = _on("TcpConnectionEnd")
    return [
        *({**one, "filter": _on("TcpUpstreamConnected")} for one in opened),
        *({**one, "filter": ended} for one in closed),
        *({**log, "filter": ended} for log in _access_log(side, proxy, options, _TCP_ATTRIBUTES)),
    ]


def tracing(proxy: Proxy, options: Options, *, edge: bool) -> Fields:
    """Two workloads give SERVER, CLIENT, SERVER: a sidecar's direction says which one is its.

    An edge (gateway) stands for both: it answers its client and calls a workload.
    """
    tags = [_span_tag(tag) for tag in options.tracing.tags]
    if options.tracing.istio_tags:
        tags += _istio_tags(proxy, options)
    return {
        # a client must not be able to have its requests traced
        "client_sampling": {"value": 0},
        "random_sampling": {"value": options.trace_sampling_percent},
        "spawn_upstream_span": {"value": edge},
        "max_path_tag_length": number(128),
        **({"custom_tags": tags} if tags else {}),
        "provider": extension(
            "envoy.tracers.opentelemetry",
            "envoy.config.trace.v3.OpenTelemetryConfig",
            grpc_service=_collector(),
            service_name=proxy.app or proxy.workload,
            resource_detectors=[_resource(proxy)],
        ),
    }


def _span_tag(tag: SpanTag) -> Fields:
    made: Fields = {"tag": tag.name}
    if tag.literal:
        made["literal"] = {"value": tag.literal}
    elif tag.header:
        made["request_header"] = {"name": tag.header, "default_value": tag.otherwise}
    elif tag.environment:
        made["environment"] = {"name": tag.environment, "default_value": tag.otherwise}
    else:
        made["value"] = tag.formatter
    return made


def _istio_tags(proxy: Proxy, options: Options) -> list[Fields]:
    known = {
        "istio.canonical_service": proxy.app or proxy.workload,
        "istio.canonical_revision": proxy.version or "latest",
        "istio.namespace": proxy.namespace,
        "istio.mesh_id": options.trust_domain,
    }
    return [{"tag": tag, "literal": {"value": value}} for tag, value in known.items()]


def resource_attributes(proxy: Proxy) -> Mapping[str, str]:
    """Who speaks, in OpenTelemetry's words."""
    return {
        "service.name": proxy.app or proxy.workload,
        "service.version": proxy.version,
        "k8s.namespace.name": proxy.namespace,
        "k8s.pod.name": proxy.pod,
        "k8s.deployment.name": proxy.workload,
    }


def _resource(proxy: Proxy) -> Fields:
    return extension(
        "envoy.tracers.opentelemetry.resource_detectors.static_config",
        "envoy.extensions.tracers.opentelemetry.resource_detectors.v3.StaticConfigResourceDetectorConfig",
        attributes={key: value for key, value in resource_attributes(proxy).items() if value},
    )


def _collector() -> Fields:
    return {"envoy_grpc": {"cluster_name": "otel"}, "timeout": duration(1000)}


# Tags


def _source(proxy: Proxy, options: Options) -> Tags:
    return (
        *_described("source", proxy),
        _constant("source_principal", principal(proxy, options)),
    )


def _described(end: str, proxy: Proxy) -> Tags:
    return (
        _constant(f"{end}_workload", proxy.workload or UNKNOWN),
        _constant(f"{end}_workload_namespace", proxy.namespace or UNKNOWN),
        _constant(f"{end}_app", proxy.app or UNKNOWN),
        _constant(f"{end}_version", proxy.version or UNKNOWN),
    )


def _upstream() -> Tags:
    return (
        _tag("destination_workload", f"%UPSTREAM_METADATA({METADATA}:workload)%"),
        _tag("destination_workload_namespace", f"%UPSTREAM_METADATA({METADATA}:namespace)%"),
        _tag("destination_app", f"%UPSTREAM_METADATA({METADATA}:app)%"),
        _tag("destination_version", f"%UPSTREAM_METADATA({METADATA}:version)%"),
        _tag("destination_principal", "%UPSTREAM_PEER_URI_SAN%"),
        _security(),
    )


def _service(name: str, namespace: str) -> Tags:
    return (
        _constant("destination_service", service_host(name, namespace) or UNKNOWN),
        _constant("destination_service_name", name or UNKNOWN),
        _constant("destination_service_namespace", namespace or UNKNOWN),
    )


SOURCE_PARTS = ("source_workload_namespace", "source_workload", "source_app", "source_version")
"""The order of the words in the header that names a caller."""


def source_value(proxy: Proxy) -> str:
    """What the caller's proxy writes into that header."""
    return f"{proxy.namespace}/{proxy.workload}/{proxy.app}/{proxy.version}"


def _caller_by_header() -> Tags:
    return tuple(_tag(part, f"%DYNAMIC_METADATA({METADATA}:{part})%") for part in SOURCE_PARTS)


def _caller_unknown() -> Tags:
    return tuple(_constant(part, UNKNOWN) for part in SOURCE_PARTS)


@cache
def _security() -> Fields:
    """Mutual when the server showed a SPIFFE ID; unknown when there was no connection at all."""
    return {
        "name": "connection_security_policy",
        "value_format": "%UPSTREAM_PEER_URI_SAN%|%UPSTREAM_LOCAL_ADDRESS%|",
        "rules": _by_prefix({"spiffe://": "mutual_tls", "||": UNKNOWN}, otherwise="none"),
    }


@cache
def _protocol() -> Fields:
    return {
        "name": "request_protocol",
        "value_format": "%REQ(CONTENT-TYPE)%",
        "rules": _by_prefix({"application/grpc": "grpc"}, otherwise="http"),
    }


@cache
def _grpc_status() -> Fields:
    return {
        "name": "grpc_response_status",
        "value_format": "%GRPC_STATUS_NUMBER%",
        "rules": _exactly({_ABSENT: _transform(drop_tag={})}),
    }


@cache
def _tag(name: str, value_format: str) -> Fields:
    """A tag whose absent value reads "unknown"."""
    rules = _exactly({_ABSENT: _transform(update_tag={"new_tag_value": UNKNOWN})})
    return {"name": name, "value_format": value_format, "rules": rules}


@cache
def _constant(name: str, value: str) -> Fields:
    return _constant_format(name, value.replace("%", "%%"))


def _constant_format(name: str, value_format: str) -> Fields:
    return {"name": name, "value_format": value_format}


def _by_prefix(words: Mapping[str, str], *, otherwise: str) -> Fields:
    return {
        "matcher_tree": {
            "input": _tag_value(),
            "prefix_match_map": {
                "map": {
                    prefix: {"action": _transform(update_tag={"new_tag_value": word})}
                    for prefix, word in words.items()
                }
            },
        },
        "on_no_match": {"action": _transform(update_tag={"new_tag_value": otherwise})},
    }


def _exactly(actions: Mapping[str, Fields]) -> Fields:
    return {
        "matcher_tree": {
            "input": _tag_value(),
            "exact_match_map": {"map": {k: {"action": action} for k, action in actions.items()}},
        }
    }


def _tag_value() -> Fields:
    return extension(
        "stat_tag_value_input",
        "envoy.extensions.matching.common_inputs.stats.v3.StatTagValueInput",
    )


def _transform(**what: Fields) -> Fields:
    kind = "envoy.extensions.matching.actions.transform_stat.v3.TransformStat"
    return extension("envoy.extensions.matching.actions.transform_stat", kind, **what)


# Loggers


def _kept(metrics: list[Fields], options: Options) -> list[Fields]:
    """Those that are not disabled, with the tags that are wanted."""
    changes = {change.metric: change for change in options.metrics}
    made = []
    for metric in metrics:
        change = changes.get(metric["stat"]["name"])
        if change is None:
            made.append(metric)
        elif not change.disabled:
            tags = _changed_tags(metric["stat"]["tags"], change)
            made.append({**metric, "stat": {**metric["stat"], "tags": tags}})
    return made


def _changed_tags(tags: list[Fields], change: MetricChange) -> list[Fields]:
    wanted = dict(change.tags)
    added = [_tag(name, f"%CEL({value})%") for name, value in change.tags if value is not None]
    return [*(tag for tag in tags if tag["name"] not in wanted), *added]


def _stats(*, counters: list[Fields], histograms: list[Fields]) -> list[Fields]:
    """None where there is nothing to count."""
    if not counters and not histograms:
        return []
    scope = {
        "prefix": "istio",
        "max_counters": number(_MOST_SERIES),
        "max_histograms": number(_MOST_SERIES),
    }
    stats = extension(
        "envoy.access_loggers.stats",
        _STATS,
        stats_scope=scope,
        counters=counters,
        histograms=histograms,
    )
    return [stats]


def _counter(name: str, tags: list[Fields], value_format: str = "") -> Fields:
    value: Fields = {"value_format": value_format} if value_format else {"value_fixed": number(1)}
    return {"stat": {"name": name, "tags": tags}, **value}


def _histogram(name: str, tags: list[Fields], unit: str, value_format: str) -> Fields:
    return {"stat": {"name": name, "tags": tags}, "unit": unit, "value_format": value_format}


def _on(event: str) -> Fields:
    return {"log_type_filter": {"types": [event]}}


_COMMON_ATTRIBUTES = {
    "response_flags": "%RESPONSE_FLAGS%",
    "duration_ms": "%DURATION%",
    "bytes_received": "%BYTES_RECEIVED%",
    "bytes_sent": "%BYTES_SENT%",
    "upstream_host": "%UPSTREAM_HOST%",
    "upstream_cluster": "%UPSTREAM_CLUSTER_RAW%",
    "destination_workload": f"%UPSTREAM_METADATA({METADATA}:workload)%",
    "destination_workload_namespace": f"%UPSTREAM_METADATA({METADATA}:namespace)%",
    "downstream_peer": "%DOWNSTREAM_PEER_URI_SAN%",
    "connection_termination_details": "%CONNECTION_TERMINATION_DETAILS%",
}
_HTTP_ATTRIBUTES = {
    "method": "%REQ(:METHOD)%",
    "path": "%REQ(X-ENVOY-ORIGINAL-PATH?:PATH):512%",
    "authority": "%REQ(:AUTHORITY):256%",
    "response_code": "%RESPONSE_CODE%",
    "response_code_details": "%RESPONSE_CODE_DETAILS%",
    "route_name": "%ROUTE_NAME%",
    "origin": f"%METADATA(ROUTE:{METADATA}:origin)%",
    "request_id": "%REQ(X-REQUEST-ID):64%",
    **_COMMON_ATTRIBUTES,
}
_TCP_ATTRIBUTES = _COMMON_ATTRIBUTES


def _access_log(
    side: Side, proxy: Proxy, options: Options, attributes: Mapping[str, str]
) -> list[Fields]:
    if not options.access_log:
        return []
    return [
        {
            "name": "envoy.access_loggers.open_telemetry",
            "typed_config": _otel_log(side, proxy, attributes),
        }
    ]


def _otel_log(side: Side, proxy: Proxy, attributes: Mapping[str, str]) -> Message:
    return typed(
        _LOGS,
        grpc_service=_collector(),
        log_name="meshweb",
        buffer_flush_interval=duration(1000),
        disable_builtin_labels=True,
        resource_attributes=_pairs(resource_attributes(proxy)),
        attributes=_pairs({"reporter": side.reporter, **attributes}),
    )


def _pairs(values: Mapping[str, str]) -> Fields:
    return {
        "values": [
            {"key": key, "value": {"string_value": value}} for key, value in values.items() if value
        ]
    }
