"""IST0166: a policy that selects a Kubernetes Gateway's pods by label, which has no effect."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    AUTHORIZATION_POLICY,
    K8S_GATEWAY,
    REQUEST_AUTHENTICATION,
    TELEMETRY,
    WASM_PLUGIN,
    Cluster,
    Object,
    string_map,
)
from routing.checks.rule import found

POLICIES = (AUTHORIZATION_POLICY, REQUEST_AUTHENTICATION, TELEMETRY, WASM_PLUGIN)
GATEWAY_NAME = "gateway.networking.k8s.io/gateway-name"


def policy_selectors(cluster: Cluster) -> Iterator[Finding]:
    for policy in cluster.of(*POLICIES):
        gateway = selected_gateway(cluster, policy)
        if gateway:
            yield found("IST0166", policy, "spec.selector", gateway)


def selected_gateway(cluster: Cluster, policy: Object) -> str:
    selector = string_map(policy.spec, "selector", "matchLabels")
    if not selector:
        return ""
    named = selector.get(GATEWAY_NAME, "")
    if named and cluster.get(K8S_GATEWAY, policy.namespace, named):
        return named
    pods = cluster.workloads_with(selector, policy.namespace)
    return next((p.labels[GATEWAY_NAME] for p in pods if GATEWAY_NAME in p.labels), "")
