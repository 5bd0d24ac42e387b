"""IST0102, IST0103, IST0123, IST0148: which namespaces and pods get a sidecar."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import NAMESPACE, Cluster, Object, PodLike
from routing.checks.istio.injector import injected_by_default
from routing.checks.rule import found

SYSTEM_NAMESPACES = frozenset(
    {"kube-system", "kube-public", "kube-node-lease", "local-path-storage"}
)
PROXY = "istio-proxy"


def injection(cluster: Cluster) -> Iterator[Finding]:
    by_default = injected_by_default(cluster)
    injected: set[str] = set()
    for namespace in cluster.of(NAMESPACE):
        if namespace.name in SYSTEM_NAMESPACES or namespace.name == cluster.root_namespace:
            continue
        yield from check_namespace(namespace, by_default)
        if is_injected(namespace, by_default):
            injected.add(namespace.name)
    for pod in cluster.pods:
        if pod.namespace in injected and wants_proxy(pod) and not has_proxy(pod):
            yield found("IST0103", pod.owner, "spec.containers", pod.owner.name)


def check_namespace(namespace: Object, by_default: bool) -> Iterator[Finding]:
    enabled = namespace.labels.get("istio-injection")
    given = [
        name
        for name, there in (
            ("istio-injection", enabled is not None and enabled != "disabled"),
            ("istio.io/rev", "istio.io/rev" in namespace.labels),
            ("istio.io/dataplane-mode", is_ambient(namespace)),
        )
        if there
    ]
    if len(given) > 1 and enabled != "disabled":
        yield found("IST0123", namespace, "metadata.labels", ", ".join(given))
    elif not given and enabled is None:
        if by_default:
            yield found("IST0148", namespace, "metadata.labels")
        else:
            yield found("IST0102", namespace, "metadata.labels", namespace.name)


def is_ambient(namespace: Object) -> bool:
    return namespace.labels.get("istio.io/dataplane-mode") == "ambient"


def is_injected(namespace: Object, by_default: bool = False) -> bool:
    """Whether pods of a namespace get a sidecar unless they refuse it."""
    enabled = namespace.labels.get("istio-injection")
    if enabled is not None:
        return enabled == "enabled"
    if "istio.io/rev" in namespace.labels:
        return True
    return by_default and not is_ambient(namespace)


def wants_proxy(pod: PodLike) -> bool:
    """False on the host's network, or where the pod refuses (its label counts before its note)."""
    name = "sidecar.istio.io/inject"
    said = pod.labels.get(name, pod.annotations.get(name))
    return said != "false" and pod.spec.get("hostNetwork") is not True


def has_proxy(pod: PodLike) -> bool:
    return any(c.get("name") == PROXY for c in pod.all_containers)
