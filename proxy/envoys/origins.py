"""Which of the users' resources the parts of an Envoy message were made from. Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from proxy.fleet.quarantine import origin_of
from proxy.xds.fields import METADATA
from routing.contracts import ResourceKey


def origins_in(config: Mapping[str, Any] | None) -> tuple[tuple[ResourceKey, str], ...]:
    """(resource, place in it) of a message and of everything in it, each once, in order."""
    return tuple(dict.fromkeys(_walk(config)))


def _walk(value: Any) -> Iterator[tuple[ResourceKey, str]]:
    if isinstance(value, list):
        for one in value:
            yield from _walk(one)
    elif isinstance(value, dict):
        key = origin_of(value)
        if key is not None:
            yield key, _path(value)
        for one in value.values():
            yield from _walk(one)


def _path(part: Mapping[str, Any]) -> str:
    """An origin reads "Kind namespace/name path"."""
    origin = str(part["metadata"]["filter_metadata"][METADATA]["origin"])
    return origin.split(" ", 2)[2] if origin.count(" ") > 1 else ""
