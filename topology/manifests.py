"""Kubernetes manifests -> what shall run: Namespace, ServiceAccount, Service, Deployment.

Pure. A manifest is never refused with an exception: what is wrong is a `Finding` with its YAML
path, and where a value can still be made of the rest it is. Unknown fields are errors, as they are
for kubectl; known fields that the local platform does not act on are warnings.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeGuard, TypeVar

from rest.contracts import Finding, Severity
from topology.contracts import (
    AppProtocol,
    Container,
    ContainerPort,
    Labels,
    Namespace,
    Pod,
    Registry,
    Service,
    ServiceAccount,
    ServicePort,
    Workload,
    labels,
    selects,
)
from topology.tolerances import RATE, Unreadable, read_rules

KINDS = ("Namespace", "ServiceAccount", "Service", "Deployment")
"""The kinds this module reads."""

FIRST_LOCAL_PORT = 20000
MOST_REPLICAS = 1000
"""Of one Deployment: each is a process and an Envoy on this host."""
LOCAL_NODE = "local"

T = TypeVar("T")

TYPE_NAMES: Mapping[type, str] = {
    dict: "a mapping", list: "a list", str: "a string", int: "a whole number", bool: "true or false",
}  # fmt: skip

CATALOGUE: Mapping[str, tuple[Severity, str]] = {
    "MSH2001": (Severity.ERROR, "{} must be {}"),
    "MSH2002": (Severity.ERROR, "unknown field {}"),
    "MSH2003": (Severity.WARNING, "accepted, not enforced: {}"),
    "MSH2004": (Severity.ERROR, "{} is required"),
    "MSH2005": (Severity.ERROR, "port {} is not between 1 and 65535"),
    "MSH2006": (Severity.ERROR, "{} is there twice"),
    "MSH2007": (Severity.ERROR, "the selector does not match the labels of the pod template"),
    "MSH2008": (Severity.WARNING, "no command: the local platform runs processes, not images"),
    "MSH2009": (Severity.WARNING, "no selected workload has a container port named {}"),
    "MSH2010": (Severity.WARNING, "unknown protocol {}: taken as TCP"),
    "MSH2011": (Severity.ERROR, "a service with several ports needs a name for each"),
    "MSH2012": (Severity.ERROR, "a pod template needs a container"),
    "MSH2050": (
        Severity.WARNING,
        "annotation {} cannot be read, so the usual health rules hold: {}",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Parsed:
    """`value` is None where nothing can be made of the manifest (then a finding is an error)."""

    value: Namespace | ServiceAccount | Service | Workload | None
    findings: tuple[Finding, ...] = ()


def parse(
    *,
    kind: str,
    namespace: str,
    name: str,
    spec: Mapping[str, Any],
    labels: Labels = (),
    annotations: Labels = (),
) -> Parsed:
    """Read one manifest of KINDS. Same input, same value and findings in the same order."""
    reader = _Reader(f"{kind} {namespace}/{name}", [])
    value: Namespace | ServiceAccount | Service | Workload | None
    match kind:
        case "Namespace":
            value = Namespace(name=name, labels=labels)
        case "ServiceAccount":
            value = ServiceAccount(namespace=namespace, name=name, labels=labels)
        case "Service":
            value = _service(reader, namespace, name, labels, spec, annotations)
        case "Deployment":
            value = _deployment(reader, namespace, name, annotations, spec)
        case _:
            raise ValueError(f"{kind} is not one of {KINDS}")
    return Parsed(value=value, findings=tuple(reader.findings))


# --- reading untyped mappings ------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Reader:
    """Takes typed parts out of a spec and notes what is wrong with them."""

    resource: str
    findings: list[Finding]

    def note(self, code: str, path: str, *words: object, fix: str = "") -> None:
        severity, sentence = CATALOGUE[code]
        self.findings.append(
            Finding(
                code=code,
                severity=severity,
                resource=self.resource,
                path=path,
                message=sentence.format(*words),
                fix=fix,
            )
        )

    def health_rules(self, path: str, annotations: Labels) -> None:
        self.findings.extend(unreadable_health_rules(self.resource, path, annotations))

    def typed(self, value: object, kind: type[T], path: str) -> TypeGuard[T]:
        """Whether a value has a type; None counts as absent, without a finding."""
        if value is None:
            return False
        if isinstance(value, kind) and (kind is bool or not isinstance(value, bool)):
            return True
        self.note("MSH2001", path, _leaf(path), TYPE_NAMES[kind])
        return False

    def mapping(self, of: Mapping[str, Any], key: str, path: str) -> Mapping[str, Any]:
        value: object = of.get(key)
        return value if self.typed(value, dict, f"{path}.{key}") else {}

    def sequence(self, of: Mapping[str, Any], key: str, path: str) -> list[Any]:
        value: object = of.get(key)
        return list(value) if self.typed(value, list, f"{path}.{key}") else []

    def mappings(
        self, of: Mapping[str, Any], key: str, path: str
    ) -> Iterator[tuple[str, Mapping[str, Any]]]:
        """The mappings of a list, each with its path."""
        for i, item in enumerate(self.sequence(of, key, path)):
            if self.typed(item, dict, f"{path}.{key}[{i}]"):
                yield f"{path}.{key}[{i}]", item

    def text(self, of: Mapping[str, Any], key: str, path: str, default: str = "") -> str:
        value: object = of.get(key)
        return value if self.typed(value, str, f"{path}.{key}") else default

    def number(self, of: Mapping[str, Any], key: str, path: str, default: int) -> int:
        value: object = of.get(key)
        return value if self.typed(value, int, f"{path}.{key}") else default

    def port(self, of: Mapping[str, Any], key: str, path: str) -> int | None:
        if of.get(key) is None:
            self.note("MSH2004", f"{path}.{key}", key)
            return None
        if not self.typed(of[key], int, f"{path}.{key}"):
            return None
        if not 0 < of[key] < 65536:
            self.note("MSH2005", f"{path}.{key}", of[key])
            return None
        return int(of[key])

    def words(self, of: Mapping[str, Any], key: str, path: str) -> tuple[str, ...]:
        items = enumerate(self.sequence(of, key, path))
        return tuple(v for i, v in items if self.typed(v, str, f"{path}.{key}[{i}]"))

    def pairs(self, of: Mapping[str, Any], key: str, path: str) -> Labels:
        """A label mapping; Kubernetes wants its values to be strings."""
        given = self.mapping(of, key, path)
        return labels({k: v for k, v in given.items() if self.typed(v, str, f"{path}.{key}.{k}")})

    def fields(self, of: Mapping[str, Any], path: str, allowed: "_Fields") -> None:
        """Note unknown fields, and known ones that are not acted on."""
        for key, value in of.items():
            if key in allowed.ignored:
                if value not in (None, {}, [], ""):
                    self.note("MSH2003", f"{path}.{key}", f"{path}.{key}")
            elif key not in allowed.used:
                self.note("MSH2002", f"{path}.{key}", key)


def _leaf(path: str) -> str:
    return path.rpartition(".")[2]


@dataclass(frozen=True, slots=True)
class _Fields:
    """Of one object: fields that are used or mean nothing here, and fields that would mean something."""

    used: frozenset[str]
    ignored: frozenset[str]


def _fields(used: str, ignored: str) -> _Fields:
    return _Fields(frozenset(used.split()), frozenset(ignored.split()))


_SERVICE = _fields(
    "selector ports type clusterIP clusterIPs ipFamilies ipFamilyPolicy internalTrafficPolicy",
    "externalIPs externalName externalTrafficPolicy healthCheckNodePort loadBalancerClass "
    "loadBalancerIP loadBalancerSourceRanges publishNotReadyAddresses sessionAffinity "
    "sessionAffinityConfig trafficDistribution allocateLoadBalancerNodePorts",
)
_SERVICE_PORT = _fields("name port targetPort protocol appProtocol nodePort", "")
_DEPLOYMENT = _fields(
    "replicas selector template revisionHistoryLimit progressDeadlineSeconds strategy",
    "minReadySeconds paused",
)
_TEMPLATE = _fields("metadata spec", "")
_POD = _fields(
    "containers serviceAccountName serviceAccount dnsPolicy schedulerName enableServiceLinks "
    "terminationGracePeriodSeconds",
    "activeDeadlineSeconds affinity automountServiceAccountToken dnsConfig ephemeralContainers "
    "hostAliases hostIPC hostNetwork hostPID hostUsers hostname imagePullSecrets initContainers "
    "nodeName nodeSelector os overhead preemptionPolicy priority priorityClassName "
    "readinessGates resourceClaims resources restartPolicy runtimeClassName schedulingGates "
    "securityContext setHostnameAsFQDN shareProcessNamespace subdomain tolerations "
    "topologySpreadConstraints volumes",
)
_CONTAINER = _fields(
    "name image command args env ports imagePullPolicy terminationMessagePath "
    "terminationMessagePolicy",
    "envFrom lifecycle livenessProbe readinessProbe resizePolicy resources restartPolicy "
    "securityContext startupProbe stdin stdinOnce tty volumeDevices volumeMounts workingDir",
)
_CONTAINER_PORT = _fields("name containerPort hostPort protocol", "hostIP")
_ENV = _fields("name value valueFrom", "")


# --- services ----------------------------------------------------------------------------------


def _service(
    reader: _Reader,
    namespace: str,
    name: str,
    own_labels: Labels,
    spec: Mapping[str, Any],
    annotations: Labels,
) -> Service:
    reader.fields(spec, "spec", _SERVICE)
    reader.health_rules("metadata.annotations", annotations)
    given = list(reader.mappings(spec, "ports", "spec"))
    ports = tuple(p for path, g in given if (p := _service_port(reader, path, g)) is not None)
    if len(given) > 1:
        for path, one in given:
            if not one.get("name"):
                reader.note("MSH2011", f"{path}.name")
    _no_duplicates(reader, "spec.ports", "port", [p.number for p in ports])
    _no_duplicates(reader, "spec.ports", "port name", [p.name for p in ports if p.name])
    return Service(
        namespace=namespace,
        name=name,
        labels=own_labels,
        selector=reader.pairs(spec, "selector", "spec"),
        ports=ports,
        export_to=_exported(namespace, dict(annotations).get(EXPORT_TO, "")),
        annotations=tuple(one for one in annotations if one[0] == RATE),
    )


EXPORT_TO = "networking.istio.io/exportTo"


def _exported(namespace: str, written: str) -> tuple[str, ...]:
    """Istio's annotation: namespaces, comma separated; "." is its own."""
    words = (word.strip() for word in written.split(","))
    return tuple(dict.fromkeys(namespace if w == "." else w for w in words if w))


