"""The rates of each protocol: their names, how traffic adds to them, how they are written."""

from collections.abc import Mapping
from dataclasses import dataclass

from topology.kiali.nodes import Edge, Node, Response

GRPC, HTTP, TCP = "grpc", "http", "tcp"
NO_RESPONSE = "-"


@dataclass(frozen=True, slots=True)
class Protocol:
    """`errors` are the suffixes of rates that count as failures, `others` of those that do not.

    Names are `http`, `http5xx` on an edge; `httpIn`, `httpIn5xx`, `httpOut` on a node.
    """

    name: str
    errors: tuple[str, ...] = ()
    others: tuple[str, ...] = ()
    percents: bool = True

    @property
    def parts(self) -> tuple[str, ...]:
        return (*self.errors, *self.others)

    @property
    def edge_rates(self) -> tuple[str, ...]:
        return (self.name, *(f"{self.name}{part}" for part in self.parts))

    @property
    def node_rates(self) -> tuple[str, ...]:
        inbound = (f"{self.name}In", *(f"{self.name}In{part}" for part in self.parts))
        return (*inbound, self.outbound)

    @property
    def outbound(self) -> str:
        return f"{self.name}Out"


PROTOCOLS: Mapping[str, Protocol] = {
    GRPC: Protocol(GRPC, errors=("NoResponse", "Err")),
    HTTP: Protocol(HTTP, errors=("NoResponse", "4xx", "5xx"), others=("3xx",)),
    TCP: Protocol(TCP, percents=False),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """What one series adds: `value` per second, with one outcome."""

    protocol: str
    value: float
    code: str = ""
    flags: str = ""
    host: str = ""


def failed_over_http(code: str) -> bool:
    return code.startswith(("4", "5"))


def add(traffic: Traffic, edge: Edge) -> None:
    """To the edge, and to both of its ends. Unknown protocols have no rates."""
    leave(traffic, edge.source)
    carry(traffic, edge)
    arrive(traffic, edge.target)


def leave(traffic: Traffic, node: Node) -> None:
    protocol = PROTOCOLS.get(traffic.protocol)
    if protocol is not None:
        _grow(node.rates, protocol.outbound, traffic.value)


def arrive(traffic: Traffic, node: Node) -> None:
    protocol = PROTOCOLS.get(traffic.protocol)
    if protocol is not None:
        for part in _parts(protocol.name, traffic.code):
            _grow(node.rates, f"{protocol.name}In{part}", traffic.value)


def carry(traffic: Traffic, edge: Edge) -> None:
    protocol = PROTOCOLS.get(traffic.protocol)
    if traffic.value <= 0 or protocol is None:
        return
    for part in _parts(protocol.name, traffic.code):
        _grow(edge.rates, f"{protocol.name}{part}", traffic.value)
    code = NO_RESPONSE if protocol.name == TCP else traffic.code or NO_RESPONSE
    _note(edge, code, traffic.flags, traffic.host, traffic.value)


def _parts(name: str, code: str) -> tuple[str, ...]:
    """All of it, and that of its outcome."""
    part = _part(name, code)
    return ("", part) if part else ("",)


def _part(name: str, code: str) -> str:
    if name == TCP:
        return ""
    if code == NO_RESPONSE:
        return "NoResponse"
    if name == GRPC:
        over_http = len(code) == 3  # a call that ended before it had a status
        failed = failed_over_http(code) if over_http else code not in ("0", "")
        return "Err" if failed else ""
    return f"{code[0]}xx" if code[:1] in ("3", "4", "5") else ""


def _grow(rates: dict[str, float], name: str, value: float) -> None:
    if value > 0:
        rates[name] = rates.get(name, 0.0) + value


def _note(edge: Edge, code: str, flags: str, host: str, value: float) -> None:
    response = edge.responses.setdefault(code, Response())
    if flags:
        response.flags[flags] = response.flags.get(flags, 0.0) + value
    if host:
        response.hosts[host] = response.hosts.get(host, 0.0) + value


def send(node: Node, edge: Edge) -> None:
    """The edge's traffic leaves the node, too."""
    for protocol in PROTOCOLS.values():
        _grow(node.rates, protocol.outbound, edge.rates.get(protocol.name, 0.0))


def send_nothing(node: Node) -> None:
    for protocol in PROTOCOLS.values():
        node.rates.pop(protocol.outbound, None)


def gather(edge: Edge, into: Edge) -> None:
    """The traffic of one edge becomes part of another of the same protocol."""
    protocol = PROTOCOLS.get(edge.protocol)
    if protocol is None:
        return
    for name in protocol.edge_rates:
        if not name.endswith("NoResponse"):
            _grow(into.rates, name, edge.rates.get(name, 0.0))
    for code, response in list(edge.responses.items()):
        for flags, value in list(response.flags.items()):
            _note(into, code, flags, "", value)
        for host, value in list(response.hosts.items()):
            _note(into, code, "", host, value)
