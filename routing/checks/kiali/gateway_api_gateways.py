"""KIA1501 to KIA1504, GWAPI: the Gateway API's gateways do not collide, and are accepted."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    GATEWAY_API,
    GRPC_ROUTE,
    HTTP_ROUTE,
    K8S_GATEWAY,
    REFERENCE_GRANT,
    Body,
    Cluster,
    Object,
    mappings,
    number,
    part,
    text,
    wild_match,
)
from routing.checks.rule import found

CLASSES = frozenset({"istio", "istio-remote", "istio-waypoint", "istio-east-west", "meshweb"})


def gateway_api_gateways(cluster: Cluster) -> Iterator[Finding]:
    every = list(cluster.of(K8S_GATEWAY))
    classes = CLASSES | {c.name for c in cluster.of((GATEWAY_API, "GatewayClass"))}
    by_port: dict[int, list[tuple[Object, Body]]] = {}
    by_address: dict[tuple[str, str], list[Object]] = {}
    for gateway in every:
        for _, listener in mappings(gateway.spec, "listeners"):
            by_port.setdefault(number(listener, "port") or 0, []).append((gateway, listener))
        for address in addresses(gateway):
            by_address.setdefault(address, []).append(gateway)
    for gateway in every:
        yield from same_hosts(gateway, by_port)
        for kind, value in sorted(addresses(gateway)):
            other = next((o for o in by_address[(kind, value)] if o is not gateway), None)
            if other is not None:
                yield found("KIA1502", gateway, "spec.addresses", other.full, value)
        yield from listeners(gateway)
        name = text(gateway.spec, "gatewayClassName")
        if name not in classes:
            yield found("KIA1504", gateway, "spec.gatewayClassName", name or '""')
    yield from statuses(cluster)


def addresses(gateway: Object) -> set[tuple[str, str]]:
    return {
        (text(a, "type") or "IPAddress", text(a, "value"))
        for _, a in mappings(gateway.spec, "addresses")
    }


def same_hosts(gateway: Object, by_port: dict[int, list[tuple[Object, Body]]]) -> Iterator[Finding]:
    """Listeners of other gateways of the namespace with the same host and port."""
    for i, listener in mappings(gateway.spec, "listeners"):
        port, host = number(listener, "port") or 0, text(listener, "hostname") or "*"
        for other, its in by_port.get(port, ()):
            if other is gateway or other.namespace != gateway.namespace:
                continue
            if wild_match(host, text(its, "hostname") or "*"):
                path = f"spec.listeners[{i}]"
                yield found("KIA1501", gateway, path, other.full, host, port)
                break


def listeners(gateway: Object) -> Iterator[Finding]:
    seen: dict[tuple[str, int, str], str] = {}
    for i, listener in mappings(gateway.spec, "listeners"):
        name = text(listener, "name")
        key = (
            text(listener, "hostname"),
            number(listener, "port") or 0,
            text(listener, "protocol"),
        )
        if key in seen:
            yield found("KIA1503", gateway, f"spec.listeners[{i}]", f"{seen[key]} and {name}")
        seen.setdefault(key, name)


def statuses(cluster: Cluster) -> Iterator[Finding]:
    for one in cluster.of(K8S_GATEWAY, HTTP_ROUTE, GRPC_ROUTE, REFERENCE_GRANT):
        status = part(one.body, "status")
        given = [("status", status)]
        given += [(f"status.parents[{i}]", p) for i, p in mappings(status, "parents")]
        for path, holder in given:
            for i, condition in mappings(holder, "conditions"):
                if text(condition, "status") == "False" and text(condition, "reason"):
                    words = (text(condition, "reason"), text(condition, "message"))
                    yield found("GWAPI", one, f"{path}.conditions[{i}]", *words)
