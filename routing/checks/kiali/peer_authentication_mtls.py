"""KIA0401, KIA0501, KIA0505, KIA0506: clients do what PeerAuthentications ask for."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import PEER_AUTHENTICATION, Cluster, Object, part
from routing.checks.kiali.mtls import (
    MUTUAL,
    client_mode,
    covers_mesh,
    covers_namespace,
    is_automatic,
    mode_of,
    wide_rules,
)
from routing.checks.rule import found

MODE = "spec.mtls.mode"
Rules = tuple[Object, ...]


def peer_authentication_mtls(cluster: Cluster) -> Iterator[Finding]:
    wide = wide_rules(cluster)
    for policy in cluster.of(PEER_AUTHENTICATION):
        if part(policy.spec, "selector", "matchLabels"):
            continue
        if policy.namespace == cluster.root_namespace:
            yield from mesh_wide(cluster, policy, wide)
        else:
            yield from namespace_wide(cluster, policy, wide)


def mesh_wide(cluster: Cluster, policy: Object, wide: Rules) -> Iterator[Finding]:
    modes = {client_mode(r) for r in wide if covers_mesh(r)}
    if mode_of(policy) == "STRICT" and lacks_mutual(cluster, modes):
        yield found("KIA0401", policy, MODE)
    if mode_of(policy) == "DISABLE" and lacks_plain(cluster, modes):
        yield found("KIA0506", policy, MODE)


def namespace_wide(cluster: Cluster, policy: Object, wide: Rules) -> Iterator[Finding]:
    own = {client_mode(r) for r in wide if covers_namespace(r, policy.namespace)} - {""}
    modes = own or {client_mode(r) for r in wide if covers_mesh(r)}
    if mode_of(policy) == "STRICT" and lacks_mutual(cluster, modes):
        yield found("KIA0501", policy, MODE, policy.namespace)
    if mode_of(policy) == "DISABLE" and lacks_plain(cluster, modes):
        yield found("KIA0505", policy, MODE, policy.namespace)


def lacks_mutual(cluster: Cluster, modes: set[str]) -> bool:
    return not is_automatic(cluster) and not modes & MUTUAL


def lacks_plain(cluster: Cluster, modes: set[str]) -> bool:
    """Clients that find out by themselves need to be told only what somebody told them wrong."""
    return bool(modes & MUTUAL) if is_automatic(cluster) else "DISABLE" not in modes
