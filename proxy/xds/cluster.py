"""Clusters: a destination, how to connect to it, and when to stop trying."""

from google.protobuf.message import Message

from proxy.xds import backstop, tls
from proxy.xds.dynamic import cluster_type
from proxy.xds.endpoints import MTLS_KEY, assignment_fields
from proxy.xds.fields import METADATA, Fields, metadata, number, service_host, struct, told
from proxy.xds.messages import duration, extension, message, typed
from routing.ir import (
    Cluster,
    ClusterKind,
    ConnectionLimits,
    LoadBalancer,
    MeshTls,
    OriginateTls,
    OutlierDetection,
    RetryBudget,
    TcpKeepalive,
    Warmup,
)
from topology.contracts import AppProtocol

_UNLIMITED = 2**32 - 1
MESH_IDLE_SECONDS = 10
"""A connection inside the mesh that nobody uses is closed by its caller, who cannot be surprised."""

_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
_TCP_OPTIONS = "envoy.extensions.upstreams.tcp.v3.TcpProtocolOptions"
_PROXY_PROTOCOL = (
    "envoy.extensions.transport_sockets.proxy_protocol.v3.ProxyProtocolUpstreamTransport"
)
_ADS = {"resource_api_version": "V3", "ads": {}}


def cluster(cluster: Cluster, trust_domain: str) -> Message:
    fields: Fields = {
        "name": cluster.name,
        "connect_timeout": duration(cluster.limits.connect_timeout_ms),
        "metadata": metadata(**{METADATA: _facts(cluster)}),
        "circuit_breakers": {"thresholds": [_thresholds(cluster.limits, cluster.retry_budget)]},
        "common_lb_config": _common_balancing(cluster),
        "ignore_health_on_host_removal": True,
        **_balancing(cluster),
        "typed_extension_protocol_options": _protocol(cluster),
        **_discovery(cluster),
        **_transport(cluster, trust_domain),
    }
    if watched(cluster):
        fields["alt_stat_name"] = f"~{cluster.name}~"
    if cluster.outlier is not None:
        fields["outlier_detection"] = _outlier(cluster.outlier)
    if cluster.limits.keepalive is not None:
        keepalive = _keepalive(cluster.limits.keepalive)
        fields["upstream_connection_options"] = {"tcp_keepalive": keepalive}
    if cluster.source_address:
        fields["upstream_bind_config"] = {
            "source_address": {"address": cluster.source_address, "port_value": 0}
        }
    made: Message = message("envoy.config.cluster.v3.Cluster")(**fields)
    return made


def watched(cluster: Cluster) -> bool:
    """Whether it has a circuit breaker, of which the proxy tells (proxy.agent.bootstrap)."""
    limits = cluster.limits
    given = (
        limits.max_connections,
        limits.max_pending_requests,
        limits.max_requests,
        limits.max_retries,
    )
    return cluster.outlier is not None or any(limit is not None for limit in given)


def _facts(cluster: Cluster) -> dict[str, str]:
    """What is told of a cluster, and what makes it a new one to Envoy.

    When an endpoint's metadata asks for mTLS, Envoy goes on using the connections it has. A spare
    one that was opened in plain text and has carried nothing would meet a server that has chosen no
    chain for it yet, and that takes plain text no more. A cluster that differs drops them all.
    """
    plain = {"plain": ",".join(cluster.spoken_plainly)} if cluster.spoken_plainly else {}
    return {
        **plain,
        "origin": told(cluster.origin),
        "service": service_host(cluster.service_name, cluster.service_namespace),
        "service_name": cluster.service_name,
        "service_namespace": cluster.service_namespace,
        "subset": cluster.subset,
    }


def _discovery(cluster: Cluster) -> Fields:
    match cluster.kind:
        case ClusterKind.EDS:
            return {"type": "EDS", "eds_cluster_config": {"eds_config": _ADS}}
        case ClusterKind.DYNAMIC:
            return cluster_type()
        case ClusterKind.COMPOSITE | ClusterKind.AGGREGATE as kind:
            return backstop.cluster_type(kind, cluster.members)
        case ClusterKind.DNS | ClusterKind.LOGICAL_DNS as kind:
            return {
                "type": "STRICT_DNS" if kind is ClusterKind.DNS else "LOGICAL_DNS",
                "dns_lookup_family": "V4_PREFERRED",
                "load_assignment": _assigned(cluster),
            }
        case _:
            return {
                "type": "STATIC",
                "load_assignment": _assigned(cluster),
            }


