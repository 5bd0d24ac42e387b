"""Reads a DestinationRule."""

from routing.contracts import Document
from routing.ir import OutlierDetection, RetryBudget, TcpKeepalive, Tunnel
from routing.model.destination_rule import (
    ClientTls,
    ConnectionPool,
    DestinationRule,
    Subset,
    TlsMode,
    TrafficPolicy,
)
from routing.parse.load_balancer import balancing
from routing.parse.notes import (
    Note,
    Spec,
    items,
    label_set,
    metadata_of,
    milliseconds,
    part,
    text,
    texts,
)

DEFAULT_CONSECUTIVE_5XX = 5


def destination_rule(document: Document, note: Note) -> DestinationRule:
    spec = document.spec
    if not text(spec, "host"):
        note("MSH1011", "spec.host", "spec.host")
    return DestinationRule(
        metadata=metadata_of(document),
        host=text(spec, "host"),
        policy=traffic_policy(part(spec, "trafficPolicy"), "spec.trafficPolicy", note),
        subsets=tuple(
            subset(s, f"spec.subsets[{i}]", note) for i, s in enumerate(items(spec, "subsets"))
        ),
        selector=label_set(part(spec, "workloadSelector"), "matchLabels"),
    )


def subset(given: Spec, path: str, note: Note) -> Subset:
    name = text(given, "name")
    if not name or any(c in name for c in "| ~"):
        note("MSH1014", f"{path}.name", repr(name))
    return Subset(
        name=name,
        labels=label_set(given, "labels"),
        policy=traffic_policy(part(given, "trafficPolicy"), f"{path}.trafficPolicy", note),
    )


def traffic_policy(given: Spec, path: str, note: Note) -> TrafficPolicy:
    return TrafficPolicy(
        balancing=balancing(given, f"{path}.loadBalancer", note),
        connection_pool=connection_pool(given),
        outlier=outlier_detection(given),
        tls=client_tls(given, f"{path}.tls", note),
        tunnel=tunnel(given, path, note),
        proxy_protocol=proxy_protocol(given),
        retry_budget=retry_budget(given),
        ports=tuple(
            (
                part(p, "port")["number"],
                traffic_policy(
                    {**p, "portLevelSettings": None}, f"{path}.portLevelSettings[{i}]", note
                ),
            )
            for i, p in enumerate(items(given, "portLevelSettings"))
        ),
    )


def tunnel(given: Spec, path: str, note: Note) -> Tunnel | None:
    found = given.get("tunnel")
    if found is None:
        return None
    protocol = text(found, "protocol") or "CONNECT"
    if protocol not in ("CONNECT", "POST"):
        note("MSH1018", f"{path}.tunnel.protocol", "protocol", "CONNECT, POST", protocol)
    host = text(found, "targetHost")
    if not host or any(c in host for c in " /@%*"):
        note("MSH1021", f"{path}.tunnel.targetHost", repr(host), "a host name or an address")
    return Tunnel(target=f"{host}:{found['targetPort']}", post=protocol == "POST")


def proxy_protocol(given: Spec) -> int | None:
    found = given.get("proxyProtocol")
    if found is None:
        return None
    return 2 if found.get("version") == "V2" else 1


def retry_budget(given: Spec) -> RetryBudget | None:
    found = given.get("retryBudget")
    if found is None:
        return None
    default = RetryBudget()
    percent, least = found.get("percent"), found.get("minRetryConcurrency")
    return RetryBudget(
        percent=default.percent if percent is None else float(percent),
        least=default.least if least is None else least,
    )


def connection_pool(given: Spec) -> ConnectionPool | None:
    """Envoy has no limit below 1; Istio reads 0 as not set."""
    pool = given.get("connectionPool")
    if pool is None:
        return None
    tcp, http = part(pool, "tcp"), part(pool, "http")
    return ConnectionPool(
        max_connections=positive(tcp, "maxConnections"),
        connect_timeout_ms=milliseconds(tcp, "connectTimeout") or None,
        tcp_idle_timeout_ms=milliseconds(tcp, "idleTimeout"),
        max_pending_requests=positive(http, "http1MaxPendingRequests"),
        max_requests=positive(http, "http2MaxRequests"),
        max_requests_per_connection=positive(http, "maxRequestsPerConnection"),
        max_retries=positive(http, "maxRetries"),
        http_idle_timeout_ms=milliseconds(http, "idleTimeout"),
        keepalive=keepalive(tcp.get("tcpKeepalive")),
        max_connection_duration_ms=milliseconds(tcp, "maxConnectionDuration") or None,
        max_concurrent_streams=positive(http, "maxConcurrentStreams"),
        upgrade_to_http2=http.get("h2UpgradePolicy") == "UPGRADE",
        use_client_protocol=bool(http.get("useClientProtocol")),
    )


def keepalive(given: Spec | None) -> TcpKeepalive | None:
    """Whole seconds, one at least, as sockets count them."""
    if given is None:
        return None
    time, interval = milliseconds(given, "time"), milliseconds(given, "interval")
    return TcpKeepalive(
        probes=positive(given, "probes"),
        time_s=max(1, time // 1000) if time else None,
        interval_s=max(1, interval // 1000) if interval else None,
    )


def positive(of: Spec, key: str) -> int | None:
    value = of.get(key)
    return value if value is not None and value > 0 else None


def outlier_detection(given: Spec) -> OutlierDetection | None:
    found = given.get("outlierDetection")
    if found is None:
        return None
    default = OutlierDetection()
    gateway = found.get("consecutiveGatewayErrors")
    server = found.get("consecutive5xxErrors", found.get("consecutiveErrors"))
    return OutlierDetection(
        consecutive_5xx=DEFAULT_CONSECUTIVE_5XX if server is None else server or None,
        consecutive_gateway=gateway or None,
        interval_ms=milliseconds(found, "interval") or default.interval_ms,
        base_ejection_ms=milliseconds(found, "baseEjectionTime") or default.base_ejection_ms,
        max_ejection_percent=int(found.get("maxEjectionPercent") or default.max_ejection_percent),
        min_health_percent=int(found.get("minHealthPercent") or default.min_health_percent),
        split_local_origin=bool(found.get("splitExternalLocalOriginErrors")),
        consecutive_local_origin=found.get("consecutiveLocalOriginFailures"),
    )


def client_tls(given: Spec, path: str, note: Note) -> ClientTls | None:
    tls = given.get("tls")
    if tls is None:
        return None
    mode = TlsMode(tls.get("mode") or "DISABLE")
    if mode is TlsMode.MUTUAL and not tls.get("credentialName"):
        for field in ("clientCertificate", "privateKey"):
            if not tls.get(field):
                note("MSH1111", f"{path}.{field}", "tls mode MUTUAL", field)
    return ClientTls(
        mode=mode,
        sni=text(tls, "sni"),
        sans=texts(tls, "subjectAltNames"),
        ca_file=text(tls, "caCertificates"),
        certificate_file=text(tls, "clientCertificate"),
        key_file=text(tls, "privateKey"),
        crl_file=text(tls, "caCrl"),
        unverified=bool(tls.get("insecureSkipVerify")),
        credential=text(tls, "credentialName"),
    )
