"""Gateway and Sidecar."""

from collections.abc import Mapping
from typing import Any

from routing.checks.crds.common import WORKLOAD_SELECTOR, is_address, scoped_host
from routing.checks.crds.language import (
    FILLED,
    FLAG,
    PORT,
    TEXT,
    TEXTS,
    Text,
    many,
    one_of,
    shape,
    table,
)
from routing.checks.crds.traffic_policy import CONNECTION_POOL
from routing.checks.crds.virtual_service import DESTINATION

PROTOCOLS = frozenset(
    {"HTTP", "HTTPS", "GRPC", "GRPC-WEB", "HTTP2", "MONGO", "TCP", "TLS", "REDIS", "MYSQL"}
    | {"UDP", "HTTP_PROXY", "HBONE"}
)


def known_protocol(value: str) -> str | None:
    return None if value.upper() in PROTOCOLS else f"{value!r} is no protocol"


VERSION = one_of("TLS_AUTO", "TLSV1_0", "TLSV1_1", "TLSV1_2", "TLSV1_3")


def certificates_fit_mode(tls: Mapping[str, Any]) -> str | None:
    mode = tls.get("mode") or "PASSTHROUGH"
    credential = (
        tls.get("credentialName") or tls.get("credentialNames") or tls.get("tlsCertificates")
    )
    files = [k for k in ("serverCertificate", "privateKey", "caCertificates") if tls.get(k)]
    if mode == "ISTIO_MUTUAL" and (credential or files):
        return "ISTIO_MUTUAL TLS cannot have certificates of its own"
    if mode in ("SIMPLE", "MUTUAL", "OPTIONAL_MUTUAL") and not credential:
        for key in ("serverCertificate", "privateKey"):
            if key not in files:
                return f"{mode} TLS requires a {key}"
        if mode == "MUTUAL" and "caCertificates" not in files:
            return "MUTUAL TLS requires a client CA bundle"
    return None


SERVER_TLS = shape(
    httpsRedirect=FLAG,
    mode=one_of(
        "PASSTHROUGH", "SIMPLE", "MUTUAL", "AUTO_PASSTHROUGH", "ISTIO_MUTUAL", "OPTIONAL_MUTUAL"
    ),
    serverCertificate=TEXT, privateKey=TEXT, caCertificates=TEXT, caCrl=TEXT,
    credentialName=TEXT, credentialNames=many(FILLED, at_least=1, at_most=2),
    caCertCredentialName=TEXT,
    tlsCertificates=many(
        shape(serverCertificate=TEXT, privateKey=TEXT, caCertificates=TEXT),
        at_least=1, at_most=2,
    ),
    subjectAltNames=TEXTS, verifyCertificateSpki=TEXTS, verifyCertificateHash=TEXTS,
    minProtocolVersion=VERSION, maxProtocolVersion=VERSION, cipherSuites=TEXTS,
    checks=(certificates_fit_mode,),
)  # fmt: skip


def tls_fits_protocol(server: Mapping[str, Any]) -> str | None:
    protocol = server["port"]["protocol"].upper()
    tls = server.get("tls")
    if protocol in ("HTTPS", "TLS"):
        if tls is None:
            return "server must have TLS settings for HTTPS/TLS protocols"
        if tls.get("httpsRedirect"):
            return "tls.httpsRedirect should only be used with http servers"
        return None
    if (
        tls is not None
        and set(tls) - {"httpsRedirect"}
        and protocol not in ("TCP", "MYSQL", "MONGO", "REDIS")
    ):
        return "server cannot have TLS settings for plain text protocols"
    return None


def names_differ(servers: list[Any]) -> str | None:
    names = [s["port"]["name"] for s in servers if s.get("port", {}).get("name")]
    return "port names in servers must be unique" if len(set(names)) != len(names) else None


GATEWAY_PORT = shape(
    number=PORT,
    protocol=Text(least=1, checks=(known_protocol,)),
    name=TEXT,
    targetPort=PORT,
    required=("number", "protocol"),
)


def bind_is_address(value: str) -> str | None:
    return None if not value or is_address(value) else f"{value!r} is no address"


GATEWAY = shape(
    servers=many(
        shape(
            port=GATEWAY_PORT,
            bind=Text(checks=(bind_is_address,)),
            hosts=many(Text(least=1, checks=(scoped_host,)), at_least=1),
            tls=SERVER_TLS,
            defaultEndpoint=TEXT,
            name=TEXT,
            required=("port", "hosts"),
            checks=(tls_fits_protocol,),
        ),
        at_least=1,
        checks=(names_differ,),
    ),
    selector=table(TEXT),
    required=("servers",),
)
SIDECAR_PORT = shape(
    number=PORT, protocol=Text(checks=(known_protocol,)), name=TEXT, targetPort=PORT
)
CAPTURE = one_of("DEFAULT", "IPTABLES", "NONE")


def egress_host(value: str) -> str | None:
    where, slash, bare = value.partition("/")
    if not slash or not where or not bare:
        return "sidecar egress host must be of form namespace/dnsName"
    return scoped_host(value)


SIDECAR = shape(
    workloadSelector=WORKLOAD_SELECTOR,
    ingress=many(
        shape(
            port=SIDECAR_PORT, bind=TEXT, captureMode=CAPTURE, defaultEndpoint=TEXT,
            tls=SERVER_TLS, connectionPool=CONNECTION_POOL, required=("port",),
        )
    ),
    egress=many(
        shape(
            port=SIDECAR_PORT, bind=TEXT, captureMode=CAPTURE,
            hosts=many(Text(least=1, checks=(egress_host,)), at_least=1), required=("hosts",),
        )
    ),
    inboundConnectionPool=CONNECTION_POOL,
    outboundTrafficPolicy=shape(
        mode=one_of("REGISTRY_ONLY", "ALLOW_ANY"), egressProxy=DESTINATION
    ),
)  # fmt: skip
