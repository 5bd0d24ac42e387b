"""A small compiled shop, written by hand: a sidecar and a gateway with one of everything."""

from routing.contracts import ResourceKey
from routing.ir import (
    Cluster,
    ClusterEndpoints,
    ClusterKind,
    ConnectionLimits,
    DirectResponse,
    Endpoint,
    GatewayListener,
    GatewaySecret,
    GatewayServer,
    GatewayTlsMode,
    HeaderChange,
    HeaderMatch,
    InboundListener,
    MatchKind,
    MeshTls,
    MtlsMode,
    Origin,
    OriginateTls,
    OutboundHttpListener,
    OutboundTcpListener,
    OutlierDetection,
    Proxy,
    ProxyConfig,
    QueryMatch,
    Redirect,
    Retry,
    Rewrite,
    Route,
    RouteConfig,
    RouteMatch,
    StringMatch,
    VirtualHost,
    WeightedCluster,
)
from topology.contracts import AppProtocol

ORIGIN = Origin(resource=ResourceKey("VirtualService", "shop", "payments"), path="spec.http[0]")
V1 = "outbound|9080|v1|payments.shop.svc.cluster.local"
V2 = "outbound|9080|v2|payments.shop.svc.cluster.local"
DATA = "outbound|6379||data.shop.svc.cluster.local"
OUTSIDE = "outbound|443||api.example.test"
MODES = frozenset({MtlsMode.PERMISSIVE})


def proxy(name: str = "checkout-1", index: int = 2, *, gateway: bool = False) -> Proxy:
    kind = "router" if gateway else "sidecar"
    return Proxy(
        id=f"{kind}~127.93.0.{index}~{name}.shop~shop.svc.cluster.local",
        namespace="shop",
        pod=name,
        workload="checkout",
        app="checkout",
        version="v1",
        labels=(("app", "checkout"),),
        service_account="checkout",
        address=f"127.93.0.{index}",
        app_address=f"127.94.0.{index}",
        outbound_address=f"127.95.0.{index}",
        gateway=gateway,
    )


def eds(name: str, protocol: AppProtocol = AppProtocol.HTTP, subset: str = "") -> Cluster:
    return Cluster(
        name=name,
        kind=ClusterKind.EDS,
        protocol=protocol,
        service_namespace="shop",
        service_name=name.split("|")[3].split(".", maxsplit=1)[0],
        subset=subset,
        tls=MeshTls(
            sans=("spiffe://cluster.local/ns/shop/sa/payments",), sni=name.replace("|", "_")
        ),
        outlier=OutlierDetection(consecutive_5xx=5, consecutive_gateway=3),
        limits=ConnectionLimits(
            max_connections=100, max_requests_per_connection=50, http_idle_timeout_ms=60_000
        ),
    )


def inbound_cluster(port: int = 9080, protocol: AppProtocol = AppProtocol.HTTP) -> Cluster:
    return Cluster(
        name=f"inbound|{port}||",
        kind=ClusterKind.STATIC,
        protocol=protocol,
        service_namespace="shop",
        service_name="checkout",
        endpoints=(Endpoint(address="127.94.0.2", port=port),),
        source_address="127.94.0.2",
    )


def routes(weight: int = 10) -> tuple[Route, ...]:
    return (
        Route(
            name="beta",
            match=RouteMatch(
                path=StringMatch(kind=MatchKind.EXACT, value="/pay"),
                headers=(
                    HeaderMatch(
                        name="end-user", match=StringMatch(kind=MatchKind.EXACT, value="jason")
                    ),
                    HeaderMatch(
                        name="x-no",
                        match=StringMatch(kind=MatchKind.PREFIX, value="a"),
                        invert=True,
                    ),
                    HeaderMatch(name="x-any", match=StringMatch(kind=MatchKind.PRESENT)),
                ),
                query=(
                    QueryMatch(name="q", match=StringMatch(kind=MatchKind.REGEX, value="[0-9]+")),
                ),
            ),
            clusters=(WeightedCluster(cluster=V2),),
            rewrite=Rewrite(path="/payment", host="payments"),
            origin=ORIGIN,
        ),
        Route(
            name="moved",
            match=RouteMatch(path=StringMatch(kind=MatchKind.PREFIX, value="/old")),
            redirect=Redirect(status=308, host="new.example.test", path="/new"),
        ),
        Route(
            name="said",
            match=RouteMatch(path=StringMatch(kind=MatchKind.REGEX, value="/said/.*")),
            direct_response=DirectResponse(status=418, body="teapot"),
        ),
        Route(
            name="canary",
            clusters=(
                WeightedCluster(cluster=V1, weight=100 - weight),
                WeightedCluster(
                    cluster=V2,
                    weight=weight,
                    response_headers=HeaderChange(set=(("x-canary", "yes"),)),
                ),
            ),
            timeout_ms=1500,
            retry=Retry(
                attempts=2, retry_on="connect-failure,refused-stream,503", per_try_timeout_ms=500
            ),
            request_headers=HeaderChange(add=(("x-added", "1"),), remove=("x-secret",)),
            service_namespace="shop",
            service_name="payments",
            origin=ORIGIN,
        ),
    )


