"""IST0138: one certificate in several Gateways of the same workloads."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    GATEWAY,
    Body,
    Cluster,
    Object,
    mappings,
    part,
    string_map,
    text,
)
from routing.checks.rule import found, named


def gateway_certificates(cluster: Cluster) -> Iterator[Finding]:
    holders: dict[tuple[str, ...], list[Object]] = {}
    for gateway in cluster.of(GATEWAY):
        for certificate in {certificate_of(s) for _, s in mappings(gateway.spec, "servers")}:
            if certificate:
                holders.setdefault(certificate, []).append(gateway)
    for gateways in holders.values():
        for gateway in gateways:
            others = [o.full for o in gateways if o is not gateway and related(gateway, o)]
            if others:
                names = named((gateway.full, *others))
                yield found("IST0138", gateway, "spec.servers", names)


def certificate_of(server: Body) -> tuple[str, ...]:
    tls = part(server, "tls")
    if text(tls, "credentialName"):
        return (text(tls, "credentialName"),)
    files = (text(tls, "serverCertificate"), text(tls, "privateKey"))
    return files if all(files) else ()


def related(one: Object, other: Object) -> bool:
    mine, theirs = string_map(one.spec, "selector"), string_map(other.spec, "selector")
    return mine.items() <= theirs.items() or theirs.items() <= mine.items()
