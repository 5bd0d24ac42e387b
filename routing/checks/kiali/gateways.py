"""KIA0301, KIA0302: Gateways that serve the same, or that nobody carries out."""

from collections.abc import Iterator, Mapping

from rest.contracts import Finding
from routing.checks.cluster import (
    GATEWAY,
    Cluster,
    Object,
    mappings,
    number,
    part,
    string_map,
    texts,
    wild_match,
)
from routing.checks.rule import found

Claim = tuple[Object, str, str]
"""A Gateway, the path of a host in it, the host."""


def gateways(cluster: Cluster) -> Iterator[Finding]:
    claims: dict[tuple[tuple[tuple[str, str], ...], int], list[Claim]] = {}
    for gateway in cluster.of(GATEWAY):
        selector = string_map(gateway.spec, "selector")
        if selector and not cluster.workloads_with(selector):
            yield found("KIA0302", gateway, "spec.selector", shown(selector))
        for i, server in mappings(gateway.spec, "servers"):
            port = number(part(server, "port"), "number") or 0
            key = (tuple(sorted(selector.items())), port)
            for j, host in enumerate(texts(server, "hosts")):
                path = f"spec.servers[{i}].hosts[{j}]"
                claims.setdefault(key, []).append((gateway, path, host.rpartition("/")[2]))
    for (_, port), members in claims.items():
        yield from duplicates(members, port)


def shown(selector: Mapping[str, str]) -> str:
    return ", ".join(f"{k}={v}" for k, v in sorted(selector.items()))


def duplicates(members: list[Claim], port: int) -> Iterator[Finding]:
    exact: dict[str, list[Claim]] = {}
    for claim in members:
        exact.setdefault(claim[2], []).append(claim)
    wild = [claim for claim in members if claim[2].startswith("*")]
    for gateway, path, host in members:
        near = members if host.startswith("*") else [*exact[host], *wild]
        other = next((o for o, _, h in near if o is not gateway and wild_match(host, h)), None)
        if other is not None:
            yield found("KIA0301", gateway, path, other.full, host, port)