def _no_duplicates(reader: _Reader, path: str, what: str, values: Sequence[object]) -> None:
    for value in dict.fromkeys(v for v in values if values.count(v) > 1):
        reader.note("MSH2006", path, f"{what} {value}")


def _service_port(reader: _Reader, path: str, given: Mapping[str, Any]) -> ServicePort | None:
    reader.fields(given, path, _SERVICE_PORT)
    if given.get("protocol", "TCP") != "TCP":
        reader.note("MSH2003", f"{path}.protocol", f"{path}.protocol {given['protocol']}")
    number = reader.port(given, "port", path)
    if number is None:
        return None
    name = reader.text(given, "name", path)
    target = given.get("targetPort")
    target_name = target if isinstance(target, str) else ""
    if target_name or target is None:
        target_port = 0 if target_name else number
    else:
        target_port = reader.port(given, "targetPort", path) or number
    return ServicePort(
        name=name,
        number=number,
        target_port=target_port,
        target_name=target_name,
        protocol=_protocol(reader, path, reader.text(given, "appProtocol", path), name),
    )


_PROTOCOLS: Mapping[str, AppProtocol] = {
    "http": AppProtocol.HTTP,
    "http2": AppProtocol.HTTP2,
    "kubernetes.io/h2c": AppProtocol.HTTP2,
    "kubernetes.io/ws": AppProtocol.HTTP,
    "grpc": AppProtocol.GRPC,
    "grpc-web": AppProtocol.HTTP,
    "https": AppProtocol.HTTPS,
    "kubernetes.io/wss": AppProtocol.HTTPS,
    "tls": AppProtocol.TLS,
    "tcp": AppProtocol.TCP,
    "mongo": AppProtocol.TCP,
    "mysql": AppProtocol.TCP,
    "redis": AppProtocol.TCP,
}


