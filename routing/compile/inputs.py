"""Documents and registry made ready: models by kind, pods under their policies, hosts with pods."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from itertools import groupby

from rest.contracts import Finding, Severity
from routing.compile.delegates import with_delegates
from routing.compile.gateway_api import Converted, converted
from routing.compile.gateway_attachment import Secrets
from routing.compile.gateway_status import Statuses
from routing.compile.memo import Memo
from routing.compile.mtls import Overlap, PodView, Policies, pod_view, policies_of
from routing.compile.registry import PodIndex, pod_index, select_pods
from routing.compile.upstreams import Upstream, of_entry, of_service
from routing.contracts import Document
from routing.model import (
    ApiGateway,
    ApiGatewayClass,
    ApiRoute,
    AuthorizationPolicy,
    DestinationRule,
    Fallback,
    Gateway,
    Grant,
    PeerAuthentication,
    RequestAuthentication,
    Resource,
    ServiceEntry,
    Sidecar,
    Suspend,
    Telemetry,
    VirtualService,
    WorkloadEntry,
)
from routing.model.service_entry import EntryEndpoint
from routing.parse import Reading, read
from topology.contracts import Labels, Pod, Registry, Service, Workload, selects

MODELLED = frozenset(
    {
        "VirtualService",
        "DestinationRule",
        "Gateway",
        "ServiceEntry",
        "PeerAuthentication",
        "AuthorizationPolicy",
        "RequestAuthentication",
        "HTTPRoute",
        "GRPCRoute",
        "TLSRoute",
        "TCPRoute",
        "GatewayClass",
        "ReferenceGrant",
        "Sidecar",
        "Telemetry",
        "WorkloadEntry",
        "Fallback",
        "Suspend",
    }
)
NO_PODS = PodIndex((), {})
NO_WORKLOADS: tuple[Workload, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """The models of all documents, oldest first within each kind; errors of those left out."""

    virtual_services: tuple[VirtualService, ...]
    destination_rules: tuple[DestinationRule, ...]
    gateways: tuple[Gateway, ...]
    service_entries: tuple[ServiceEntry, ...]
    peer_authentications: tuple[PeerAuthentication, ...]
    authorization_policies: tuple[AuthorizationPolicy, ...]
    request_authentications: tuple[RequestAuthentication, ...]
    gateway_classes: tuple[ApiGatewayClass, ...]
    api_gateways: tuple[ApiGateway, ...]
    api_routes: tuple[ApiRoute, ...]
    grants: tuple[Grant, ...]
    sidecars: tuple[Sidecar, ...]
    telemetries: tuple[Telemetry, ...]
    workload_entries: tuple[WorkloadEntry, ...]
    findings: tuple[Finding, ...]
    statuses: Statuses = ()
    fallbacks: tuple[Fallback, ...] = ()
    suspensions: tuple[Suspend, ...] = ()


NOTHING = Converted()


def gathered(memo: Memo, documents: Iterable[Document]) -> Resources:
    """Each document is read once, however often it is given."""

    def reading(document: Document) -> Reading:
        key = document.key
        return memo(("reading", key), read, memo.same(("document", key), document))

    modelled = [d for d in documents if d.key.kind in MODELLED]
    return memo("resources", by_kind, memo, memo.each("readings", reading, (modelled,)))


def by_kind(memo: Memo, readings: tuple[Reading, ...]) -> Resources:
    models: dict[type, list[Resource]] = {}
    for reading in readings:
        if reading.resource is not None:
            models.setdefault(type(reading.resource), []).append(reading.resource)

    def of(kind: type[Resource]) -> tuple[Resource, ...]:
        return memo(
            ("kind", kind), oldest_first, memo.group(("all of", kind), models.get(kind, ()))
        )

    return Resources(
        virtual_services=with_delegates(memo, of(VirtualService)),  # type: ignore[arg-type]
        destination_rules=of(DestinationRule),  # type: ignore[arg-type]
        gateways=of(Gateway),  # type: ignore[arg-type]
        service_entries=of(ServiceEntry),  # type: ignore[arg-type]
        peer_authentications=of(PeerAuthentication),  # type: ignore[arg-type]
        authorization_policies=of(AuthorizationPolicy),  # type: ignore[arg-type]
        request_authentications=of(RequestAuthentication),  # type: ignore[arg-type]
        gateway_classes=of(ApiGatewayClass),  # type: ignore[arg-type]
        api_gateways=of(ApiGateway),  # type: ignore[arg-type]
        api_routes=of(ApiRoute),  # type: ignore[arg-type]
        grants=of(Grant),  # type: ignore[arg-type]
        sidecars=of(Sidecar),  # type: ignore[arg-type]
        telemetries=of(Telemetry),  # type: ignore[arg-type]
        workload_entries=of(WorkloadEntry),  # type: ignore[arg-type]
        fallbacks=of(Fallback),  # type: ignore[arg-type]
        suspensions=of(Suspend),  # type: ignore[arg-type]
        findings=tuple(
            f for r in readings if r.resource is None for f in r.findings if is_error(f)
        ),
    )


def with_gateway_api(
    memo: Memo, resources: Resources, registry: Registry, secrets: Secrets
) -> Resources:
    """The Gateway API's resources among those that they amount to."""
    made = memo(
        "gateway api",
        converted,
        resources.gateway_classes,
        resources.api_gateways,
        resources.api_routes,
        resources.grants,
        registry,
        memo.same("secret names", secrets),
    )
    if made == NOTHING:
        return resources
    return memo("joined resources", joined_resources, resources, made)


