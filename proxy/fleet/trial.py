"""Which part of what Envoy refused is the bad one, where its words do not say: Envoy itself is asked.

The parts are tried half by half with `envoy --mode validate`, so that good neighbours of a bad part
are not taken back with it. Blocks; for a thread.
"""

import logging
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from proxy.fleet.asking import Declined, Silent, ask_envoy
from proxy.fleet.quarantine import culprits, origin_of
from proxy.xds import static
from proxy.xds.messages import as_dict
from proxy.xds.snapshot import Resource
from routing.contracts import ResourceKey

log = logging.getLogger(__name__)

T = TypeVar("T")
Json = dict[str, Any]

Refuses = Callable[[Json], bool]
"""Whether Envoy refuses a bootstrap."""


def envoy_refuses(bootstrap: Json) -> bool:
    """What the installed binary says; a binary that cannot be asked refuses nothing."""
    answer = ask_envoy(bootstrap)
    if isinstance(answer, Silent):
        log.warning("%s", answer.reason)
    return isinstance(answer, Declined)


def guilty(parts: Sequence[T], refused: Callable[[Sequence[T]], bool]) -> tuple[T, ...]:
    """The fewest parts found that are refused by themselves, or only together; () if none is."""
    if not parts or not refused(parts):
        return ()
    if len(parts) == 1:
        return tuple(parts)
    middle = len(parts) // 2
    found = (*guilty(parts[:middle], refused), *guilty(parts[middle:], refused))
    return found or tuple(parts)


def guilty_resources(
    type_url: str, resources: tuple[Resource, ...], refuses: Refuses = envoy_refuses
) -> tuple[Resource, ...]:
    """Those of one response that Envoy refuses; all of them when it takes them in a trial."""
    if len(resources) < 2 or type_url not in static.TRIABLE:
        return resources

    def refused(some: Sequence[Resource]) -> bool:
        return refuses(static.trial(type_url, [as_dict(static.content(one)) for one in some]))

    return guilty(resources, refused) or resources


def guilty_keys(
    type_url: str, bad: Resource, good: Resource | None, refuses: Refuses = envoy_refuses
) -> tuple[ResourceKey, ...]:
    """The users' resources without which Envoy takes `bad`; all that are new in it if none is."""
    keys = culprits(bad, good)
    if len(keys) < 2 or type_url not in static.TRIABLE:
        return keys
    content = as_dict(static.content(bad))

    def refused(some: Sequence[ResourceKey]) -> bool:
        left_out = frozenset(keys) - frozenset(some)
        return refuses(static.trial(type_url, [_without(content, left_out)]))

    return guilty(keys, refused) or keys


def _without(content: Mapping[str, Any], keys: frozenset[ResourceKey]) -> Json:
    """A route configuration without the routes of some resources; other types as they are."""
    if "virtual_hosts" not in content:
        return dict(content)
    hosts = [(host, _routes_without(host, keys)) for host in content["virtual_hosts"]]
    return {
        **content,
        "virtual_hosts": [
            {**host, "routes": routes} for host, routes in hosts if routes or not host.get("routes")
        ],
    }


def _routes_without(host: Mapping[str, Any], keys: frozenset[ResourceKey]) -> list[Json]:
    return [route for route in host.get("routes", ()) if origin_of(route) not in keys]
