"""Which routes a request may take where they take shares, and who takes what of a cluster."""

from routing.explain.http import choose
from routing.explain.question import Request
from routing.explain.walk import shares
from routing.ir import (
    Cluster,
    ClusterKind,
    Endpoint,
    MatchKind,
    Route,
    RouteMatch,
    StringMatch,
    VirtualHost,
)
from topology.contracts import AppProtocol

REQUEST = Request(method="GET", scheme="http", authority="a", path="/x")


def route(name: str, percent: float, path: str = "/") -> Route:
    match = StringMatch(kind=MatchKind.PREFIX, value=path)
    return Route(name=name, match=RouteMatch(path=match, percent=percent))


def chosen(*routes: Route) -> list[tuple[str | None, float]]:
    _, found = choose(VirtualHost(name="a", domains=("*",), routes=routes), REQUEST)
    return [(one.route.name if one.route else None, one.share) for one in found]


def test_one_number_is_drawn_for_all_routes() -> None:
    assert chosen(route("a", 30), route("b", 70), route("c", 50), route("d", 100)) == [
        ("a", 30),
        ("b", 40),
        ("d", 30),
    ]


def test_what_no_route_takes_is_left_over() -> None:
    assert chosen(route("other", 100, "/y"), route("a", 25)) == [("a", 25), (None, 75)]


def endpoint(
    address: str, *, weight: int = 1, priority: int = 0, locality_weight: int = 0
) -> Endpoint:
    return Endpoint(
        address=address,
        port=1,
        locality="near" if address.startswith("1") else "far",
        weight=weight,
        priority=priority,
        locality_weight=locality_weight,
    )


def spread(*endpoints: Endpoint, by_locality: bool = False) -> dict[str, float]:
    cluster = Cluster(
        name="c", kind=ClusterKind.EDS, protocol=AppProtocol.HTTP, locality_weighted=by_locality
    )
    return {e.address: share for e, share in shares(cluster, endpoints).items()}


def test_only_the_lowest_priority_is_used() -> None:
    assert spread(endpoint("1"), endpoint("2", priority=1)) == {"1": 100, "2": 0}


def test_endpoints_share_by_their_weights() -> None:
    assert spread(endpoint("1", weight=3), endpoint("2", weight=1)) == {"1": 75, "2": 25}


def test_localities_share_by_theirs_and_endpoints_within_them() -> None:
    assert spread(
        endpoint("1", weight=1, locality_weight=80),
        endpoint("11", weight=3, locality_weight=80),
        endpoint("2", weight=9, locality_weight=20),
        by_locality=True,
    ) == {"1": 20, "11": 60, "2": 20}
