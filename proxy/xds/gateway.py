"""A gateway's ports: plain, TLS by server name, and TLS passed through."""

from google.protobuf.message import Message

from proxy.xds import telemetry, tls
from proxy.xds.authorization import network_filters
from proxy.xds.fields import Fields
from proxy.xds.http_connection_manager import Connection, http_connection_manager
from proxy.xds.listener import address_ranges, listener
from proxy.xds.options import Options
from proxy.xds.tcp_proxy import tcp_proxy
from routing.ir import GatewayListener, GatewayServer, GatewayTlsMode, Proxy

_PASSED_ON = (GatewayTlsMode.PASSTHROUGH, GatewayTlsMode.AUTO_PASSTHROUGH)


def gateway(port: GatewayListener, proxy: Proxy, options: Options) -> Message:
    """All plain HTTP servers of a port are one chain: their hosts are told apart by routes."""
    plain = [server for server in port.servers if server.tls_mode is None]
    secure = [server for server in port.servers if server.tls_mode is not None]
    chains = [_chain(server, proxy, options) for server in [*plain, *secure]]
    return listener(
        host=port.address,
        port=port.port,
        chains=chains,
        inspect_tls=bool(secure),
        shared=True,
        origin=port.servers[0].origin if port.servers else None,
    )


def _chain(server: GatewayServer, proxy: Proxy, options: Options) -> Fields:
    chain: Fields = {"name": server.name, "filters": _filters(server, proxy, options)}
    match = _match(server)
    if match:
        chain["filter_chain_match"] = match
    if server.tls_mode is None:
        return chain
    if server.tls_mode is GatewayTlsMode.ISTIO_MUTUAL:
        chain["transport_socket"] = tls.mesh_downstream(
            trust_domain=options.trust_domain, alpn=("h2", "http/1.1")
        )
    elif server.tls_mode not in _PASSED_ON:
        chain["transport_socket"] = tls.gateway(server.tls_mode, server.secret, server.tls)
    return chain


def _filters(server: GatewayServer, proxy: Proxy, options: Options) -> list[Fields]:
    guard = network_filters(server.authorization)
    return [*guard, _last_filter(server, proxy, options)]


def _match(server: GatewayServer) -> Fields:
    names = [name for name in server.server_names if name != "*"]
    match = address_ranges(server.destinations, server.sources)
    if server.tls_mode is None:
        return match
    match["transport_protocol"] = "tls"
    if names and "*" not in server.server_names:
        match["server_names"] = names
    return match


def _last_filter(server: GatewayServer, proxy: Proxy, options: Options) -> Fields:
    if server.tcp_clusters:
        side = telemetry.passthrough(proxy, options)
        return tcp_proxy(server.name, server.tcp_clusters, side, proxy, options, server.tunnel)
    inside = server.tls_mode is GatewayTlsMode.ISTIO_MUTUAL
    connection = Connection(
        side=telemetry.outbound(proxy, options),
        route_config=server.route_config,
        edge=not inside,
        mtls=inside,
        jwt=server.jwt,
    )
    return http_connection_manager(connection, proxy, options)
