"""The committed schema is the one the code makes, and real messages satisfy it."""

from pathlib import Path

from mesh_web.live import schema
from topology.contracts import EdgeBreaker, Graph, GraphEdge, GraphNode, NodeKind
from topology.graph.as_json import to_json


def test_the_committed_schema_is_fresh() -> None:
    committed = Path(schema.__file__).with_name("schema.json").read_text()
    assert committed == schema.schema_text(), (
        "run: manage.py live_schema > mesh_web/live/schema.json"
    )


def test_a_graph_has_exactly_the_fields_of_the_schema() -> None:
    graph = Graph(
        at=1.5,
        window_seconds=60,
        nodes=(GraphNode(id="unknown:/unknown", kind=NodeKind.UNKNOWN, namespace="", name="x"),),
        edges=(
            GraphEdge(
                id="a->b|http", source="a", target="b", protocol="http", responses=(("200", 2.0),)
            ),
            GraphEdge(
                id="a->c|http",
                source="a",
                target="c",
                protocol="http",
                breaker=EdgeBreaker(state="open", since=1.0, until=2.0, ejected=("c-1",)),
            ),
        ),
    )
    value = to_json(graph)
    assert schema.GraphOut.model_validate(value).model_dump(mode="json") == value
