"""KIA0101: the namespaces that an AuthorizationPolicy names exist."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import AUTHORIZATION_POLICY, Cluster
from routing.checks.istio.authorization_policies import like
from routing.checks.kiali.sources import source_texts
from routing.checks.rule import found


def authorization_namespaces(cluster: Cluster) -> Iterator[Finding]:
    for policy in cluster.of(AUTHORIZATION_POLICY):
        for path, namespace in source_texts(policy, "namespaces", "notNamespaces"):
            if not any(like(namespace, known) for known in cluster.namespaces):
                yield found("KIA0101", policy, path, namespace)
