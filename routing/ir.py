"""What one proxy shall do, in the mesh's words: frozen, comparable, without Envoy's vocabulary.

`routing.compile` makes these values and `proxy.xds` turns each into Envoy's messages. Equal
values mean equal bytes. Every part that came from a user's resource names it in `origin`, so that
what Envoy refuses, and what a request did, can be traced back to a resource.
"""

from dataclasses import dataclass
from enum import StrEnum

from routing.contracts import ResourceKey
from topology.contracts import AppProtocol, Labels


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """The resource a part was made from, and where in it (`spec.http[0]`)."""

    resource: ResourceKey
    path: str = ""


class MtlsMode(StrEnum):
    """PeerAuthentication's modes (UNSET is resolved before it gets here)."""

    DISABLE = "DISABLE"
    PERMISSIVE = "PERMISSIVE"
    STRICT = "STRICT"


class MatchKind(StrEnum):
    """SUFFIX is for who may call whom only: routes have none. SEGMENTS is a prefix of whole path
    segments ("/a" takes "/a/b" and not "/ab"), for paths only."""

    EXACT = "exact"
    PREFIX = "prefix"
    REGEX = "regex"
    SUFFIX = "suffix"
    SEGMENTS = "segments"
    PRESENT = "present"


@dataclass(frozen=True, slots=True, kw_only=True)
class StringMatch:
    kind: MatchKind
    value: str = ""
    ignore_case: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderMatch:
    """`name` is lower case; pseudo headers (":method", ":authority", ":scheme") are allowed."""

    name: str
    match: StringMatch
    invert: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryMatch:
    name: str
    match: StringMatch


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteMatch:
    """All parts must hold. The default matches everything.

    `connect` matches CONNECT requests only, whatever their path, and turns their bytes over to
    the cluster (a tunnel through the egress port).

    `percent` (0 to 100) takes that share of the requests for which the rest holds. One number
    is drawn per request: of neighbours with 30 and 70 the second takes what lies between (40 %).
    """

    path: StringMatch = StringMatch(kind=MatchKind.PREFIX, value="/")
    headers: tuple[HeaderMatch, ...] = ()
    query: tuple[QueryMatch, ...] = ()
    connect: bool = False
    percent: float = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class HeaderChange:
    """What is done to request or response headers."""

    set: tuple[tuple[str, str], ...] = ()
    add: tuple[tuple[str, str], ...] = ()
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """How often, and for what, a failed request is tried again (Istio `HTTPRetry`).

    `retry_on` holds Envoy's words and status codes, comma separated; with codes it has the word
    "retriable-status-codes" too. `other_hosts` avoids those that have failed, `other_localities` the
    priorities that have.
    """

    attempts: int
    retry_on: str
    per_try_timeout_ms: int | None = None
    backoff_ms: int | None = None
    other_hosts: bool = True
    other_localities: bool = False


