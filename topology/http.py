"""The registry over REST: namespaces, services, workloads, pods.

Changing a workload is changing its Deployment, which is routing's; ending a pod is an event.
"""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from ninja import Field, Query, Router, Schema, Status

from rest.access import require_write
from rest.contracts import Refusal
from rest.names import PathName, QueryName
from rest.paging import Page, PageQuery, page_of
from rest.shapes import ERRORS, FindingOut
from topology import selectors, services
from topology.contracts import (
    Health,
    Pod,
    Registry,
    RoutingView,
    Service,
    ServiceRouting,
    Workload,
    selects,
)
from topology.health import replica_health

Count = Annotated[int, Field(ge=0)]


class NamespaceOut(Schema):
    name: str
    mtls: str
    services: Count
    workloads: Count
    pods_ready: Count
    pods_total: Count


class PortOut(Schema):
    name: str
    number: int
    protocol: str


class ServiceOut(Schema):
    namespace: str
    name: str
    host: str
    ports: list[PortOut]
    versions: list[str]
    pods_ready: Count
    pods_total: Count
    health: Health


class VersionOut(Schema):
    """`weight` is null where no route says one."""

    version: str
    workload: str
    pods_ready: Count
    pods_total: Count
    weight: int | None


class ServiceDetailOut(Schema):
    namespace: str
    name: str
    host: str
    ports: list[PortOut]
    versions: list[VersionOut]
    pods_ready: Count
    pods_total: Count
    health: Health
    weights_editable: bool
    mtls: str
    resources: list[str]
    findings: list[FindingOut]


class WorkloadOut(Schema):
    """`message` is the trouble of one of its pods, empty while all is well."""

    namespace: str
    name: str
    kind: str
    app: str
    version: str
    service_account: str
    gateway: bool
    replicas: Count
    pods_ready: Count
    restarts: Count
    mtls: str
    message: str


class PodOut(Schema):
    namespace: str
    name: str
    workload: str
    replica_set: str
    phase: str
    ready: bool
    restarts: Count
    proxy_restarts: Count
    address: str
    node: str
    message: str
    started_at: datetime | None


class NoRouting:
    """A mesh without a configuration."""

    def mtls(self, _namespace: str, _workload: Workload | None = None) -> str:
        return ""

    def service(self, _service: Service) -> ServiceRouting:
        return ServiceRouting()


def router(routing: Callable[[Registry], RoutingView] = lambda _: NoRouting()) -> Router:
    """The registry's operations; `routing` makes the view of the configuration for one request."""
    made = Router(tags=["registry"])

    @made.get("/namespaces", response={200: Page[NamespaceOut], **ERRORS})
    def list_namespaces(request: HttpRequest, query: Query[PageQuery]) -> Page[NamespaceOut]:
        """Every namespace that is declared or used."""
        del request
        everything = selectors.registry()
        view = routing(everything)
        rows = (_namespace(one.name, everything, view) for one in everything.namespaces)
        return page_of(rows, query, lambda row: row.name)

    @made.get("/services", response={200: Page[ServiceOut], **ERRORS})
    def list_services(
        request: HttpRequest, query: Query[PageQuery], namespace: QueryName = ""
    ) -> Page[ServiceOut]:
        """Every service, or those of a namespace."""
        del request
        everything = selectors.registry()
        chosen = (s for s in everything.services if namespace in ("", s.namespace))
        return page_of((_service(s, everything) for s in chosen), query, _key)

    @made.get("/services/{namespace}/{name}", response={200: ServiceDetailOut, **ERRORS})
    def get_service(request: HttpRequest, namespace: PathName, name: PathName) -> ServiceDetailOut:
        """One service with its versions and what the configuration says of it."""
        del request
        everything = selectors.registry()
        for one in everything.services:
            if (one.namespace, one.name) == (namespace, name):
                return _detail(one, everything, routing(everything).service(one))
        raise Refusal(404, "not_found", f"There is no service {name} in namespace {namespace}.")

    @made.get("/workloads", response={200: Page[WorkloadOut], **ERRORS})
    def list_workloads(
        request: HttpRequest, query: Query[PageQuery], namespace: QueryName = ""
    ) -> Page[WorkloadOut]:
        """Every workload, or those of a namespace."""
        del request
        everything = selectors.registry()
        view = routing(everything)
        chosen = (w for w in everything.workloads if namespace in ("", w.namespace))
        return page_of((_workload(w, everything, view) for w in chosen), query, _key)

    @made.get("/pods", response={200: Page[PodOut], **ERRORS})
    def list_pods(
        request: HttpRequest,
        query: Query[PageQuery],
        namespace: QueryName = "",
        workload: QueryName = "",
    ) -> Page[PodOut]:
        """Every pod, or those of a namespace or a workload."""
        del request
        started = selectors.started_at()
        chosen = (
            p
            for p in selectors.registry().pods
            if namespace in ("", p.namespace) and workload in ("", p.workload)
        )
        return page_of((_pod(p, started.get(p.uid)) for p in chosen), query, _key)

    @made.delete("/pods/{namespace}/{name}", response={204: None, **ERRORS})
    def delete_pod(request: HttpRequest, namespace: PathName, name: PathName) -> Status[None]:
        """End a pod; its ReplicaSet makes a new one."""
        require_write(request, namespace)
        if not services.delete_pod(namespace, name):
            raise Refusal(404, "not_found", f"There is no pod {name} in namespace {namespace}.")
        return Status(204, None)

    return made


