"""KIA0105: who calls is known only through mutual TLS."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import AUTHORIZATION_POLICY, Cluster, string_map
from routing.checks.kiali.mtls import is_automatic, is_strict
from routing.checks.kiali.sources import condition_keys, source_texts
from routing.checks.rule import found

KEYS = ("principals", "notPrincipals", "namespaces", "notNamespaces")
CONDITIONS = ("source.principal", "source.namespace")


def authorization_mtls(cluster: Cluster) -> Iterator[Finding]:
    if is_automatic(cluster):
        return
    for policy in cluster.of(AUTHORIZATION_POLICY):
        labels = string_map(policy.spec, "selector", "matchLabels")
        if is_strict(cluster, policy.namespace, labels):
            continue
        for path, _ in source_texts(policy, *KEYS):
            yield found("KIA0105", policy, path, path.rpartition(".")[2].partition("[")[0])
        for path, key in condition_keys(policy):
            if key in CONDITIONS:
                yield found("KIA0105", policy, path, key)
