"""A Fallback answers for a host that exists, from a host that exists, once, and in no circle."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.rules.destinations import check_destination
from routing.checks.world import World
from routing.compile.rules import policy_for, rules_for, subsets
from routing.contracts import ResourceKey
from routing.model import DestinationRule, Fallback
from routing.model.catalogue import finding
from routing.model.hosts import full_host
from topology.contracts import AppProtocol

Place = tuple[str, str]


def fallbacks_answer(world: World) -> Iterator[Finding]:
    seen: dict[tuple[str, str, str, str], ResourceKey] = {}
    for one in world.fallbacks:
        key = one.metadata.key
        yield from answers_for(world, one)
        if one.destination is not None:
            yield from check_destination(world, key, "spec.destination", one.destination)
            yield from one_language(world, one)
            yield from opens(world, one)
        for route in one.routes or ("",):
            claim = (key.namespace, full_host(one.host, key.namespace), one.subset, route)
            if claim in seen:
                yield finding("MSH1145", key, "spec.host", seen[claim])
                break
            seen[claim] = key
    yield from circles(world)


def answers_for(world: World, one: Fallback) -> Iterator[Finding]:
    key = one.metadata.key
    upstream = world.upstream(one.host, key.namespace)
    if upstream is None:
        yield finding("KIA1101", key, "spec.host", one.host)
        return
    rules = rules_for(world.rules, key.namespace, upstream.host, upstream.namespace)
    if one.subset and one.subset not in subsets(rules):
        yield finding("KIA1107", key, "spec.subset", one.subset, one.host)
    for port in upstream.ports:
        if port.protocol.is_http:
            continue
        if one.destination is None or one.routes:
            yield finding("MSH1150", key, "spec.host", port.number, one.host)
        elif limited(rules, one, port.number):
            yield finding("MSH1153", key, "spec.host", one.host, port.number)


def limited(rules: tuple[DestinationRule, ...], one: Fallback, port: int) -> bool:
    """Connections above a limit would wait for one of the first service's to end."""
    known = subsets(rules)
    asked = [one.subset] if one.subset else ["", *known]
    policies = (policy_for(rules, known.get(name, (None, None))[1], port) for name in asked)
    pools = (policy.connection_pool for policy in policies)
    return any(pool is not None and pool.max_connections is not None for pool in pools)


def opens(world: World, one: Fallback) -> Iterator[Finding]:
    """Endpoints that refuse connections are asked until they are ejected."""
    upstream = world.upstream(one.host, one.metadata.key.namespace)
    if upstream is None:
        return
    rules = rules_for(world.rules, one.metadata.key.namespace, upstream.host, upstream.namespace)
    _, subset = subsets(rules).get(one.subset, (None, None))
    if not any(policy_for(rules, subset, port.number).outlier for port in upstream.ports):
        yield finding("MSH1152", one.metadata.key, "spec.destination", one.host)


def one_language(world: World, one: Fallback) -> Iterator[Finding]:
    """HTTP/1 and HTTP/2 do not answer for each other."""
    if one.destination is None:
        return
    first = world.upstream(one.host, one.metadata.key.namespace)
    other = world.upstream(one.destination.host, one.metadata.key.namespace)
    if first is None or other is None:
        return
    for port in first.ports:
        number = one.destination.port or port.number
        to = other.port(number) or (other.ports[0] if len(other.ports) == 1 else None)
        if to is not None and differ(port.protocol, to.protocol):
            words = (one.host, port.protocol, one.destination.host, to.protocol)
            yield finding("MSH1151", one.metadata.key, "spec.destination", *words)
            return


def differ(first: AppProtocol, other: AppProtocol) -> bool:
    """Bytes are bytes, whatever they are called."""
    return first is not other if first.is_http else other.is_http


def circles(world: World) -> Iterator[Finding]:
    """Said of each Fallback in a circle. A fallback's own fallback is not asked, but two services
    that answer for each other are a mistake that an outage of both would show."""
    ways: dict[Place, set[Place]] = {}
    for one in world.fallbacks:
        if one.destination is not None:
            ways.setdefault(start(one), set()).add(end(one))
    for one in world.fallbacks:
        if one.destination is None:
            continue
        way = [start(one), *path(ways, end(one), start(one))]
        if len(way) > 1:
            words = " -> ".join(f"{host} {subset}".rstrip() for host, subset in way)
            yield finding("MSH1144", one.metadata.key, "spec.destination", words)


def start(one: Fallback) -> Place:
    return full_host(one.host, one.metadata.key.namespace), one.subset


def end(one: Fallback) -> Place:
    to = one.destination
    assert to is not None  # noqa: S101  the callers have looked
    return full_host(to.host, one.metadata.key.namespace), to.subset


def path(ways: dict[Place, set[Place]], begin: Place, goal: Place) -> list[Place]:
    """A way from begin to goal, both included; empty if there is none. Without recursion."""
    before: dict[Place, Place | None] = {begin: None}
    queue = [begin]
    for place in queue:
        if place == goal:
            return trail(before, place)
        for after in sorted(ways.get(place, ())):
            if after not in before:
                before[after] = place
                queue.append(after)
    return []


def trail(before: dict[Place, Place | None], last: Place) -> list[Place]:
    found = [last]
    step = before[last]
    while step is not None:
        found.append(step)
        step = before[step]
    return found[::-1]
