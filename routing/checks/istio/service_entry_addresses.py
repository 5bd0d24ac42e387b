"""IST0134: a TCP port of a ServiceEntry needs an address to be recognised by."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    PROXY_CONFIG,
    SERVICE_ENTRY,
    Body,
    Cluster,
    mappings,
    part,
    text,
    texts,
)
from routing.checks.rule import found

TCP = ("", "TCP")


def service_entry_addresses(cluster: Cluster) -> Iterator[Finding]:
    if allocates(cluster):
        return
    for entry in cluster.of(SERVICE_ENTRY):
        if texts(entry.spec, "addresses"):
            continue
        for i, port in mappings(entry.spec, "ports"):
            if text(port, "protocol").upper() in TCP:
                yield found("IST0134", entry, f"spec.ports[{i}].protocol")


def allocates(cluster: Cluster) -> bool:
    """Whether proxies give each entry an address by themselves."""
    root = [c for c in cluster.of(PROXY_CONFIG) if c.namespace == cluster.root_namespace]
    variables: list[Body] = [
        part(cluster.mesh, "defaultConfig", "proxyMetadata"),
        *(part(c.spec, "environmentVariables") for c in root),
    ]
    return any(
        str(one.get(name, "")).lower() == "true"
        for one in variables
        for name in ("PILOT_ENABLE_IP_AUTOALLOCATE", "ISTIO_META_DNS_AUTO_ALLOCATE")
    )