def _protocol(reader: _Reader, path: str, app_protocol: str, name: str) -> AppProtocol:
    """Istio's protocol selection, explicit only: nothing is guessed from the bytes."""
    if app_protocol:
        chosen = _PROTOCOLS.get(app_protocol.lower())
        if chosen is None:
            reader.note("MSH2010", f"{path}.appProtocol", app_protocol)
        return chosen or AppProtocol.TCP
    lowered = name.lower()
    if lowered == "grpc-web" or lowered.startswith("grpc-web-"):
        return AppProtocol.HTTP
    return _PROTOCOLS.get(lowered.partition("-")[0], AppProtocol.TCP)


def unreadable_health_rules(
    resource: str, path: str, annotations: Iterable[tuple[str, str]]
) -> tuple[Finding, ...]:
    """Health rules of a Service or workload that say nothing; `path` is where its annotations stand."""
    reader = _Reader(resource, [])
    for name, value in annotations:
        if name == RATE and isinstance(found := read_rules(value), Unreadable):
            reader.note("MSH2050", f"{path}.{RATE}", RATE, found.reason, fix=_HEALTH_RULES)
    return tuple(reader.findings)


_HEALTH_RULES = (
    "write codes, the percentages from which on they degrade and fail, protocols and directions, with"
    ' commas between: "5XX,1,5,http,inbound"; more such rules after a semicolon'
)


