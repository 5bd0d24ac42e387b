"""IST0126: a network's endpoints come from a registry that is known."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import SECRET, Cluster, Object, mappings, part, text
from routing.checks.rule import found

ALWAYS = frozenset({"Kubernetes", "External", "Mock"})


def mesh_networks(cluster: Cluster) -> Iterator[Finding]:
    known = ALWAYS | frozenset(
        str(name)
        for secret in cluster.of(SECRET)
        if secret.labels.get("istio/multiCluster") == "true"
        for name in (*part(secret.body, "data"), *part(secret.body, "stringData"))
    )
    for network in part(cluster.networks, "networks"):
        for i, endpoint in mappings(part(cluster.networks, "networks", network), "endpoints"):
            registry = text(endpoint, "fromRegistry")
            if registry and registry not in known:
                path = f"networks.{network}.endpoints[{i}].fromRegistry"
                yield found("IST0126", holder(cluster), path, registry, network)


def holder(cluster: Cluster) -> Object:
    name, namespace = "meshnetworks", cluster.root_namespace
    return Object(
        group="",
        version="v1alpha1",
        kind="MeshNetworks",
        namespace=namespace,
        name=name,
        written=f"MeshNetworks {namespace}/{name}",
    )
