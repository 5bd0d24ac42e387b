"""What the rules look at: models of everything in force, and what runs."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from routing.compile.rules import Rules, index_rules
from routing.compile.secrets import tls_parts
from routing.compile.upstreams import Upstream, of_entry, of_service
from routing.contracts import Document, ResourceKey
from routing.manifest import manifest_of
from routing.model import (
    DestinationRule,
    Fallback,
    Gateway,
    PeerAuthentication,
    Resource,
    ServiceEntry,
    Suspend,
    VirtualService,
)
from routing.model.hosts import covers, full_host
from routing.parse import Reading, read
from topology.contracts import Labels, Registry, Service, Workload


@dataclass(frozen=True, slots=True, kw_only=True)
class World:
    """Models oldest first; `upstreams` by host; `gateways` by (namespace, name).

    `secrets` have certificates, `authorities` are Secrets with those that check others'.
    `services` and `workloads` are the registry's, and those of documents that it does not know.
    """

    readings: tuple[tuple[ResourceKey, Reading], ...]
    virtual_services: tuple[VirtualService, ...]
    destination_rules: tuple[DestinationRule, ...]
    gateways: Mapping[tuple[str, str], Gateway]
    service_entries: tuple[ServiceEntry, ...]
    peer_authentications: tuple[PeerAuthentication, ...]
    upstreams: Mapping[str, Upstream]
    services: tuple[Service, ...]
    workloads: tuple[Workload, ...]
    by_namespace: Mapping[str, tuple[Workload, ...]]
    secrets: frozenset[tuple[str, str]]
    authorities: frozenset[tuple[str, str]]
    rules: Rules
    root_namespace: str
    fallbacks: tuple[Fallback, ...] = ()
    suspensions: tuple[Suspend, ...] = ()

    def upstream(self, host: str, namespace: str) -> Upstream | None:
        """What a host means in a resource of `namespace`; the narrowest wildcard if need be."""
        full = full_host(host, namespace)
        found = self.upstreams.get(full)
        if found is not None:
            return found
        covering = [h for h in self.upstreams if h.startswith("*") and covers(h, full)]
        return self.upstreams[max(covering, key=len)] if covering else None

    def workloads_with(self, selector: Labels, namespace: str | None) -> list[Workload]:
        """Workloads by label, in one namespace or (None) in all."""
        members = self.workloads if namespace is None else self.by_namespace.get(namespace, ())
        wanted = set(selector)
        return [w for w in members if wanted.issubset(w.labels)]

    def gateway(self, name: str, namespace: str) -> Gateway | None:
        """A Gateway as a VirtualService of `namespace` names it."""
        where, _, bare = name.rpartition("/")
        where = namespace if where in ("", ".") else where
        return self.gateways.get((where, bare))


def make_world(
    documents: Iterable[Document],
    registry: Registry,
    secrets: frozenset[tuple[str, str]],
    root_namespace: str,
) -> World:
    given = tuple(documents)
    readings = tuple((d.key, read(d)) for d in given if d.key.kind not in PLATFORM)
    models = [r.resource for _, r in readings if r.resource is not None]
    models.sort(key=lambda m: m.metadata.age)
    services, workloads = with_manifests(given, registry)
    entries = tuple(m for m in models if isinstance(m, ServiceEntry))
    rules = tuple(m for m in models if isinstance(m, DestinationRule))
    gateways = [m for m in models if isinstance(m, Gateway)]
    parts = [found for d in given if (found := tls_parts(d)) is not None]
    stored = {(s.namespace, s.name) for s in parts if s.has_certificate}
    return World(
        readings=readings,
        virtual_services=tuple(m for m in models if isinstance(m, VirtualService)),
        destination_rules=rules,
        gateways={(g.metadata.key.namespace, g.metadata.key.name): g for g in gateways},
        service_entries=entries,
        peer_authentications=tuple(m for m in models if isinstance(m, PeerAuthentication)),
        upstreams={u.host: u for u in reversed(list(all_upstreams(services, entries)))},
        services=services,
        workloads=workloads,
        by_namespace=grouped(workloads),
        secrets=secrets | stored,
        authorities=frozenset((s.namespace, s.name) for s in parts if s.has_authorities),
        rules=index_rules(rules, root_namespace),
        root_namespace=root_namespace,
        fallbacks=tuple(m for m in models if isinstance(m, Fallback)),
        suspensions=tuple(m for m in models if isinstance(m, Suspend)),
    )


def grouped(workloads: Iterable[Workload]) -> dict[str, tuple[Workload, ...]]:
    found: dict[str, list[Workload]] = {}
    for workload in workloads:
        found.setdefault(workload.namespace, []).append(workload)
    return {namespace: tuple(members) for namespace, members in found.items()}


PLATFORM = frozenset({"Namespace", "ServiceAccount", "Service", "Deployment", "Secret"})


def all_upstreams(
    services: Iterable[Service], entries: Iterable[ServiceEntry]
) -> Iterator[Upstream]:
    """The first of a host is the one in force."""
    for service in services:
        yield of_service(service)
    for entry in entries:
        yield from of_entry(entry)


def with_manifests(
    documents: tuple[Document, ...], registry: Registry
) -> tuple[tuple[Service, ...], tuple[Workload, ...]]:
    """The registry, with those manifests among the documents that it does not know."""
    services = {(s.namespace, s.name): s for s in registry.services}
    workloads = {(w.namespace, w.name): w for w in registry.workloads}
    known = {("Service", *key) for key in services} | {("Deployment", *key) for key in workloads}
    for document in documents:
        kind, key = document.key.kind, (document.key.namespace, document.key.name)
        if kind not in ("Service", "Deployment") or (kind, *key) in known:
            continue
        value = manifest_of(document).value
        if isinstance(value, Service):
            services[key] = value
        elif isinstance(value, Workload):
            workloads[key] = value
    return tuple(services.values()), tuple(workloads.values())


def resource_of(model: Resource) -> ResourceKey:
    return model.metadata.key