def _key(row: ServiceOut | WorkloadOut | PodOut) -> str:
    return f"{row.namespace}/{row.name}"


def _pods_of(service: Service, everything: Registry) -> list[Pod]:
    return [
        p
        for p in everything.pods
        if p.namespace == service.namespace and selects(service.selector, p.labels)
    ]


def _workloads_of(service: Service, everything: Registry) -> list[Workload]:
    return [
        w
        for w in everything.workloads
        if w.namespace == service.namespace and selects(service.selector, w.labels)
    ]


def _ready(pods: Iterable[Pod]) -> int:
    return sum(p.ready for p in pods)


def _namespace(name: str, everything: Registry, view: RoutingView) -> NamespaceOut:
    pods = [p for p in everything.pods if p.namespace == name]
    return NamespaceOut(
        name=name,
        mtls=view.mtls(name),
        services=sum(s.namespace == name for s in everything.services),
        workloads=sum(w.namespace == name for w in everything.workloads),
        pods_ready=_ready(pods),
        pods_total=len(pods),
    )


def _ports(service: Service) -> list[PortOut]:
    return [PortOut(name=p.name, number=p.number, protocol=p.protocol) for p in service.ports]


def _health(service: Service, everything: Registry) -> Health:
    """By replicas alone: what traffic says is in the graph."""
    desired = sum(w.replicas for w in _workloads_of(service, everything))
    return replica_health(_ready(_pods_of(service, everything)), desired)


def _service(service: Service, everything: Registry) -> ServiceOut:
    pods = _pods_of(service, everything)
    return ServiceOut(
        namespace=service.namespace,
        name=service.name,
        host=service.host,
        ports=_ports(service),
        versions=sorted({w.version for w in _workloads_of(service, everything) if w.version}),
        pods_ready=_ready(pods),
        pods_total=len(pods),
        health=_health(service, everything),
    )


def _detail(service: Service, everything: Registry, said: ServiceRouting) -> ServiceDetailOut:
    pods = _pods_of(service, everything)
    weights = dict(said.weights)
    return ServiceDetailOut(
        namespace=service.namespace,
        name=service.name,
        host=service.host,
        ports=_ports(service),
        versions=[
            _version(workload, pods, weights) for workload in _workloads_of(service, everything)
        ],
        pods_ready=_ready(pods),
        pods_total=len(pods),
        health=_health(service, everything),
        weights_editable=said.weights_editable,
        mtls=said.mtls,
        resources=list(said.resources),
        findings=[FindingOut.of(finding) for finding in said.findings],
    )


def _version(workload: Workload, pods: Iterable[Pod], weights: dict[str, int]) -> VersionOut:
    own = [p for p in pods if p.workload == workload.name]
    return VersionOut(
        version=workload.version,
        workload=workload.name,
        pods_ready=_ready(own),
        pods_total=len(own),
        weight=weights.get(workload.version),
    )


def _workload(workload: Workload, everything: Registry, view: RoutingView) -> WorkloadOut:
    pods = [
        p
        for p in everything.pods
        if (p.namespace, p.workload) == (workload.namespace, workload.name)
    ]
    return WorkloadOut(
        namespace=workload.namespace,
        name=workload.name,
        kind=workload.kind,
        app=workload.app,
        version=workload.version,
        service_account=workload.service_account,
        gateway=workload.gateway,
        replicas=workload.replicas,
        pods_ready=_ready(pods),
        restarts=sum(p.restarts + p.proxy_restarts for p in pods),
        mtls=view.mtls(workload.namespace, workload),
        message=next((p.message for p in pods if p.message), ""),
    )


def _pod(pod: Pod, started_at: datetime | None) -> PodOut:
    return PodOut(
        namespace=pod.namespace,
        name=pod.name,
        workload=pod.workload,
        replica_set=pod.replica_set,
        phase=pod.phase,
        ready=pod.ready,
        restarts=pod.restarts,
        proxy_restarts=pod.proxy_restarts,
        address=pod.address,
        node=pod.node,
        message=pod.message,
        started_at=started_at,
    )
