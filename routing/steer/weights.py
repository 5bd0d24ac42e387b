"""Canary weights of a service: read from its default route, written back into it."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from routing.contracts import Document, ResourceKey
from routing.documents import plain
from routing.steer.ambiguous import Ambiguous
from routing.steer.hosts import means
from topology.contracts import Registry, Service, selects

NETWORKING = "networking.istio.io/v1"
WHOLE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Invalid:
    """The weights themselves cannot be. `path` is the version at fault, or empty."""

    message: str
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """Weights now in force. `configured` False: no route says so, pods share the traffic."""

    weights: tuple[tuple[str, int], ...]
    configured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a service's default route is: a VirtualService and a rule in it, if there are any."""

    virtual_service: Document | None
    section: str
    rule: int
    destination_rule: Document | None

    @property
    def route(self) -> list[dict[str, Any]]:
        if self.virtual_service is None:
            return []
        rules = plain(self.virtual_service.spec).get(self.section) or []
        return list(rules[self.rule].get("route") or []) if rules else []


Documents = Mapping[ResourceKey, Document]


def versions(service: Service, registry: Registry) -> tuple[str, ...]:
    """The versions that run behind a service: its workloads' `version` labels, sorted."""
    found = {
        one.version
        for one in registry.workloads
        if one.namespace == service.namespace and selects(service.selector, one.labels)
    }
    return tuple(sorted(found - {""}))


def place(service: Service, documents: Documents) -> Place | Ambiguous:
    """Find the one default route of a service inside the mesh."""
    routed = [one for one in _of_kind(documents, "VirtualService") if _routes(one, service)]
    if len(routed) > 1:
        return Ambiguous(
            message=f"{len(routed)} resources route {service.name}: {_names(routed)}.",
            resources=tuple(one.key for one in routed),
        )
    section = "http" if any(port.protocol.is_http for port in service.ports) else "tcp"
    rule = _default_rule(routed[0], section) if routed else 0
    if isinstance(rule, Ambiguous):
        return rule
    found = Place(
        virtual_service=routed[0] if routed else None,
        section=section,
        rule=rule,
        destination_rule=_destination_rule(service, documents),
    )
    strange = [one for one in found.route if not means(_host(one), _home(found, service), service)]
    if strange and found.virtual_service is not None:
        return Ambiguous(
            message=f"{found.virtual_service.key} {section}[{rule}] also routes to {_host(strange[0])}.",
            resources=(found.virtual_service.key,),
        )
    return found


def read(service: Service, registry: Registry, documents: Documents) -> Split | Ambiguous:
    """The weights in force, by version; every running version is named."""
    found = place(service, documents)
    if isinstance(found, Ambiguous):
        return found
    running = versions(service, registry)
    by_subset = {subset: version for version, subset in _subsets(found.destination_rule).items()}
    routed = [(by_subset.get(_subset(one)), int(one.get("weight", WHOLE))) for one in found.route]
    if not routed or any(version is None for version, _ in routed):
        return Split(weights=_shared(service, registry, running), configured=False)
    weights = dict.fromkeys(running, 0)
    for version, weight in routed:
        weights[str(version)] = weights.get(str(version), 0) + weight
    return Split(weights=tuple(sorted(weights.items())), configured=True)


def write(
    service: Service, registry: Registry, documents: Documents, weights: Mapping[str, int]
) -> tuple[Document, ...] | Ambiguous | Invalid:
    """The resources that give these weights: existing ones edited, missing ones made."""
    wrong = _validate(weights, versions(service, registry))
    if wrong is not None:
        return wrong
    found = place(service, documents)
    if isinstance(found, Ambiguous):
        return found
    rule = _with_subsets(service, found.destination_rule, sorted(weights), documents)
    if isinstance(rule, Ambiguous):
        return rule
    if found.virtual_service is None:
        key = ResourceKey("VirtualService", service.namespace, service.name)
        if key in documents:
            return Ambiguous(message=f"{key} exists and routes something else.", resources=(key,))
        found = replace(found, virtual_service=_empty_route(key, service, found.section))
    return (rule, _with_weights(service, found, _subsets(rule), weights))


def _validate(weights: Mapping[str, int], running: Sequence[str]) -> Invalid | None:
    for version, weight in weights.items():
        if version not in running:
            known = ", ".join(running) or "none"
            return Invalid(message=f"no version {version} runs (running: {known}).", path=version)
        if not 0 <= weight <= WHOLE:
            return Invalid(message=f"{weight} is not between 0 and 100.", path=version)
    total = sum(weights.values())
    return None if total == WHOLE else Invalid(message=f"the weights add up to {total}, not 100.")


def _routes(document: Document, service: Service) -> bool:
    gateways = document.spec.get("gateways") or ["mesh"]
    hosts = document.spec.get("hosts") or []
    return "mesh" in gateways and any(
        means(str(host), document.key.namespace, service) for host in hosts
    )


