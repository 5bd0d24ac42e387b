"""MSH2050: health rules that Services and workloads have of their own can be read."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import SERVICE, TEMPLATED, Cluster, template_of
from topology.manifests import unreadable_health_rules


def health_rules(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.of(SERVICE, *TEMPLATED):
        own = one.annotations.items()
        yield from unreadable_health_rules(one.written, "metadata.annotations", own)
    for one in cluster.of(*TEMPLATED):
        pods = template_of(one).annotations.items()
        path = "spec.template.metadata.annotations"
        yield from unreadable_health_rules(one.written, path, pods)
