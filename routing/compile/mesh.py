"""The whole mesh, compiled: one configuration per proxy, parts shared wherever they are equal."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from rest.contracts import Finding
from routing.compile.assemble import (
    Sidecar,
    assemble_gateway,
    assemble_sidecar,
    joined,
    sidecar,
)
from routing.compile.authorization import OPEN, Guard, Place, guard
from routing.compile.backstops import (
    Nets,
    caught,
    in_traffic,
    nets,
    suspended_hosts,
    without_suspended,
)
from routing.compile.gateway_status import Statuses
from routing.compile.gateways import (
    GatewayPlan,
    GatewayWorkload,
    gateway_listeners,
    gateway_plan,
    guarded,
    host_ports,
    passed_names,
)
from routing.compile.http_routes import Client
from routing.compile.inbound import Inbound, inbound
from routing.compile.inputs import (
    Pods,
    Resources,
    gathered,
    pods,
    selection,
    services_by_pod,
    with_gateway_api,
)
from routing.compile.memo import Memo
from routing.compile.mtls import Overlap, PodView, modes_in_force
from routing.compile.outbound import HttpPort, TcpPlan, http_ports
from routing.compile.outward import Outward, outward
from routing.compile.registry import PodIndex, kept_registry
from routing.compile.rules import index_rules
from routing.compile.scopes import Scope, Scopes
from routing.compile.server_names import passed_on
from routing.compile.tcp_backstops import (
    assigned_to_the_last,
    caught_listener,
    caught_plan,
    to_the_last,
)
from routing.compile.telemetry import DEFAULT, telemetry_of
from routing.compile.views import View, shared_views
from routing.compile.virtual_services import MeshRoutes, mesh_routes
from routing.contracts import Document
from routing.ir import (
    Cluster,
    ClusterEndpoints,
    GatewaySecret,
    MtlsMode,
    ProxyConfig,
    ProxyTelemetry,
    RouteConfig,
)
from routing.model import AuthorizationPolicy, Gateway, RequestAuthentication, Suspend, Telemetry
from routing.model import Sidecar as SidecarModel
from topology.contracts import Labels, Registry, Service

ModeKey = tuple[str, str, int]
Look = tuple[Scope, Labels]
"""Sidecars that look outward alike: their scope, and those of their labels that routes ask for."""

NO_SERVICES: tuple[Service, ...] = ()
NO_SECRETS: tuple[GatewaySecret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshInput:
    """All that the compiled mesh depends on. `secrets` are the gateway certificates there are.

    `host_port_offset` is added to a container port's `hostPort` (`settings.PORT_OFFSET`).
    """

    documents: tuple[Document, ...]
    registry: Registry
    trust_domain: str = "cluster.local"
    root_namespace: str = "istio-system"
    host_port_offset: int = 0
    overlap: frozenset[Overlap] = frozenset()
    secrets: tuple[GatewaySecret, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh:
    """Configurations by proxy id. Unchanged ones are the same objects as in the mesh before.

    `modes` has the mTLS mode in force of every workload in the mesh by (namespace, workload, port)
    with port 0 for the workload as a whole, and a port of its own where that differs. `findings`
    are errors of documents that were left out, `statuses` what became of the Gateway API's.
    """

    configs: Mapping[str, ProxyConfig]
    modes: Mapping[ModeKey, MtlsMode]
    findings: tuple[Finding, ...] = ()
    statuses: Statuses = ()

    def proxy(self, proxy_id: str) -> ProxyConfig | None:
        """The configuration of one proxy; None for a proxy that is not in the registry."""
        return self.configs.get(proxy_id)

    def proxy_ids(self) -> tuple[str, ...]:
        return tuple(self.configs)

    def changed_since(self, before: "Mesh | None") -> tuple[str, ...]:
        """The proxies whose configuration is new or another one than in `before`."""
        if before is None:
            return self.proxy_ids()
        known = before.configs
        return tuple(i for i, config in self.configs.items() if known.get(i) is not config)


class Compiler:
    """Compiles one mesh after another, remembering every step whose inputs have not changed.

    Not thread-safe: one compiler belongs to one thread at a time.
    """

    def __init__(self) -> None:
        self._memo = Memo()

    def compile(self, given: MeshInput) -> Mesh:
        """Pure: equal inputs give equal meshes, whatever was compiled before."""
        memo = self._memo
        memo.settle()
        registry = memo("registry", kept_registry, memo, given.registry)
        certificates = frozenset((s.namespace, s.name) for s in given.secrets if s.has_certificate)
        resources = with_gateway_api(memo, gathered(memo, given.documents), registry, certificates)
        root = memo.same("root namespace", given.root_namespace)
        domain = memo.same("trust domain", given.trust_domain)
        overlap = memo.same("overlap", given.overlap)
        policies = resources.peer_authentications
        in_use = memo("in traffic", in_traffic, registry, resources.suspensions)
        every_pod = memo("pods", pods, memo, in_use, policies, root, overlap)
        chosen = memo(
            "selection",
            selection,
            memo,
            registry,
            resources.service_entries,
            every_pod,
            domain,
            resources.workload_entries,
        )
        rules = memo("rules", index_rules, resources.destination_rules, root)
        routes = memo("mesh routes", mesh_routes, memo, resources.virtual_services)
        scopes = memo("scopes", Scopes, resources.sidecars, resources.destination_rules, root)
        secrets = memo.same("secrets", by_name(given.secrets))
        common = memo(
            "common",
            Common,
            memo,
            memo("services by pod", services_by_pod, chosen),
            resources.authorization_policies,
            resources.request_authentications,
            resources.gateways,
            resources.telemetries,
            secrets,
            root,
        )
        run = Run(
            memo=memo,
            resources=resources,
            common=common,
            routes=routes,
            scopes=scopes,
            host_port_offset=given.host_port_offset,
            suspended=memo("suspended", suspended_hosts, chosen, resources.suspensions),
        )
        views = memo(
            "views",
            shared_views,
            memo,
            memo("as clients see", without_suspended, chosen, resources.suspensions),
            rules,
            every_pod,
            scopes,
            routes if resources.sidecars else None,
            secrets,
        )
        return Mesh(
            configs=configs(run, every_pod, views),
            modes=memo("modes", modes_in_force, registry.workloads, policies, root),
            findings=resources.findings,
            statuses=resources.statuses,
        )


def by_name(secrets: tuple[GatewaySecret, ...]) -> tuple[GatewaySecret, ...]:
    return tuple(sorted(secrets, key=lambda one: (one.namespace, one.name)))


def compile_mesh(given: MeshInput) -> Mesh:
    """Compile without any memory of earlier meshes."""
    return Compiler().compile(given)


@dataclass(frozen=True, slots=True, eq=False)
class Common:
    """What the pods' own parts are made with: the same object until some of it changes."""

    memo: Memo
    services: Mapping[tuple[str, str], tuple[Service, ...]]
    authorization_policies: tuple[AuthorizationPolicy, ...]
    request_authentications: tuple[RequestAuthentication, ...]
    gateways: tuple[Gateway, ...]
    telemetries: tuple[Telemetry, ...]
    secrets: tuple[GatewaySecret, ...]
    root_namespace: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Run:
    """What every proxy's configuration is made with."""

    memo: Memo
    resources: Resources
    common: Common
    routes: MeshRoutes
    scopes: Scopes
    host_port_offset: int
    suspended: Mapping[str, Suspend]


