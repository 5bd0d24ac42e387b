"""Timeouts and retries are positive and fit into each other."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.contracts import ResourceKey
from routing.model.catalogue import finding
from routing.model.virtual_service import HttpRoute


def timing_is_positive(world: World) -> Iterator[Finding]:
    for service in world.virtual_services:
        for i, route in enumerate(service.http):
            yield from check_retries(service.metadata.key, f"spec.http[{i}]", route)


def check_retries(key: ResourceKey, path: str, route: HttpRoute) -> Iterator[Finding]:
    """A timeout of 0s means none (as in Istio), so only tries are held to be more than 0."""
    retries = route.retries
    if retries is None:
        return
    if retries.attempts < 0:
        yield finding("MSH1106", key, f"{path}.retries.attempts", "attempts")
    one_try = retries.per_try_timeout_ms
    if one_try is None:
        return
    if one_try < 1:
        yield finding("MSH1106", key, f"{path}.retries.perTryTimeout", "perTryTimeout")
    tries = retries.attempts + 1
    if route.timeout_ms and one_try * tries > route.timeout_ms and one_try > route.timeout_ms:
        words = (tries, one_try * tries, route.timeout_ms)
        yield finding("MSH1107", key, f"{path}.retries.perTryTimeout", *words)
