"""IST0106, IST0133: objects that Istio's API server would refuse, or take with a warning."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import DESTINATION_RULE, Cluster, Object, mappings, part
from routing.checks.crds import refusals
from routing.checks.rule import found


def schemas(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.objects:
        for path, sentence in refusals(one.group, one.kind, one.body):
            yield found("IST0106", one, path, sentence)
    for rule in cluster.of(DESTINATION_RULE):
        for path in outlier_detections(rule):
            yield found("IST0133", rule, path, "use consecutive5xxErrors, not consecutiveErrors")


def outlier_detections(rule: Object) -> Iterator[str]:
    """Paths of the deprecated field in the rule's policies."""
    policies = [("spec.trafficPolicy", part(rule.spec, "trafficPolicy"))]
    for i, subset in mappings(rule.spec, "subsets"):
        policies.append((f"spec.subsets[{i}].trafficPolicy", part(subset, "trafficPolicy")))
    for path, policy in policies:
        if "consecutiveErrors" in part(policy, "outlierDetection"):
            yield f"{path}.outlierDetection.consecutiveErrors"
