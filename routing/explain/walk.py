"""From the caller through every proxy to whoever answers."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from routing.explain import listeners, rules
from routing.explain.answer import (
    Candidate,
    Destination,
    Explanation,
    Hop,
    Instead,
    Listening,
    Onward,
    Turn,
)
from routing.explain.http import GATEWAY, INBOUND, OUTBOUND, Arrival, cluster_of, http, sent
from routing.explain.limits import notes
from routing.explain.outcomes import outcomes
from routing.explain.question import Connection, Question, Request
from routing.explain.replies import closed, place
from routing.ir import (
    Authorization,
    Backstop,
    Cluster,
    ClusterKind,
    Endpoint,
    GatewayListener,
    GatewayTlsMode,
    InboundListener,
    MeshTls,
    OriginateTls,
    OutboundTcpListener,
    Proxy,
    ProxyConfig,
    RouteConfig,
    WeightedCluster,
)
from topology.contracts import Pod, Registry, Service, selects

Listener = InboundListener | GatewayListener
Spread = Mapping[Endpoint, float]
"""Endpoints, and what share (percent) of the requests each takes."""
MOST_HOPS = 8
"""A gateway may send to itself; nobody needs to see that for ever."""
NAMED = (ClusterKind.DNS, ClusterKind.LOGICAL_DNS)


@dataclass(frozen=True)
class MeshView:
    """The configurations of all proxies and what runs; made once for many questions."""

    configs: Mapping[str, ProxyConfig]
    registry: Registry
    trust_domain: str = "cluster.local"

    @cached_property
    def listening(self) -> Mapping[tuple[str, int], tuple[ProxyConfig, Listener]]:
        """Who listens at an address of the mesh."""
        found: dict[tuple[str, int], tuple[ProxyConfig, Listener]] = {}
        for config in self.configs.values():
            found.update({(one.address, one.port): (config, one) for one in config.inbound})
            found.update({(one.address, one.port): (config, one) for one in config.gateways})
        return found

    @cached_property
    def pods(self) -> Mapping[str, Pod]:
        """By address."""
        return {pod.address: pod for pod in self.registry.pods}

    def identity(self, namespace: str, account: str) -> str:
        return f"spiffe://{self.trust_domain}/ns/{namespace}/sa/{account or 'default'}"


def explain(view: MeshView, caller: Pod, question: Question) -> Explanation:
    walk = Walk(view=view, at=question.at)
    config = view.configs.get(caller.proxy_id)
    if config is None:
        first = walk.without_proxy(caller, question)
    elif caller.gateway:
        first = walk.at_gateway(config, question)
    else:
        first = walk.out_of(config, question)
    return Explanation(first=first, outcomes=outcomes(first), notes=notes(first, view.configs))


@dataclass(frozen=True, kw_only=True)
class Walk:
    """One walk through the mesh at one moment (`at`, Unix seconds); `depth` proxies are behind."""

    view: MeshView
    at: float
    depth: int = 0

    # --- where a request begins ----------------------------------------------------------------

    def out_of(self, config: ProxyConfig, question: Question) -> Hop:
        """From an application through its own sidecar."""
        if question.scheme in ("tcp", "tls"):
            return self._out_of_tcp(config, question)
        port = config.outbound_http
        table = _table(config, port.route_config) if port else None
        if port is None or table is None:
            return _nowhere(config, OUTBOUND, "the sidecar has no egress port")
        tunnel = question.scheme == "https"
        arrival = Arrival(
            config=config,
            side=OUTBOUND,
            table=table,
            listening=Listening(
                address=port.address,
                port=port.port,
                chain="http",
                reason="the sidecar's egress port takes all HTTP, and CONNECT for https",
            ),
            request=_tunnel(question) if tunnel else asked(question),
            connection=Connection(to_address=port.address, to_port=port.port),
        )
        return http(arrival, self.at, self.lead)

    def _out_of_tcp(self, config: ProxyConfig, question: Question) -> Hop:
        found = self._tcp_port(config, question)
        if found is None:
            where = f"{question.host}:{question.port}"
            return _nowhere(config, OUTBOUND, f"the sidecar opens no TCP port for {where}")
        sni = question.server_name or question.host if question.scheme == "tls" else ""
        listening, clusters = listeners.outbound_tcp(found, sni)
        turn = Turn(destinations=_led(self, config, clusters, asked(question)))
        return replace(_bare(config.proxy, OUTBOUND), listener=listening, turns=(turn,))

    def _tcp_port(self, config: ProxyConfig, question: Question) -> OutboundTcpListener | None:
        service = service_named(self.view.registry, question.host, config.proxy.namespace)
        ports = service.ports if service else ()
        local = next((p.local_port for p in ports if p.number == question.port), 0)
        own = (p for p in config.outbound_tcp if local and p.port == local)
        return next(own, None) or self._declared(config, question)

    def _declared(self, config: ProxyConfig, question: Question) -> OutboundTcpListener | None:
        """The port that a Sidecar opens for a host outside the mesh."""
        wanted = (question.host, question.port)
        return next((p for p in config.outbound_tcp if (p.service_name, p.port) == wanted), None)

    def at_gateway(self, config: ProxyConfig, question: Question) -> Hop:
        """From a stranger to one of the gateway's ports."""
        port = self._gateway_port(config, question.port)
        if port is None:
            return _nowhere(config, GATEWAY, f"the gateway has no port {question.port}")
        tls = question.scheme in ("https", "tls")
        connection = Connection(
            tls=tls,
            sni=(question.server_name or question.host) if tls else "",
            address=question.client_address,
            to_address=port.address,
            to_port=port.port,
        )
        return self._into_gateway(config, port, asked(question), connection)

    def _gateway_port(self, config: ProxyConfig, wanted: int) -> GatewayListener | None:
        """The port as the gateway's Service has it, as the host has it, or the pod's own."""
        pod = self.view.pods.get(config.proxy.address)
        services = [s for s in self.view.registry.services if pod and _selects(s, pod)]
        targets = {p.target_port for s in services for p in s.ports if p.number == wanted}
        own = [g for g in config.gateways if g.address == config.proxy.address]
        others = [g for g in config.gateways if g.address != config.proxy.address]
        for ports, numbers in ((own, targets), (others, {wanted}), (own, {wanted})):
            found = next((g for g in ports if g.port in numbers), None)
            if found:
                return found
        return None

    def without_proxy(self, caller: Pod, question: Question) -> Hop:
        """From a pod outside the mesh straight to a pod, in plain text."""
        hop = Hop(
            side="none", namespace=caller.namespace, workload=caller.workload, pod=caller.name
        )
        found = list(self._dialled(caller, question))
        if not found:
            where = f"{question.host}:{question.port}"
            message = f"nothing in the mesh is called {where}; it is dialled as it is"
            end = closed(f"{caller.namespace}/{caller.workload}", message)
            return replace(hop, turns=(Turn(ends=(end,)),))
        name = service_named(self.view.registry, question.host, caller.namespace)
        request, connection = asked(question), Connection(address=caller.address)
        spread = dict.fromkeys(found, 100 / len(found))
        onward = tuple(self._onward(spread, request, connection, "none"))
        destination = Destination(
            cluster="",
            share=100.0,
            kind="direct",
            service=name.host if name else "",
            onward=onward,
        )
        return replace(hop, turns=(Turn(sent=sent(request), destinations=(destination,)),))

    def _dialled(self, caller: Pod, question: Question) -> Iterator[Endpoint]:
        service = service_named(self.view.registry, question.host, caller.namespace)
        if service is None:
            pod = self.view.pods.get(question.host)
            if pod is not None:
                yield endpoint(pod, question.port)
            return
        target = next((p.target_port for p in service.ports if p.number == question.port), None)
        for pod in self.view.registry.pods if target else ():
            if _selects(service, pod) and pod.ready and pod.phase == "Running":
                yield endpoint(pod, target or 0)

    # --- from cluster to cluster -----------------------------------------------------------------

    def lead(self, config: ProxyConfig, share: WeightedCluster, request: Request) -> Destination:
        """Whom a share of a route leads to, and what they do."""
        backstop = share.backstop
        name = backstop.through if backstop and backstop.through else share.cluster
        made = self._led_to(config, name, request)
        return replace(
            made, share=float(share.weight), instead=instead(backstop) if backstop else None
        )

    def _led_to(self, config: ProxyConfig, name: str, request: Request) -> Destination:
        cluster = cluster_of(config, name)
        if cluster is None:
            return Destination(cluster=name, share=100.0, kind="unknown")
        if cluster.kind in (ClusterKind.COMPOSITE, ClusterKind.AGGREGATE):
            return self._led_to_one_of(config, cluster, request)
        made = Destination(
            cluster=cluster.name,
            share=100.0,
            kind=str(cluster.kind),
            service=_service_host(cluster),
            subset=cluster.subset,
            resource=str(cluster.origin.resource) if cluster.origin else "",
            path=cluster.origin.path if cluster.origin else "",
        )
        if cluster.kind is ClusterKind.DYNAMIC or cluster.kind in NAMED:
            return replace(made, onward=(_outside(cluster, request),))
        spread = shares(cluster, _endpoints(config, cluster))
        onward = tuple(
            one
            for mtls in (True, False)
            for one in self._spread(config, cluster, request, spread, mtls=mtls)
        )
        return replace(made, onward=onward)

    def _led_to_one_of(
        self, config: ProxyConfig, cluster: Cluster, request: Request
    ) -> Destination:
        """The first member that has an endpoint takes it."""
        members = [self._led_to(config, one, request) for one in dict.fromkeys(cluster.members)]
        found = next((one for one in members if one.onward), members[0])
        return replace(found, cluster=cluster.name, kind=str(cluster.kind), member=found.cluster)

    def _spread(
        self,
        config: ProxyConfig,
        cluster: Cluster,
        request: Request,
        spread: Spread,
        *,
        mtls: bool,
    ) -> Iterator[Onward]:
        """The endpoints of a cluster that are spoken to with, or without, the mesh's mTLS."""
        chosen = {e: s for e, s in spread.items() if (e.mtls and _in_mesh(cluster)) is mtls}
        proxy, tls = config.proxy, cluster.tls
        word = "mtls" if mtls else ("tls" if isinstance(tls, OriginateTls) else "none")
        connection = Connection(
            tls=word != "none",
            sni=tls.sni if tls is not None and word != "none" else "",
            principal=self.view.identity(proxy.namespace, proxy.service_account) if mtls else "",
            address=cluster.source_address or "127.0.0.1",
        )
        for one in self._onward(chosen, request, connection, word):
            trouble = self._stranger(tls, one.endpoints[0], chosen) if mtls else ""
            yield replace(one, trouble=trouble or one.trouble, hop=None if trouble else one.hop)

    def _stranger(
        self, tls: MeshTls | OriginateTls | None, first: Candidate, every: Iterable[Endpoint]
    ) -> str:
        """Why a server's identity is not believed; "" where it is."""
        account = next(e.service_account for e in every if e.address == first.address)
        identity = self.view.identity(first.namespace, account)
        if not isinstance(tls, MeshTls) or not tls.sans or identity in tls.sans:
            return ""
        return f"the server is {identity}, and only {', '.join(tls.sans)} is believed"

    def _onward(
        self, spread: Spread, request: Request, connection: Connection, word: str
    ) -> Iterator[Onward]:
        """Endpoints of one workload and port take a request alike: one of them stands for all."""
        groups: dict[tuple[str, str, int], list[Endpoint]] = {}
        for one in spread:
            where = (one.namespace, one.workload or one.address, one.port)
            groups.setdefault(where, []).append(one)
        for group in groups.values():
            hop = self._into(group[0], request, connection)
            yield Onward(
                share=sum(spread[one] for one in group),
                tls=word,
                endpoints=tuple(candidate(e, mtls=word == "mtls") for e in group),
                hop=hop,
                trouble=self._deaf(group[0]) if hop is None else "",
            )

    def _deaf(self, to: Endpoint) -> str:
        """Why nobody takes connections there, though a sidecar stands at the address."""
        pod = self.view.pods.get(to.address)
        if pod is None or not pod.sidecar or self.depth >= MOST_HOPS:
            return ""
        if (to.address, to.port) in self.view.listening:
            return ""
        return f"the sidecar of {pod.namespace}/{pod.workload} does not listen at port {to.port}"

    def _into(self, to: Endpoint, request: Request, connection: Connection) -> Hop | None:
        """The proxy at an endpoint; None where there is none of the mesh's."""
        found = self.view.listening.get((to.address, to.port))
        if found is None or self.depth >= MOST_HOPS:
            return None
        config, port = found
        there = replace(connection, to_address=to.address, to_port=to.port)
        deeper = replace(self, depth=self.depth + 1)
        if isinstance(port, InboundListener):
            return deeper._into_sidecar(config, port, request, there)
        return deeper._into_gateway(config, port, request, there)

    # --- into proxies ------------------------------------------------------------------------------

    def _into_sidecar(
        self, config: ProxyConfig, port: InboundListener, request: Request, connection: Connection
    ) -> Hop:
        listening = listeners.inbound(port, connection)
        table = _table(config, port.route_config)
        if listening.refused or table is None:
            return self._into_tcp(
                config, INBOUND, listening, connection, request, port.authorization,
                (WeightedCluster(cluster=port.cluster),),
            )  # fmt: skip
        arrival = Arrival(
            config=config,
            side=INBOUND,
            table=table,
            listening=listening,
            request=request,
            connection=connection,
            jwt=port.jwt,
        )
        return http(arrival, self.at, self.lead)

    def _into_gateway(
        self, config: ProxyConfig, port: GatewayListener, request: Request, connection: Connection
    ) -> Hop:
        taken = listeners.gateway(port, connection)
        server = taken.server
        table = _table(config, server.route_config) if server else None
        if server is None or table is None:
            return self._into_tcp(
                config,
                GATEWAY,
                taken.listening,
                connection,
                request,
                server.authorization if server else None,
                server.tcp_clusters if server else (),
            )
        inside = server.tls_mode is GatewayTlsMode.ISTIO_MUTUAL
        arrival = Arrival(
            config=config,
            side=GATEWAY,
            table=table,
            listening=taken.listening,
            request=request,
            connection=connection,
            jwt=server.jwt,
            edge=not inside,
        )
        return http(arrival, self.at, self.lead)

    def _into_tcp(
        self,
        config: ProxyConfig,
        side: str,
        listening: Listening,
        connection: Connection,
        request: Request,
        authorization: Authorization | None,
        clusters: tuple[WeightedCluster, ...],
    ) -> Hop:
        hop = replace(_bare(config.proxy, side), listener=listening)
        if listening.refused:
            return replace(
                hop, turns=(Turn(ends=(closed(place(config.proxy), listening.refused),)),)
            )
        facts = rules.Facts(connection=connection, remote_address=connection.address)
        guards = rules.guards(authorization, facts)
        hop = replace(hop, guards=guards)
        if guards and not guards[-1].passes:
            rule = guards[-1].rule or "none"
            details = f"rbac_access_denied_matched_policy[{rule}]"
            end = closed(place(config.proxy), guards[-1].message, details=details)
            return replace(hop, turns=(Turn(ends=(end,)),))
        return replace(hop, turns=(Turn(destinations=_led(self, config, clusters, request)),))


