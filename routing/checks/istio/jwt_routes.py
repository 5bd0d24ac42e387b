"""IST0149: routing by a claim of a token that nobody checks at the gateway."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    GATEWAY,
    REQUEST_AUTHENTICATION,
    VIRTUAL_SERVICE,
    Cluster,
    Object,
    PodLike,
    mappings,
    part,
    selects,
    string_map,
)
from routing.checks.istio.routes import gateway_key, gateways_of
from routing.checks.rule import found

CLAIMS = ("@request.auth.claims.", "@request.auth.claims[")


def jwt_routes(cluster: Cluster) -> Iterator[Finding]:
    for service in cluster.of(VIRTUAL_SERVICE):
        claim = claim_of(service)
        if claim is None:
            continue
        path, key = claim
        for name in gateways_of(service):
            for pod in pods_of(cluster, service, name):
                if not is_authenticated(cluster, pod):
                    yield found("IST0149", service, path, key, name, pod.owner.name)


def claim_of(service: Object) -> tuple[str, str] | None:
    """Path and name of the first header match that is a claim."""
    for i, rule in mappings(service.spec, "http"):
        for j, match in mappings(rule, "match"):
            for where in ("headers", "withoutHeaders"):
                for key in part(match, where):
                    if str(key).startswith(CLAIMS):
                        return f"spec.http[{i}].match[{j}].{where}", str(key)
    return None


def pods_of(cluster: Cluster, service: Object, name: str) -> list[PodLike]:
    gateway = cluster.get(GATEWAY, *gateway_key(name, service.namespace))
    selector = string_map(gateway.spec, "selector") if gateway else {}
    return cluster.workloads_with(selector) if selector else []


def is_authenticated(cluster: Cluster, pod: PodLike) -> bool:
    return any(
        selects(part(one.spec, "selector"), pod.labels)
        for one in cluster.within(REQUEST_AUTHENTICATION, pod.namespace, cluster.root_namespace)
    )
