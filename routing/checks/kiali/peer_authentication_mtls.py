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
    using = [r for r in wide if covers_mesh(r) and client_mode(r) in MUTUAL]
    if mode_of(policy) == "STRICT" and not using and not is_automatic(cluster):
        yield found("KIA0401", policy, MODE)
    if mode_of(policy) == "DISABLE" and using:
        yield found("KIA0506", policy, MODE, using[0].full)


def namespace_wide(cluster: Cluster, policy: Object, wide: Rules) -> Iterator[Finding]:
    own = [r for r in wide if covers_namespace(r, policy.namespace)]
    others = [r for r in wide if covers_mesh(r)]
    using = [r for r in (*own, *others) if client_mode(r) in MUTUAL]
    if mode_of(policy) == "STRICT" and not using and not is_automatic(cluster):
        yield found("KIA0501", policy, MODE, policy.namespace)
    refusing = any(client_mode(r) == "DISABLE" for r in own)
    if mode_of(policy) == "DISABLE" and using and not refusing:
        yield found("KIA0505", policy, MODE, using[0].full)
