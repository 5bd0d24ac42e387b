"""The ports a pod's application calls the mesh through."""

from google.protobuf.message import Message

from proxy.xds import telemetry
from proxy.xds.fields import Fields
from proxy.xds.http_connection_manager import Connection, http_connection_manager
from proxy.xds.listener import address_ranges, listener
from proxy.xds.options import Options
from proxy.xds.tcp_proxy import tcp_proxy
from proxy.xds.telemetry import Side
from routing.ir import OutboundHttpListener, OutboundTcpListener, Proxy, TcpRoute


def outbound_http(port: OutboundHttpListener, proxy: Proxy, options: Options) -> Message:
    connection = Connection(
        side=telemetry.outbound(proxy, options), route_config=port.route_config, proxying=True
    )
    chain = {"name": "http", "filters": [http_connection_manager(connection, proxy, options)]}
    return listener(host=port.address, port=port.port, chains=[chain], direction="OUTBOUND")


def outbound_tcp(port: OutboundTcpListener, proxy: Proxy, options: Options) -> Message:
    side = telemetry.outbound_tcp(proxy, port, options)
    others = TcpRoute(clusters=port.clusters, tunnel=port.tunnel)
    chains = [
        _chain(f"tcp.{i}", route, side, proxy, options) for i, route in enumerate(port.routes)
    ]
    return listener(
        host=port.address,
        port=port.port,
        chains=[*chains, _chain("tcp", others, side, proxy, options)],
        inspect_tls=any(route.server_names for route in port.routes),
        direction="OUTBOUND",
        origin=port.origin,
    )


def _chain(name: str, route: TcpRoute, side: Side, proxy: Proxy, options: Options) -> Fields:
    """Connections of one route; the one that asks for nothing takes what the others leave."""
    first = route.clusters[0].cluster
    match = address_ranges(route.destinations, route.sources)
    if route.server_names:
        match["transport_protocol"] = "tls"
        # "*" is any name, which no name at all says to Envoy
        if "*" not in route.server_names:
            match["server_names"] = list(route.server_names)
    made: Fields = {
        "name": name,
        "filters": [tcp_proxy(first, route.clusters, side, proxy, options, route.tunnel)],
    }
    return {**made, "filter_chain_match": match} if match else made
