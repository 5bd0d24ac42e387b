"""Which filter chain of a listener takes a connection, or why none does."""

from dataclasses import dataclass
from ipaddress import ip_address, ip_network

from routing.explain.answer import Listening
from routing.explain.question import Connection
from routing.ir import (
    GatewayListener,
    GatewayServer,
    GatewayTlsMode,
    InboundListener,
    MtlsMode,
    Origin,
    OutboundTcpListener,
    WeightedCluster,
)

LOCAL = "127.0.0.1"
ACCEPT_TLS = frozenset({MtlsMode.PERMISSIVE, MtlsMode.STRICT})
ACCEPT_PLAIN = frozenset({MtlsMode.PERMISSIVE, MtlsMode.DISABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A gateway's chain: its server, or None where the connection is refused."""

    listening: Listening
    server: GatewayServer | None = None


def inbound(port: InboundListener, connection: Connection) -> Listening:
    chain, reason, refused = _inbound(port, connection)
    return _listening(port.address, port.port, port.origin, chain, reason, refused)


def _inbound(port: InboundListener, connection: Connection) -> tuple[str, str, str]:
    modes = " and ".join(sorted(port.modes))
    tls, plain = port.modes & ACCEPT_TLS, port.modes & ACCEPT_PLAIN
    http = port.protocol.is_http
    if port.tls is not None:
        if connection.tls and not connection.is_mesh:
            return "tls", f"TLS {port.tls.mode} ends here, with a certificate of the port's own", ""
        return "", "", f"the port takes TLS {port.tls.mode} only, with a certificate of its own"
    if not connection.tls:
        if plain:
            return "plain", f"{modes} takes plain text", ""
        return "", "", f"{modes} takes mTLS only, and the client speaks plain text"
    if connection.is_mesh and tls:
        return "mtls", f"{modes} takes mTLS, and the client shows {connection.principal}", ""
    if not http and plain and not connection.is_mesh:
        return "plain", "TLS of the application's own is passed on", ""
    if tls:
        return "", "", "the client speaks TLS without showing a certificate of the mesh"
    return "", "", f"{modes} takes plain text only, and the client speaks TLS"


def outbound_tcp(
    port: OutboundTcpListener, sni: str
) -> tuple[Listening, tuple[WeightedCluster, ...]]:
    """The route for this server name and these addresses, else the port's own clusters."""
    fitting = [
        (_closeness(one.destinations, port.address), named, _closeness(one.sources, LOCAL), one)
        for one in port.routes
        if (named := _names(one.server_names, sni)) is not None
    ]
    chosen = [one for one in fitting if one[0] is not None and one[2] is not None]
    route = max(chosen, key=lambda one: (one[0] or 0, one[1], one[2] or 0))[3] if chosen else None
    origin = route.origin if route else port.origin
    reason = "the port that the sidecar opens for this service"
    if route:
        reason += f", for {', '.join((*route.server_names, *route.destinations, *route.sources))}"
    listening = _listening(port.address, port.port, origin, "tcp", reason, "")
    return listening, route.clusters if route else port.clusters


def _names(wanted: tuple[str, ...], sni: str) -> int | None:
    """How closely server names name it: the longer, the closer; None: not at all."""
    if not wanted:
        return 0
    name = sni.lower()
    found = [len(one) for one in wanted if _named(one.lower(), name)]
    return max(found, default=None)


def _named(wanted: str, name: str) -> bool:
    if wanted == "*":
        return bool(name)
    return name.endswith(wanted[1:]) if wanted.startswith("*") else name == wanted


def _closeness(blocks: tuple[str, ...], address: str) -> int | None:
    """The longest of the blocks that the address is in; 0 where any will do, None: in none."""
    if not blocks:
        return 0
    networks = [ip_network(one, strict=False) for one in blocks]
    found = [one.prefixlen for one in networks if ip_address(address) in one]
    return max(found, default=None)


def _for_addresses(server: GatewayServer, connection: Connection) -> bool:
    return (
        _closeness(server.destinations, connection.to_address or LOCAL) is not None
        and _closeness(server.sources, connection.address) is not None
    )


def gateway(port: GatewayListener, connection: Connection) -> Taken:
    """Plain HTTP servers share one chain; TLS servers are found by the server name."""
    servers = [one for one in port.servers if _for_addresses(one, connection)]
    if not connection.tls:
        plain = [s for s in servers if s.tls_mode is None]
        server = max(plain, key=lambda s: len(s.destinations) + len(s.sources), default=None)
        refused = "" if server else "the port speaks TLS only, and the client plain text"
        reason = "the port's plain chain takes every host"
    else:
        server, reason = _by_name(servers, connection.sni)
        refused = "" if server else f'no server of the port has the name "{connection.sni}"'
        if server and server.tls_mode is GatewayTlsMode.ISTIO_MUTUAL and not connection.is_mesh:
            refused = "ISTIO_MUTUAL asks for a certificate of the mesh"
    first = server or (port.servers[0] if port.servers else None)
    listening = _listening(
        port.address,
        port.port,
        first.origin if first else None,
        server.name if server else "",
        "" if refused else reason,
        refused,
    )
    return Taken(listening=listening, server=None if refused else server)


def _by_name(every: list[GatewayServer], sni: str) -> tuple[GatewayServer | None, str]:
    """The exact name, the longest wildcard, then servers for any name."""
    servers = [s for s in every if s.tls_mode is not None]
    named = {
        name.lower(): s for s in reversed(servers) if "*" not in s.server_names
        for name in s.server_names
    }  # fmt: skip
    name = sni.lower()
    if name in named:
        return named[name], f'the server name is "{name}"'
    labels = name.split(".")
    for index in range(1, len(labels)):
        pattern = "*." + ".".join(labels[index:])
        if pattern in named:
            return named[pattern], f'"{name}" is under "{pattern}"'
    rest = next((s for s in servers if "*" in s.server_names), None)
    return rest, "the server takes every name"


def _listening(
    address: str, port: int, origin: Origin | None, chain: str, reason: str, refused: str
) -> Listening:
    return Listening(
        address=address,
        port=port,
        chain=chain,
        reason=reason,
        refused=refused,
        resource=str(origin.resource) if origin else "",
        path=origin.path if origin else "",
    )
