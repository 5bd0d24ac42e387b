"""What the parts of a proxy's configuration are called, for people. Pure."""

from typing import Any

from routing.ir import (
    AuthTerm,
    Endpoint,
    GatewayListener,
    InboundListener,
    OutboundHttpListener,
    OutboundTcpListener,
    WeightedCluster,
)

AnyListener = InboundListener | OutboundHttpListener | OutboundTcpListener | GatewayListener


def listener_name(listener: AnyListener) -> str:
    """ "inbound:9080": the role and the port. Envoy's own name has the pod's address instead."""
    match listener:
        case InboundListener():
            role = "inbound"
        case GatewayListener():
            role = "gateway"
        case OutboundHttpListener() | OutboundTcpListener():
            role = "outbound"
    return f"{role}:{listener.port}"


def part_name(part: Any) -> str | None:
    """The name of one part of a list; None for parts without."""
    if isinstance(part, str):
        return part
    if isinstance(part, WeightedCluster):
        return short_cluster(part.cluster)
    if isinstance(part, Endpoint):
        return f"{part.address}:{part.port}"
    if isinstance(part, AuthTerm):
        return ".".join((part.key, *part.name)) + (" not" if part.invert else "")
    if is_pair(part):
        return str(part[0])
    name = getattr(part, "name", None) or getattr(part, "cluster", None)
    return str(name) if name else None


def is_pair(part: Any) -> bool:
    """Whether it is a (name, value) of a list such as headers."""
    return isinstance(part, tuple) and len(part) == 2 and all(isinstance(p, str) for p in part)


def short_cluster(name: str) -> str:
    """The subset where there is one, else the host, of "outbound|9080|v1|reviews.shop.svc...":"""
    parts = name.split("|")
    if len(parts) != 4:
        return name
    _, port, subset, host = parts
    short = host.removesuffix(".svc.cluster.local")
    return f"{short}:{port} {subset}".rstrip()
