"""What a pod's process finds in its environment (docs/contracts.md). Pure."""

import re
from collections.abc import Iterable, Mapping

from topology.contracts import Assignment, Labels, Pod, Service, labels

OUTBOUND_PORT = 15001

_REFERENCE = re.compile(r"\$(\$|\(([-._a-zA-Z0-9]+)\))")


def given(pod: Pod, services: Iterable[Service]) -> Labels:
    """What the platform gives a pod's application, wherever it runs."""
    return labels({**dict(_of_services(pod, services)), **_of_pod(pod)})


def process(
    assigned: Assignment, host: Mapping[str, str]
) -> tuple[tuple[str, ...], dict[str, str]]:
    """The command and the whole environment of a pod's application on a host.

    The container's own variables win over the platform's, and those over the host's; each sees
    the ones before it, and the command sees them all.
    """
    env = {**host, **dict(assigned.env)}
    if assigned.container is None:
        return (), env
    for name, value in assigned.container.env:
        env[name] = expand(value, env)
    return tuple(expand(word, env) for word in assigned.container.command), env


def expand(text: str, known: Mapping[str, str]) -> str:
    """Replace `$(NAME)`; an unknown name stays as it is written, `$$` is one `$`."""

    def value(found: re.Match[str]) -> str:
        return "$" if found[1] == "$" else known.get(found[2], found[0])

    return _REFERENCE.sub(value, text)


def _of_pod(pod: Pod) -> dict[str, str]:
    own = {
        "HOST": pod.app_address or pod.address,
        "POD_NAME": pod.name,
        "POD_NAMESPACE": pod.namespace,
        "POD_IP": pod.address,
    }
    if pod.ports:
        own["PORT"] = str(pod.ports[0].number)
    if pod.outbound_address:
        egress = f"{pod.outbound_address}:{OUTBOUND_PORT}"
        own["MESHWEB_EGRESS"] = egress
        own["HTTP_PROXY"] = own["http_proxy"] = f"http://{egress}"
        own["NO_PROXY"] = own["no_proxy"] = ""
    return own


def _of_services(pod: Pod, services: Iterable[Service]) -> Iterable[tuple[str, str]]:
    """Services of other namespaces have theirs in the variable's name."""
    for service in services:
        name = service.name
        if service.namespace != pod.namespace:
            name = f"{service.name}_{service.namespace}"
        yield from _of_service(_variable(name), pod, service)


def _of_service(prefix: str, pod: Pod, service: Service) -> Iterable[tuple[str, str]]:
    """The plain names are those of the service's first port, as in Kubernetes."""
    for i, port in enumerate(service.ports):
        suffix = "" if i == 0 else f"_{_variable(port.name or str(port.number))}"
        if port.protocol.is_http:
            host, number = f"{service.name}.{service.namespace}", port.number
            yield f"{prefix}_URL{suffix}", f"http://{host}:{number}"
        elif pod.outbound_address:
            host, number = pod.outbound_address, port.local_port
        else:
            continue
        if i == 0:
            yield f"{prefix}_SERVICE_HOST", host
        yield f"{prefix}_SERVICE_PORT{suffix}", str(number)


def _variable(name: str) -> str:
    return name.upper().replace("-", "_").replace(".", "_")