class Failing(StrEnum):
    """When a Backstop answers. UNAVAILABLE: nobody was asked, for no endpoint takes requests, none can
    be connected to (where a proxy answers by itself), or a limit is reached."""

    UNAVAILABLE = "unavailable"
    TIMEOUT = "timeout"
    ERROR = "5xx"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a proxy answers by itself. Header names are lower case and sorted."""

    status: int
    body: str = ""
    content_type: str = "text/plain"
    headers: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Backstop:
    """What answers in place of a cluster that cannot (Fallback, Suspend): `answer`, or `target`.

    With a `target`, requests and connections go to the cluster `through`: it asks the first one while
    that has an endpoint that takes them, else the target. Requests go to the target at once while the first one
    holds `max_requests`, or has `max_pending` waiting (None: no such limit).
    """

    origin: Origin
    on: tuple[Failing, ...] = (Failing.UNAVAILABLE,)
    answer: Answer | None = None
    target: str = ""
    through: str = ""
    max_requests: int | None = None
    max_pending: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WeightedCluster:
    """A share of a route. Weights of one route sum to 100 (or there is a single cluster)."""

    cluster: str
    weight: int = 100
    request_headers: HeaderChange = HeaderChange()
    response_headers: HeaderChange = HeaderChange()
    backstop: Backstop | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DirectResponse:
    """`body` is text; `body_bytes` is sent instead where it is given."""

    status: int
    body: str = ""
    body_bytes: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class Redirect:
    """Empty parts stay as they were; `prefix` replaces the matched prefix of the path, or what
    `pattern` (RE2) finds in it."""

    status: int = 301
    scheme: str = ""
    host: str = ""
    port: int | None = None
    path: str = ""
    prefix: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rewrite:
    """`path` replaces the matched prefix (or the whole exact path); `host` the authority.

    With `pattern` (RE2) every part of the path that it finds becomes `path`, where \\1 is a group.
    """

    path: str = ""
    host: str = ""
    pattern: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delay:
    """A share of the requests waits, from 0 to 100."""

    percent: float
    fixed_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Abort:
    """A share of the requests is answered so: exactly one of the two statuses is given."""

    percent: float
    http_status: int | None = None
    grpc_status: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """What goes wrong on purpose (Istio `HTTPFaultInjection`)."""

    delay: Delay | None = None
    abort: Abort | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Mirror:
    """A share (0 to 100) of the requests is sent here too; nobody waits for the answers."""

    cluster: str
    percent: float = 100.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cors:
    """Which scripts of other sites may read the answers. None leaves a header out.

    `forward_unmatched`: a preflight of a strange origin is sent on rather than answered.
    """

    origins: tuple[StringMatch, ...]
    methods: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()
    expose: tuple[str, ...] = ()
    max_age_ms: int | None = None
    credentials: bool | None = None
    forward_unmatched: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HashPolicy:
    """What of a request decides its endpoint: exactly one of the parts.

    A `cookie` with a `cookie_ttl_ms` is made where a client has none (0: for its session).
    """

    header: str = ""
    cookie: str = ""
    cookie_path: str = ""
    cookie_ttl_ms: int | None = None
    cookie_attributes: tuple[tuple[str, str], ...] = ()
    query: str = ""
    source_ip: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One rule. Exactly one of clusters, direct_response and redirect is given.

    `service_namespace` and `service_name` name the destination for telemetry (Istio's
    `destination_service`); `timeout_ms` None means no timeout.
    """

    name: str
    match: RouteMatch = RouteMatch()
    clusters: tuple[WeightedCluster, ...] = ()
    direct_response: DirectResponse | None = None
    redirect: Redirect | None = None
    rewrite: Rewrite | None = None
    timeout_ms: int | None = None
    retry: Retry | None = None
    request_headers: HeaderChange = HeaderChange()
    response_headers: HeaderChange = HeaderChange()
    service_namespace: str = ""
    service_name: str = ""
    origin: Origin | None = None
    fault: Fault | None = None
    mirrors: tuple[Mirror, ...] = ()
    cors: Cors | None = None
    hashing: tuple[HashPolicy, ...] = ()
    stat_prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VirtualHost:
    """Routes of some domains, first match wins. Domains are unique in their RouteConfig."""

    name: str
    domains: tuple[str, ...]
    routes: tuple[Route, ...]


class AuthKey(StrEnum):
    """What a term of a rule looks at. `HEADER` and `CLAIM` have a name."""

    PRINCIPAL = "principal"
    NAMESPACE = "namespace"
    SOURCE_IP = "source_ip"
    REMOTE_IP = "remote_ip"
    REQUEST_PRINCIPAL = "request_principal"
    CLAIM = "claim"
    HEADER = "header"
    HOST = "host"
    PORT = "port"
    METHOD = "method"
    PATH = "path"
    DESTINATION_IP = "destination_ip"
    SNI = "sni"

    @property
    def is_http(self) -> bool:
        """Whether only requests have it, and connections have not."""
        return self in _HTTP_KEYS


