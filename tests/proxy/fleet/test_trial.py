"""Who is to blame when Envoy does not say: parts are tried half by half."""

from collections.abc import Sequence
from dataclasses import replace

import pytest

from proxy.fleet.trial import guilty, guilty_keys, guilty_resources
from proxy.xds.messages import CLUSTER, ENDPOINTS, LISTENER, ROUTES, SECRET
from proxy.xds.options import Options
from proxy.xds.snapshot import ProxySnapshot, Resource, Snapshots
from routing.contracts import ResourceKey
from routing.ir import (
    ClusterKind,
    Endpoint,
    HeaderChange,
    MatchKind,
    Origin,
    Route,
    RouteMatch,
    StringMatch,
)
from tests.proxy.xds.shop import V1, eds, routes, sidecar

GOOD_KEY, BAD_KEY = (ResourceKey("VirtualService", "shop", name) for name in ("good", "bad"))
NOTHING = HeaderChange()
REFUSED_WORD = HeaderChange(set=(("x-said", "%NO_SUCH_WORD%"),))


def asked(parts: str, refused: Sequence[str]) -> tuple[tuple[str, ...], int]:
    """What is found guilty, and in how many trials; a trial fails with any word of `refused`."""
    trials = 0

    def refuses(some: Sequence[str]) -> bool:
        nonlocal trials
        trials += 1
        return any(set(word) <= set(some) for word in refused)

    return guilty(tuple(parts), refuses), trials


def test_one_bad_part_among_many_is_found_in_few_trials() -> None:
    assert asked("abcdefgh", ["f"]) == (("f",), 7)


def test_all_bad_parts_are_found() -> None:
    assert asked("abcdefgh", ["a", "f"])[0] == ("a", "f")


def test_parts_that_are_bad_only_together_are_guilty_together() -> None:
    assert asked("abcd", ["ac"])[0] == ("a", "b", "c", "d")
    assert asked("abcd", ["cd"])[0] == ("c", "d")


def test_parts_that_are_taken_in_the_trial_are_not_guilty() -> None:
    assert asked("abcd", []) == ((), 1)


def route(key: ResourceKey, change: HeaderChange = NOTHING) -> Route:
    origin = Origin(resource=key, path="spec.http[0]")
    match = RouteMatch(path=StringMatch(kind=MatchKind.EXACT, value=f"/{key.name}"))
    return replace(routes()[3], name=key.name, match=match, response_headers=change, origin=origin)


def snapshot(*more: Route) -> ProxySnapshot:
    config = sidecar()
    outbound, inbound = config.routes
    host = outbound.virtual_hosts[0]
    changed = replace(
        outbound,
        virtual_hosts=(replace(host, routes=(*host.routes, *more)), *outbound.virtual_hosts[1:]),
    )
    odd = replace(
        eds(V1),
        name="odd",
        kind=ClusterKind.STATIC,
        endpoints=(Endpoint(address="not-an-address", port=1),),
    )
    given = replace(config, routes=(changed, inbound), clusters=(*config.clusters, odd))
    return Snapshots(Options()).snapshot(given)


def all_of(made: ProxySnapshot, type_url: str) -> tuple[Resource, ...]:
    return tuple(made.of(type_url).values())


@pytest.mark.envoy
def test_envoy_says_which_of_two_route_tables_and_whose_route_it_is() -> None:
    made = snapshot(route(GOOD_KEY), route(BAD_KEY, REFUSED_WORD))
    (bad,) = guilty_resources(ROUTES, all_of(made, ROUTES))
    assert bad is made.of(ROUTES)["outbound"]
    before = snapshot().of(ROUTES)["outbound"]
    assert guilty_keys(ROUTES, bad, before) == (BAD_KEY,)


@pytest.mark.envoy
def test_envoy_says_which_cluster_it_is() -> None:
    made = snapshot()
    assert [one.name for one in guilty_resources(CLUSTER, all_of(made, CLUSTER))] == ["odd"]


@pytest.mark.envoy
@pytest.mark.parametrize("type_url", [ENDPOINTS, LISTENER])
def test_what_envoy_takes_in_the_trial_stays_under_suspicion(type_url: str) -> None:
    made = snapshot()
    assert guilty_resources(type_url, all_of(made, type_url)) == all_of(made, type_url)


def test_a_secret_is_never_written_to_a_file() -> None:
    def refuses(_: object) -> bool:
        raise AssertionError("it was tried")

    secrets = (Resource("a", "1", b""), Resource("b", "1", b""))
    assert guilty_resources(SECRET, secrets, refuses) == secrets
