"""Which filter chain of a listener takes a connection, or why none does."""

from dataclasses import dataclass

from routing.explain.answer import Listening
from routing.explain.question import Connection
from routing.ir import (
    GatewayListener,
    GatewayServer,
    GatewayTlsMode,
    InboundListener,
    MtlsMode,
    Origin,
)

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


def gateway(port: GatewayListener, connection: Connection) -> Taken:
    """Plain servers share one chain; TLS servers are found by the server name."""
    if not connection.tls:
        server = next((s for s in port.servers if s.tls_mode is None), None)
        refused = "" if server else "the port speaks TLS only, and the client plain text"
        reason = "the port's plain chain takes every host"
    else:
        server, reason = _by_name(port, connection.sni)
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


def _by_name(port: GatewayListener, sni: str) -> tuple[GatewayServer | None, str]:
    """The exact name, the longest wildcard, then servers for any name."""
    servers = [s for s in port.servers if s.tls_mode is not None]
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