_HTTP_KEYS = frozenset(
    {
        AuthKey.REMOTE_IP,
        AuthKey.REQUEST_PRINCIPAL,
        AuthKey.CLAIM,
        AuthKey.HEADER,
        AuthKey.HOST,
        AuthKey.METHOD,
        AuthKey.PATH,
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthTerm:
    """One of the values holds; or, with `invert`, none. Addresses and ports are EXACT texts.

    `name` is a header's, or a claim's path.
    """

    key: AuthKey
    values: tuple[StringMatch, ...]
    name: tuple[str, ...] = ()
    invert: bool = False


AuthTerms = tuple[AuthTerm, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthRule:
    """Holds when one of the sources, one of the operations and all conditions do.

    Each source and operation holds when all its terms do; no sources means any.
    """

    name: str
    sources: tuple[AuthTerms, ...] = ()
    operations: tuple[AuthTerms, ...] = ()
    conditions: AuthTerms = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthRules:
    """What a rule that holds does. `allow` None allows all; an empty one allows nothing."""

    deny: tuple[AuthRule, ...] = ()
    allow: tuple[AuthRule, ...] | None = None
    audit: tuple[AuthRule, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Authorization:
    """Who may do what (Istio AuthorizationPolicy): denials first, then what is allowed.

    `dry` rules are only counted.
    """

    rules: AuthRules = AuthRules()
    dry: AuthRules = AuthRules()


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtHeader:
    """Where a token stands: after `prefix` in a header."""

    name: str
    prefix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class JwtProvider:
    """Whose tokens are believed. Either `jwks` (inline) or `jwks_uri` with its cluster is given.

    Tokens are optional: a request without one passes, one with a bad one is refused (401).
    `claim_headers` are (header, claim) pairs.
    """

    name: str
    issuer: str
    jwks: str = ""
    jwks_uri: str = ""
    jwks_cluster: str = ""
    audiences: tuple[str, ...] = ()
    headers: tuple[JwtHeader, ...] = ()
    params: tuple[str, ...] = ()
    cookies: tuple[str, ...] = ()
    forward: bool = False
    payload_header: str = ""
    claim_headers: tuple[tuple[str, str], ...] = ()
    timeout_ms: int = 5000
    spaced_claims: tuple[str, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteConfig:
    """A named set of virtual hosts, served over RDS.

    Names: "outbound" for a sidecar's egress port, "inbound|<port>" for its inbound ports,
    "http.<port>" and "https.<port>.<server name>.<gateway>.<namespace>" for gateways.
    `ignore_port`: domains are compared without the port that the client wrote.
    `authorization` holds for all its routes.
    """

    name: str
    virtual_hosts: tuple[VirtualHost, ...]
    ignore_port: bool = False
    authorization: Authorization | None = None


class ClusterKind(StrEnum):
    """Where a cluster's endpoints come from. DYNAMIC: whatever host the request names. COMPOSITE: from
    the first of its `members` that has any that take requests; the n-th try begins at the n-th.
    AGGREGATE: the same for connections, without the tries."""

    EDS = "eds"
    STATIC = "static"
    DNS = "dns"
    LOGICAL_DNS = "logical_dns"
    DYNAMIC = "dynamic"
    BLACKHOLE = "blackhole"
    COMPOSITE = "composite"
    AGGREGATE = "aggregate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One address behind a cluster. `mtls`: it is a sidecar that accepts the mesh's mTLS now.

    `address` may be "unix:///path". `locality` is "region/zone/subzone". The lowest `priority` with
    healthy endpoints is used; `locality_weight` is the locality's share of it (0: unsaid).
    """

    address: str
    port: int
    mtls: bool = False
    namespace: str = ""
    workload: str = ""
    app: str = ""
    version: str = ""
    service_account: str = ""
    weight: int = 1
    locality: str = ""
    priority: int = 0
    locality_weight: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class MeshTls:
    """Mutual TLS to endpoints marked `mtls`, plain text to the others (Istio's auto mTLS).

    `sans` are the SPIFFE IDs the server may have; empty means any of the trust domain.
    """

    sans: tuple[str, ...]
    sni: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OriginateTls:
    """TLS towards a server outside the mesh (DestinationRule `SIMPLE`, `MUTUAL`).

    `system_roots` trusts what the host trusts. Files are read by the proxy itself; MUTUAL has a certificate and a key. `unverified` takes any
    certificate. `credential` and `authorities` name what comes over SDS instead of files.
    """

    sni: str = ""
    sans: tuple[str, ...] = ()
    ca_file: str = ""
    system_roots: bool = False
    certificate_file: str = ""
    key_file: str = ""
    crl_file: str = ""
    unverified: bool = False
    credential: str = ""
    authorities: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBudget:
    """At most `percent` of the requests under way are retries, `least` of them always."""

    percent: float = 20.0
    least: int = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Tunnel:
    """TCP goes through an HTTP proxy: CONNECT (or POST) asks it for `target`, "host:port"."""

    target: str
    post: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierDetection:
    consecutive_5xx: int | None = None
    consecutive_gateway: int | None = None
    interval_ms: int = 10_000
    base_ejection_ms: int = 30_000
    max_ejection_percent: int = 10
    min_health_percent: int = 0
    split_local_origin: bool = False
    consecutive_local_origin: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpKeepalive:
    """None leaves the operating system's own value."""

    probes: int | None = None
    time_s: int | None = None
    interval_s: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimits:
    """None leaves Envoy at no practical limit (2^32-1), as Istio does."""

    max_connections: int | None = None
    max_pending_requests: int | None = None
    max_requests: int | None = None
    max_retries: int | None = None
    max_requests_per_connection: int | None = None
    connect_timeout_ms: int = 10_000
    tcp_idle_timeout_ms: int | None = None
    http_idle_timeout_ms: int | None = None
    keepalive: TcpKeepalive | None = None
    max_connection_duration_ms: int | None = None
    max_concurrent_streams: int | None = None
    upgrade_to_http2: bool = False
    use_client_protocol: bool = False


class LoadBalancer(StrEnum):
    LEAST_REQUEST = "LEAST_REQUEST"
    ROUND_ROBIN = "ROUND_ROBIN"
    RANDOM = "RANDOM"
    PASSTHROUGH = "PASSTHROUGH"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsistentHash:
    """Equal requests go to the same endpoint. `size` is the least ring, or Maglev's table."""

    policy: HashPolicy
    maglev: bool = False
    size: int = 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Warmup:
    """New endpoints get their share little by little over this time."""

    duration_ms: int
    minimum_percent: float = 10.0
    aggression: float = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Cluster:
    """Named as in Istio: "outbound|9080|v1|reviews.shop.svc.cluster.local", "inbound|9080||".

    STATIC and DNS clusters carry their `endpoints`; an EDS cluster's are in ClusterEndpoints.
    `spoken_plainly` are the workloads with sidecars that clients do not speak mTLS to, sorted.
    `to_the_last`: as long as one endpoint takes connections, the next in an AGGREGATE gets none.
    """

    name: str
    kind: ClusterKind
    protocol: AppProtocol
    service_namespace: str = ""
    service_name: str = ""
    subset: str = ""
    endpoints: tuple[Endpoint, ...] = ()
    tls: MeshTls | OriginateTls | None = None
    load_balancer: LoadBalancer = LoadBalancer.LEAST_REQUEST
    outlier: OutlierDetection | None = None
    limits: ConnectionLimits = ConnectionLimits()
    source_address: str = ""
    origin: Origin | None = None
    consistent_hash: ConsistentHash | None = None
    warmup: Warmup | None = None
    members: tuple[str, ...] = ()
    locality_weighted: bool = False
    proxy_protocol: int | None = None
    retry_budget: RetryBudget | None = None
    tunnel: Tunnel | None = None
    spoken_plainly: tuple[str, ...] = ()
    to_the_last: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ClusterEndpoints:
    """The endpoints of one EDS cluster, sorted; may be empty. `to_the_last` as in Cluster."""

    cluster: str
    endpoints: tuple[Endpoint, ...]
    to_the_last: bool = False


class GatewayTlsMode(StrEnum):
    """AUTO_PASSTHROUGH: passed on to the destination that the mesh's own server names say."""

    SIMPLE = "SIMPLE"
    MUTUAL = "MUTUAL"
    PASSTHROUGH = "PASSTHROUGH"
    ISTIO_MUTUAL = "ISTIO_MUTUAL"
    OPTIONAL_MUTUAL = "OPTIONAL_MUTUAL"
    AUTO_PASSTHROUGH = "AUTO_PASSTHROUGH"


@dataclass(frozen=True, slots=True, kw_only=True)
class CertificateFiles:
    """A certificate chain and its key, as the proxy's host has them."""

    chain: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerTls:
    """What a server's TLS asks for beside its mode.

    `versions` are the lowest and highest ("TLSV1_2"; empty is Envoy's own); `ciphers` Envoy's names.
    Certificates are files, or come over SDS by the server's `secret` and these `secrets`. Clients'
    certificates are checked with `authorities` (over SDS) or `authorities_file`, and have one of the
    `sans`, `spki` or `hashes` where there are any.
    """

    versions: tuple[str, str] = ("", "")
    ciphers: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    files: tuple[CertificateFiles, ...] = ()
    authorities: str = ""
    authorities_file: str = ""
    crl_file: str = ""
    sans: tuple[str, ...] = ()
    spki: tuple[str, ...] = ()
    hashes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnTls:
    """SIMPLE or MUTUAL TLS that a port ends with a certificate of its own: `secret` names it over SDS."""

    mode: GatewayTlsMode
    secret: str = ""
    settings: ServerTls = ServerTls()


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundListener:
    """A pod's port as the mesh reaches it: `address:port`, passed on to `cluster`.

    With a `tls` the port takes that alone (then `modes` are DISABLE): its own certificate, not the
    mesh's.

    `modes` has one mode, or two while a change of mode is under way: then both are served, so
    that no client fails. HTTP ports have `route_config`; TCP ports have none, and their
    `authorization` stands here.
    """

    address: str
    port: int
    protocol: AppProtocol
    modes: frozenset[MtlsMode]
    cluster: str
    route_config: str = ""
    service_namespace: str = ""
    service_name: str = ""
    origin: Origin | None = None
    authorization: Authorization | None = None
    jwt: tuple[JwtProvider, ...] = ()
    tls: OwnTls | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundHttpListener:
    """The egress port: an HTTP proxy for the pod's application, routed by Host."""

    address: str
    port: int
    route_config: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TcpRoute:
    """Where some connections go: those to one of `destinations`, from one of `sources` (blocks of
    addresses) and, where there are `server_names`, those of TLS that ask for one of them."""

    clusters: tuple[WeightedCluster, ...]
    server_names: tuple[str, ...] = ()
    destinations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tunnel: Tunnel | None = None
    origin: Origin | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutboundTcpListener:
    """One TCP service port, opened for the pod's application on its own loopback port.

    Connections that none of `routes` is for go to `clusters`. No two routes are for the same ones.
    """

    address: str
    port: int
    clusters: tuple[WeightedCluster, ...]
    service_namespace: str
    service_name: str
    origin: Origin | None = None
    routes: tuple[TcpRoute, ...] = ()
    tunnel: Tunnel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayServer:
    """One server of a gateway port. `server_names` are SNI names ("*" is any).

    `destinations` and `sources` are blocks of addresses that its connections must be of.
    `secret` names a GatewaySecret. Plain HTTP servers have no `tls_mode`. A server with
    `route_config` speaks HTTP, one with `tcp_clusters` passes bytes on (PASSTHROUGH, TCP).
    """

    name: str
    server_names: tuple[str, ...]
    route_config: str
    tls_mode: GatewayTlsMode | None = None
    secret: str = ""
    tcp_clusters: tuple[WeightedCluster, ...] = ()
    origin: Origin | None = None
    authorization: Authorization | None = None
    jwt: tuple[JwtProvider, ...] = ()
    tls: ServerTls = ServerTls()
    destinations: tuple[str, ...] = ()
    sources: tuple[str, ...] = ()
    tunnel: Tunnel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayListener:
    """One port of a gateway. Plain and TLS servers never share a port."""

    address: str
    port: int
    servers: tuple[GatewayServer, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySecret:
    """A Secret for TLS, by name; control adds the bytes. `digest` makes a change visible.

    It has a certificate with its key, authorities to check others' certificates, or both.
    """

    name: str
    namespace: str
    digest: str
    has_certificate: bool = True
    has_authorities: bool = False

    @property
    def authorities_name(self) -> str:
        """What the authorities are called over SDS, where the certificate has the Secret's name."""
        return f"{self.name}-cacert" if self.has_certificate else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class AccessLog:
    """What one side of a proxy logs: nothing, or requests for which a CEL expression holds."""

    enabled: bool = True
    expression: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SpanTag:
    """A tag of every span: exactly one of the sources is given; `otherwise` where it has nothing."""

    name: str
    literal: str = ""
    header: str = ""
    environment: str = ""
    formatter: str = ""
    otherwise: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tracing:
    """`percent` None is the mesh's own. `by_request_id` None leaves Envoy's way to choose. `istio_tags`:
    every span says in Istio's words whose it is."""

    percent: float | None = None
    spans: bool = True
    tags: tuple[SpanTag, ...] = ()
    by_request_id: bool | None = None
    istio_tags: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class MetricChange:
    """What of one metric ("requests_total") is not as usual.

    `tags` are names with a CEL expression, or None to leave the tag out.
    """

    metric: str
    disabled: bool = False
    tags: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyTelemetry:
    """What a proxy tells (Istio Telemetry).

    `client` parts are for what it sends, `server` parts for what it takes.
    """

    client: AccessLog = AccessLog()
    server: AccessLog = AccessLog()
    client_tracing: Tracing = Tracing()
    server_tracing: Tracing = Tracing()
    client_metrics: tuple[MetricChange, ...] = ()
    server_metrics: tuple[MetricChange, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy:
    """Who a configuration is for: one Envoy of one pod."""

    id: str
    namespace: str
    pod: str
    workload: str
    app: str
    version: str
    labels: Labels
    service_account: str
    address: str
    app_address: str
    outbound_address: str
    gateway: bool = False
    telemetry: ProxyTelemetry = ProxyTelemetry()


@dataclass(frozen=True, slots=True, kw_only=True)
class ProxyConfig:
    """Everything one proxy is served. Every reference resolves within it.

    Parts that are equal for many proxies are the same objects, so that what is made of them
    (and its bytes) can be made once.
    """

    proxy: Proxy
    inbound: tuple[InboundListener, ...] = ()
    outbound_http: OutboundHttpListener | None = None
    outbound_tcp: tuple[OutboundTcpListener, ...] = ()
    gateways: tuple[GatewayListener, ...] = ()
    routes: tuple[RouteConfig, ...] = ()
    clusters: tuple[Cluster, ...] = ()
    endpoints: tuple[ClusterEndpoints, ...] = ()
    secrets: tuple[GatewaySecret, ...] = ()
    outbound_more: tuple[OutboundHttpListener, ...] = ()