def instead(backstop: Backstop) -> Instead:
    return Instead(
        on=tuple(str(when) for when in backstop.on),
        status=backstop.answer.status if backstop.answer else None,
        target=backstop.target,
        resource=str(backstop.origin.resource),
        path=backstop.origin.path,
    )


# --- small reads -----------------------------------------------------------------------------------


def asked(question: Question) -> Request:
    return Request(
        method=question.method,
        scheme=question.scheme,
        authority=question.authority,
        path=question.path,
        headers=question.headers,
        claims=question.claims,
    )


def _tunnel(question: Question) -> Request:
    """What a client of an HTTP proxy sends first for https."""
    return Request(
        method="CONNECT",
        scheme="http",
        authority=f"{question.host}:{question.port}",
        path="",
    )


def _led(
    walk: Walk, config: ProxyConfig, clusters: tuple[WeightedCluster, ...], request: Request
) -> tuple[Destination, ...]:
    return tuple(walk.lead(config, share, request) for share in clusters)


def _table(config: ProxyConfig, name: str) -> RouteConfig | None:
    return next((t for t in config.routes if name and t.name == name), None)


def _bare(proxy: Proxy, side: str) -> Hop:
    return Hop(
        side=side,
        namespace=proxy.namespace,
        workload=proxy.workload,
        pod=proxy.pod,
        proxy=proxy.id,
    )


