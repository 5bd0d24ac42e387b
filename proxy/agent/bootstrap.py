"""The configuration an Envoy starts with: who it is, where control and its keys are. Pure.

Everything else comes over ADS. It holds no key.
"""

import ipaddress
import re
from dataclasses import dataclass
from typing import Any

from proxy.xds.runtime import LAYERS
from telemetry.contracts import DURATION_BOUNDS_MS
from telemetry.ingest.breakers import STATS
from topology.contracts import Pod

P = "type.googleapis.com/"
TLS = f"{P}envoy.extensions.transport_sockets.tls.v3."
HTTP = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
SOCKET_MODE = 0o600

WINDOW_BYTES = 256 * 1024
"""How much control may have under way to a proxy that has not read it yet."""

CONTROL_NAMESPACE = "meshweb-system"
BACK_OFF = {"retry_back_off": {"base_interval": "0.1s", "max_interval": "1s"}}
"""Envoy's own default takes up to 4.3 s to come back to a restarted control."""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """Where this Envoy finds things; `control` are addresses parted by commas. `start` is new at each start: its counters begin at 0 again."""

    control: str
    collector: str
    trust_domain: str
    sds_socket: str
    admin_socket: str
    start: str
    ingest_token: str = ""
    outlier_log: str = ""


def bootstrap(pod: Pod, around: Surroundings) -> Json:
    """For `envoy -c`, as JSON."""
    return {
        "node": _node(pod),
        "admin": {"address": _pipe(around.admin_socket)},
        "dynamic_resources": {
            "ads_config": _delta_grpc("xds"),
            "lds_config": _over_ads(),
            "cds_config": _over_ads(),
        },
        "static_resources": {
            "clusters": [
                _cluster("agent", _pipe(around.sds_socket)),
                _control(around),
                _collector(around),
            ]
        },
        **_metrics(pod, around),
        **_outliers(around),
        "layered_runtime": LAYERS,
        "overload_manager": {"resource_monitors": [_connection_limit()]},
    }


def _node(pod: Pod) -> Json:
    return {
        "id": pod.proxy_id,
        "cluster": f"{pod.workload}.{pod.namespace}",
        "metadata": {
            "NAMESPACE": pod.namespace,
            "POD": pod.name,
            "WORKLOAD": pod.workload,
            "SERVICE_ACCOUNT": pod.service_account,
        },
    }


def _delta_grpc(cluster: str) -> Json:
    return {
        "api_type": "DELTA_GRPC",
        "transport_api_version": "V3",
        # a node is 61 KB: it need not come with every request
        "set_node_on_first_message_only": True,
        "grpc_services": [{"envoy_grpc": {"cluster_name": cluster, "retry_policy": BACK_OFF}}],
    }


def _over_ads() -> Json:
    """Never LIVE without a first configuration: the default gives up after 15 s and serves nothing."""
    return {"ads": {}, "resource_api_version": "V3", "initial_fetch_timeout": "0s"}


def _control(around: Surroundings) -> Json:
    """Control over mTLS: nobody else's certificate will do. Of several processes any will."""
    name = f"spiffe://{around.trust_domain}/ns/{CONTROL_NAMESPACE}/sa/control"
    return {
        **_cluster(
            "xds",
            *map(_address, around.control.split(",")),
            connection_keepalive={"interval": "10s", "timeout": "5s"},
            # what control has sent and we have not read yet is held in its memory
            initial_stream_window_size=WINDOW_BYTES,
            initial_connection_window_size=WINDOW_BYTES,
        ),
        "transport_socket": {
            "name": "envoy.transport_sockets.tls",
            "typed_config": {
                "@type": f"{TLS}UpstreamTlsContext",
                # a resumed session would keep a certificate that has been renewed
                "max_session_keys": 0,
                "common_tls_context": {
                    "alpn_protocols": ["h2"],
                    "tls_params": {
                        "tls_minimum_protocol_version": "TLSv1_3",
                        "tls_maximum_protocol_version": "TLSv1_3",
                    },
                    "tls_certificate_sds_secret_configs": [_secret("default")],
                    "combined_validation_context": {
                        "validation_context_sds_secret_config": _secret("ROOTCA"),
                        "default_validation_context": {
                            "match_typed_subject_alt_names": [
                                {"san_type": "URI", "matcher": {"exact": name}}
                            ]
                        },
                    },
                },
            },
        },
    }


def _collector(around: Surroundings) -> Json:
    """Whatever is sent there, metrics, spans or logs, shows the token."""
    cluster = _cluster("otel", _address(around.collector))
    if around.ingest_token:
        cluster["typed_extension_protocol_options"][HTTP]["http_filters"] = [
            _filter("header_mutation", "HeaderMutation", _show(around.ingest_token)),
            _filter("upstream_codec", "UpstreamCodec", {}),
        ]
    return cluster


