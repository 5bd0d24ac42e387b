"""A ServiceEntry says where its hosts are, and is the only one to do so."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.compile.clusters import BY_REQUEST, resolves
from routing.compile.inputs import selector_of
from routing.model import ServiceEntry, WorkloadEntry
from routing.model.catalogue import finding
from topology.contracts import selects


def meet(one: ServiceEntry, other: ServiceEntry) -> bool:
    """Whether some namespace sees both."""
    visible, also = set(one.metadata.export_to), set(other.metadata.export_to)
    return "*" in visible or "*" in also or bool(visible & also)


def service_entries_resolve(world: World) -> Iterator[Finding]:
    owners: dict[str, ServiceEntry] = {}
    for entry in world.service_entries:
        key = entry.metadata.key
        for i, host in enumerate(entry.hosts):
            path = f"spec.hosts[{i}]"
            placed = entry.endpoints or entry.selector or entry.resolution in BY_REQUEST
            if host.startswith("*") and not placed:
                yield finding("MSH1109", key, path, host)
            owner = owners.setdefault(host, entry)
            if owner is not entry and meet(owner, entry):
                yield finding("MSH1110", key, path, owner.metadata.key, host)
    yield from names_resolve(world)


def names_resolve(world: World) -> Iterator[Finding]:
    """A WorkloadEntry's host name is looked up for ServiceEntries with resolution DNS alone."""
    for key, reading in world.readings:
        entry = reading.resource
        if not (isinstance(entry, WorkloadEntry) and entry.endpoint.is_named):
            continue
        for upstream in world.upstreams.values():
            wanted = selector_of(upstream)
            picked = wanted and selects(wanted, entry.endpoint.labels)
            if upstream.namespace == key.namespace and picked and not resolves(upstream):
                yield finding("MSH1113", key, "spec.address", entry.endpoint.address, upstream.host)