def _nowhere(config: ProxyConfig, side: str, message: str) -> Hop:
    end = closed(place(config.proxy), message)
    return replace(_bare(config.proxy, side), turns=(Turn(ends=(end,)),))


def _in_mesh(cluster: Cluster) -> bool:
    return isinstance(cluster.tls, MeshTls)


def shares(cluster: Cluster, endpoints: tuple[Endpoint, ...]) -> Spread:
    """What share (percent) of a cluster's requests each endpoint takes while all are healthy.

    Only the lowest priority is used; localities with a weight share by it, endpoints within them
    by their own.
    """
    first = min((e.priority for e in endpoints), default=0)
    used = [e for e in endpoints if e.priority == first]
    own = {e: float(max(1, e.weight)) for e in used}
    if cluster.locality_weighted and all(e.locality_weight for e in used):
        whole = {e.locality: sum(own[o] for o in used if o.locality == e.locality) for e in used}
        own = {e: e.locality_weight * own[e] / whole[e.locality] for e in used}
    total = sum(own.values())
    return {e: own.get(e, 0.0) * 100 / total for e in endpoints}


def _endpoints(config: ProxyConfig, cluster: Cluster) -> tuple[Endpoint, ...]:
    if cluster.kind is not ClusterKind.EDS:
        return cluster.endpoints
    return next((a.endpoints for a in config.endpoints if a.cluster == cluster.name), ())


