"""IST0101, IST0161: the certificate that a Gateway names exists beside its workloads, and is one."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    GATEWAY,
    SECRET,
    Cluster,
    Object,
    mappings,
    part,
    string_map,
    text,
)
from routing.checks.istio.certificates import is_credential
from routing.checks.rule import found


def gateway_secrets(cluster: Cluster) -> Iterator[Finding]:
    for gateway in cluster.of(GATEWAY):
        selector = string_map(gateway.spec, "selector")
        namespaces = sorted({p.namespace for p in cluster.workloads_with(selector)})
        for i, server in mappings(gateway.spec, "servers"):
            name = text(part(server, "tls"), "credentialName")
            if name and namespaces:
                path = f"spec.servers[{i}].tls.credentialName"
                yield from check(cluster, gateway, path, name, namespaces)


def check(
    cluster: Cluster, gateway: Object, path: str, name: str, namespaces: list[str]
) -> Iterator[Finding]:
    bare = name.removeprefix("kubernetes://").removeprefix("kubernetes-gateway://")
    if "://" in bare or bare.startswith("builtin:"):
        return
    where, _, bare = bare.rpartition("/")
    for namespace in [where] if where else namespaces:
        secret = cluster.get(SECRET, namespace, bare)
        if secret is None:
            yield found("IST0101", gateway, path, "Secret", f"{namespace}/{bare}")
        elif not is_credential(secret.body, cluster.now):
            yield found("IST0161", gateway, path, f"{namespace}/{bare}")
