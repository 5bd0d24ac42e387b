"""A ServiceEntry says where its hosts are, and is the only one to do so."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.model import ServiceEntry
from routing.model.catalogue import finding


def service_entries_resolve(world: World) -> Iterator[Finding]:
    owners: dict[str, ServiceEntry] = {}
    for entry in world.service_entries:
        key = entry.metadata.key
        for i, host in enumerate(entry.hosts):
            path = f"spec.hosts[{i}]"
            if host.startswith("*") and not entry.endpoints and not entry.selector:
                yield finding("MSH1109", key, path, host)
            owner = owners.setdefault(host, entry)
            if owner is not entry:
                yield finding("MSH1110", key, path, owner.metadata.key, host)