def _outside(cluster: Cluster, request: Request) -> Onward:
    word = "tls" if isinstance(cluster.tls, OriginateTls) else "none"
    if cluster.kind is ClusterKind.DYNAMIC:
        host, _, port = request.authority.partition(":")
        default = 443 if request.scheme == "https" else 80
        number = int(port) if port.isdigit() else default
        named = Candidate(address=host, port=number, mtls=False)
        return Onward(share=100.0, tls=word, endpoints=(named,))
    to = tuple(candidate(e, mtls=False) for e in cluster.endpoints)
    return Onward(share=100.0, tls=word, endpoints=to)


def _service_host(cluster: Cluster) -> str:
    name, namespace = cluster.service_name, cluster.service_namespace
    in_mesh = bool(namespace) and "." not in name
    return f"{name}.{namespace}.svc.cluster.local" if in_mesh else name


def candidate(given: Endpoint, *, mtls: bool) -> Candidate:
    return Candidate(
        address=given.address,
        port=given.port,
        mtls=mtls,
        namespace=given.namespace,
        workload=given.workload,
        version=given.version,
    )


def endpoint(pod: Pod, port: int) -> Endpoint:
    return Endpoint(
        address=pod.address,
        port=port,
        namespace=pod.namespace,
        workload=pod.workload,
        app=pod.app,
        version=pod.version,
        service_account=pod.service_account,
    )


def _selects(service: Service, pod: Pod) -> bool:
    return service.namespace == pod.namespace and selects(service.selector, pod.labels)


def service_named(registry: Registry, host: str, namespace: str) -> Service | None:
    """By any of the names that a client in `namespace` may use."""
    bare = host.removesuffix(".").removesuffix(".cluster.local").removesuffix(".svc")
    name, _, where = bare.partition(".")
    wanted = (where or namespace, name)
    return next((s for s in registry.services if (s.namespace, s.name) == wanted), None)
