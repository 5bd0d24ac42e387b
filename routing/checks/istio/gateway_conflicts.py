"""IST0145: two Gateways that serve the same host on the same port of the same workloads."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    GATEWAY,
    Body,
    Cluster,
    Object,
    mappings,
    number,
    part,
    string_map,
    text,
    texts,
)
from routing.checks.rule import RIVALS, found, named

Listening = tuple[Object, int, Body]
"""A Gateway, the index of a server, the server."""


def gateway_conflicts(cluster: Cluster) -> Iterator[Finding]:
    by_port: dict[tuple[int, str], list[Listening]] = {}
    for gateway in cluster.of(GATEWAY):
        for i, server in mappings(gateway.spec, "servers"):
            port = number(part(server, "port"), "number") or 0
            by_host = {host for _, host in scoped(gateway, server)}
            for host in by_host:
                by_port.setdefault((port, host), []).append((gateway, i, server))
    seen: set[tuple[str, int]] = set()
    for (port, _), listening in by_port.items():
        for gateway, i, server in listening:
            others = [
                o for o, _, its in listening[:RIVALS] if clash(cluster, (gateway, server), (o, its))
            ]
            if others and (gateway.full, i) not in seen:
                seen.add((gateway.full, i))
                path = f"spec.servers[{i}].hosts"
                names = named(o.full for o in others)
                yield found("IST0145", gateway, path, names, texts(server, "hosts"), port)


def scoped(gateway: Object, server: Body) -> set[tuple[str, str]]:
    """(namespace, host) of each host of a server."""
    result = set()
    for given in texts(server, "hosts"):
        namespace, _, host = given.rpartition("/")
        result.add((gateway.namespace if namespace == "." else namespace or "*", host))
    return result


def clash(cluster: Cluster, one: tuple[Object, Body], other: tuple[Object, Body]) -> bool:
    if one[0] is other[0] or text(one[1], "bind") != text(other[1], "bind"):
        return False
    mine, theirs = (string_map(g.spec, "selector") for g, _ in (one, other))
    return same_workloads(cluster, mine, theirs) and any(
        host == its and ("*" in (namespace, where) or namespace == where)
        for namespace, host in scoped(*one)
        for where, its in scoped(*other)
    )


def same_workloads(cluster: Cluster, one: Mapping[str, str], other: Mapping[str, str]) -> bool:
    """Whether some workload is, or would be, selected by both."""
    if one.items() <= other.items() or other.items() <= one.items():
        return True
    return bool(cluster.workloads_with({**one, **other})) and all(
        other.get(key, value) == value for key, value in one.items()
    )