# --- deployments -------------------------------------------------------------------------------


def _deployment(
    reader: _Reader, namespace: str, name: str, own_annotations: Labels, spec: Mapping[str, Any]
) -> Workload:
    reader.fields(spec, "spec", _DEPLOYMENT)
    template = reader.mapping(spec, "template", "spec")
    reader.fields(template, "spec.template", _TEMPLATE)
    metadata = reader.mapping(template, "metadata", "spec.template")
    pod_labels = reader.pairs(metadata, "labels", "spec.template.metadata")
    pod_annotations = reader.pairs(metadata, "annotations", "spec.template.metadata")
    reader.health_rules("metadata.annotations", own_annotations)
    reader.health_rules("spec.template.metadata.annotations", pod_annotations)
    pod = reader.mapping(template, "spec", "spec.template")
    reader.fields(pod, "spec.template.spec", _POD)
    _selector(reader, spec, pod_labels)
    _strategy(reader, spec)
    gateway = _is_gateway(pod_labels, pod_annotations)
    return Workload(
        namespace=namespace,
        name=name,
        labels=pod_labels,
        annotations=labels({**dict(own_annotations), **dict(pod_annotations)}),
        service_account=reader.text(pod, "serviceAccountName", "spec.template.spec")
        or reader.text(pod, "serviceAccount", "spec.template.spec", "default"),
        replicas=_replicas(reader, spec),
        container=_container(reader, pod, gateway=gateway),
        gateway=gateway,
        sidecar=gateway or not _refuses_sidecar(pod_labels, pod_annotations),
        template_hash=template_hash(template),
    )


def _replicas(reader: _Reader, spec: Mapping[str, Any]) -> int:
    count = reader.number(spec, "replicas", "spec", 1)
    if not 0 <= count <= MOST_REPLICAS:
        reader.note("MSH2001", "spec.replicas", "replicas", f"from 0 to {MOST_REPLICAS}")
    return min(max(count, 0), MOST_REPLICAS)


def _selector(reader: _Reader, spec: Mapping[str, Any], pod_labels: Labels) -> None:
    """Kubernetes refuses a Deployment whose selector does not match its own template."""
    selector = reader.mapping(spec, "selector", "spec")
    if not selector:
        reader.note("MSH2004", "spec.selector", "selector")
        return
    for key in selector:
        if key == "matchExpressions":
            reader.note("MSH2003", f"spec.selector.{key}", f"spec.selector.{key}")
        elif key != "matchLabels":
            reader.note("MSH2002", f"spec.selector.{key}", key)
    wanted = reader.pairs(selector, "matchLabels", "spec.selector")
    if wanted and not selects(wanted, pod_labels):
        reader.note(
            "MSH2007",
            "spec.selector.matchLabels",
            fix="give spec.template.metadata.labels the same labels",
        )


def _strategy(reader: _Reader, spec: Mapping[str, Any]) -> None:
    """A new template is always rolled out new pods first."""
    strategy = reader.mapping(spec, "strategy", "spec")
    if reader.text(strategy, "type", "spec.strategy", "RollingUpdate") != "RollingUpdate":
        reader.note("MSH2003", "spec.strategy.type", f"spec.strategy.type {strategy['type']}")
    if strategy.get("rollingUpdate"):
        reader.note("MSH2003", "spec.strategy.rollingUpdate", "spec.strategy.rollingUpdate")


def _is_gateway(pod_labels: Labels, pod_annotations: Labels) -> bool:
    if dict(pod_labels).get("istio") in ("ingressgateway", "egressgateway"):
        return True
    return dict(pod_annotations).get("inject.istio.io/templates") == "gateway"


