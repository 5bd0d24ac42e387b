"""A pod's ports as the mesh reaches them: mTLS, plain text, or both.

The TLS chain is the same message in PERMISSIVE and STRICT, and while both are in force: Envoy
keeps a chain that did not change, so a switch leaves its connections alone. It does so only while
nothing but chains differs, so the listener does not say which PeerAuthentication it is made from.
"""

from google.protobuf.message import Message

from proxy.xds import telemetry, tls
from proxy.xds.authorization import network_filters
from proxy.xds.fields import Fields
from proxy.xds.http_connection_manager import Connection, http_connection_manager
from proxy.xds.listener import listener
from proxy.xds.options import Options
from proxy.xds.tcp_proxy import tcp_proxy
from routing.ir import InboundListener, MtlsMode, OwnTls, Proxy, WeightedCluster

_ACCEPT_TLS = frozenset({MtlsMode.PERMISSIVE, MtlsMode.STRICT})
_ACCEPT_PLAIN = frozenset({MtlsMode.PERMISSIVE, MtlsMode.DISABLE})


def inbound(port: InboundListener, proxy: Proxy, options: Options) -> Message:
    chains: list[Fields] = []
    if port.modes & _ACCEPT_TLS:
        chains.append(_tls_chain(port, proxy, options))
    if port.tls is not None:
        chains.append(_own_tls_chain(port, port.tls, proxy, options))
    elif port.modes & _ACCEPT_PLAIN:
        chains.append(_plain_chain(port, proxy, options))
    return listener(
        host=port.address,
        port=port.port,
        chains=chains,
        inspect_tls=True,
        direction="INBOUND",
    )


def _tls_chain(port: InboundListener, proxy: Proxy, options: Options) -> Fields:
    http = port.protocol.is_http
    alpn = ("h2", "http/1.1") if http else (tls.MESH_ALPN,)
    match: Fields = {"transport_protocol": "tls"}
    if not http:
        match["application_protocols"] = [tls.MESH_ALPN]
    return {
        "name": "mtls",
        "filter_chain_match": match,
        "filters": _filters(port, proxy, options, mtls=True),
        "transport_socket": tls.mesh_downstream(trust_domain=options.trust_domain, alpn=alpn),
    }


def _own_tls_chain(port: InboundListener, own: OwnTls, proxy: Proxy, options: Options) -> Fields:
    return {
        "name": "tls",
        "filter_chain_match": {"transport_protocol": "tls"},
        "filters": _filters(port, proxy, options, mtls=False),
        "transport_socket": tls.gateway(own.mode, own.secret, own.settings),
    }


def _plain_chain(port: InboundListener, proxy: Proxy, options: Options) -> Fields:
    # an application's own TLS comes through its plain chain, so only HTTP asks for plain text
    match: Fields = {"transport_protocol": "raw_buffer"} if port.protocol.is_http else {}
    return {
        "name": "plain",
        "filter_chain_match": match,
        "filters": _filters(port, proxy, options, mtls=False),
    }


def _filters(port: InboundListener, proxy: Proxy, options: Options, *, mtls: bool) -> list[Fields]:
    guard = network_filters(port.authorization)
    return [*guard, _last_filter(port, proxy, options, mtls=mtls)]


def _last_filter(port: InboundListener, proxy: Proxy, options: Options, *, mtls: bool) -> Fields:
    side = telemetry.inbound(proxy, port, options, mtls=mtls)
    if not port.route_config:
        target = (WeightedCluster(cluster=port.cluster),)
        return tcp_proxy(port.cluster, target, side, proxy, options)
    connection = Connection(
        side=side, route_config=port.route_config, inbound=True, mtls=mtls, jwt=port.jwt
    )
    return http_connection_manager(connection, proxy, options)
