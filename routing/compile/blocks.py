"""Hosts that are known by blocks of addresses: a request that names an address in one is for them.

There is no original destination: an application that wants an address asks its egress port for it, by
Host or CONNECT. A name in a route's domains cannot be a block, so these routes look at the authority.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from ipaddress import IPv4Network, ip_network

from routing.compile.upstreams import default_port
from routing.compile.weights import Reachable
from routing.ir import HeaderMatch, MatchKind, Route, StringMatch, VirtualHost

NUMBER = "[0-9]{1,3}"


@dataclass(frozen=True, slots=True)
class Block:
    """The virtual host that a block of addresses means, and the authorities that name one of them."""

    host: str
    authority: str


def blocks(known: Reachable) -> tuple[Block, ...]:
    """Narrow ones first."""
    found = sorted(all_blocks(known), key=lambda pair: (-pair[0].prefixlen, str(pair[0])))
    return tuple(block for _, block in found)


def all_blocks(known: Reachable) -> Iterator[tuple[IPv4Network, Block]]:
    for upstream in known.upstreams.values():
        for written in upstream.entry.addresses if upstream.entry else ():
            network = ip_network(written, strict=False)
            if "/" not in written or not isinstance(network, IPv4Network):
                continue
            for port in upstream.ports:
                optional = "?" if default_port(upstream) == port.number else ""
                authority = f"{pattern(network)}(?::{port.number}){optional}"
                yield network, Block(f"{upstream.host}:{port.number}", authority)


def pattern(network: IPv4Network) -> str:
    """An expression for the addresses of a block, as they are usually written."""
    first = network.network_address.packed
    last = network.broadcast_address.packed
    return r"\.".join(octet(low, high) for low, high in zip(first, last, strict=True))


def octet(low: int, high: int) -> str:
    if low == high:
        return str(low)
    if (low, high) == (0, 255):
        return NUMBER
    return f"(?:{'|'.join(str(number) for number in range(low, high + 1))})"


def block_routes(known: tuple[Block, ...], hosts: tuple[VirtualHost, ...]) -> tuple[Route, ...]:
    """The routes of the hosts, for requests that name one of their addresses."""
    by_name = {host.name: host for host in hosts}
    return tuple(
        replace(route, match=replace(route.match, headers=(*route.match.headers, named(block))))
        for block in known
        if block.host in by_name
        for route in by_name[block.host].routes
    )


def named(block: Block) -> HeaderMatch:
    match = StringMatch(kind=MatchKind.REGEX, value=block.authority)
    return HeaderMatch(name=":authority", match=match)