def _refuses_sidecar(pod_labels: Labels, pod_annotations: Labels) -> bool:
    inject = {**dict(pod_annotations), **dict(pod_labels)}.get("sidecar.istio.io/inject", "")
    return inject.lower() == "false"


def _container(reader: _Reader, pod: Mapping[str, Any], *, gateway: bool) -> Container | None:
    """The first container is the application; a gateway needs none (Istio writes `image: auto`)."""
    containers = list(reader.mappings(pod, "containers", "spec.template.spec"))
    for path, _ in containers[1:]:
        reader.note("MSH2003", path, path)
    if not containers:
        if not gateway:
            reader.note("MSH2012", "spec.template.spec.containers")
        return None
    path, given = containers[0]
    reader.fields(given, path, _CONTAINER)
    command = reader.words(given, "command", path) + reader.words(given, "args", path)
    if not command and not gateway:
        reader.note("MSH2008", f"{path}.command")
    ports = tuple(
        p
        for at, g in reader.mappings(given, "ports", path)
        if (p := _container_port(reader, at, g)) is not None
    )
    _no_duplicates(reader, f"{path}.ports", "containerPort", [p.number for p in ports])
    _no_duplicates(reader, f"{path}.ports", "port name", [p.name for p in ports if p.name])
    return Container(
        name=reader.text(given, "name", path, "app"),
        command=command,
        env=tuple(_env(reader, path, given)),
        ports=ports,
    )


def _container_port(reader: _Reader, path: str, given: Mapping[str, Any]) -> ContainerPort | None:
    reader.fields(given, path, _CONTAINER_PORT)
    if given.get("protocol", "TCP") != "TCP":
        reader.note("MSH2003", f"{path}.protocol", f"{path}.protocol {given['protocol']}")
        return None
    number = reader.port(given, "containerPort", path)
    if number is None:
        return None
    host_port = reader.port(given, "hostPort", path) if given.get("hostPort") else None
    return ContainerPort(number=number, name=reader.text(given, "name", path), host_port=host_port)


_FIELD_REFS: Mapping[str, str] = {
    "metadata.name": "$(POD_NAME)",
    "metadata.namespace": "$(POD_NAMESPACE)",
    "status.podIP": "$(POD_IP)",
}