def sidecar(weight: int = 10, index: int = 2, modes: frozenset[MtlsMode] = MODES) -> ProxyConfig:
    who = proxy(index=index)
    return ProxyConfig(
        proxy=who,
        inbound=(
            InboundListener(
                address=who.address,
                port=9080,
                protocol=AppProtocol.HTTP,
                modes=modes,
                cluster="inbound|9080||",
                route_config="inbound|9080",
                service_namespace="shop",
                service_name="checkout",
            ),
            InboundListener(
                address=who.address,
                port=6379,
                protocol=AppProtocol.TCP,
                modes=modes,
                cluster="inbound|6379||",
                service_namespace="shop",
                service_name="checkout",
            ),
        ),
        outbound_http=OutboundHttpListener(
            address=who.outbound_address, port=15001, route_config="outbound"
        ),
        outbound_tcp=(
            OutboundTcpListener(
                address=who.outbound_address,
                port=20000,
                clusters=(WeightedCluster(cluster=DATA),),
                service_namespace="shop",
                service_name="data",
            ),
        ),
        routes=(
            RouteConfig(
                name="outbound",
                virtual_hosts=(
                    VirtualHost(
                        name="payments.shop:9080",
                        domains=("payments.shop", "payments:9080"),
                        routes=routes(weight),
                    ),
                    VirtualHost(
                        name="outside",
                        domains=("api.example.test",),
                        routes=(
                            Route(name="outside", clusters=(WeightedCluster(cluster=OUTSIDE),)),
                        ),
                    ),
                ),
            ),
            RouteConfig(
                name="inbound|9080",
                virtual_hosts=(
                    VirtualHost(
                        name="inbound|9080",
                        domains=("*",),
                        routes=(
                            Route(
                                name="default",
                                clusters=(WeightedCluster(cluster="inbound|9080||"),),
                            ),
                        ),
                    ),
                ),
            ),
        ),
        clusters=(
            eds(V1, subset="v1"),
            eds(V2, subset="v2"),
            eds(DATA, AppProtocol.TCP),
            Cluster(
                name=OUTSIDE,
                kind=ClusterKind.DNS,
                protocol=AppProtocol.HTTP,
                service_name="api.example.test",
                endpoints=(Endpoint(address="localhost", port=9443),),
                tls=OriginateTls(sni="api.example.test"),
            ),
            Cluster(name="blackhole", kind=ClusterKind.BLACKHOLE, protocol=AppProtocol.TCP),
            inbound_cluster(),
            inbound_cluster(6379, AppProtocol.TCP),
        ),
        endpoints=(
            ClusterEndpoints(
                cluster=V1,
                endpoints=(
                    Endpoint(
                        address="127.93.0.9",
                        port=9080,
                        mtls=True,
                        namespace="shop",
                        workload="payments-v1",
                        app="payments",
                        version="v1",
                        service_account="payments",
                    ),
                ),
            ),
            ClusterEndpoints(cluster=V2, endpoints=()),
            ClusterEndpoints(cluster=DATA, endpoints=(Endpoint(address="127.93.0.8", port=6379),)),
        ),
    )


def ingress() -> ProxyConfig:
    who = proxy("ingress-1", 3, gateway=True)
    return ProxyConfig(
        proxy=who,
        gateways=(
            GatewayListener(
                address=who.address,
                port=8080,
                servers=(
                    GatewayServer(name="http", server_names=("*",), route_config="http.8080"),
                ),
            ),
            GatewayListener(
                address=who.address,
                port=8443,
                servers=(
                    GatewayServer(
                        name="https",
                        server_names=("shop.example.test",),
                        route_config="https.8443.https.shop.shop",
                        tls_mode=GatewayTlsMode.SIMPLE,
                        secret="shop-cert",
                    ),
                    GatewayServer(
                        name="mutual",
                        server_names=("bank.example.test",),
                        route_config="https.8443.https.shop.shop",
                        tls_mode=GatewayTlsMode.MUTUAL,
                        secret="bank-cert",
                    ),
                    GatewayServer(
                        name="inside",
                        server_names=("*.inside.test",),
                        route_config="https.8443.https.shop.shop",
                        tls_mode=GatewayTlsMode.ISTIO_MUTUAL,
                    ),
                    GatewayServer(
                        name="through",
                        server_names=("*",),
                        route_config="",
                        tls_mode=GatewayTlsMode.PASSTHROUGH,
                        tcp_clusters=(
                            WeightedCluster(cluster=DATA, weight=100),
                            WeightedCluster(cluster=V1, weight=0),
                        ),
                    ),
                ),
            ),
        ),
        routes=tuple(
            RouteConfig(
                name=name,
                virtual_hosts=(
                    VirtualHost(name="shop", domains=("shop.example.test",), routes=routes()),
                ),
            )
            for name in ("http.8080", "https.8443.https.shop.shop")
        ),
        clusters=(eds(V1), eds(V2), eds(DATA, AppProtocol.TCP)),
        endpoints=tuple(ClusterEndpoints(cluster=one, endpoints=()) for one in (V1, V2, DATA)),
        secrets=(
            GatewaySecret(name="shop-cert", namespace="shop", digest="sha256:00"),
            GatewaySecret(name="bank-cert", namespace="shop", digest="sha256:01"),
        ),
    )