def nets_under(run: Run, scope: Scope, view: View) -> Nets | None:
    """What is under the clusters of a view; None, as nearly always, for nothing."""
    if not (run.resources.fallbacks or run.suspended):
        return None
    return run.memo(
        ("nets", scope),
        nets,
        view.clusters,
        view.known,
        run.memo.same(("nets of", scope), scope.namespace),
        run.resources.fallbacks,
        run.suspended,
    )


def joined_clusters(run: Run, scope: Scope, view: View, under: Nets | None) -> View:
    """The view with the clusters that backstops go through."""
    if under is None or not under.composites:
        return view
    slot = ("composites", scope)
    more = run.memo(slot, joined, view.clusters, run.memo.group((slot, "own"), under.composites))
    return run.memo((slot, "view"), with_clusters, view, more, under)


def with_clusters(view: View, clusters: tuple[Cluster, ...], under: Nets) -> View:
    if not under.taken:
        return replace(view, clusters=clusters)
    return replace(
        view,
        clusters=to_the_last(clusters, under.taken),
        endpoints=assigned_to_the_last(view.endpoints, under.taken),
    )


def caught_outward(run: Run, slot: Look, made: Outward, under: Nets | None) -> Outward:
    if under is None:
        return made
    routes = run.memo(("caught", slot), caught, made.routes, under)
    tables = run.memo.group(
        ("caught tables", slot),
        (run.memo(("caught", slot, one.name), caught, one, under) for one in made.tables),
    )
    tcp = run.memo(("caught tcp", slot), caught_plans, made.tcp, under)
    return run.memo.same(
        ("caught outward", slot), replace(made, routes=routes, tables=tables, tcp=tcp)
    )


def caught_plans(plans: tuple[TcpPlan, ...], under: Nets) -> tuple[TcpPlan, ...]:
    return tuple(caught_plan(plan, under.taken) for plan in plans) if under.taken else plans


def caught_gateway(run: Run, config: ProxyConfig, under: Nets | None) -> ProxyConfig:
    if under is None:
        return config
    return run.memo(("caught", config.proxy.id), with_nets, config, under)


