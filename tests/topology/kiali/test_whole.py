"""Kiali's JSON of a small mesh of our own."""

from collections.abc import Mapping
from typing import Any

import pytest

from telemetry.contracts import EdgeCount, EdgeKey
from telemetry.totals import EdgeTotals
from tests.topology.graph.test_build import pod, service, workload
from tests.topology.graph.traffic_values import NOW, buckets, inbound, key
from topology.contracts import Namespace, Registry
from topology.graph.configured import Resource, configured, kiali_fields
from topology.kiali.asked import AskedNode, BadParameter, parse
from topology.kiali.whole import Facts, whole

REGISTRY = Registry(
    namespaces=(Namespace(name="shop"),),
    services=(service("web"), service("reviews")),
    workloads=(workload("web-v1"), workload("reviews-v1", 2), workload("idle-v1")),
    pods=(pod("web-v1"), pod("reviews-v1")),
)


def to_reviews(code: str) -> EdgeKey:
    host = "reviews.shop.svc.cluster.local"
    return key("web-v1", "reviews-v1", code, destination_service=host, source_version="v1")


def counts(requests: int) -> EdgeCount:
    return EdgeCount(
        requests=requests,
        duration_buckets=buckets(le10=requests),
        request_bytes=600,
        response_bytes=6000,
    )


EDGES = (
    (to_reviews("200"), counts(540)),
    (to_reviews("503"), counts(60)),
    (
        inbound("unknown", "web-v1", destination_service="web.shop.svc.cluster.local", security="none"),
        counts(600),
    ),
)  # fmt: skip
RESOURCES = (
    Resource(
        "VirtualService",
        "shop",
        "reviews",
        {
            "hosts": ["reviews"],
            "http": [{"timeout": "1s", "route": [{"destination": {"host": "reviews"}}]}],
        },
    ),
    Resource(
        "DestinationRule",
        "shop",
        "reviews",
        {"host": "reviews", "trafficPolicy": {"outlierDetection": {"consecutive5xxErrors": 5}}},
    ),
)


def facts() -> Facts:
    return kiali_fields(configured(RESOURCES))


def shown(params: Mapping[str, str], node: AskedNode | None = None) -> dict[str, Any]:
    asked = parse({"namespaces": "shop", "duration": "60s", **params}, NOW, node)
    return whole(asked, EdgeTotals.of(EDGES), REGISTRY, facts)


def nodes(graph: dict[str, Any]) -> dict[str, dict[str, Any]]:
    listed = (one["data"] for one in graph["elements"]["nodes"])
    return {
        f"{one['nodeType']} {one.get('workload') or one.get('service') or one.get('app')}": one
        for one in listed
    }


def calls(graph: dict[str, Any]) -> dict[tuple[str, str], dict[str, Any]]:
    names = {one["id"]: name for name, one in nodes(graph).items()}
    return {
        (names[one["data"]["source"]], names[one["data"]["target"]]): one["data"]
        for one in graph["elements"]["edges"]
    }


def test_each_request_counts_once_with_what_was_measured_of_it() -> None:
    found = calls(shown({"injectServiceNodes": "true"}))
    assert {ends: one["traffic"]["rates"]["http"] for ends, one in found.items()} == {
        ("unknown unknown", "service web"): "10.00",
        ("service web", "workload web-v1"): "10.00",
        ("workload web-v1", "service reviews"): "10.00",
        ("service reviews", "workload reviews-v1"): "10.00",
    }
    edge = found["workload web-v1", "service reviews"]
    assert edge["traffic"] == {
        "protocol": "http",
        "rates": {
            "http": "10.00",
            "http5xx": "1.00",
            "httpPercentErr": "10.0",
            "httpPercentReq": "100.0",
        },
        "responses": {
            "200": {"flags": {"-": "90.0"}, "hosts": {"reviews.shop.svc.cluster.local": "90.0"}},
            "503": {"flags": {"-": "10.0"}, "hosts": {"reviews.shop.svc.cluster.local": "10.0"}},
        },
    }
    told = (edge["isMTLS"], edge["responseTime"], edge["throughput"])
    assert told == ("100", "10", "200")


