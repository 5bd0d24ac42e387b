"""The destinations in a VirtualService, with their paths."""

from collections.abc import Iterator

from routing.checks.cluster import Body, Object, mappings, part, text, texts


def destinations(service: Object, mirrors: bool = True) -> Iterator[tuple[str, Body]]:
    """Path and value of each destination of http, tls and tcp routes and mirrors."""
    for protocol in ("http", "tls", "tcp"):
        for i, rule in mappings(service.spec, protocol):
            path = f"spec.{protocol}[{i}]"
            for j, one in mappings(rule, "route"):
                yield f"{path}.route[{j}].destination", part(one, "destination")
            if mirrors:
                if part(rule, "mirror"):
                    yield f"{path}.mirror", part(rule, "mirror")
                for j, one in mappings(rule, "mirrors"):
                    yield f"{path}.mirrors[{j}].destination", part(one, "destination")


def gateways_of(service: Object) -> list[str]:
    """As written; "mesh" where none is."""
    return texts(service.spec, "gateways") or ["mesh"]


def in_mesh(service: Object) -> bool:
    return "mesh" in gateways_of(service)


def gateway_key(name: str, namespace: str) -> tuple[str, str]:
    """(namespace, name) of a Gateway as a VirtualService of `namespace` names it."""
    where, _, bare = name.rpartition("/")
    return (namespace if where in ("", ".") else where), bare


def host_of(destination: Body) -> str:
    return text(destination, "host")
