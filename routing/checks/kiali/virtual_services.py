"""KIA1101, KIA1102, KIA1104, KIA1105, KIA1107, KIA1108: a VirtualService's routes lead somewhere."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.cluster import (
    VIRTUAL_SERVICE,
    Cluster,
    Object,
    full_name,
    mappings,
    part,
    text,
    texts,
)
from routing.checks.istio.routes import destinations, host_of
from routing.checks.istio.virtual_service_subsets import subsets
from routing.checks.kiali.hosts import gateway_named, is_known
from routing.checks.rule import found


def virtual_services(cluster: Cluster) -> Iterator[Finding]:
    known = subsets(cluster)
    for service in cluster.of(VIRTUAL_SERVICE):
        for path, destination in destinations(service):
            host, subset = host_of(destination), text(destination, "subset")
            if host and not is_known(cluster, host, service.namespace):
                yield found("KIA1101", service, f"{path}.host", host)
            if subset and (full_name(host, service.namespace), subset) not in known:
                yield found("KIA1107", service, f"{path}.subset", subset, host)
        yield from gateways(cluster, service)
        yield from weights(service)


def gateways(cluster: Cluster, service: Object) -> Iterator[Finding]:
    for path, name in gateway_names(service):
        if name == "mesh":
            continue
        if "/" not in name and name.endswith(".svc.cluster.local"):
            bare, where = name.split(".")[:2]
            yield found("KIA1108", service, path, name, f"{where}/{bare}")
        if gateway_named(cluster, name, service.namespace) is None:
            yield found("KIA1102", service, path, name)


def gateway_names(service: Object) -> Iterator[tuple[str, str]]:
    for i, name in enumerate(texts(service.spec, "gateways")):
        yield f"spec.gateways[{i}]", name
    for protocol in ("http", "tls", "tcp"):
        for i, rule in mappings(service.spec, protocol):
            for j, match in mappings(rule, "match"):
                for k, name in enumerate(texts(match, "gateways")):
                    yield f"spec.{protocol}[{i}].match[{j}].gateways[{k}]", name


def weights(service: Object) -> Iterator[Finding]:
    for protocol in ("http", "tls", "tcp"):
        for i, rule in mappings(service.spec, protocol):
            route = mappings(rule, "route")
            path = f"spec.{protocol}[{i}].route"
            if len(route) == 1 and route[0][1].get("weight") not in (None, 100):
                yield found("KIA1104", service, f"{path}[0].weight")
            seen: set[tuple[str, str]] = set()
            for j, one in route:
                target = part(one, "destination")
                key = (full_name(host_of(target), service.namespace), text(target, "subset"))
                if key in seen:
                    words = " subset ".join(filter(None, key))
                    yield found("KIA1105", service, f"{path}[{j}].destination", words)
                seen.add(key)
