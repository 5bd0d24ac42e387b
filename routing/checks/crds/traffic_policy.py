"""DestinationRule."""

from collections.abc import Mapping
from typing import Any

from routing.checks.crds.common import EXPORT_TO, SELECTOR, host, with_fields
from routing.checks.crds.language import (
    DURATION,
    FILLED,
    FLAG,
    INT,
    PORT,
    POSITIVE,
    TEXT,
    TEXTS,
    UINT,
    Real,
    Text,
    Whole,
    many,
    one_of,
    shape,
    table,
)

PERCENT = Whole(low=0, high=100)
UINT64 = Whole(low=0, high=2**64 - 1)


def cookie_has_name(hash_key: Mapping[str, Any]) -> str | None:
    keys = ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName")
    return None if any(hash_key.get(k) for k in keys) else "a hash key is required"


CONSISTENT_HASH = shape(
    httpHeaderName=TEXT,
    httpCookie=shape(
        name=FILLED, path=TEXT, ttl=DURATION, attributes=many(shape(name=FILLED, value=TEXT)),
        required=("name",),
    ),
    useSourceIp=FLAG,
    httpQueryParameterName=TEXT,
    minimumRingSize=UINT64,
    ringHash=shape(minimumRingSize=UINT64),
    maglev=shape(tableSize=UINT64),
    one_of=(
        ("httpHeaderName", "httpCookie", "useSourceIp", "httpQueryParameterName"),
        ("ringHash", "maglev"),
    ),
    checks=(cookie_has_name,),
)  # fmt: skip


def shares_sum(distributions: list[Any]) -> str | None:
    for one in distributions:
        shares = one.get("to") or {}
        if any(not 0 < share <= 100 for share in shares.values()):
            return "locality weight must be in range [1, 100]"
        if sum(shares.values()) != 100:
            return "total locality weight must be 100"
    return None


def regions_differ(failovers: list[Any]) -> str | None:
    for one in failovers:
        if one.get("from") == one.get("to"):
            return "locality lb failover settings must specify different regions"
        if any(sign in (one.get(k) or "") for k in ("from", "to") for sign in "*/"):
            return "locality lb failover region must be a region only"
    return None


LOCALITY = shape(
    distribute=many(
        shape({"from": TEXT}, to=table(Whole(low=0, high=2**32 - 1))), checks=(shares_sum,)
    ),
    failover=many(shape({"from": TEXT}, to=TEXT), checks=(regions_differ,)),
    failoverPriority=TEXTS,
    enabled=FLAG,
    one_of=(("distribute", "failover"), ("distribute", "failoverPriority")),
)


def warmup_needs_balancer(balancer: Mapping[str, Any]) -> str | None:
    warm = balancer.get("warmup") or balancer.get("warmupDurationSecs")
    simple = balancer.get("simple") or "UNSPECIFIED"
    usable = ("ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN", "UNSPECIFIED")
    if warm and ("consistentHash" in balancer or simple not in usable):
        return "warmup is for ROUND_ROBIN and LEAST_REQUEST only"
    return None


LOAD_BALANCER = shape(
    simple=one_of(
        "UNSPECIFIED", "LEAST_CONN", "RANDOM", "PASSTHROUGH", "ROUND_ROBIN", "LEAST_REQUEST"
    ),
    consistentHash=CONSISTENT_HASH,
    localityLbSetting=LOCALITY,
    warmupDurationSecs=POSITIVE,
    warmup=shape(
        duration=POSITIVE, minimumPercent=Real(low=0, high=100), aggression=Real(low=1),
        required=("duration",),
    ),
    one_of=(("simple", "consistentHash"), ("warmup", "warmupDurationSecs")),
    checks=(warmup_needs_balancer,),
)  # fmt: skip
CONNECTION_POOL = shape(
    tcp=shape(
        maxConnections=INT,
        connectTimeout=POSITIVE,
        tcpKeepalive=shape(probes=UINT, time=POSITIVE, interval=POSITIVE),
        maxConnectionDuration=POSITIVE,
        idleTimeout=DURATION,
    ),
    http=shape(
        http1MaxPendingRequests=INT, http2MaxRequests=INT, maxRequestsPerConnection=INT,
        maxRetries=INT, idleTimeout=DURATION,
        h2UpgradePolicy=one_of("DEFAULT", "DO_NOT_UPGRADE", "UPGRADE"), useClientProtocol=FLAG,
        maxConcurrentStreams=INT,
    ),
)  # fmt: skip
OUTLIER_DETECTION = shape(
    consecutiveErrors=INT, splitExternalLocalOriginErrors=FLAG,
    consecutiveLocalOriginFailures=UINT, consecutiveGatewayErrors=UINT,
    consecutive5xxErrors=UINT, interval=POSITIVE, baseEjectionTime=POSITIVE,
    maxEjectionPercent=PERCENT, minHealthPercent=PERCENT,
)  # fmt: skip


def mutual_has_files(tls: Mapping[str, Any]) -> str | None:
    mode = tls.get("mode")
    files = [k for k in ("clientCertificate", "privateKey", "caCertificates") if tls.get(k)]
    if tls.get("credentialName") and files:
        return "credentialName cannot be used with certificate files"
    if mode == "MUTUAL" and not tls.get("credentialName"):
        missing = [k for k in ("clientCertificate", "privateKey") if not tls.get(k)]
        if missing:
            return f"{missing[0]} required for mutual tls"
    if mode == "ISTIO_MUTUAL" and (files or tls.get("credentialName")):
        return "certificates cannot be given for ISTIO_MUTUAL"
    return None


CLIENT_TLS = shape(
    mode=one_of("DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"), clientCertificate=TEXT,
    privateKey=TEXT, caCertificates=TEXT, credentialName=TEXT, subjectAltNames=TEXTS, sni=TEXT,
    insecureSkipVerify=FLAG, caCrl=TEXT, checks=(mutual_has_files,),
)  # fmt: skip
PORT_POLICY = shape(
    port=shape(number=PORT),
    loadBalancer=LOAD_BALANCER,
    connectionPool=CONNECTION_POOL,
    outlierDetection=OUTLIER_DETECTION,
    tls=CLIENT_TLS,
)
TRAFFIC_POLICY = with_fields(
    PORT_POLICY,
    portLevelSettings=many(PORT_POLICY, at_most=4096),
    tunnel=shape(
        protocol=TEXT, targetHost=FILLED, targetPort=PORT, required=("targetHost", "targetPort")
    ),
    proxyProtocol=shape(version=one_of("V1", "V2")),
    retryBudget=shape(percent=Real(low=0, high=100), minRetryConcurrency=UINT),
)
SUBSET = shape(
    name=Text(least=1, pattern=r"^[-a-zA-Z0-9_.]+$"),
    labels=table(TEXT),
    trafficPolicy=TRAFFIC_POLICY,
    required=("name",),
)
DESTINATION_RULE = shape(
    host=Text(least=1, checks=(host,)),
    trafficPolicy=TRAFFIC_POLICY,
    subsets=many(SUBSET, unique=("name",)),
    exportTo=EXPORT_TO,
    workloadSelector=SELECTOR,
    required=("host",),
)