def joined_resources(resources: Resources, made: Converted) -> Resources:
    services = (*resources.virtual_services, *made.virtual_services)
    return replace(
        resources,
        gateways=(*resources.gateways, *made.gateways),
        virtual_services=tuple(sorted(services, key=lambda s: s.metadata.age)),
        statuses=made.statuses,
    )


def oldest_first(models: tuple[Resource, ...]) -> tuple[Resource, ...]:
    return tuple(sorted(models, key=lambda m: m.metadata.age))


def is_error(finding: Finding) -> bool:
    return finding.severity is Severity.ERROR


@dataclass(frozen=True, slots=True, eq=False)
class Pods:
    """The pods of each namespace that has any, under the policies that apply there."""

    namespaces: Mapping[str, PodIndex]


def pods(
    memo: Memo,
    registry: Registry,
    policies: tuple[PeerAuthentication, ...],
    root_namespace: str,
    overlap: frozenset[Overlap],
) -> Pods:
    changes: dict[tuple[str, str], list[Overlap]] = {}
    for one in sorted(overlap, key=lambda o: (o.port, o.previous, o.clients_switched)):
        changes.setdefault((one.namespace, one.workload), []).append(one)
    found: dict[str, PodIndex] = {}
    for namespace, members in groupby(registry.pods, key=lambda p: p.namespace):
        own = memo(
            ("policies", namespace),
            policies_of,
            memo.same(("namespace", namespace), namespace),
            root_namespace,
            policies,
        )
        views = [view_of(memo, p, own, changes) for p in members]
        found[namespace] = memo(
            ("pod index", namespace), pod_index, memo.group(("pod views", namespace), views)
        )
    return Pods(found)


def view_of(
    memo: Memo, pod: Pod, policies: Policies, changes: Mapping[tuple[str, str], list[Overlap]]
) -> PodView:
    key = (pod.namespace, pod.workload)
    own = memo.same(("overlap", key), tuple(changes.get(key, ())))
    return memo(("pod view", pod.namespace, pod.name), pod_view, pod, policies, own)


@dataclass(frozen=True, slots=True, eq=False)
class Selection:
    """Every host with the pods behind it and the identities they may have, by `Upstream.key`."""

    upstreams: Mapping[str, Upstream]
    pods: Mapping[str, tuple[PodView, ...]]
    sans: Mapping[str, tuple[str, ...]]
    entries: Mapping[str, tuple[EntryEndpoint, ...]]


