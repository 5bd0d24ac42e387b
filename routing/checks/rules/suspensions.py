"""A Suspend names what is there, is the only one to do so, and is about no gateway."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.contracts import ResourceKey
from routing.model.catalogue import finding


def suspensions_apply(world: World) -> Iterator[Finding]:
    workloads = {(w.namespace, w.name): w for w in world.workloads}
    services = {(s.namespace, s.name) for s in world.services}
    seen: dict[tuple[str, str, str], ResourceKey] = {}
    for one in world.suspensions:
        key = one.metadata.key
        what, name = ("workload", one.workload) if one.workload else ("service", one.service)
        path = f"spec.{what}"
        workload = workloads.get((key.namespace, name)) if one.workload else None
        if workload is not None and workload.gateway:
            yield finding("MSH1149", key, path, name)
        known = workload is not None if one.workload else (key.namespace, name) in services
        if not known:
            yield finding("MSH1147", key, path, what, name)
        claim = (key.namespace, what, name)
        if claim in seen:
            yield finding("MSH1148", key, path, f"{what} {name}", seen[claim])
        seen.setdefault(claim, key)
