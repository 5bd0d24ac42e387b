"""Whether a host in a resource means a service."""

from topology.contracts import Service


def means(host: str, namespace: str, service: Service) -> bool:
    """Istio's reading: a short name is completed with the resource's own namespace."""
    if "." not in host:
        return host == service.name and namespace == service.namespace
    return host in (
        service.host,
        f"{service.name}.{service.namespace}",
        f"{service.name}.{service.namespace}.svc",
    )
