"""The ports a pod's application calls the mesh through."""

from google.protobuf.message import Message

from proxy.xds import telemetry
from proxy.xds.http_connection_manager import Connection, http_connection_manager
from proxy.xds.listener import listener
from proxy.xds.options import Options
from proxy.xds.tcp_proxy import tcp_proxy
from routing.ir import OutboundHttpListener, OutboundTcpListener, Proxy


def outbound_http(port: OutboundHttpListener, proxy: Proxy, options: Options) -> Message:
    connection = Connection(
        side=telemetry.outbound(proxy, options), route_config=port.route_config, proxying=True
    )
    chain = {"name": "http", "filters": [http_connection_manager(connection, proxy, options)]}
    return listener(host=port.address, port=port.port, chains=[chain], direction="OUTBOUND")


def outbound_tcp(port: OutboundTcpListener, proxy: Proxy, options: Options) -> Message:
    side = telemetry.outbound_tcp(proxy, port, options)
    name = port.clusters[0].cluster
    chain = {"name": "tcp", "filters": [tcp_proxy(name, port.clusters, side, proxy, options)]}
    return listener(
        host=port.address,
        port=port.port,
        chains=[chain],
        direction="OUTBOUND",
        origin=port.origin,
    )
