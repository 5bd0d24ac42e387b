"""Our graph of Prometheus's answers is Kiali's: same nodes, edges, rates."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from tests.conformance.sets import BESIDE
from topology.kiali.asked import Asked, AskedNode, parse
from topology.kiali.build import Surroundings, graph
from topology.kiali.query import Query, Vector

CASES = sorted((BESIDE / "kiali-graph").glob("*.json"))
NAMES = ("nodeType", "cluster", "namespace", "workload", "app", "version", "service")
KINDS = {"workloads": "workload", "applications": "app", "services": "service"}


@pytest.mark.parametrize("case", CASES, ids=lambda path: path.stem)
def test_nodes_edges_and_rates_are_kialis(case: Path) -> None:
    found = json.loads(case.read_text())
    ours = graph(asked_of(found), Recorded(found["prometheus"]), around(found))
    expected = found["expected_graph"]
    assert (ours["timestamp"], ours["duration"], ours["graphType"]) == (
        expected["timestamp"],
        expected["duration"],
        expected["graphType"],
    )
    assert nodes_of(ours) == nodes_of(expected)
    assert edges_of(ours) == edges_of(expected)


class Recorded:
    """Prometheus, of which only these answers are known."""

    def __init__(self, answers: list[dict[str, Any]]) -> None:
        self._answers = {
            one["query"]: tuple((row["metric"], float(row["value"])) for row in one["result"])
            for one in answers
        }

    def __call__(self, query: Query) -> Vector:
        return self._answers[as_kiali_writes(query)]


def as_kiali_writes(query: Query) -> str:
    selector = ",".join(
        f"{one.label}{one.op}{json.dumps(one.value, ensure_ascii=False)}" for one in query.matchers
    )
    condition = "" if query.idle else "> 0"
    return (
        f"round(sum(rate({query.metric}{{{selector}}} [{query.seconds}s]))"
        f" by ({','.join(query.by)}) {condition},0.001)"
    )


def asked_of(case: dict[str, Any]) -> Asked:
    url = urlsplit(case["request"])
    params = dict(parse_qsl(url.query, keep_blank_values=True))
    if case["ambient_traffic"] != "default":
        params.setdefault("ambientTraffic", case["ambient_traffic"])
    parts = url.path.removeprefix("/api/namespaces/").split("/")
    return parse(params, now=0, node=node_of(parts, params))


def node_of(parts: list[str], params: dict[str, str]) -> AskedNode | None:
    """Of `bookinfo/applications/reviews/versions/v1/graph`, say."""
    if len(parts) < 3:
        return None
    namespace, kind, name, *rest = parts
    version = rest[1] if rest[0] == "versions" else ""
    cluster = params.get("clusterName") or "unknown"
    names = {KINDS[kind]: name, "version": version}
    return AskedNode(namespace=namespace, cluster=cluster, **names)


def around(case: dict[str, Any]) -> Surroundings:
    """What the file does not say of the cluster shows in what was recorded of it."""
    queries = [one["query"] for one in case["prometheus"]]
    namespaces = dict(parse_qsl(urlsplit(case["request"]).query)).get("namespaces", "").split(",")
    gateways = (
        'reporter="source",source_workload_namespace!="{0}",destination_workload_namespace="{0}"'
    )
    return Surroundings(
        accessible=frozenset(namespaces),
        ambient=frozenset(
            name for name in namespaces if any(gateways.format(name) in one for one in queries)
        ),
        waypoints=frozenset(
            (cluster, row["metric"][f"{end}_workload_namespace"], row["metric"][f"{end}_workload"])
            for one in case["prometheus"]
            for row in one["result"]
            for end in ("source", "destination")
            for cluster in (row["metric"].get(f"{end}_cluster", "unknown"), "unknown")
            if "waypoint" in row["metric"].get(f"{end}_workload", "")
        ),
    )


def named(node: dict[str, Any]) -> tuple[str, ...]:
    return tuple(node.get(name, "") for name in NAMES)


def nodes_of(shown: dict[str, Any]) -> dict[tuple[str, ...], Any]:
    flags = ("traffic", "destServices", "isRoot", "isOutside", "isBox")
    return {
        named(one["data"]): {flag: one["data"].get(flag) for flag in flags}
        for one in shown["elements"]["nodes"]
    }


def edges_of(shown: dict[str, Any]) -> dict[tuple[Any, ...], Any]:
    names = {one["data"]["id"]: named(one["data"]) for one in shown["elements"]["nodes"]}
    return {
        (
            names[one["data"]["source"]],
            names[one["data"]["target"]],
            one["data"]["traffic"].get("protocol"),
        ): one["data"]["traffic"]
        for one in shown["elements"]["edges"]
    }