def _env(reader: _Reader, path: str, given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for at, one in reader.mappings(given, "env", path):
        reader.fields(one, at, _ENV)
        name = reader.text(one, "name", at)
        if not name:
            reader.note("MSH2004", f"{at}.name", "name")
            continue
        source = reader.mapping(one, "valueFrom", at)
        if not source:
            yield name, reader.text(one, "value", at)
            continue
        reference = str(reader.mapping(source, "fieldRef", f"{at}.valueFrom").get("fieldPath", ""))
        if reference in _FIELD_REFS:
            yield name, _FIELD_REFS[reference]
        else:
            reader.note("MSH2003", f"{at}.valueFrom", f"{at}.valueFrom")


_SAFE = "bcdfghjklmnpqrstvwxz2456789"


def template_hash(template: Mapping[str, Any]) -> str:
    """Names a ReplicaSet: equal templates, equal hash. Ten characters that spell no words."""
    text = json.dumps(template, sort_keys=True, separators=(",", ":"), default=str)
    return word(text, 10)


def word(text: str, length: int) -> str:
    """A name part derived from a text, in the letters Kubernetes uses."""
    number = int.from_bytes(hashlib.sha256(text.encode()).digest(), "big")
    letters = []
    for _ in range(length):
        number, digit = divmod(number, len(_SAFE))
        letters.append(_SAFE[digit])
    return "".join(letters)


# --- pods and the whole registry ---------------------------------------------------------------


def address(network: int, ordinal: int) -> str:
    """The pod address number `ordinal` (from 0) in 127.<network>.0.0/16."""
    third, fourth = divmod(ordinal, 253)
    if third > 255:
        raise ValueError(f"no pod address number {ordinal}")
    return f"127.{network}.{third}.{fourth + 2}"


def pod(workload: Workload, *, name: str, uid: str, ordinal: int, network: int = 66) -> Pod:
    """One replica of a workload, still Pending."""
    has_app = workload.sidecar and not workload.gateway
    return Pod(
        namespace=workload.namespace,
        name=name,
        uid=uid,
        workload=workload.name,
        replica_set=replica_set(workload),
        labels=pod_labels(workload),
        service_account=workload.service_account,
        node=LOCAL_NODE,
        address=address(network, ordinal),
        app_address=address(network + 1, ordinal) if has_app else "",
        outbound_address=address(network + 2, ordinal) if has_app else "",
        ports=workload.container.ports if workload.container else (),
        gateway=workload.gateway,
        sidecar=workload.sidecar,
    )


def replica_set(workload: Workload) -> str:
    return f"{workload.name}-{workload.template_hash}"


def pod_labels(workload: Workload) -> Labels:
    return labels({**dict(workload.labels), "pod-template-hash": workload.template_hash})


def expand(workloads: Iterable[Workload], *, network: int = 66) -> tuple[Pod, ...]:
    """The pods a set of workloads asks for, with predictable names and addresses, all Pending."""
    pods: list[Pod] = []
    for one in sorted(workloads, key=lambda w: (w.namespace, w.name)):
        for replica in range(one.replicas):
            key = f"{one.namespace}/{replica_set(one)}/{replica}"
            name = f"{replica_set(one)}-{word(key, 5)}"
            pods.append(pod(one, name=name, uid=word(key, 20), ordinal=len(pods), network=network))
    return tuple(sorted(pods, key=lambda p: (p.namespace, p.name)))


def with_local_ports(
    services: Iterable[Service], taken: Mapping[tuple[str, str, int], int] | None = None
) -> tuple[Service, ...]:
    """Give each service port its local port: those already `taken`, the next free ones to the rest.

    `taken` maps (namespace, service, port) to a local port. Sorted by (namespace, name).
    """
    known = dict(taken or {})
    following = max(known.values(), default=FIRST_LOCAL_PORT - 1) + 1
    numbered = []
    for one in sorted(services, key=lambda s: (s.namespace, s.name)):
        ports = []
        for each in one.ports:
            key = (one.namespace, one.name, each.number)
            if key not in known:
                known[key] = following
                following += 1
            ports.append(replace(each, local_port=known[key]))
        numbered.append(replace(one, ports=tuple(ports)))
    return tuple(numbered)


def with_target_ports(
    services: Iterable[Service], workloads: Sequence[Workload]
) -> tuple[tuple[Service, ...], tuple[Finding, ...]]:
    """Turn named target ports into numbers, from the first selected workload that has the name."""
    resolved: list[Service] = []
    findings: list[Finding] = []
    for one in services:
        reader = _Reader(f"Service {one.namespace}/{one.name}", findings)
        named = _named_ports(one, workloads)
        ports = []
        for i, each in enumerate(one.ports):
            if each.target_name and each.target_name not in named:
                reader.note("MSH2009", f"spec.ports[{i}].targetPort", each.target_name)
            target = named.get(each.target_name, each.target_port or each.number)
            ports.append(replace(each, target_port=target))
        resolved.append(replace(one, ports=tuple(ports)))
    return tuple(resolved), tuple(findings)


def _named_ports(service: Service, workloads: Sequence[Workload]) -> dict[str, int]:
    named: dict[str, int] = {}
    for one in workloads:
        chosen = one.namespace == service.namespace and selects(service.selector, one.labels)
        if chosen and one.container:
            for each in one.container.ports:
                named.setdefault(each.name, each.number)
    named.pop("", None)
    return named


def assemble(
    values: Iterable[Namespace | ServiceAccount | Service | Workload],
    *,
    pods: tuple[Pod, ...] | None = None,
    local_ports: Mapping[tuple[str, str, int], int] | None = None,
    network: int = 66,
) -> Registry:
    """One registry of parsed manifests. Without `pods`, those that `expand` gives.

    A namespace that is only used, not declared, is there without labels.
    """
    given = list(values)
    workloads = _sorted(v for v in given if isinstance(v, Workload))
    services, _ = with_target_ports((v for v in given if isinstance(v, Service)), workloads)
    declared = {v.name: v for v in given if isinstance(v, Namespace)}
    used = {v.namespace for v in given if not isinstance(v, Namespace)}
    names = sorted(declared.keys() | used)
    return Registry(
        namespaces=tuple(declared.get(n) or Namespace(name=n) for n in names),
        services=with_local_ports(services, local_ports),
        workloads=workloads,
        pods=expand(workloads, network=network) if pods is None else pods,
    )


def _sorted(workloads: Iterable[Workload]) -> tuple[Workload, ...]:
    return tuple(sorted(workloads, key=lambda w: (w.namespace, w.name)))
