"""KIA1401, KIA1402, KIA1601: the Gateway API's routes and grants name what exists."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    GATEWAY_API,
    GRPC_ROUTE,
    HTTP_ROUTE,
    K8S_GATEWAY,
    NAMESPACE,
    REFERENCE_GRANT,
    SERVICE,
    Body,
    Cluster,
    Object,
    mappings,
    part,
    selects,
    text,
)
from routing.checks.kiali.hosts import is_known
from routing.checks.rule import found

ROUTES = (HTTP_ROUTE, GRPC_ROUTE, *((GATEWAY_API, f"{p}Route") for p in ("TCP", "TLS", "UDP")))


def gateway_api_routes(cluster: Cluster) -> Iterator[Finding]:
    for route in cluster.of(*ROUTES):
        for i, parent in mappings(route.spec, "parentRefs"):
            if (text(parent, "kind") or "Gateway") == "Gateway" and not attaches(
                cluster, route, parent
            ):
                words = f"{text(parent, 'namespace') or route.namespace}/{text(parent, 'name')}"
                yield found("KIA1401", route, f"spec.parentRefs[{i}]", words)
        yield from backends(cluster, route)
    for grant in cluster.of(REFERENCE_GRANT):
        for i, given in mappings(grant.spec, "from"):
            namespace = text(given, "namespace")
            if namespace not in cluster.namespaces:
                yield found("KIA1601", grant, f"spec.from[{i}].namespace", namespace)


def attaches(cluster: Cluster, route: Object, parent: Body) -> bool:
    """Whether the gateway exists and has a listener for routes of this namespace."""
    namespace = text(parent, "namespace") or route.namespace
    gateway = cluster.get(K8S_GATEWAY, namespace, text(parent, "name"))
    if gateway is None:
        return False
    return any(
        allows(cluster, part(listener, "allowedRoutes", "namespaces"), gateway, route)
        for _, listener in mappings(gateway.spec, "listeners")
    )


def allows(cluster: Cluster, given: Body, gateway: Object, route: Object) -> bool:
    match text(given, "from") or "Same":
        case "All":
            return True
        case "Selector":
            namespace = cluster.get(NAMESPACE, "", route.namespace)
            return namespace is not None and selects(part(given, "selector"), namespace.labels)
        case _:
            return gateway.namespace == route.namespace


def backends(cluster: Cluster, route: Object) -> Iterator[Finding]:
    for i, rule in mappings(route.spec, "rules"):
        given = [(f"spec.rules[{i}].backendRefs[{j}]", b) for j, b in mappings(rule, "backendRefs")]
        for j, one in mappings(rule, "filters"):
            mirror = part(one, "requestMirror", "backendRef")
            if mirror:
                given.append((f"spec.rules[{i}].filters[{j}].requestMirror.backendRef", mirror))
        for path, backend in given:
            if (text(backend, "kind") or "Service") == "Service" and not reaches(
                cluster, route, backend
            ):
                yield found("KIA1402", route, f"{path}.name", text(backend, "name"))


def reaches(cluster: Cluster, route: Object, backend: Body) -> bool:
    """Whether the Service exists; in another namespace only with a grant from there."""
    namespace, name = text(backend, "namespace") or route.namespace, text(backend, "name")
    if cluster.get(SERVICE, namespace, name) is None:
        return is_known(cluster, name, namespace)
    return namespace == route.namespace or is_granted(cluster, route, namespace, name)


def is_granted(cluster: Cluster, route: Object, namespace: str, name: str) -> bool:
    return any(
        any(
            text(f, "kind") == route.kind and text(f, "namespace") == route.namespace
            for _, f in mappings(grant.spec, "from")
        )
        and any(
            text(t, "kind") == "Service" and text(t, "name") in ("", name)
            for _, t in mappings(grant.spec, "to")
        )
        for grant in cluster.within(REFERENCE_GRANT, namespace)
    )