def with_nets(config: ProxyConfig, under: Nets) -> ProxyConfig:
    return replace(
        config,
        routes=tuple(caught(routes, under) for routes in config.routes),
        gateways=tuple(caught_listener(one, under.taken) for one in config.gateways),
    )


@dataclass(frozen=True, slots=True)
class Own:
    """What a pod's proxy has for itself, beside routes, clusters and endpoints."""

    guard: Guard
    telemetry: ProxyTelemetry
    secrets: tuple[GatewaySecret, ...]
    sidecar: SidecarModel | None
    ports: tuple[HttpPort, ...]
    tables: tuple[RouteConfig, ...]
    to_serve: tuple[GatewaySecret, ...]


def guard_of(common: Common, pod: PodView) -> Guard:
    """Made once for all pods with the same labels."""
    memo = common.memo
    if not (common.authorization_policies or common.request_authentications):
        return OPEN
    slot = (pod.pod.namespace, pod.pod.labels)
    namespace, labels = memo.same(("guarded", slot), slot)
    return memo(
        ("guard", slot),
        guard,
        common.authorization_policies,
        common.request_authentications,
        namespace,
        labels,
        place_of(common),
    )


def place_of(common: Common) -> Place:
    return common.memo("place of guards", Place, common.root_namespace, common.gateways)


def tells(common: Common, pod: PodView) -> ProxyTelemetry:
    """Made once for all pods with the same labels."""
    memo, every = common.memo, common.telemetries
    if not every:
        return DEFAULT
    slot = (pod.pod.namespace, pod.pod.labels)
    namespace, labels = memo.same(("telling", slot), slot)
    return memo(("tells", slot), telemetry_of, every, namespace, labels, place_of(common))


@dataclass(frozen=True, slots=True, eq=False)
class Members:
    """The proxies of one namespace in the registry's order: a gateway has no look."""

    every: tuple[tuple[PodView, Look | None], ...]
    looks: tuple[Look, ...]


def members(index: PodIndex, scopes: Scopes, asked: frozenset[tuple[str, str]]) -> Members:
    every: list[tuple[PodView, Look | None]] = []
    for pod in index.pods:
        if pod.pod.gateway:
            every.append((pod, None))
        elif pod.pod.sidecar:
            labels = tuple(pair for pair in pod.pod.labels if pair in asked) if asked else ()
            every.append((pod, (scopes.of(pod), labels)))
    looks = dict.fromkeys(look for _, look in every if look is not None)
    return Members(tuple(every), tuple(looks))


def configs(run: Run, every_pod: Pods, views: Mapping[Scope, View]) -> dict[str, ProxyConfig]:
    """One configuration per proxy, in the registry's order."""
    memo, made = run.memo, dict[str, ProxyConfig]()
    asked = memo.same("labels asked for", run.routes.labels)
    under = {scope: nets_under(run, scope, view) for scope, view in views.items()}
    views = {s: joined_clusters(run, s, view, under[s]) for s, view in views.items()}
    for namespace, index in every_pod.namespaces.items():
        found = memo(("members", namespace), members, index, run.scopes, asked)
        seen = memo.group(("seen", namespace), [views[scope] for scope, _ in found.looks])
        outwards = memo.group(
            ("outwards", namespace), [outward_of(run, look, views, under) for look in found.looks]
        )
        own = memo(("sidecars", namespace), sidecars, run.common, found, seen, outwards)
        if len(own) == len(found.every):
            made.update(own)
            continue
        for pod, look in found.every:
            proxy_id = pod.pod.proxy_id
            if look is not None:
                made[proxy_id] = own[proxy_id]
            else:
                scope = run.scopes.of(pod)
                config = gateway_config(run, pod, views[scope])
                made[proxy_id] = caught_gateway(run, config, under[scope])
    return made


def outward_of(
    run: Run, look: Look, views: Mapping[Scope, View], under: Mapping[Scope, Nets | None]
) -> Outward:
    scope, labels = look
    client = Client(namespace=scope.namespace, labels=labels)
    made = outward(run.memo, client, views[scope], run.routes)
    return caught_outward(run, look, made, under[scope])


def sidecars(
    common: Common, of: Members, views: tuple[View, ...], outwards: tuple[Outward, ...]
) -> dict[str, ProxyConfig]:
    """By proxy id; views and outwards are those of `of.looks`."""
    by_look = dict(zip(of.looks, zip(views, outwards, strict=True), strict=True))
    made = (sidecar_config(common, pod, *by_look[look]) for pod, look in of.every if look)
    return {config.proxy.id: config for config in made}