def _assigned(cluster: Cluster) -> Fields:
    return assignment_fields(cluster.name, cluster.endpoints, to_the_last=cluster.to_the_last)


def _balancing(cluster: Cluster) -> Fields:
    if cluster.kind in (ClusterKind.DYNAMIC, ClusterKind.COMPOSITE, ClusterKind.AGGREGATE):
        return {}
    ring = cluster.consistent_hash
    if ring is not None and ring.maglev:
        return {"lb_policy": "MAGLEV", "maglev_lb_config": {"table_size": number(ring.size)}}
    if ring is not None:
        size = {"minimum_ring_size": number(ring.size)}
        return {"lb_policy": "RING_HASH", "ring_hash_lb_config": size}
    policy = _policy(cluster.load_balancer)
    made: Fields = {"lb_policy": policy}
    if cluster.warmup is not None and policy in ("ROUND_ROBIN", "LEAST_REQUEST"):
        made[f"{policy.lower()}_lb_config"] = {"slow_start_config": _slow_start(cluster.warmup)}
    return made


def _common_balancing(cluster: Cluster) -> Fields:
    made: Fields = {"healthy_panic_threshold": {"value": _panic_below(cluster.outlier)}}
    if cluster.locality_weighted:
        made["locality_weighted_lb_config"] = {}
    if cluster.outlier is not None:
        # else what was ejected second gets requests for another second
        made["update_merge_window"] = {}
    return made


def _policy(balancer: LoadBalancer) -> str:
    # PASSTHROUGH needs the original destination, which a listener here never has
    return "ROUND_ROBIN" if balancer is LoadBalancer.PASSTHROUGH else str(balancer)


def _slow_start(warmup: Warmup) -> Fields:
    return {
        "slow_start_window": duration(warmup.duration_ms),
        "aggression": {"default_value": warmup.aggression, "runtime_key": "slow_start.aggression"},
        "min_weight_percent": {"value": warmup.minimum_percent},
    }


def _transport(cluster: Cluster, trust_domain: str) -> Fields:
    match cluster.tls:
        case MeshTls(sans=sans, sni=sni):
            alpn = "" if cluster.protocol.is_http else tls.MESH_ALPN
            socket = tls.mesh_upstream(sni=sni, sans=sans, trust_domain=trust_domain, alpn=alpn)
            return {
                "transport_socket_matches": [
                    {
                        "name": "mtls",
                        "match": struct({MTLS_KEY: "true"}),
                        "transport_socket": _introduced(socket, cluster),
                    },
                    {
                        "name": "plain",
                        "match": struct({}),
                        "transport_socket": _introduced(_plain(), cluster),
                    },
                ]
            }
        case OriginateTls() as outside:
            return {"transport_socket": _introduced(tls.originate(outside), cluster)}
        case None if cluster.proxy_protocol is not None:
            return {"transport_socket": _introduced(_plain(), cluster)}
        case None:
            return {}


def _introduced(socket: Fields, cluster: Cluster) -> Fields:
    """With the client's address before everything else, where the server wants it (PROXY protocol)."""
    if cluster.proxy_protocol is None:
        return socket
    return extension(
        "envoy.transport_sockets.upstream_proxy_protocol",
        _PROXY_PROTOCOL,
        config={"version": f"V{cluster.proxy_protocol}"},
        transport_socket=socket,
    )


def _plain() -> Fields:
    return extension(
        "envoy.transport_sockets.raw_buffer",
        "envoy.extensions.transport_sockets.raw_buffer.v3.RawBuffer",
    )


