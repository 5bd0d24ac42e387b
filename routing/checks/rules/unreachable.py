"""A route that an earlier one leaves nothing for."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.model import VirtualService
from routing.model.catalogue import finding
from routing.model.virtual_service import HttpMatch

NAMELESS = HttpMatch()


def routes_are_reachable(world: World) -> Iterator[Finding]:
    for service in world.virtual_services:
        yield from check_service(service)


def check_service(service: VirtualService) -> Iterator[Finding]:
    seen: dict[HttpMatch, str] = {}
    catch_all: str | None = None
    for i, route in enumerate(service.http):
        path = f"spec.http[{i}]"
        matches = [unnamed(m) for m in route.matches] or [NAMELESS]
        if catch_all is not None:
            yield finding("IST0130", service.metadata.key, path, catch_all)
            continue
        repeated = [m for m in matches if m in seen]
        if len(repeated) == len(matches):
            yield finding("IST0130", service.metadata.key, path, seen[repeated[0]])
        else:
            for match in repeated:
                where = f"{path}.match[{matches.index(match)}]"
                yield finding("IST0131", service.metadata.key, where, seen[match])
        for j, match in enumerate(matches):
            seen.setdefault(match, f"{path}.match[{j}]" if route.matches else path)
        if any(takes_all(m) for m in matches):
            catch_all = path


def unnamed(match: HttpMatch) -> HttpMatch:
    """The same match without its name, which decides nothing."""
    return HttpMatch(
        uri=match.uri,
        headers=match.headers,
        query=match.query,
        port=match.port,
        source_labels=match.source_labels,
        source_namespace=match.source_namespace,
        gateways=match.gateways,
    )


def takes_all(match: HttpMatch) -> bool:
    prefix = match.uri is None or (match.uri.kind == "prefix" and match.uri.value == "/")
    return prefix and unnamed(match) == HttpMatch(uri=match.uri)
