"""IST0177: ServiceEntries that disagree about the protocol of one host's port."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import SERVICE_ENTRY, Cluster, Object, mappings, number, text, texts
from routing.checks.istio.mesh_hosts import meet
from routing.checks.rule import RIVALS, found, named

Claim = tuple[Object, str]


def service_entry_protocols(cluster: Cluster) -> Iterator[Finding]:
    claims: dict[tuple[str, int], list[Claim]] = {}
    for entry in cluster.of(SERVICE_ENTRY):
        for _, port in mappings(entry.spec, "ports"):
            protocol = text(port, "protocol").upper() or "TCP"
            for host in texts(entry.spec, "hosts"):
                claims.setdefault((host, number(port, "number") or 0), []).append((entry, protocol))
    for (host, at), claimed in claims.items():
        for entry in {id(e): e for e, _ in claimed}.values():
            seen = [(o, p) for o, p in claimed[:RIVALS] if o is entry or meet(entry, o)]
            protocols = sorted({p for _, p in seen})
            if len(protocols) > 1 and len({id(o) for o, _ in seen}) > 1:
                names = named(o.full for o, _ in seen)
                words = (names, host, at, ", ".join(protocols))
                yield found("IST0177", entry, "spec.ports", *words)
