"""What analysis looks at: every object of some files, of whatever kind, with indexes."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

Body = Mapping[str, Any]
Ref = tuple[str, str]
"""API group ("" is Kubernetes' core) and kind."""

NETWORKING, SECURITY = "networking.istio.io", "security.istio.io"
GATEWAY_API = "gateway.networking.k8s.io"
VIRTUAL_SERVICE = (NETWORKING, "VirtualService")
DESTINATION_RULE = (NETWORKING, "DestinationRule")
GATEWAY = (NETWORKING, "Gateway")
SERVICE_ENTRY = (NETWORKING, "ServiceEntry")
WORKLOAD_ENTRY = (NETWORKING, "WorkloadEntry")
SIDECAR = (NETWORKING, "Sidecar")
ENVOY_FILTER = (NETWORKING, "EnvoyFilter")
PROXY_CONFIG = (NETWORKING, "ProxyConfig")
PEER_AUTHENTICATION = (SECURITY, "PeerAuthentication")
REQUEST_AUTHENTICATION = (SECURITY, "RequestAuthentication")
AUTHORIZATION_POLICY = (SECURITY, "AuthorizationPolicy")
TELEMETRY = ("telemetry.istio.io", "Telemetry")
WASM_PLUGIN = ("extensions.istio.io", "WasmPlugin")
K8S_GATEWAY = (GATEWAY_API, "Gateway")
HTTP_ROUTE, GRPC_ROUTE = (GATEWAY_API, "HTTPRoute"), (GATEWAY_API, "GRPCRoute")
REFERENCE_GRANT = (GATEWAY_API, "ReferenceGrant")
NAMESPACE, SERVICE, POD = ("", "Namespace"), ("", "Service"), ("", "Pod")
SERVICE_ACCOUNT, CONFIG_MAP, SECRET = ("", "ServiceAccount"), ("", "ConfigMap"), ("", "Secret")
DEPLOYMENT = ("apps", "Deployment")
TEMPLATED = tuple(
    (group, kind)
    for group, kinds in (
        ("apps", ("Deployment", "StatefulSet", "DaemonSet", "ReplicaSet")),
        ("extensions", ("Deployment", "DaemonSet", "ReplicaSet")),
    )
    for kind in kinds
)
"""Kinds that make pods of a template."""

CLUSTER_SCOPED = frozenset(
    {"Namespace", "Node", "GatewayClass", "CustomResourceDefinition", "PersistentVolume"}
    | {"MutatingWebhookConfiguration", "ValidatingWebhookConfiguration", "PriorityClass"}
    | {"ClusterRole", "ClusterRoleBinding", "StorageClass", "IngressClass", "APIService"}
)
MANAGED_BY = "gateway.istio.io/managed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Object:
    """One object as written. `written` names it in findings: the namespace only where there is one.

    `namespace` is "default" where none is written, and empty for kinds without namespaces.
    """

    group: str
    version: str
    kind: str
    namespace: str
    name: str
    written: str
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    body: Body = field(default_factory=dict, repr=False)
    origin: str = ""

    @property
    def spec(self) -> Body:
        return part(self.body, "spec")

    @property
    def key(self) -> tuple[str, str]:
        return (self.namespace, self.name)

    @property
    def full(self) -> str:
        return f"{self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class PodLike:
    """A pod that runs, or that a template would make. `owner` is the object that is written."""

    owner: Object
    namespace: str
    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    spec: Body

    @property
    def containers(self) -> list[Body]:
        return [c for _, c in mappings(self.spec, "containers")]

    @property
    def all_containers(self) -> list[Body]:
        return [*self.containers, *(c for _, c in mappings(self.spec, "initContainers"))]


@dataclass(frozen=True, kw_only=True)
class Cluster:
    """All objects in written order; `mesh` is Istio's mesh configuration, `networks` its networks.

    Nothing exists but these objects. `now` is Unix seconds, 0 where dates do not matter.
    """

    objects: tuple[Object, ...]
    mesh: Body = field(default_factory=dict)
    networks: Body = field(default_factory=dict)
    root_namespace: str = "istio-system"
    now: float = 0.0

    @cached_property
    def _by_kind(self) -> Mapping[Ref, tuple[Object, ...]]:
        found: dict[Ref, list[Object]] = {}
        for one in self.objects:
            found.setdefault((one.group, one.kind), []).append(one)
        return {kind: tuple(members) for kind, members in found.items()}

    def of(self, *kinds: Ref) -> Iterator[Object]:
        """Objects of these kinds, kind by kind."""
        for kind in kinds:
            yield from self._by_kind.get(kind, ())

    @cached_property
    def _by_place(self) -> Mapping[tuple[Ref, str], tuple[Object, ...]]:
        found: dict[tuple[Ref, str], list[Object]] = {}
        for one in self.objects:
            found.setdefault(((one.group, one.kind), one.namespace), []).append(one)
        return {place: tuple(members) for place, members in found.items()}

    def within(self, kind: Ref, *namespaces: str) -> Iterator[Object]:
        """Objects of a kind in these namespaces, each namespace once."""
        for namespace in dict.fromkeys(namespaces):
            yield from self._by_place.get((kind, namespace), ())

    @cached_property
    def _by_key(self) -> Mapping[tuple[Ref, str, str], Object]:
        return {((o.group, o.kind), o.namespace, o.name): o for o in self.objects}

    def get(self, kind: Ref, namespace: str, name: str) -> Object | None:
        return self._by_key.get((kind, namespace, name))

    @cached_property
    def pods(self) -> tuple[PodLike, ...]:
        """Pods as written, not those of templates."""
        return tuple(pod_of(o) for o in self.of(POD))

    @cached_property
    def workloads(self) -> tuple[PodLike, ...]:
        """Pods as written, then those that templates would make."""
        return (*self.pods, *(template_of(o) for o in self.of(*TEMPLATED)))

    @cached_property
    def _by_label(self) -> Mapping[tuple[str, str], tuple[PodLike, ...]]:
        found: dict[tuple[str, str], list[PodLike]] = {}
        for pod in self.workloads:
            for pair in pod.labels.items():
                found.setdefault(pair, []).append(pod)
        return {pair: tuple(members) for pair, members in found.items()}

    def workloads_with(
        self, selector: Mapping[str, str], namespace: str | None = None
    ) -> list[PodLike]:
        """Workloads that have all these labels, in one namespace or (None) in all."""
        having = [self._by_label.get(pair, ()) for pair in selector.items()]
        candidates = min(having, key=len) if having else self.workloads
        return [
            pod
            for pod in candidates
            if namespace in (None, pod.namespace) and selector.items() <= pod.labels.items()
        ]

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """Those written as Namespace objects, and those that something is in."""
        written = {o.name for o in self.of(NAMESPACE)}
        return frozenset(written | {o.namespace for o in self.objects if o.namespace})

    @cached_property
    def service_hosts(self) -> Mapping[str, Object]:
        """Services by full host name."""
        return {f"{s.name}.{s.namespace}.svc.cluster.local": s for s in self.of(SERVICE)}

    @cached_property
    def entry_hosts(self) -> Mapping[str, tuple[Object, ...]]:
        """ServiceEntries by each host they declare, completed to a full name."""
        found: dict[str, list[Object]] = {}
        for entry in self.of(SERVICE_ENTRY):
            for host in texts(entry.spec, "hosts"):
                found.setdefault(host, []).append(entry)
        return {host: tuple(entries) for host, entries in found.items()}

    @cached_property
    def _entry_wildcards(self) -> tuple[str, ...]:
        return tuple(h for h in self.entry_hosts if h.startswith("*"))

    def entries_of(self, host: str, namespace: str) -> list[Object]:
        """ServiceEntries for a host that are visible in a namespace, exact ones first."""
        matching = [h for h in self._entry_wildcards if h != host and host.endswith(h[1:])]
        return [
            entry
            for known in (host, *matching)
            for entry in self.entry_hosts.get(known, ())
            if visible_to(entry, namespace)
        ]


def pod_of(pod: Object) -> PodLike:
    return PodLike(
        owner=pod,
        namespace=pod.namespace,
        labels=pod.labels,
        annotations=pod.annotations,
        spec=pod.spec,
    )


def template_of(owner: Object) -> PodLike:
    """The pod that an object's `spec.template` would make."""
    template = part(owner.spec, "template")
    metadata = part(template, "metadata")
    return PodLike(
        owner=owner,
        namespace=owner.namespace,
        labels=string_map(metadata, "labels"),
        annotations=string_map(metadata, "annotations"),
        spec=part(template, "spec"),
    )


def visible_to(one: Object, namespace: str) -> bool:
    """Whether `exportTo` lets a namespace see it."""
    exported = texts(one.spec, "exportTo")
    if not exported:
        return True
    return any(e in ("*", namespace) or (e == "." and one.namespace == namespace) for e in exported)


def part(of: Any, *keys: str) -> Body:
    """A mapping inside mappings; empty where there is none."""
    for key in keys:
        of = of.get(key) if isinstance(of, Mapping) else None
    return of if isinstance(of, Mapping) else {}


def mappings(of: Any, key: str) -> list[tuple[int, Body]]:
    """The mappings in a list with their index; other items are left out."""
    given = of.get(key) if isinstance(of, Mapping) else None
    if not isinstance(given, list):
        return []
    return [(i, item) for i, item in enumerate(given) if isinstance(item, Mapping)]


def texts(of: Any, key: str) -> list[str]:
    """The texts in a list."""
    given = of.get(key) if isinstance(of, Mapping) else None
    return [item for item in given if isinstance(item, str)] if isinstance(given, list) else []


def text(of: Any, key: str) -> str:
    given = of.get(key) if isinstance(of, Mapping) else None
    return given if isinstance(given, str) else ""


def number(of: Any, key: str) -> int | None:
    given = of.get(key) if isinstance(of, Mapping) else None
    return given if isinstance(given, int) and not isinstance(given, bool) else None


def string_map(of: Any, *keys: str) -> dict[str, str]:
    """A mapping of texts; other values are written as text."""
    return {str(k): v if isinstance(v, str) else str(v) for k, v in part(of, *keys).items()}


def selects(selector: Any, labels: Mapping[str, str]) -> bool:
    """Whether a Kubernetes LabelSelector (matchLabels, matchExpressions) takes these labels."""
    if not string_map(selector, "matchLabels").items() <= labels.items():
        return False
    return all(holds(e, labels) for _, e in mappings(selector, "matchExpressions"))


def holds(expression: Body, labels: Mapping[str, str]) -> bool:
    key, values = text(expression, "key"), texts(expression, "values")
    match text(expression, "operator"):
        case "In":
            return labels.get(key) in values
        case "NotIn":
            return labels.get(key) not in values
        case "Exists":
            return key in labels
        case "DoesNotExist":
            return key not in labels
        case _:
            return False


def full_name(host: str, namespace: str) -> str:
    """A host as written in a resource of a namespace: names without a dot are local."""
    if "." in host or host == "*":
        return host
    return f"{host}.{namespace}.svc.cluster.local"


def service_key(host: str, namespace: str) -> tuple[str, str]:
    """(namespace, name) of the service that a host would be; other hosts are their own name."""
    parts = host.split(".")
    if host.endswith(".svc.cluster.local") and len(parts) == 5:
        return parts[1], parts[0]
    return namespace, host


def wild_match(one: str, other: str) -> bool:
    """Whether two hosts, either of which may be a wildcard, have a host in common."""
    if one.startswith("*") and other.startswith("*"):
        return one[1:].endswith(other[1:]) or other[1:].endswith(one[1:])
    if one.startswith("*"):
        return other.endswith(one[1:])
    if other.startswith("*"):
        return one.endswith(other[1:])
    return one == other
