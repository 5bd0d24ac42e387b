"""Kiali's JSON of a small mesh of our own."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from telemetry.contracts import EdgeCount, EdgeKey, Reporter
from telemetry.totals import EdgeTotals
from tests.topology.graph.test_build import pod, service, workload
from tests.topology.graph.traffic_values import NOW, buckets, inbound, key
from topology.contracts import Namespace, Registry, Workload, labels
from topology.graph.configured import Resource
from topology.kiali.asked import AskedNode, BadParameter, parse
from topology.kiali.whole import whole

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


def resources() -> tuple[Resource, ...]:
    return RESOURCES


def shown(params: Mapping[str, str], node: AskedNode | None = None) -> dict[str, Any]:
    asked = parse({"namespaces": "shop", "duration": "60s", **params}, NOW, node)
    return whole(asked, EdgeTotals.of(EDGES), REGISTRY, resources)


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
        ({"clusterName": "east"}, 400, "Invalid clusterName [east]: the only cluster is Kubernetes."),
        ({"colour": "red"}, 400, "Unknown parameter [colour]"),
        ({"configVendor": "cytoscape"}, 400, "Invalid configVendor [cytoscape]"),
        ({"telemetryVendor": "linkerd"}, 400, "Invalid telemetryVendor [linkerd]"),
        ({"aggregate": "a-b"}, 400, "Invalid aggregate [a-b]"),
        ({"boxBy": "none"}, 400, "Invalid boxBy [none]"),
        ({"includeIdleEdges": "perhaps"}, 400, "Invalid includeIdleEdges [perhaps]"),
        ({"ambientTraffic": "some"}, 400, "Invalid Ambient Traffic [some]"),
        ({"throughputType": "both"}, 400, "Invalid throughputType, expecting one of (request, response). [both]"),
        ({"rateGrpc": "messages"}, 400, "Invalid gRPC Rate [messages]"),
        ({"rateGrpc": "sent"}, 400, "Invalid gRPC Rate [sent]: the proxies of this mesh count requests, not messages; ask for requests or none."),
        ({"responseTime": "42"}, 400, "Invalid responseTime, must be one of: avg | 50 | 95 | 99: [42]"),
    ],
)  # fmt: skip
def test_bad_parameters_are_refused_in_kialis_words(
    params: dict[str, str], status: int, message: str
) -> None:
    cluster = params.get("clusterName")
    node = AskedNode(namespace="shop", workload="web-v1", cluster=cluster) if cluster else None
    with pytest.raises(BadParameter) as refused:
        shown(params, node)
    assert (refused.value.status, refused.value.message) == (status, message)


def test_edges_that_rest_are_drawn_where_they_are_wanted() -> None:
    host = "ledger.shop.svc.cluster.local"
    resting = key("reviews-v1", "idle-v1", "200", destination_service=host, source_version="v1")
    known = (*EDGES, (resting, EdgeCount()), (to_reviews("404"), EdgeCount()))
    found = {}
    for wanted in ("true", "false"):
        params = {"namespaces": "shop", "duration": "60s", "includeIdleEdges": wanted}
        graph = whole(parse(params, NOW, None), EdgeTotals.of(known), REGISTRY, resources)
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


def test_of_nothing_that_is_asked_for_nothing_is_shown() -> None:
    tcp = key("web-v1", "reviews-v1", "", protocol="tcp", source_version="v1")
    told = (*EDGES, (tcp, EdgeCount(bytes_sent=600, bytes_received=60)))

    def traffic(**params: str) -> dict[str, dict[str, str]]:
        asked = parse({"namespaces": "shop", "duration": "60s", "appenders": "", **params}, NOW)
        graph = whole(asked, EdgeTotals.of(told), REGISTRY, resources)
        found = (one["data"]["traffic"] for one in graph["elements"]["edges"])
        return {one["protocol"]: one["rates"] for one in found}

    assert traffic(rateHttp="none") == {"tcp": {"tcp": "1.00"}}
    assert traffic(rateTcp="received", rateHttp="none") == {"tcp": {"tcp": "10.00"}}
    assert traffic(rateTcp="total", rateHttp="none") == {"tcp": {"tcp": "11.00"}}
    assert set(traffic(rateTcp="none")) == {"http"}
    assert traffic(rateTcp="none", rateHttp="none") == {}


@pytest.mark.parametrize(
    ("params", "response_time", "throughput"),
    [
        ({}, "10", "200"),
        ({"responseTime": "50"}, "8", "200"),
        ({"responseTime": "99"}, "10", "200"),
        ({"responseTime": "avg"}, "8", "200"),
        ({"throughputType": "request"}, "10", "20"),
    ],
)
def test_what_edges_measured_is_told_as_it_is_asked_for(
    params: dict[str, str], response_time: str, throughput: str
) -> None:
    edge = calls(shown(params))["workload web-v1", "workload reviews-v1"]
    assert (edge["responseTime"], edge["throughput"]) == (response_time, throughput)


def answered(code: str = "200") -> EdgeKey:
    return replace(to_reviews(code), reporter=Reporter.DESTINATION)


CLASSES = (
    ("List", ((answered(), 480), (answered("503"), 60))),
    ("Rate", ((answered(), 60),)),
)


def classified(params: dict[str, str], node: AskedNode | None = None) -> dict[str, Any]:
    asked = parse({"namespaces": "shop", "duration": "60s", **params}, NOW, node)

    def classes(label: str) -> list[tuple[str, EdgeTotals]]:
        assert label == asked.aggregate
        return [
            (name, EdgeTotals.of((one, EdgeCount(requests=count)) for one, count in told))
            for name, told in CLASSES
        ]

    return whole(asked, EdgeTotals.of(EDGES), REGISTRY, resources, classes)


def rates(graph: dict[str, Any]) -> dict[tuple[str, str], str]:
    named = {
        one["id"]: one.get("aggregate")
        or f"{one['nodeType']} {one.get('workload') or one.get('service')}"
        for one in (node["data"] for node in graph["elements"]["nodes"])
    }
    return {
        (named[one["data"]["source"]], named[one["data"]["target"]]): one["data"]["traffic"][
            "rates"
        ]["http"]
        for one in graph["elements"]["edges"]
    }


def test_requests_of_one_operation_have_a_node_of_their_own() -> None:
    graph = classified({})
    assert rates(graph) == {
        ("unknown unknown", "workload web-v1"): "10.00",
        ("workload web-v1", "request_operation=List"): "9.00",
        ("request_operation=List", "workload reviews-v1"): "9.00",
        ("workload web-v1", "request_operation=Rate"): "1.00",
        ("request_operation=Rate", "workload reviews-v1"): "1.00",
    }
    (found,) = (
        one["data"]
        for one in graph["elements"]["nodes"]
        if one["data"].get("aggregate") == "request_operation=List"
    )
    del found["id"]
    assert found == {
        "nodeType": "aggregate",
        "cluster": "Kubernetes",
        "namespace": "shop",
        "traffic": [
            {
                "protocol": "http",
                "rates": {"httpIn": "9.00", "httpIn5xx": "1.00", "httpOut": "9.00"},
            }
        ],
        "healthData": None,
        "aggregate": "request_operation=List",
    }


def test_a_class_counts_once_where_both_namespaces_are_asked_for() -> None:
    to_bank = replace(
        answered(),
        destination_service="ledger.bank.svc.cluster.local",
        destination_service_namespace="bank",
        destination_namespace="bank",
        destination_workload="ledger-v1",
    )
    edges = EdgeTotals.of([(replace(to_bank, reporter=Reporter.SOURCE), counts(60))])
    registry = replace(REGISTRY, namespaces=(Namespace(name="bank"), Namespace(name="shop")))
    classes = [("Pay", EdgeTotals.of([(to_bank, EdgeCount(requests=60))]))]
    asked = parse({"namespaces": "shop,bank", "duration": "60s", "appenders": "aggregateNode"}, NOW)
    assert rates(whole(asked, edges, registry, resources, lambda _: classes)) == {
        ("workload web-v1", "request_operation=Pay"): "1.00",
        ("request_operation=Pay", "workload ledger-v1"): "1.00",
    }


def test_with_service_nodes_classes_belong_to_the_service() -> None:
    graph = classified({"injectServiceNodes": "true", "aggregate": "tier"})
    assert rates(graph)["workload web-v1", "tier=List"] == "9.00"
    assert rates(graph)["tier=List", "service reviews"] == "9.00"
    assert rates(graph)["service reviews", "workload reviews-v1"] == "10.00"


def test_where_nobody_asks_for_classes_there_are_none() -> None:
    assert ("workload web-v1", "workload reviews-v1") in rates(classified({"appenders": ""}))
    assert not any("=" in end for ends in rates(classified({"graphType": "service"})) for end in ends)  # fmt: skip


def test_one_class_is_shown_with_who_sends_and_who_answers() -> None:
    node = AskedNode(namespace="shop", aggregate_value="Rate")
    assert rates(classified({"appenders": ""}, node)) == {
        ("workload web-v1", "request_operation=Rate"): "1.00",
        ("request_operation=Rate", "workload reviews-v1"): "1.00",
    }
    elsewhere = AskedNode(namespace="shop", aggregate_value="Rate", service="prices")
    assert rates(classified({"appenders": ""}, elsewhere)) == {}


def test_gateways_tell_their_hosts_and_workloads_their_entries() -> None:
    pods = {"istio": "ingressgateway", "app": "edge"}
    edge = Workload(namespace="shop", name="edge", labels=labels(pods), gateway=True)
    registry = replace(REGISTRY, workloads=(*REGISTRY.workloads, edge))
    told = (
        Resource(
            "Gateway",
            "shop",
            "public",
            {
                "selector": {"istio": "ingressgateway"},
                "servers": [{"hosts": ["shop.example", "*.shop.example"]}],
            },
        ),
        Resource("Gateway", "shop", "other", {"selector": {"istio": "x"}, "servers": []}),
        Resource("WorkloadEntry", "shop", "vm-1", {"labels": {"app": "idle", "version": "v1"}}),
        Resource("WorkloadEntry", "shop", "vm-2", {"labels": {"app": "idle", "version": "v2"}}),
        Resource("WorkloadEntry", "shop", "odd", {"labels": 7}),
    )
    asked = parse({"namespaces": "shop", "duration": "60s"}, NOW)
    found = nodes(whole(asked, EdgeTotals.of(EDGES), registry, lambda: told))
    assert found["workload edge"]["isGateway"] == {
        "ingressInfo": {"hostnames": ["*.shop.example", "shop.example"]},
        "egressInfo": {},
        "gatewayAPIInfo": {},
    }
    entries = {name: one.get("hasWorkloadEntry") for name, one in found.items()}
    assert {name: one for name, one in entries.items() if one} == {
        "workload idle-v1": [{"name": "vm-1", "namespace": "shop"}]
    }


def test_boxes_stand_around_two_or_more() -> None:
    host = "ledger.bank.svc.cluster.local"
    bank = replace(
        to_reviews("200"),
        destination_service=host,
        destination_service_namespace="bank",
        destination_namespace="bank",
        destination_workload="ledger-v1",
    )
    asked = parse({"namespaces": "shop", "duration": "60s", "boxBy": "cluster, namespace,app"}, NOW)
    graph = whole(asked, EdgeTotals.of((*EDGES, (bank, counts(60)))), REGISTRY, resources)
    boxes = [one["data"] for one in graph["elements"]["nodes"] if "isBox" in one["data"]]
    parents = {
        one["data"].get("workload"): one["data"].get("parent") for one in graph["elements"]["nodes"]
    }
    (shop,) = boxes
    assert (shop["isBox"], shop["namespace"]) == ("namespace", "shop")
    assert parents["web-v1"] == parents["reviews-v1"] == shop["id"]
    assert parents["ledger-v1"] is None


def test_a_workload_that_is_gone_is_dead_unless_an_entry_stands_for_it() -> None:
    registry = replace(REGISTRY, workloads=(workload("web-v1"),))
    entry = Resource("WorkloadEntry", "shop", "vm", {"labels": {"app": "reviews-v1", "version": "v1"}})  # fmt: skip
    asked = parse({"namespaces": "shop", "duration": "60s"}, NOW)
    for told, mark in (((), True), ((entry,), None)):
        found = nodes(whole(asked, EdgeTotals.of(EDGES), registry, lambda told=told: told))  # type: ignore[misc]
        assert found["workload reviews-v1"].get("isDead") is mark
        assert "isDead" not in found["workload web-v1"]
