"""KIA1004, KIA1006, KIA1007: what Sidecars name exists, and what they mean is clear."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import SIDECAR, Cluster, Object, mappings, part, texts
from routing.checks.kiali.hosts import is_known
from routing.checks.rule import found


def sidecars(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.of(SIDECAR):
        yield from hosts(cluster, one)
        if one.namespace == cluster.root_namespace and part(one.spec, "workloadSelector"):
            yield found("KIA1006", one, "spec.workloadSelector")
        policy = one.spec.get("outboundTrafficPolicy", "nothing")
        if policy != "nothing" and not part(one.spec, "outboundTrafficPolicy").get("mode"):
            yield found("KIA1007", one, "spec.outboundTrafficPolicy.mode")


def hosts(cluster: Cluster, one: Object) -> Iterator[Finding]:
    for i, egress in mappings(one.spec, "egress"):
        for j, written in enumerate(texts(egress, "hosts")):
            namespace, _, host = written.partition("/")
            where = one.namespace if namespace in (".", "*") else namespace
            if namespace == "~" or host.startswith("*") or not host:
                continue
            if not is_known(cluster, host, where):
                yield found("KIA1004", one, f"spec.egress[{i}].hosts[{j}]", written)
