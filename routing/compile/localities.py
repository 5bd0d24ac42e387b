"""Endpoints near the client first, or shares of them by place (Istio's locality load balancing)."""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from routing.ir import Endpoint
from routing.model import DestinationRule
from routing.model.destination_rule import Balancing, Localities, TrafficPolicy, policies
from routing.model.places import covers_place, parts_of, place_of, with_place
from topology.contracts import Labels, Pod

Placed = tuple[Endpoint, Labels]
"""An endpoint, and the labels of what is behind it."""

BY_DISTANCE = Localities()
OTHER_REGION = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Standpoint:
    """From where a client looks: its place, and its labels that some rule compares."""

    place: str = ""
    labels: Labels = ()


ANYWHERE = Standpoint()


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the DestinationRules of a mesh want to know of clients."""

    place: bool = False
    labels: frozenset[str] = frozenset()

    def of(self, pod: Pod) -> Standpoint:
        if not self.place:
            return ANYWHERE
        place = place_of(pod.labels)
        known = dict(with_place(pod.labels, place))
        return Standpoint(
            place=place, labels=tuple(sorted((k, v) for k, v in known.items() if k in self.labels))
        )


def asked(rules: Iterable[DestinationRule]) -> Asked:
    found = [
        settings
        for rule in rules
        for policy in policies(rule)
        if (settings := effective(policy)) is not None
    ]
    words = (word for settings in found for word in settings.priority)
    return Asked(place=bool(found), labels=frozenset(word.partition("=")[0] for word in words))


def effective(policy: TrafficPolicy) -> Localities | None:
    """None where place does not matter. Without outlier detection Envoy would never fail over, so
    then only `distribute` has an effect."""
    balancing = policy.balancing or Balancing()
    settings = balancing.localities or BY_DISTANCE
    if not settings.enabled:
        return None
    return settings if settings.distribute or policy.outlier is not None else None


def arranged(
    endpoints: Iterable[Placed], policy: TrafficPolicy, client: Standpoint
) -> tuple[Endpoint, ...]:
    """The endpoints as this client sees them; those that a distribution leaves out are gone."""
    given = tuple(endpoints)
    settings = effective(policy)
    if settings is None:
        return tuple(endpoint for endpoint, _ in given)
    if settings.distribute:
        return distributed([endpoint for endpoint, _ in given], settings, client)
    return prioritised(given, settings, client)


def distributed(
    endpoints: list[Endpoint], settings: Localities, client: Standpoint
) -> tuple[Endpoint, ...]:
    """The first rule for the client's place decides; a share is split by the endpoints' weights."""
    shares = next((to for home, to in settings.distribute if covers_place(home, client.place)), ())
    if not shares or not client.place:
        return tuple(endpoints)
    weights: dict[str, int] = {}
    for pattern, percent in shares:
        inside = [
            e for e in endpoints if e.locality not in weights and covers_place(pattern, e.locality)
        ]
        total = sum(e.weight for e in inside)
        for place in dict.fromkeys(e.locality for e in inside):
            own = sum(e.weight for e in inside if e.locality == place)
            weights[place] = max(1, round(percent * 100 * own / total))
    return tuple(
        replace(e, locality_weight=weights[e.locality]) for e in endpoints if e.locality in weights
    )


def prioritised(
    endpoints: tuple[Placed, ...], settings: Localities, client: Standpoint
) -> tuple[Endpoint, ...]:
    ranks = [
        (
            label_distance(settings.priority, client, labels, endpoint) if settings.priority else 0,
            place_distance(settings, client.place, endpoint.locality)
            if settings.failover or not settings.priority
            else 0,
        )
        for endpoint, labels in endpoints
    ]
    order = {rank: priority for priority, rank in enumerate(sorted(set(ranks)))}
    return tuple(
        replace(endpoint, priority=order[rank])
        for (endpoint, _), rank in zip(endpoints, ranks, strict=True)
    )


def place_distance(settings: Localities, home: str, place: str) -> int:
    """0 the same subzone, 1 the same zone, 2 the same region, 3 elsewhere; 4 where another region is
    the one to fail over to."""
    mine, other = parts_of(home), parts_of(place)
    shared = next((i for i in range(3) if mine[i] != other[i]), 3)
    distance = OTHER_REGION - shared
    chosen = [to for region, to in settings.failover if region == mine[0]]
    if distance == OTHER_REGION and chosen and other[0] not in chosen:
        return OTHER_REGION + 1
    return distance


def label_distance(
    words: tuple[str, ...], client: Standpoint, labels: Labels, endpoint: Endpoint
) -> int:
    """How many of the labels, from the first that differs on, client and endpoint do not share."""
    mine, other = dict(client.labels), dict(with_place(labels, endpoint.locality))
    for i, word in enumerate(words):
        name, equals, value = word.partition("=")
        wanted = value if equals else mine.get(name, "")
        if other.get(name, "") != wanted:
            return len(words) - i
    return 0
