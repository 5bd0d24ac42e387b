"""IST0101, IST0127: an AuthorizationPolicy's namespaces and workloads exist."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    AUTHORIZATION_POLICY,
    Cluster,
    Object,
    mappings,
    part,
    string_map,
    texts,
)
from routing.checks.istio.selections import namespace_for
from routing.checks.rule import found


def authorization_policies(cluster: Cluster) -> Iterator[Finding]:
    for policy in cluster.of(AUTHORIZATION_POLICY):
        yield from workloads(cluster, policy)
        for path, namespace in source_namespaces(policy):
            if not any(like(namespace, known) for known in cluster.namespaces):
                yield found("IST0101", policy, path, "namespace", namespace)


def workloads(cluster: Cluster, policy: Object) -> Iterator[Finding]:
    if policy.spec.get("targetRefs") or policy.spec.get("targetRef"):
        return
    labels = string_map(policy.spec, "selector", "matchLabels")
    if not cluster.workloads_with(labels, namespace_for(cluster, policy)):
        words = ", ".join(f"{k}={v}" for k, v in sorted(labels.items())) or "(any)"
        yield found("IST0127", policy, "spec.selector.matchLabels", words)


def source_namespaces(policy: Object) -> Iterator[tuple[str, str]]:
    for i, rule in mappings(policy.spec, "rules"):
        for j, given in mappings(rule, "from"):
            source = part(given, "source")
            for key in ("namespaces", "notNamespaces"):
                for k, namespace in enumerate(texts(source, key)):
                    yield f"spec.rules[{i}].from[{j}].source.{key}[{k}]", namespace


def like(pattern: str, value: str) -> bool:
    """Istio's patterns: "*", "prefix*", "*suffix", or the value itself."""
    if pattern == "*":
        return bool(value)
    if pattern.startswith("*"):
        return value.endswith(pattern[1:])
    if pattern.endswith("*"):
        return value.startswith(pattern[:-1])
    return pattern == value
