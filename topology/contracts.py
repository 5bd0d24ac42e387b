"""What runs: namespaces, services, workloads, pods; and the traffic graph drawn over them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple, Protocol

if TYPE_CHECKING:  # these values are for processes without Django, which findings bring
    from rest.contracts import Finding

Labels = tuple[tuple[str, str], ...]
"""Sorted (key, value) pairs: hashable, comparable, printable."""


def labels(pairs: dict[str, str] | None) -> Labels:
    """Freeze a label mapping."""
    return tuple(sorted((pairs or {}).items()))


def selects(selector: Labels, target: Labels) -> bool:
    """Whether a non-empty selector matches (Kubernetes equality selector)."""
    return bool(selector) and set(selector) <= set(target)


class AppProtocol(StrEnum):
    """A port's protocol, from `appProtocol`, else from the port name's prefix (as Istio)."""

    HTTP = "http"
    HTTP2 = "http2"
    GRPC = "grpc"
    HTTPS = "https"
    TLS = "tls"
    TCP = "tcp"

    @property
    def is_http(self) -> bool:
        return self in (AppProtocol.HTTP, AppProtocol.HTTP2, AppProtocol.GRPC)


@dataclass(frozen=True, slots=True, kw_only=True)
class ServicePort:
    """`local_port` is where each sidecar opens this port for its own application (local platform).

    `target_name` is a target port given by name; `target_port` is its number once it is known.
    """

    name: str
    number: int
    target_port: int
    protocol: AppProtocol
    local_port: int = 0
    target_name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """`export_to` names the namespaces that see it ("*" all, "~" none; empty is all)."""

    namespace: str
    name: str
    labels: Labels = ()
    selector: Labels = ()
    ports: tuple[ServicePort, ...] = ()
    export_to: tuple[str, ...] = ()
    annotations: Labels = ()
    """Those that say how its health is judged."""

    @property
    def host(self) -> str:
        return f"{self.name}.{self.namespace}.svc.cluster.local"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContainerPort:
    """A port an application listens on; `host_port` also opens it on the host's loopback."""

    number: int
    name: str = ""
    host_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Container:
    """On the local platform a container is a process: `command` is run as it stands."""

    name: str
    command: tuple[str, ...]
    env: tuple[tuple[str, str], ...] = ()
    ports: tuple[ContainerPort, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """A Deployment. `labels` are its pod template's; a gateway has an Envoy and no application."""

    namespace: str
    name: str
    kind: str = "Deployment"
    labels: Labels = ()
    annotations: Labels = ()
    service_account: str = "default"
    replicas: int = 1
    container: Container | None = None
    gateway: bool = False
    sidecar: bool = True
    template_hash: str = ""

    @property
    def app(self) -> str:
        return dict(self.labels).get("app", self.name)

    @property
    def version(self) -> str:
        return dict(self.labels).get("version", "")


class PodPhase(StrEnum):
    """Kubernetes' phases, and Terminating, which Kubernetes shows for a pod being deleted."""

    PENDING = "Pending"
    RUNNING = "Running"
    FAILED = "Failed"
    TERMINATING = "Terminating"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pod:
    """One replica: an application process and its Envoy.

    `address` is where the mesh reaches it (its Envoy's inbound), `app_address` where the
    application itself listens, `outbound_address` where its Envoy takes outbound traffic.
    A pod outside the mesh (no sidecar) has only `address`.
    """

    namespace: str
    name: str
    uid: str
    workload: str
    replica_set: str
    labels: Labels
    service_account: str
    node: str
    address: str
    app_address: str
    outbound_address: str
    ports: tuple[ContainerPort, ...] = ()
    gateway: bool = False
    sidecar: bool = True
    phase: PodPhase = PodPhase.PENDING
    ready: bool = False
    restarts: int = 0
    proxy_restarts: int = 0
    message: str = ""

    @property
    def proxy_id(self) -> str:
        """Envoy's node id, as Istio writes it."""
        kind = "router" if self.gateway else "sidecar"
        return (
            f"{kind}~{self.address}~{self.name}.{self.namespace}~{self.namespace}.svc.cluster.local"
        )

    @property
    def app(self) -> str:
        return dict(self.labels).get("app", self.workload)

    @property
    def version(self) -> str:
        return dict(self.labels).get("version", "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """A pod as its node's agent shall run it.

    `env` is what the platform gives; `topology.platform.environment.process` makes the whole of it.
    """

    pod: Pod
    container: Container | None = None
    env: Labels = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PodReport:
    """What an agent says of one pod it holds. A pod it does not mention is not there."""

    uid: str
    phase: PodPhase
    ready: bool = False
    restarts: int = 0
    proxy_restarts: int = 0
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace:
    name: str
    labels: Labels = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAccount:
    namespace: str
    name: str
    labels: Labels = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Everything that runs, at one moment. Tuples are sorted by (namespace, name)."""

    namespaces: tuple[Namespace, ...] = ()
    services: tuple[Service, ...] = ()
    workloads: tuple[Workload, ...] = ()
    pods: tuple[Pod, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Turnover:
    """How many pods of a workload would start and end; one that is replaced does both."""

    namespace: str
    workload: str
    starts: int
    ends: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceRouting:
    """What the configuration says of one service. `weights` are (version, percent).

    `resources` read "Kind namespace/name"; `findings` are those of these resources.
    """

    mtls: str = ""
    weights: tuple[tuple[str, int], ...] = ()
    weights_editable: bool = False
    resources: tuple[str, ...] = ()
    findings: "tuple[Finding, ...]" = ()


class RoutingView(Protocol):
    """What the configuration adds to the registry's REST answers; `mesh_web` brings it.

    One view is made per request, so that it may read once and answer often.
    """

    def mtls(self, namespace: str, workload: Workload | None = None) -> str:
        """The effective mTLS mode of a namespace, or of a workload in it."""
        ...

    def service(self, service: Service) -> ServiceRouting: ...


class GraphType(StrEnum):
    """What stands for the workloads: themselves, their apps, versions of those, or services only."""

    WORKLOAD = "workload"
    APP = "app"
    VERSIONED_APP = "versionedApp"
    SERVICE = "service"


class NodeKind(StrEnum):
    WORKLOAD = "workload"
    APP = "app"
    SERVICE = "service"
    GATEWAY = "gateway"
    EXTERNAL = "external"
    UNKNOWN = "unknown"


class Health(StrEnum):
    """Kiali's verdicts, worst last."""

    IDLE = "idle"
    HEALTHY = "healthy"
    DEGRADED = "degraded"
    FAILING = "failing"


METRICS, TRACES = "metrics", "traces"
"""Who saw an edge."""


class GraphNode(NamedTuple):  # a graph has thousands, and tuples are made fastest
    """`id` is stable across builds: "<kind>:<namespace>/<name>". A version's name is "<app> <version>"."""

    id: str
    kind: NodeKind
    namespace: str
    name: str
    app: str = ""
    version: str = ""
    health: Health = Health.IDLE
    pods_ready: int = 0
    pods_desired: int = 0
    requests_per_second: float = 0.0
    error_ratio: float = 0.0
    badges: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeBreaker:
    """What the circuit breakers of a caller's proxies say of a service: the worst of all its ports.

    `state` is "open" or "half-open"; times are Unix seconds, `until` the first at which an endpoint
    may be back; None where none is known. `refusing`: nothing gets through now. `ejected` are pods, or
    addresses outside the mesh, that get no requests.
    """

    state: str
    since: float | None = None
    until: float | None = None
    refusing: bool = False
    ejected: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """What is to be said in the graph beside its traffic: badges by node id, circuit breakers by the
    ids of caller and service."""

    badges: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    breakers: Mapping[tuple[str, str], EdgeBreaker] = field(default_factory=dict)


class GraphEdge(NamedTuple):
    """Traffic from one node to another over the window. `id` is "<source id>-><target id>|<protocol>".

    Rates are per second; durations in milliseconds, None without samples; ratios 0..1.
    `requests_total` counts requests in the window; `responses` maps code to requests per second.
    Bytes are what the one called sent back and received; of HTTP the bodies. For TCP `requests_*`
    are 0. `seen_by`: METRICS of the mesh,
    TRACES, or both; what only spans saw has the protocol "traces". `breaker` None: it is closed.
    """

    id: str
    source: str
    target: str
    protocol: str
    requests_per_second: float = 0.0
    requests_total: int = 0
    error_ratio: float = 0.0
    p50_ms: float | None = None
    p95_ms: float | None = None
    p99_ms: float | None = None
    mtls_ratio: float = 0.0
    responses: tuple[tuple[str, float], ...] = ()
    bytes_sent_per_second: float = 0.0
    bytes_received_per_second: float = 0.0
    connections_open: int = 0
    health: Health = Health.IDLE
    seen_by: tuple[str, ...] = (METRICS,)
    breaker: EdgeBreaker | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """`at` is Unix seconds, `window_seconds` how far it looks back."""

    at: float
    window_seconds: int
    nodes: tuple[GraphNode, ...] = ()
    edges: tuple[GraphEdge, ...] = field(default=())
