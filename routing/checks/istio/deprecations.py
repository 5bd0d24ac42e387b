"""IST0002: fields and kinds that are deprecated."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import SIDECAR, VIRTUAL_SERVICE, Cluster, mappings, part, text
from routing.checks.istio.crd_versions import DEFINITION
from routing.checks.rule import found

GONE_GROUPS = frozenset({"config.istio.io", "rbac.istio.io", "authentication.istio.io"})


def deprecations(cluster: Cluster) -> Iterator[Finding]:
    for service in cluster.of(VIRTUAL_SERVICE):
        for i, rule in mappings(service.spec, "http"):
            if part(rule, "fault", "delay").get("percent"):
                path = f"spec.http[{i}].fault.delay.percent"
                yield found("IST0002", service, path, "use fault.delay.percentage, not percent")
    for sidecar in cluster.of(SIDECAR):
        if part(sidecar.spec, "outboundTrafficPolicy", "egressProxy"):
            path = "spec.outboundTrafficPolicy.egressProxy"
            yield found(
                "IST0002", sidecar, path, "outboundTrafficPolicy.egressProxy has no successor"
            )
    for one in cluster.of(DEFINITION):
        if text(one.spec, "group") in GONE_GROUPS:
            kind = text(part(one.spec, "names"), "kind")
            yield found("IST0002", one, "spec.names.kind", f"kind {kind} has been removed")
