"""KIA0204 to KIA0208: what DestinationRules say about mutual TLS fits what servers ask for."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import DESTINATION_RULE, Cluster, Object, service_key, text
from routing.checks.kiali.destination_rules import host_of
from routing.checks.kiali.mtls import (
    MUTUAL,
    client_mode,
    covers_mesh,
    covers_namespace,
    is_automatic,
    mode_of,
    wide_modes,
    wide_policies,
    wide_rules,
)
from routing.checks.rule import found

TLS = "spec.trafficPolicy.tls.mode"


def destination_rule_mtls(cluster: Cluster) -> Iterator[Finding]:
    wide = wide_rules(cluster)
    for rule in cluster.of(DESTINATION_RULE):
        host = text(rule.spec, "host")
        parts = host.split(".")
        if covers_mesh(rule):
            yield from mesh_wide(cluster, rule)
        elif parts[0] == "*" and parts[2:] == ["svc", "cluster", "local"]:
            yield from namespace_wide(cluster, rule, parts[1])
        if not client_mode(rule) and not covers_mesh(rule):
            yield from overriding(rule, wide)


def mesh_wide(cluster: Cluster, rule: Object) -> Iterator[Finding]:
    root = cluster.root_namespace
    if client_mode(rule) in MUTUAL and not is_automatic(cluster):
        if not wide_modes(cluster, root) & {"STRICT", "PERMISSIVE"}:
            yield found("KIA0205", rule, TLS)
    elif client_mode(rule) == "DISABLE":
        for policy in wide_policies(cluster, root):
            if mode_of(policy) == "STRICT":
                yield found("KIA0208", rule, TLS, policy.full)


def namespace_wide(cluster: Cluster, rule: Object, namespace: str) -> Iterator[Finding]:
    own = wide_modes(cluster, namespace)
    modes = own or wide_modes(cluster, cluster.root_namespace)
    if client_mode(rule) in MUTUAL and not is_automatic(cluster):
        if not modes & {"STRICT", "PERMISSIVE"}:
            yield found("KIA0206", rule, TLS, namespace)
    elif client_mode(rule) == "DISABLE":
        where = namespace if own else cluster.root_namespace
        for policy in wide_policies(cluster, where):
            if mode_of(policy) == "STRICT":
                yield found("KIA0207", rule, TLS, policy.full)


def overriding(rule: Object, wide: tuple[Object, ...]) -> Iterator[Finding]:
    """A rule for one host hides all of a wider one, its TLS mode too."""
    namespace, _ = service_key(host_of(rule), rule.namespace)
    for wider in wide:
        around = covers_namespace(wider, namespace) or covers_mesh(wider)
        if around and wider is not rule and client_mode(wider) in MUTUAL:
            yield found("KIA0204", rule, "spec.trafficPolicy", wider.full)
            return
