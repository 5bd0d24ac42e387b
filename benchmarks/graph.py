"""How long one second's graph of 1,500 workloads takes, against a floor in the same run.

The mesh: 1,500 workloads with a service each, every workload calls three others, both ends
report, one answer in fifty is an error, all of it in every second of a full 60 s window.
The floor makes the same nodes and edges from ready values: what the answer alone costs.
"""

import time
from collections.abc import Callable, Iterator

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey, EdgeSecond, Reporter
from topology.contracts import Graph, Registry, Service, Workload
from topology.graph.build import build
from topology.graph.window import Window

WORKLOADS = 1500
CALLS = 3
SECONDS = 60
NAMESPACES = 30
START = 1_800_000_000
TARGET_MS = 100.0


def namespace(i: int) -> str:
    return f"team-{i % NAMESPACES}"


def registry() -> Registry:
    labels = [(("app", f"w{i}"), ("version", "v1")) for i in range(WORKLOADS)]
    return Registry(
        services=tuple(
            Service(namespace=namespace(i), name=f"w{i}", selector=(("app", f"w{i}"),))
            for i in range(WORKLOADS)
        ),
        workloads=tuple(
            Workload(namespace=namespace(i), name=f"w{i}", labels=labels[i])
            for i in range(WORKLOADS)
        ),
    )


def keys() -> Iterator[tuple[EdgeKey, EdgeCount]]:
    buckets = tuple(10 if i in (2, 3, 4) else 0 for i in range(len(DURATION_BOUNDS_MS) + 1))
    good = EdgeCount(requests=30, duration_buckets=buckets)
    bad = EdgeCount(requests=1, duration_buckets=tuple(int(i == 5) for i in range(len(buckets))))
    for i in range(WORKLOADS):
        for step in range(1, CALLS + 1):
            j = (i * 7 + step * 31) % WORKLOADS
            for reporter in Reporter:
                for code, count in (("200", good), ("503", bad)) if step == 1 else (("200", good),):
                    yield (
                        EdgeKey(
                            reporter=reporter,
                            source_namespace=namespace(i),
                            source_workload=f"w{i}",
                            destination_service_namespace=namespace(j),
                            destination_service=f"w{j}.{namespace(j)}.svc.cluster.local",
                            destination_namespace=namespace(j),
                            destination_workload=f"w{j}",
                            destination_version="v1",
                            protocol="http",
                            code=code,
                            flags="-",
                            security="mutual_tls",
                        ),
                        count,
                    )


def filled() -> Window:
    edges = tuple(keys())
    window = Window()
    for second in range(START, START + SECONDS):
        window.add(EdgeSecond(collector="a", second=second, edges=edges), second + 1)
    return window


def floor_of(graph: Graph) -> Callable[[], Graph]:
    """Makes the same values again, from values."""
    nodes = [{name: getattr(node, name) for name in type(node).__slots__} for node in graph.nodes]
    edges = [{name: getattr(edge, name) for name in type(edge).__slots__} for edge in graph.edges]
    node_type, edge_type = type(graph.nodes[0]), type(graph.edges[0])

    def make() -> Graph:
        return Graph(
            at=graph.at,
            window_seconds=graph.window_seconds,
            nodes=tuple(node_type(**one) for one in nodes),
            edges=tuple(edge_type(**one) for one in edges),
        )

    return make


def milliseconds(run: Callable[[], object], times: int = 12) -> float:
    """The best of several runs: others on the machine only ever add."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        run()
        took.append(1000 * (time.perf_counter() - began))
    return min(took)


def main() -> None:
    mesh, window = registry(), filled()
    edges = tuple(keys())
    later = START + SECONDS
    graph = build(window, mesh, later, SECONDS)
    floor_ms = milliseconds(floor_of(graph))
    build_ms = milliseconds(lambda: build(window, mesh, later, SECONDS))
    seconds = iter(range(later, later + 100))

    def one_second() -> None:
        second = next(seconds)
        window.add(EdgeSecond(collector="a", second=second, edges=edges), second + 1)

    add_ms = milliseconds(one_second)
    print(
        f"graph: {len(graph.nodes)} nodes, {len(graph.edges)} edges of {WORKLOADS} workloads,"
        f" {SECONDS} s window: build {build_ms:.0f} ms"
        f" ({build_ms / floor_ms:.1f}x the floor of {floor_ms:.0f} ms; target {TARGET_MS:.0f} ms),"
        f" taking in a second {add_ms:.0f} ms"
    )


if __name__ == "__main__":
    main()