def selection(
    memo: Memo,
    registry: Registry,
    entries: tuple[ServiceEntry, ...],
    every_pod: Pods,
    trust_domain: str,
    workload_entries: tuple[WorkloadEntry, ...],
) -> Selection:
    """Services in the registry's order, then hosts that only a ServiceEntry knows, oldest first."""
    grouped = groupby(registry.workloads, key=lambda w: w.namespace)
    workloads = {ns: memo.group(("workloads of", ns), members) for ns, members in grouped}
    upstreams: dict[str, Upstream] = {}
    chosen: dict[str, tuple[PodView, ...]] = {}
    sans: dict[str, tuple[str, ...]] = {}
    outside: dict[str, tuple[EntryEndpoint, ...]] = {}
    for upstream in all_upstreams(memo, registry, entries):
        host, namespace = upstream.key, upstream.namespace
        if host in upstreams:
            continue
        upstreams[host] = upstream
        index = every_pod.namespaces.get(namespace, NO_PODS)
        selector = memo.same(("selector", host), selector_of(upstream))
        chosen[host] = memo(("selected", host), select_pods, index, selector)
        if workload_entries:
            outside[host] = memo(
                ("entries of", host), entries_of, workload_entries, namespace, selector
            )
        sans[host] = memo(
            ("sans", host),
            spiffe_ids,
            chosen[host],
            workloads.get(namespace, NO_WORKLOADS),
            selector,
            trust_domain,
            memo.same(("accounts", host), accounts_of(upstream, outside.get(host, ()))),
        )
    return Selection(upstreams, chosen, sans, outside)


def entries_of(
    every: tuple[WorkloadEntry, ...], namespace: str, selector: Labels
) -> tuple[EntryEndpoint, ...]:
    """The WorkloadEntries with an address or a name that a host selects, oldest first."""
    return tuple(
        one.endpoint
        for one in every
        if one.metadata.key.namespace == namespace
        and selects(selector, one.endpoint.labels)
        and one.endpoint.address
    )


def all_upstreams(
    memo: Memo, registry: Registry, entries: tuple[ServiceEntry, ...]
) -> Iterable[Upstream]:
    for service in registry.services:
        yield memo(("upstream", service.namespace, service.name), of_service, service)
    for entry in entries:
        yield from memo(("upstreams", entry.metadata.key), of_entry, entry)


def selector_of(upstream: Upstream) -> Labels:
    if upstream.service is not None:
        return upstream.service.selector
    return upstream.entry.selector if upstream.entry is not None else ()


def accounts_of(
    upstream: Upstream, entries: tuple[EntryEndpoint, ...]
) -> tuple[tuple[str, str], ...]:
    """(namespace, account) of the endpoints that are written down."""
    own = upstream.entry.endpoints if upstream.entry is not None else ()
    known = {(upstream.namespace, e.service_account) for e in (*own, *entries) if e.service_account}
    return tuple(sorted(known))


def spiffe_ids(
    views: tuple[PodView, ...],
    workloads: tuple[Workload, ...],
    selector: Labels,
    trust_domain: str,
    others: tuple[tuple[str, str], ...] = (),
) -> tuple[str, ...]:
    """Identities of the workloads and pods selected, so that a rollout's first pod changes none."""
    accounts = {(v.pod.namespace, v.pod.service_account) for v in views}
    accounts |= {(w.namespace, w.service_account) for w in workloads if selects(selector, w.labels)}
    accounts |= set(others)
    return tuple(f"spiffe://{trust_domain}/ns/{ns}/sa/{sa}" for ns, sa in sorted(accounts))


def services_by_pod(chosen: Selection) -> Mapping[tuple[str, str], tuple[Service, ...]]:
    """The services that send to each pod, by (namespace, pod name), in the registry's order."""
    found: dict[tuple[str, str], list[Service]] = {}
    for host, upstream in chosen.upstreams.items():
        if upstream.service is not None:
            for view in chosen.pods[host]:
                found.setdefault((view.pod.namespace, view.pod.name), []).append(upstream.service)
    return {key: tuple(services) for key, services in found.items()}
