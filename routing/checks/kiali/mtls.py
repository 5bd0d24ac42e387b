"""What PeerAuthentications and DestinationRules together say about mutual TLS."""

from collections.abc import Iterator

from routing.checks.cluster import (
    DESTINATION_RULE,
    PEER_AUTHENTICATION,
    Cluster,
    Object,
    part,
    selects,
    text,
)

MESH_HOSTS = ("*.local", "*", "*.svc.cluster.local", "*.cluster.local")
MUTUAL = frozenset({"ISTIO_MUTUAL", "MUTUAL"})


def is_automatic(cluster: Cluster) -> bool:
    """Whether clients are known to use mutual TLS by themselves.

    Mesh configuration may say so; where there is none, nothing is assumed.
    """
    return cluster.mesh.get("enableAutoMtls") is True


def mode_of(policy: Object) -> str:
    return text(part(policy.spec, "mtls"), "mode")


def wide_policies(cluster: Cluster, namespace: str) -> Iterator[Object]:
    """PeerAuthentications for all of a namespace."""
    for policy in cluster.within(PEER_AUTHENTICATION, namespace):
        if not part(policy.spec, "selector", "matchLabels"):
            yield policy


def wide_modes(cluster: Cluster, namespace: str) -> set[str]:
    return {mode_of(p) for p in wide_policies(cluster, namespace)} - {"", "UNSET"}


def client_mode(rule: Object) -> str:
    return text(part(rule.spec, "trafficPolicy", "tls"), "mode")


def covers_mesh(rule: Object) -> bool:
    return text(rule.spec, "host") in MESH_HOSTS


def covers_namespace(rule: Object, namespace: str) -> bool:
    return text(rule.spec, "host") == f"*.{namespace}.svc.cluster.local"


def wide_rules(cluster: Cluster) -> tuple[Object, ...]:
    """DestinationRules for more than one host."""
    rules = cluster.of(DESTINATION_RULE)
    return tuple(r for r in rules if text(r.spec, "host").startswith("*"))


def is_strict(cluster: Cluster, namespace: str, labels: dict[str, str]) -> bool:
    """Whether workloads with these labels take mutual TLS only: the narrowest policy says."""
    own = [
        mode_of(p)
        for p in cluster.within(PEER_AUTHENTICATION, namespace)
        if part(p.spec, "selector", "matchLabels")
        and labels
        and selects(part(p.spec, "selector"), labels)
    ]
    for modes in (
        set(own) - {"", "UNSET"},
        wide_modes(cluster, namespace),
        wide_modes(cluster, cluster.root_namespace),
    ):
        if modes:
            return "STRICT" in modes
    return False