def sidecar_config(common: Common, pod: PodView, view: View, outward: Outward) -> ProxyConfig:
    memo, key = common.memo, (pod.pod.namespace, pod.pod.name)
    services = common.services.get(key, NO_SERVICES)
    but_routes = memo(
        ("sidecar", key),
        shared_sidecar,
        memo,
        pod,
        services,
        outward.tcp,
        view.clusters,
        view.endpoints,
        memo(
            ("own", key),
            Own,
            guard_of(common, pod),
            tells(common, pod),
            view.secrets,
            view.sidecar,
            outward.ports,
            outward.tables,
            secrets_to_serve(common, pod, view.sidecar),
        ),
    )
    return memo.exact(("config", key), assemble_sidecar, but_routes, outward.routes)


def secrets_to_serve(
    common: Common, pod: PodView, of: SidecarModel | None
) -> tuple[GatewaySecret, ...]:
    """What a Sidecar may name for the TLS of its ports: the Secrets of the pod's namespace."""
    if of is None or not any(one.tls is not None for one in of.ingress or ()):
        return NO_SECRETS
    namespace = pod.pod.namespace
    own = tuple(s for s in common.secrets if s.namespace == namespace)
    return common.memo.same(("secrets to serve", namespace), own)


def shared_sidecar(
    memo: Memo,
    pod: PodView,
    services: tuple[Service, ...],
    plans: tuple[TcpPlan, ...],
    clusters: tuple[Cluster, ...],
    endpoints: tuple[ClusterEndpoints, ...],
    own: Own,
) -> Sidecar:
    key = (pod.pod.namespace, pod.pod.name)
    inward = memo(
        ("inbound", key),
        shared_inbound,
        memo,
        pod,
        services,
        own.guard,
        own.sidecar,
        own.to_serve,
    )
    every = memo(("proxy clusters", key), joined, clusters, inward.clusters)
    made = sidecar(pod.pod, inward, plans, every, endpoints, own.telemetry, own.secrets)
    if not own.ports:
        return made
    return replace(made, http_ports=http_ports(pod.pod, own.ports), tables=own.tables)


def shared_inbound(
    memo: Memo,
    pod: PodView,
    services: tuple[Service, ...],
    guard: Guard,
    of: SidecarModel | None,
    secrets: tuple[GatewaySecret, ...],
) -> Inbound:
    """A pod's inbound side, its route configurations shared with its siblings."""
    made = inbound(pod, services, guard, of, secrets)
    routes = tuple(memo.same(("inbound routes", config), config) for config in made.routes)
    return replace(made, routes=routes)


def gateway_config(run: Run, pod: PodView, view: View) -> ProxyConfig:
    memo, key = run.memo, (pod.pod.namespace, pod.pod.name)
    plan = plan_for(run, pod, view)
    offset = memo.same("host port offset", run.host_port_offset)
    listeners = memo(
        ("gateway listeners", key),
        gateway_listeners,
        pod.pod,
        run.common.services.get(key, NO_SERVICES),
        plan,
        offset,
    )
    own = guard_of(run.common, pod).clusters
    clusters, endpoints = view.clusters, view.endpoints
    if own:
        clusters = memo(("proxy clusters", key), joined, clusters, own)
    names = memo(("server names", key), passed_names, plan)
    if names:
        more = memo(("passed on", key), passed_on, names, view.clusters, view.endpoints)
        clusters, endpoints = (*clusters, *more.clusters), (*endpoints, *more.endpoints)
        clusters = memo.same(("clusters passed on", key), clusters)
        endpoints = memo.same(("endpoints passed on", key), endpoints)
    return memo(
        ("config", key),
        assemble_gateway,
        pod.pod,
        listeners,
        plan,
        clusters,
        endpoints,
        tells(run.common, pod),
        view.secrets,
    )


def plan_for(run: Run, pod: PodView, view: View) -> GatewayPlan:
    """Made once for all pods of a gateway."""
    memo, slot = run.memo, (pod.pod.namespace, pod.pod.workload, pod.pod.labels)
    own = tuple(s for s in run.common.secrets if s.namespace == pod.pod.namespace)
    workload = memo.same(
        ("gateway workload", slot),
        GatewayWorkload(
            namespace=pod.pod.namespace,
            labels=pod.pod.labels,
            secrets=own,
            host_ports=host_ports(
                pod.pod,
                run.common.services.get((pod.pod.namespace, pod.pod.name), NO_SERVICES),
                run.host_port_offset,
            ),
        ),
    )
    resources = run.resources
    made = memo(
        ("gateway plan", slot),
        gateway_plan,
        workload,
        resources.gateways,
        resources.virtual_services,
        view.known,
    )
    guarding = guard_of(run.common, pod)
    return made if guarding == OPEN else memo(("guarded plan", slot), guarded, made, guarding)
