"""IST0101: a Gateway whose selector finds no workload."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import GATEWAY, Cluster, string_map
from routing.checks.rule import found


def gateway_selectors(cluster: Cluster) -> Iterator[Finding]:
    for gateway in cluster.of(GATEWAY):
        selector = string_map(gateway.spec, "selector")
        if selector and not cluster.workloads_with(selector):
            words = ", ".join(f"{k}={v}" for k, v in sorted(selector.items()))
            yield found("IST0101", gateway, "spec.selector", "a workload with the labels", words)
