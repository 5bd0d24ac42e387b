"""What traffic can be sent to: the registry's services and the hosts of ServiceEntries."""

from dataclasses import dataclass

from routing.model import ServiceEntry
from routing.model.hosts import DOMAIN
from topology.contracts import AppProtocol, Service


@dataclass(frozen=True, slots=True, kw_only=True)
class UpstreamPort:
    """`local_port` is where sidecars open it for their application (0: nowhere)."""

    number: int
    name: str
    protocol: AppProtocol
    target_port: int
    local_port: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Upstream:
    """One host. Exactly one of `service` and `entry` is given."""

    host: str
    namespace: str
    name: str
    ports: tuple[UpstreamPort, ...]
    service: Service | None = None
    entry: ServiceEntry | None = None

    @property
    def key(self) -> str:
        """Tells hosts of one name apart, which different namespaces may see differently."""
        if self.entry is None:
            return self.host
        own = self.entry.metadata.key
        return f"{self.host} of {own.namespace}/{own.name}"

    @property
    def wildcard(self) -> bool:
        return self.host.startswith("*")

    def port(self, number: int) -> UpstreamPort | None:
        return next((p for p in self.ports if p.number == number), None)


def of_service(service: Service) -> Upstream:
    return Upstream(
        host=service.host,
        namespace=service.namespace,
        name=service.name,
        ports=tuple(
            UpstreamPort(
                number=p.number,
                name=p.name,
                protocol=p.protocol,
                target_port=p.target_port,
                local_port=p.local_port,
            )
            for p in service.ports
        ),
        service=service,
    )


def of_entry(entry: ServiceEntry) -> tuple[Upstream, ...]:
    """One upstream per host. Telemetry knows it by its host."""
    ports = tuple(
        UpstreamPort(number=p.number, name=p.name, protocol=p.protocol, target_port=p.target_port)
        for p in entry.ports
    )
    return tuple(
        Upstream(
            host=host, namespace=entry.metadata.key.namespace, name=host, ports=ports, entry=entry
        )
        for host in dict.fromkeys(entry.hosts)
    )


def names(host: str, namespace: str, client_namespace: str) -> tuple[str, ...]:
    """The names a client may use for a host, the full one first."""
    suffix = f".{namespace}.{DOMAIN}"
    if not host.endswith(suffix) or host.startswith("*"):
        return (host,)
    name = host.removesuffix(suffix)
    shorter = (f"{name}.{namespace}.svc", f"{name}.{namespace}")
    return (host, *shorter, name) if namespace == client_namespace else (host, *shorter)


def bracketed(address: str) -> str:
    """An address as Host has it."""
    return f"[{address}]" if ":" in address else address


def default_port(upstream: Upstream) -> int | None:
    """The port meant by a name without one: 80, else the only HTTP port."""
    http = [p.number for p in upstream.ports if p.protocol.is_http]
    if 80 in http:
        return 80
    return http[0] if len(http) == 1 else None


def domains(upstream: Upstream, port: UpstreamPort, client_namespace: str) -> tuple[str, ...]:
    """The Host values that mean this port of this host."""
    known = names(upstream.host, upstream.namespace, client_namespace)
    if upstream.entry is not None:
        known = (*known, *(bracketed(a) for a in upstream.entry.addresses if "/" not in a))
    bare = known if default_port(upstream) == port.number else ()
    # a wildcard's port is told from others where the host could not be the request's own
    tunnel = not port.protocol.is_http
    with_port = (
        () if upstream.wildcard and not tunnel else tuple(f"{name}:{port.number}" for name in known)
    )
    return (*bare, *with_port)
