"""What would run once changed manifests were carried out, as far as that can be known. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from topology import manifests
from topology.contracts import Namespace, Pod, Registry, Service, ServiceAccount, Turnover, Workload
from topology.platform.local import Terminate, plan

Key = tuple[str, str, str]
"""Kind, namespace and name of a manifest."""

Declared = Namespace | ServiceAccount | Service | Workload
T = TypeVar("T", Service, Workload)


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One manifest as it would be; `value` None: gone, or nothing can be made of it."""

    key: Key
    value: Declared | None


def foreseen(
    running: Registry,
    changed: Iterable[Declaration],
    local_ports: Mapping[tuple[str, str, int], int],
) -> Registry:
    """The registry after a change of manifests.

    A pod that would be replaced stands for its successor, with what the new template gives it.
    Pods that would start are not in it: they get their names and addresses when they do.
    `local_ports` are those already given, by (namespace, service, port).
    """
    wanted = {one.key: one.value for one in changed}
    if not wanted:
        return running
    workloads = _merged(running.workloads, wanted, Workload, "Deployment")
    merged = _merged(running.services, wanted, Service, "Service")
    services, _ = manifests.with_target_ports(map(_unresolved, merged), workloads)
    return Registry(
        namespaces=tuple(_namespaces(running, wanted, (*services, *workloads))),
        services=manifests.with_local_ports(services, local_ports),
        workloads=workloads,
        pods=tuple(_pods(running, wanted)),
    )


def turnovers(before: Registry, after: Registry) -> tuple[Turnover, ...]:
    """Whose pods would start or end between two registries, sorted by namespace and workload."""
    sides = [{(w.namespace, w.name): w for w in one.workloads} for one in (before, after)]
    found = (
        _turnover(key, sides[0].get(key), sides[1].get(key))
        for key in sorted({*sides[0], *sides[1]})
    )
    return tuple(one for one in found if one.starts or one.ends)


def _turnover(key: tuple[str, str], old: Workload | None, new: Workload | None) -> Turnover:
    ends, starts = (one.replicas if one else 0 for one in (old, new))
    if old is not None and new is not None and old.template_hash == new.template_hash:
        ends, starts = max(ends - starts, 0), max(starts - ends, 0)
    return Turnover(namespace=key[0], workload=key[1], starts=starts, ends=ends)


def _merged(
    there: Iterable[T], wanted: Mapping[Key, Declared | None], sort: type[T], kind: str
) -> tuple[T, ...]:
    """What stays and what would come, sorted by namespace and name."""
    found = [one for one in there if (kind, one.namespace, one.name) not in wanted]
    found.extend(value for value in wanted.values() if isinstance(value, sort))
    return tuple(sorted(found, key=lambda one: (one.namespace, one.name)))


def _unresolved(service: Service) -> Service:
    """With its named target ports to be looked up again."""
    ports = (replace(p, target_port=0) if p.target_name else p for p in service.ports)
    return replace(service, ports=tuple(ports))


def _namespaces(
    running: Registry,
    wanted: Mapping[Key, Declared | None],
    users: Iterable[Service | Workload],
) -> Iterator[Namespace]:
    known = {one.name: one for one in running.namespaces}
    used = {one.namespace for one in users}
    for (kind, _, name), value in wanted.items():
        if kind != "Namespace":
            continue
        known.pop(name, None)
        if isinstance(value, Namespace):
            known[name] = value
    for name in sorted(known.keys() | used):
        yield known.get(name) or Namespace(name=name)


def _pods(running: Registry, wanted: Mapping[Key, Declared | None]) -> Iterator[Pod]:
    """Those that stay, and those that stand for their successors."""
    changed = {key[1:]: value for key, value in wanted.items() if key[0] == "Deployment"}
    workloads = [one for one in changed.values() if isinstance(one, Workload)]
    later = {
        pod.uid: _successor(pod, changed[pod.namespace, pod.workload])
        for pod in running.pods
        if (pod.namespace, pod.workload) in changed
    }
    own = [one for one in later.values() if one is not None]
    ending = {one.uid for one in plan(workloads, own, frozenset()) if isinstance(one, Terminate)}
    for pod in running.pods:
        stays = later.get(pod.uid, pod)
        if stays is not None and stays.uid not in ending:
            yield stays


def _successor(pod: Pod, value: Declared | None) -> Pod | None:
    """The pod as its workload's next template makes it; None where nothing takes its place."""
    if not isinstance(value, Workload):
        return None
    if (pod.gateway, pod.sidecar) != (value.gateway, value.sidecar):
        return None  # another sort of proxy, or none: at other addresses
    return replace(
        pod,
        labels=manifests.pod_labels(value),
        service_account=value.service_account,
        ports=value.container.ports if value.container else (),
        replica_set=manifests.replica_set(value),
    )