def _default_rule(document: Document, section: str) -> int | Ambiguous:
    """The index of the one rule without a match that routes."""
    rules = document.spec.get(section) or []
    if not rules:
        return 0
    defaults = [i for i, rule in enumerate(rules) if not rule.get("match")]
    if len(defaults) == 1 and rules[defaults[0]].get("route"):
        return defaults[0]
    listed = ", ".join(f"{section}[{i}]" for i in range(len(rules)))
    return Ambiguous(
        message=f"{document.key} has no single default route among {listed}.",
        resources=(document.key,),
    )


def _destination_rule(service: Service, documents: Documents) -> Document | None:
    """The oldest DestinationRule of the service (Istio's precedence)."""
    found = [
        one
        for one in _of_kind(documents, "DestinationRule")
        if means(str(one.spec.get("host", "")), one.key.namespace, service)
        and not one.spec.get("workloadSelector")
    ]
    return min(found, key=lambda one: (one.created_at, one.key), default=None)


def _subsets(rule: Document | None) -> dict[str, str]:
    """Version -> name of the subset that is exactly that version."""
    given = (rule.spec.get("subsets") or []) if rule else []
    return {
        str(one["labels"]["version"]): str(one["name"])
        for one in reversed(given)
        if set(one.get("labels") or {}) == {"version"}
    }


def _with_subsets(
    service: Service, rule: Document | None, wanted: Iterable[str], documents: Documents
) -> Document | Ambiguous:
    if rule is None:
        key = ResourceKey("DestinationRule", service.namespace, service.name)
        if key in documents:
            return Ambiguous(message=f"{key} exists for another host.", resources=(key,))
        rule = Document(key=key, api_version=NETWORKING, spec={"host": service.name})
    known = _subsets(rule)
    spec = plain(rule.spec)
    subsets = list(spec.get("subsets") or [])
    taken = {one.get("name") for one in subsets}
    for version in wanted:
        if version in known:
            continue
        if version in taken:
            return Ambiguous(
                message=f"{rule.key} has a subset {version} that is not version {version}.",
                resources=(rule.key,),
            )
        subsets.append({"name": version, "labels": {"version": version}})
    return replace(rule, spec={**spec, "subsets": subsets})


def _empty_route(key: ResourceKey, service: Service, section: str) -> Document:
    spec = {"hosts": [service.name], section: []}
    return Document(key=key, api_version=NETWORKING, spec=spec)


def _with_weights(
    service: Service, found: Place, subsets: Mapping[str, str], weights: Mapping[str, int]
) -> Document:
    """The same route with other weights: what else was said of a version's share is kept."""
    assert found.virtual_service is not None  # noqa: S101  the caller has made one
    known = {_subset(one): one for one in found.route}
    template = found.route[0]["destination"] if found.route else {"host": service.name}
    route = [
        {
            **known.get(
                subsets[version],
                {"destination": {**template, "subset": subsets[version]}},
            ),
            "weight": weight,
        }
        for version, weight in sorted(weights.items())
    ]
    spec = plain(found.virtual_service.spec)
    rules = list(spec.get(found.section) or []) or [{}]
    rules[found.rule] = {**rules[found.rule], "route": route}
    return replace(found.virtual_service, spec={**spec, found.section: rules})


def _shared(
    service: Service, registry: Registry, running: Sequence[str]
) -> tuple[tuple[str, int], ...]:
    """Without a rule each pod takes its share; whole percents that add up to 100."""
    pods = dict.fromkeys(running, 0)
    for pod in registry.pods:
        behind = pod.namespace == service.namespace and selects(service.selector, pod.labels)
        if behind and pod.ready and pod.version in pods:
            pods[pod.version] += 1
    total = sum(pods.values())
    if total == 0:
        return tuple((version, 0) for version in running)
    exact = {version: WHOLE * count / total for version, count in pods.items()}
    floors = {version: int(share) for version, share in exact.items()}
    by_rest = sorted(exact, key=lambda version: floors[version] - exact[version])
    for version in by_rest[: WHOLE - sum(floors.values())]:
        floors[version] += 1
    return tuple(sorted(floors.items()))


def _of_kind(documents: Documents, kind: str) -> list[Document]:
    return [documents[key] for key in sorted(documents) if key.kind == kind]


def _names(documents: Iterable[Document]) -> str:
    return ", ".join(str(one.key) for one in documents)


def _home(found: Place, service: Service) -> str:
    return found.virtual_service.key.namespace if found.virtual_service else service.namespace


def _host(route: Mapping[str, Any]) -> str:
    return str((route.get("destination") or {}).get("host", ""))


def _subset(route: Mapping[str, Any]) -> str:
    return str((route.get("destination") or {}).get("subset", ""))
