"""What a pod's sidecar accepts: one listener per port, and the way to the application."""

from dataclasses import dataclass, replace

from routing.compile.authorization import OPEN, Guard
from routing.compile.mtls import PodView, effective
from routing.compile.rules import limits
from routing.compile.secrets import with_secrets
from routing.ir import (
    Cluster,
    ClusterKind,
    ConnectionLimits,
    Endpoint,
    GatewaySecret,
    GatewayTlsMode,
    InboundListener,
    MtlsMode,
    Origin,
    OwnTls,
    Route,
    RouteConfig,
    VirtualHost,
    WeightedCluster,
)
from routing.model import Sidecar
from routing.model.gateway import ServerTls
from topology.contracts import AppProtocol, Service

UNLIMITED = ConnectionLimits()
PLAIN = frozenset({MtlsMode.DISABLE})


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundPort:
    """A container port and the first service that sends to it (None: nobody knows it).

    `bind` and `endpoint` are where its Sidecar has them, if it says so, `tls` what it is served with.
    """

    number: int
    protocol: AppProtocol
    service: Service | None
    bind: str = ""
    endpoint: Endpoint | None = None
    limits: ConnectionLimits = UNLIMITED
    tls: OwnTls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Inbound:
    """`secrets` are those that the listeners wait for."""

    listeners: tuple[InboundListener, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    routes: tuple[RouteConfig, ...] = ()
    secrets: tuple[GatewaySecret, ...] = ()


def inbound_ports(view: PodView, services: tuple[Service, ...]) -> tuple[InboundPort, ...]:
    """Ports of services first decide the protocol; ports that only the container has are TCP."""
    found: dict[int, InboundPort] = {}
    for service in services:
        for port in service.ports:
            number = port.target_port
            if 0 < number < 65536 and number not in found:
                found[number] = InboundPort(number=number, protocol=port.protocol, service=service)
    for own in view.pod.ports:
        if own.number not in found:
            found[own.number] = InboundPort(
                number=own.number, protocol=AppProtocol.TCP, service=None
            )
    return tuple(found[n] for n in sorted(found))


def declared_ports(
    view: PodView,
    services: tuple[Service, ...],
    sidecar: Sidecar,
    secrets: tuple[GatewaySecret, ...],
) -> tuple[InboundPort, ...]:
    """As a Sidecar has them: where it lists ports no others are open; nor those whose certificate is
    missing, for which Envoy would wait."""
    ports = inbound_ports(view, services)
    if sidecar.ingress is None:
        return tuple(replace(p, limits=limits(sidecar.pool)) for p in ports)
    known = {port.number: port.service for port in ports}
    wanted = sorted({one.port: one for one in sidecar.ingress}.values(), key=lambda o: o.port)
    served = ((one, own_tls(one.tls, view.modes(one.port), secrets)) for one in wanted)
    return tuple(
        InboundPort(
            number=one.port,
            protocol=one.protocol,
            service=known.get(one.port),
            bind=one.bind,
            endpoint=Endpoint(
                address=one.socket or view.pod.app_address,
                port=0 if one.socket else one.endpoint_port or one.port,
            ),
            limits=limits(one.pool or sidecar.pool),
            tls=tls,
        )
        for one, tls in served
        if tls is not CLOSED
    )


CLOSED = OwnTls(mode=GatewayTlsMode.SIMPLE)
"""What a port has whose certificate is missing."""


def own_tls(
    wanted: ServerTls | None, modes: frozenset[MtlsMode], secrets: tuple[GatewaySecret, ...]
) -> OwnTls | None:
    """What is in force where mutual TLS is off: elsewhere the mesh's own is (as in Istio)."""
    if wanted is None or wanted.mode is None or modes != PLAIN:
        return None
    settings = with_secrets(wanted, secrets)
    if settings is None:
        return CLOSED
    return OwnTls(mode=wanted.mode, secret=wanted.credential, settings=settings)


def secrets_of(
    ports: tuple[InboundPort, ...], secrets: tuple[GatewaySecret, ...]
) -> tuple[GatewaySecret, ...]:
    names = {
        name
        for tls in (port.tls for port in ports)
        if tls is not None
        for name in (tls.secret, tls.settings.authorities, *tls.settings.secrets)
        if name
    }
    return tuple(s for s in secrets if names & {s.name, s.authorities_name}) if names else ()


def inbound(
    view: PodView,
    services: tuple[Service, ...],
    guard: Guard = OPEN,
    sidecar: Sidecar | None = None,
    secrets: tuple[GatewaySecret, ...] = (),
) -> Inbound:
    """`services` select the pod, in the registry's order; `secrets` are its namespace's."""
    if sidecar is None:
        ports = inbound_ports(view, services)
    else:
        ports = declared_ports(view, services, sidecar, secrets)
    return Inbound(
        listeners=tuple(listener(view, p, guard) for p in ports),
        clusters=(*(application(view, p) for p in ports), *guard.clusters),
        routes=tuple(inbound_routes(p, guard) for p in ports if p.protocol.is_http),
        secrets=secrets_of(ports, secrets),
    )


def cluster_name(port: int) -> str:
    return f"inbound|{port}||"


def route_name(port: int) -> str:
    return f"inbound|{port}"


def listener(view: PodView, port: InboundPort, guard: Guard) -> InboundListener:
    source = effective(view.policies, view.pod.labels, port.number).source
    return InboundListener(
        address=port.bind or view.pod.address,
        port=port.number,
        protocol=port.protocol,
        modes=view.modes(port.number) if view.pod.sidecar else PLAIN,
        cluster=cluster_name(port.number),
        route_config=route_name(port.number) if port.protocol.is_http else "",
        service_namespace=port.service.namespace if port.service else "",
        service_name=port.service.name if port.service else "",
        origin=Origin(resource=source) if source else None,
        authorization=None if port.protocol.is_http else guard.tcp,
        jwt=guard.jwt if port.protocol.is_http else (),
        tls=port.tls,
    )


def application(view: PodView, port: InboundPort) -> Cluster:
    return Cluster(
        name=cluster_name(port.number),
        kind=ClusterKind.STATIC,
        protocol=port.protocol,
        service_namespace=port.service.namespace if port.service else "",
        service_name=port.service.name if port.service else "",
        endpoints=(port.endpoint or Endpoint(address=view.pod.app_address, port=port.number),),
        limits=port.limits,
    )


def inbound_routes(port: InboundPort, guard: Guard) -> RouteConfig:
    service = port.service
    route = Route(
        name="default",
        clusters=(WeightedCluster(cluster=cluster_name(port.number)),),
        service_namespace=service.namespace if service else "",
        service_name=service.name if service else "",
    )
    host = VirtualHost(name=f"inbound|http|{port.number}", domains=("*",), routes=(route,))
    return RouteConfig(
        name=route_name(port.number), virtual_hosts=(host,), authorization=guard.http
    )
