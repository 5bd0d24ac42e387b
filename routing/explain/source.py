"""Who asks: the pod that is meant by a name."""

from collections.abc import Callable
from dataclasses import dataclass

from topology.contracts import Pod, PodPhase, Registry, selects


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The pod whose request is explained; its siblings' would go the same way."""

    pod: Pod
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unclear:
    """Nobody has this name."""

    message: str


def caller(registry: Registry, written: str) -> Caller | Unclear:
    """The pod of "namespace/name": a workload, a pod, a service or an app, in this order."""
    namespace, slash, name = written.partition("/")
    if not (slash and namespace and name):
        return Unclear(message=f"{written!r} is not written namespace/name")
    own = [p for p in registry.pods if p.namespace == namespace]
    for takes in (_by_workload, _by_name, _by_service(registry), _by_app):
        found = sorted((p for p in own if takes(p, name)), key=_preferred)
        if found:
            return Caller(pod=found[0], note=_note(found, name))
    known = sorted({f"{p.namespace}/{p.workload}" for p in own or registry.pods})
    listed = ", ".join(known[:10]) or "nothing"
    return Unclear(message=f"nothing that runs is called {written}; there is {listed}")


Takes = Callable[[Pod, str], bool]


def _by_workload(pod: Pod, name: str) -> bool:
    return pod.workload == name


def _by_name(pod: Pod, name: str) -> bool:
    return pod.name == name


def _by_app(pod: Pod, name: str) -> bool:
    return pod.app == name


def _by_service(registry: Registry) -> Takes:
    selectors = {(s.namespace, s.name): s.selector for s in registry.services}

    def takes(pod: Pod, name: str) -> bool:
        return selects(selectors.get((pod.namespace, name), ()), pod.labels)

    return takes


def _preferred(pod: Pod) -> tuple[bool, str]:
    """One that runs before one that does not."""
    return not (pod.ready and pod.phase is PodPhase.RUNNING), pod.name


def _note(found: list[Pod], name: str) -> str:
    workloads = sorted({p.workload for p in found})
    if len(workloads) < 2:
        return ""
    others = ", ".join(one for one in workloads if one != found[0].workload)
    return f"{name} is run by several workloads; this is about {found[0].workload}, not {others}"
