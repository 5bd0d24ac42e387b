"""Some gateway workload serves each Gateway."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.model.catalogue import finding


def gateways_have_workloads(world: World) -> Iterator[Finding]:
    for gateway in world.gateways.values():
        key = gateway.metadata.key
        if not gateway.selector:
            yield finding("MSH1104", key, "spec.selector")
        elif not any(w.gateway for w in world.workloads_with(gateway.selector, None)):
            words = ", ".join(f"{k}={v}" for k, v in gateway.selector)
            yield finding("KIA0302", key, "spec.selector", words)