def test_nodes_tell_health_pods_and_configuration() -> None:
    found = nodes(shown({"injectServiceNodes": "true"}))
    reviews, named = found["workload reviews-v1"], found["service reviews"]
    assert reviews["healthData"] == {
        "requests": {
            "inbound": {"http": {"200": 9.0, "503": 1.0}},
            "outbound": {},
            "healthAnnotations": {},
        },
        "workloadStatus": {
            "name": "reviews-v1",
            "desiredReplicas": 2,
            "currentReplicas": 2,
            "availableReplicas": 1,
            "syncedProxies": -1,
        },
    }
    assert (named["hasCB"], named["hasRequestTimeout"], named["hasVS"]) == (
        True,
        True,
        {"hostnames": ["reviews"]},
    )
    assert found["workload idle-v1"]["isIdle"] is True


def test_only_the_appenders_that_are_asked_for_run() -> None:
    graph = shown({"appenders": ""})
    assert "workload idle-v1" not in nodes(graph)
    assert all(one["healthData"] is None for one in nodes(graph).values())
    assert all("isMTLS" not in one for one in calls(graph).values())


def test_a_node_is_shown_with_its_neighbours() -> None:
    node = AskedNode(namespace="shop", app="reviews")
    graph = shown({"graphType": "app", "appenders": ""}, node)
    assert set(nodes(graph)) == {"app web", "app reviews"}


@pytest.mark.parametrize(
    ("params", "status", "message"),
    [
        ({"namespaces": ""}, 400, "At least one namespace must be specified via the namespaces query parameter."),
        ({"namespaces": "bank"}, 403, "Requested namespace [bank] is not accessible."),
        ({"namespaces": 'a"}'}, 403, 'Requested namespace [a"}] is not accessible.'),
        ({"graphType": "pods"}, 400, "Invalid graphType [pods]"),
        ({"duration": "soon"}, 400, "Invalid duration [soon]"),
        ({"duration": "0s"}, 400, "Invalid duration [0s]"),
        ({"queryTime": "noon"}, 400, "Invalid queryTime [noon]"),
        ({"appenders": "crystalBall"}, 400, "Invalid appender [crystalBall]"),
        ({"boxBy": "colour"}, 400, "Invalid boxBy [colour]"),
        ({"injectServiceNodes": "maybe"}, 400, "Invalid injectServiceNodes [maybe]"),
        ({"rateTcp": "requests"}, 400, "Invalid TCP Rate [requests]"),
        ({"rateHttp": "sent"}, 400, "Invalid HTTP Rate [sent]"),
        ({"responseTime": "42"}, 400, "Invalid responseTime, must be one of: avg | 50 | 95 | 99: [42]"),
    ],
)  # fmt: skip
def test_bad_parameters_are_refused_in_kialis_words(
    params: dict[str, str], status: int, message: str
) -> None:
    with pytest.raises(BadParameter) as refused:
        shown(params)
    assert (refused.value.status, refused.value.message) == (status, message)


def test_edges_that_rest_are_drawn_where_they_are_wanted() -> None:
    host = "ledger.shop.svc.cluster.local"
    resting = key("reviews-v1", "idle-v1", "200", destination_service=host, source_version="v1")
    known = (*EDGES, (resting, EdgeCount()), (to_reviews("404"), EdgeCount()))
    found = {}
    for wanted in ("true", "false"):
        params = {"namespaces": "shop", "duration": "60s", "includeIdleEdges": wanted}
        graph = whole(parse(params, NOW, None), EdgeTotals.of(known), REGISTRY, facts)
        workloads = {
            one["data"]["id"]: one["data"].get("workload") for one in graph["elements"]["nodes"]
        }
        found[wanted] = {
            (workloads[one["data"]["source"]], workloads[one["data"]["target"]]): one["data"][
                "traffic"
            ]
            for one in graph["elements"]["edges"]
        }
    assert found["true"].pop(("reviews-v1", "idle-v1")) == {"protocol": "http"}
    assert found["true"] == found["false"]


def test_labels_are_told_on_request() -> None:
    asked = nodes(shown({"appenders": "labeler"}))
    assert asked["workload reviews-v1"]["labels"] == dict(workload("reviews-v1", 2).labels)
    assert not any("labels" in one for one in nodes(shown({})).values())
