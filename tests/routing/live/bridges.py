"""What stands around a proxy under test, in the same Envoy: backends that speak HTTP/2, a way in for
HTTP/2 without TLS, and a certificate that control would have sent."""

from pathlib import Path
from typing import Any

from proxy.xds.messages import TYPE_URL
from routing.ir import ProxyConfig
from tests.routing.live.mesh import GRPC, Amend
from tests.routing.self_signed import self_signed
from topology.contracts import AppProtocol

HCM = "envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
BRIDGE = "envoy.extensions.filters.http.grpc_http1_reverse_bridge.v3.FilterConfig"
ROUTER = "envoy.extensions.filters.http.router.v3.Router"
HTTP2 = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"
SDS = "tls_certificate_sds_secret_configs"
FRONT = "front"
"""The socket where requests of HTTP/1.1 become HTTP/2 towards the proxy's first port."""

Json = dict[str, Any]


def around(config: ProxyConfig) -> Amend:
    """Puts all of it around the proxy."""
    places = http2_places(config)

    def amend(bootstrap: Json, folder: Path) -> set[tuple[str, int]]:
        static = bootstrap["static_resources"]
        with_certificates(static["listeners"], certificate())
        for address, port in sorted(places):
            name = f"{address}:{port}"
            static["clusters"].append(cluster(name, {"pipe": {"path": str(folder / name)}}))
            at = {"socket_address": {"address": address, "port_value": port}}
            static["listeners"].append(listener(name, at, bridged=True))
        if config.gateways:
            to = config.gateways[0]
            at = {"socket_address": {"address": to.address, "port_value": to.port}}
            static["clusters"].append(cluster(FRONT, at, http2=True))
            socket = {"pipe": {"path": str(folder / FRONT)}}
            static["listeners"].append(listener(FRONT, socket, bridged=False))
        return places

    return amend


def http2_places(config: ProxyConfig) -> set[tuple[str, int]]:
    """Where clusters of HTTP/2 lead."""
    clusters = [c for c in config.clusters if c.protocol in (AppProtocol.HTTP2, AppProtocol.GRPC)]
    names = {c.name for c in clusters}
    endpoints = [e for c in clusters for e in c.endpoints]
    endpoints += [e for a in config.endpoints if a.cluster in names for e in a.endpoints]
    return {
        (e.address, e.port)
        for e in endpoints
        if e.address.startswith("127.") and e.address != config.proxy.address
    }


def cluster(name: str, address: Json, *, http2: bool = False) -> Json:
    endpoint = {"endpoint": {"address": address}}
    made: Json = {
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": [endpoint]}]},
    }
    if http2:
        options: Json = {"explicit_http_config": {"http2_protocol_options": {}}}
        made["typed_extension_protocol_options"] = {HTTP2: typed(HTTP2, **options)}
    return made


def listener(name: str, address: Json, *, bridged: bool) -> Json:
    """Takes HTTP/1.1 and HTTP/2; `bridged` turns gRPC into HTTP/1.1 without frames."""
    bridge = {
        "name": "bridge",
        "typed_config": typed(BRIDGE, content_type=GRPC, withhold_grpc_frames=True),
    }
    router = {"name": "router", "typed_config": typed(ROUTER)}
    manager = typed(
        HCM,
        stat_prefix=name,
        route_config={
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [{"match": {"prefix": "/"}, "route": {"cluster": name}}],
                }
            ]
        },
        http_filters=[*([bridge] if bridged else []), router],
    )
    return {
        "name": name,
        "address": address,
        "filter_chains": [{"filters": [{"name": "http", "typed_config": manager}]}],
    }


def typed(kind: str, **fields: Any) -> Json:
    return {"@type": f"{TYPE_URL}{kind}", **fields}


def with_certificates(value: Any, pem: tuple[str, str]) -> None:
    """Certificates in place of the names of those that control has."""
    if isinstance(value, list):
        for one in value:
            with_certificates(one, pem)
    elif isinstance(value, dict):
        if value.pop(SDS, None) is not None:
            chain, key = ({"inline_string": part} for part in pem)
            value["tls_certificates"] = [{"certificate_chain": chain, "private_key": key}]
        for one in value.values():
            with_certificates(one, pem)


def certificate() -> tuple[str, str]:
    """A certificate nobody has a reason to trust, and its key (PEM)."""
    made = self_signed("example.org")
    return made.certificate_pem, made.key_pem