def _protocol(cluster: Cluster) -> dict[str, Message]:
    protocol, limits = cluster.protocol, cluster.limits
    if not (protocol.is_http or limits.upgrade_to_http2):
        if limits.tcp_idle_timeout_ms is None:
            return {}
        idle = duration(limits.tcp_idle_timeout_ms)
        return {_TCP_OPTIONS: typed(_TCP_OPTIONS, idle_timeout=idle)}
    common: Fields = {}
    if limits.http_idle_timeout_ms is not None:
        common["idle_timeout"] = duration(limits.http_idle_timeout_ms)
    elif isinstance(cluster.tls, MeshTls):
        common["idle_timeout"] = duration(1000 * MESH_IDLE_SECONDS)
    if limits.max_requests_per_connection:
        common["max_requests_per_connection"] = number(limits.max_requests_per_connection)
    if limits.max_connection_duration_ms is not None:
        common["max_connection_duration"] = duration(limits.max_connection_duration_ms)
    return {
        _HTTP_OPTIONS: typed(
            _HTTP_OPTIONS,
            **_http_version(protocol, limits),
            **({"common_http_protocol_options": common} if common else {}),
        )
    }


def _http_version(protocol: AppProtocol, limits: ConnectionLimits) -> Fields:
    http2: Fields = {}
    if limits.max_concurrent_streams is not None:
        http2["max_concurrent_streams"] = number(limits.max_concurrent_streams)
    if limits.use_client_protocol:
        versions = {"http_protocol_options": {}, "http2_protocol_options": http2}
        return {"use_downstream_protocol_config": versions}
    if protocol is AppProtocol.HTTP and not limits.upgrade_to_http2:
        return {"explicit_http_config": {"http_protocol_options": {}}}
    return {"explicit_http_config": {"http2_protocol_options": http2}}


def _keepalive(keepalive: TcpKeepalive) -> Fields:
    given = {
        "keepalive_probes": keepalive.probes,
        "keepalive_time": keepalive.time_s,
        "keepalive_interval": keepalive.interval_s,
    }
    return {name: number(value) for name, value in given.items() if value is not None}


def _thresholds(limits: ConnectionLimits, budget: RetryBudget | None) -> Fields:
    """Envoy's own limits (1,024 and 3 retries at a time) would turn retries into 503s."""
    made: Fields = {
        "max_connections": number(_or_unlimited(limits.max_connections)),
        "max_pending_requests": number(_or_unlimited(limits.max_pending_requests)),
        "max_requests": number(_or_unlimited(limits.max_requests)),
        "max_retries": number(_or_unlimited(limits.max_retries)),
    }
    if budget is not None:
        made["retry_budget"] = {
            "budget_percent": {"value": budget.percent},
            "min_retry_concurrency": number(budget.least),
        }
    return made


def _or_unlimited(limit: int | None) -> int:
    return _UNLIMITED if limit is None else limit


def _panic_below(outlier: OutlierDetection | None) -> float:
    return float(outlier.min_health_percent) if outlier else 0.0


def _outlier(outlier: OutlierDetection) -> Fields:
    made: Fields = {
        "interval": duration(outlier.interval_ms),
        "base_ejection_time": duration(outlier.base_ejection_ms),
        "max_ejection_percent": number(outlier.max_ejection_percent),
        "enforcing_success_rate": number(0),
        "enforcing_failure_percentage": number(0),
        "enforcing_consecutive_5xx": number(0),
    }
    if outlier.split_local_origin:
        made["split_external_local_origin_errors"] = True
        made["enforcing_local_origin_success_rate"] = number(0)
        if outlier.consecutive_local_origin is not None:
            on = number(100 if outlier.consecutive_local_origin else 0)
            made["enforcing_consecutive_local_origin_failure"] = on
        if outlier.consecutive_local_origin:
            count = number(outlier.consecutive_local_origin)
            made["consecutive_local_origin_failure"] = count
    if outlier.consecutive_5xx:
        made["consecutive_5xx"] = number(outlier.consecutive_5xx)
        made["enforcing_consecutive_5xx"] = number(100)
    if outlier.consecutive_gateway:
        made["consecutive_gateway_failure"] = number(outlier.consecutive_gateway)
        made["enforcing_consecutive_gateway_failure"] = number(100)
    return made
