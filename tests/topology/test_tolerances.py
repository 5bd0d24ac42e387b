"""Health rules of one object, as Kiali's annotation writes them."""

from dataclasses import replace

import pytest

from telemetry.contracts import EdgeCount, EdgeKey, Reporter
from telemetry.totals import EdgeTotals
from topology.contracts import Health, Registry, Service, Workload
from topology.graph.past import stored_graph
from topology.tolerances import RATE, Ended, Unreadable, judged, read_rules, tolerances


def verdict(rule: str, *ended: tuple[str, float], protocol: str = "http") -> Health:
    rules = tolerances(((RATE, rule),))
    assert rules, "it can be read"
    return judged(rules, [Ended(protocol, "inbound", code, rate) for code, rate in ended])


@pytest.mark.parametrize(
    ("rule", "failed", "health"),
    [
        ("503,10,20,http,inbound", 5.0, Health.HEALTHY),
        ("503,10,20,http,inbound", 10.0, Health.DEGRADED),
        ("503,10,20,http,inbound", 20.0, Health.FAILING),
        ("5XX,0,20,http,inbound", 1.0, Health.DEGRADED),
        ("5xx,0,20,http,inbound", 0.0, Health.HEALTHY),
        ("500,0,1,http,inbound", 50.0, Health.HEALTHY),
        ("5..,0,1,grpc,inbound", 50.0, Health.HEALTHY),
        ("5..,0,1,.*,outbound", 50.0, Health.HEALTHY),
        ("404,1,2,http,.*;503,30,40,http,.*", 50.0, Health.FAILING),
    ],
)
def test_a_share_of_the_requests_is_held_against_the_rule(
    rule: str, failed: float, health: Health
) -> None:
    assert verdict(rule, ("200", 100.0 - failed), ("503", failed)) is health


def test_no_answer_is_a_code_of_its_own() -> None:
    assert verdict("^-$,0,10,http,inbound", ("200", 9.0), ("0", 1.0)) is Health.FAILING


def test_without_requests_it_is_idle() -> None:
    assert verdict("5XX,0,10,http,inbound") is Health.IDLE


@pytest.mark.parametrize(
    "text",
    ["", "5XX", "5XX,a,1,http,inbound", "(,1,2,http,inbound", "5XX,1,2,http,inbound;x", "9" * 2000,
     "5XX,-1,2,http,inbound", "a" * 70 + ",1,2,http,inbound"],
)  # fmt: skip
def test_what_cannot_be_read_leaves_the_usual_rules(text: str) -> None:
    assert tolerances(((RATE, text),)) == ()


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "it has no rule"),
        (" ; ", "it has no rule"),
        ("9" * 2000, "it is longer than 1024 characters"),
        ("5XX,1,5,http,inbound;5XX", "'5XX' has 1 parts, not 5"),
        ("5XX,1%,5,http,inbound", "'1%' is not a percentage"),
        ("(,1,2,http,inbound", "'(' is not an expression that can be used"),
        ("5XX,1,2,http,[", "'[' is not an expression that can be used"),
    ],
)
def test_why_it_cannot_be_read_is_said(text: str, reason: str) -> None:
    assert read_rules(text) == Unreadable(reason)


KEY = EdgeKey(
    reporter=Reporter.SOURCE,
    source_namespace="shop",
    source_workload="cart",
    destination_service_namespace="shop",
    destination_service="prices.shop.svc.cluster.local",
    destination_namespace="shop",
    destination_workload="prices-v1",
    destination_version="v1",
    protocol="http",
    code="200",
    flags="-",
    security="mutual_tls",
)


def healths(annotation: str, *, service: bool) -> dict[str, Health]:
    """Of nodes, and of the edges to them: half of the requests are 503."""
    rules = ((RATE, annotation),)
    registry = Registry(
        services=(Service(namespace="shop", name="prices", annotations=rules if service else ()),),
        workloads=tuple(
            Workload(
                namespace="shop",
                name=name,
                replicas=0,
                annotations=rules if name == "prices-v1" and not service else (),
            )
            for name in ("cart", "prices-v1")
        ),
    )
    sixty = EdgeCount(requests=60)
    edges = EdgeTotals.of(((KEY, sixty), (replace(KEY, code="503"), sixty)))
    graph = stored_graph(edges, registry, 1e9, 60)
    return {
        **{node.id: node.health for node in graph.nodes},
        **{f"-> {edge.target}": edge.health for edge in graph.edges},
    }


def test_a_service_and_the_calls_to_it_are_judged_by_its_own_rules() -> None:
    assert healths("503,60,90,http,inbound", service=True) == {
        "workload:shop/cart": Health.FAILING,
        "service:shop/prices": Health.HEALTHY,
        "workload:shop/prices-v1": Health.FAILING,
        "-> service:shop/prices": Health.HEALTHY,
        "-> workload:shop/prices-v1": Health.FAILING,
    }


def test_a_workload_is_judged_by_its_own_rules() -> None:
    assert healths("503,40,90,http,inbound", service=False) == {
        "workload:shop/cart": Health.FAILING,
        "service:shop/prices": Health.FAILING,
        "workload:shop/prices-v1": Health.DEGRADED,
        "-> service:shop/prices": Health.FAILING,
        "-> workload:shop/prices-v1": Health.DEGRADED,
    }