def _filter(name: str, kind: str, fields: Json) -> Json:
    full = f"envoy.extensions.filters.http.{name}.v3.{kind}"
    return {"name": f"envoy.filters.http.{name}", "typed_config": {"@type": P + full, **fields}}


def _show(token: str) -> Json:
    header = {"key": "authorization", "value": "Bearer " + token.replace("%", "%%")}
    appended = {"append": {"header": header, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"}}
    return {"mutations": {"request_mutations": [appended]}}


def _secret(name: str) -> Json:
    return {
        "name": name,
        "sds_config": {
            "resource_api_version": "V3",
            "initial_fetch_timeout": "0s",
            "api_config_source": _delta_grpc("agent"),
        },
    }


def _cluster(name: str, *addresses: Json, **http2: Any) -> Json:
    hosts = [one.get("socket_address", {}).get("address", "127.0.0.1") for one in addresses]
    return {
        "name": name,
        "type": "STATIC" if all(map(_is_ip, hosts)) else "STRICT_DNS",
        "connect_timeout": "1s",
        "load_assignment": {
            "cluster_name": name,
            "endpoints": [
                {"lb_endpoints": [{"endpoint": {"address": address}} for address in addresses]}
            ],
        },
        "typed_extension_protocol_options": {
            HTTP: {
                "@type": P + HTTP,
                "explicit_http_config": {"http2_protocol_options": http2},
            }
        },
    }


def _outliers(around: Surroundings) -> Json:
    """Envoy's own log of ejections, which its agent reads."""
    if not around.outlier_log:
        return {}
    return {"cluster_manager": {"outlier_detection": {"event_log_path": around.outlier_log}}}


def _metrics(pod: Pod, around: Surroundings) -> Json:
    """Istio's standard metrics only, cumulative, each second: a lost flush loses no count."""
    ours = {"prefix": "istio"}
    return {
        "stats_flush_interval": "1s",
        "stats_config": {
            "stats_matcher": {"inclusion_list": {"patterns": [{"prefix": "istio."}, _breakers()]}},
            # of a cluster's name Envoy's own rule takes only what is before its first dot
            "use_all_default_tags": False,
            "stats_tags": [
                {"tag_name": "cluster_name", "regex": r"^cluster\.(~(.+?)~\.)"},
            ],
            "histogram_bucket_settings": [{"match": ours, "buckets": list(DURATION_BOUNDS_MS)}],
        },
        "stats_sinks": [
            {
                "name": "envoy.stat_sinks.open_telemetry",
                "typed_config": {
                    "@type": f"{P}envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig",
                    "grpc_service": {"envoy_grpc": {"cluster_name": "otel"}},
                    "emit_tags_as_attributes": True,
                    "use_tag_extracted_name": True,
                    "report_counters_as_deltas": False,
                    "report_histograms_as_deltas": False,
                    "resource_detectors": [_resource(pod, around)],
                },
            }
        ],
    }


def _breakers() -> Json:
    """Limits and ejections of the clusters that have any: control marks these by their stats' name."""
    names = "|".join(re.escape(stat) for stat in STATS)
    return {"safe_regex": {"regex": rf"cluster\.~.+~\.({names})"}}


def _resource(pod: Pod, around: Surroundings) -> Json:
    kind = "envoy.extensions.tracers.opentelemetry.resource_detectors.v3"
    return {
        "name": "envoy.tracers.opentelemetry.resource_detectors.static_config",
        "typed_config": {
            "@type": f"{P}{kind}.StaticConfigResourceDetectorConfig",
            "attributes": {
                "service.name": pod.app,
                "service.version": pod.version or "latest",
                "service.instance.id": f"{pod.uid}-{around.start}",
                "k8s.namespace.name": pod.namespace,
                "k8s.pod.name": pod.name,
                "k8s.deployment.name": pod.workload,
            },
        },
    }


def _connection_limit() -> Json:
    kind = "envoy.extensions.resource_monitors.downstream_connections.v3"
    return {
        "name": "envoy.resource_monitors.global_downstream_max_connections",
        "typed_config": {
            "@type": f"{P}{kind}.DownstreamConnectionsConfig",
            "max_active_downstream_connections": 10000,
        },
    }


def _pipe(path: str) -> Json:
    return {"pipe": {"path": path, "mode": SOCKET_MODE}}


def _address(text: str) -> Json:
    host, _, port = text.rpartition(":")
    return {"socket_address": {"address": host.strip("[]"), "port_value": int(port)}}


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
