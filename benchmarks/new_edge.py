"""From the first request between two workloads to their edge on the WebSocket, through real Envoys.

In a running demo each pod's sidecar is asked for every service that its workload has not called yet;
a follower of `/ws/live` says when the edge came. The floor, in the same run: how long the
request itself takes.
"""

import http.client
import re
import statistics
import sys
import time
from collections.abc import Iterator
from typing import Any

from benchmarks.route_change import EGRESS_PORT, outbound_address
from benchmarks.running_mesh import RunningMesh, running_mesh
from tests.e2e.live_graph import LiveGraph

MOST_SECONDS = 2.0
PATIENCE_SECONDS = 15.0
MOST_PAIRS = 40


def signed_in(mesh: RunningMesh) -> str:
    """The session's cookie, by the link that the start printed."""
    (path,) = re.findall(r"(/login/once/\S+)", (mesh.home / "output.txt").read_text())[-1:]
    port = int(mesh.url.split(":")[2].split("/")[0])
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", path)
    answer = connection.getresponse()
    answer.read()
    cookies = [text.partition(";")[0] for text in answer.headers.get_all("Set-Cookie") or ()]
    connection.close()
    return "; ".join(cookies)


def pairs(mesh: RunningMesh, live: LiveGraph) -> Iterator[tuple[Any, Any, str]]:
    """A pod, a service, and the id of the edge that is not there yet."""
    pods = mesh.call("GET", "/pods?namespace=shop")["items"]
    services = mesh.call("GET", "/services?namespace=shop")["items"]
    seen: set[str] = set()
    for pod in pods:
        for service in services:
            edge = f"workload:shop/{pod['workload']}->service:shop/{service['name']}|http"
            new = edge not in live.edges and edge not in seen
            http_port = any(port["protocol"] in ("HTTP", "http") for port in service["ports"])
            if new and http_port and pod["ready"] and service["pods_ready"]:
                seen.add(edge)
                yield pod, service, edge


def ask(pod: Any, service: Any) -> None:
    """Whatever it answers: a call is a call."""
    connection = http.client.HTTPConnection(
        outbound_address(pod["address"]), EGRESS_PORT, timeout=5
    )
    host = f"{service['name']}.{service['namespace']}:{service['ports'][0]['number']}"
    connection.request("GET", "/healthz", headers={"Host": host})
    connection.getresponse().read()
    connection.close()


def appeared(live: LiveGraph, edge: str, began: float) -> float:
    while edge not in live.first_seen:
        if time.time() - began > PATIENCE_SECONDS:
            raise RuntimeError(f"{edge} did not come; there are {sorted(live.edges)}")
        time.sleep(0.002)
    return live.first_seen[edge] - began


def measure(mesh: RunningMesh) -> float:
    """Seconds of the slowest."""
    live = LiveGraph(mesh.url.removesuffix("/api/v1"), signed_in(mesh))
    times, floor = [], []
    try:
        time.sleep(5)  # the sample's own visitors have drawn theirs
        for number, (pod, service, edge) in enumerate(pairs(mesh, live)):
            if number == MOST_PAIRS:
                break
            time.sleep(0.137)  # so that all parts of a second are met
            began = time.time()
            ask(pod, service)
            floor.append(time.time() - began)
            times.append(appeared(live, edge, began))
    finally:
        live.close()
    p50, worst, bare = statistics.median(times), max(times), statistics.median(floor)
    print(f"first request to its edge on the WebSocket, {len(times)} new edges:")
    print(f"  p50 {p50:.2f} s, worst {worst:.2f} s (at most {MOST_SECONDS:g})")
    print(f"  floor (the request itself): {bare * 1000:.0f} ms; ratio {p50 / bare:.0f}x")
    return worst


def main() -> int:
    with running_mesh(rate=0.5) as mesh:
        return 0 if measure(mesh) <= MOST_SECONDS else 1


if __name__ == "__main__":
    sys.exit(main())
