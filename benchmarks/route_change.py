"""From a PUT of weights to the first request that takes the new route at a real Envoy.

Flips payments between v1 and v2 (0 <-> 100) in a running demo and asks through checkout's own
sidecar until the other version answers. The floor, in the same run: the same question asked of
the same sidecar without a change, after the REST API's answer to an unchanged PUT - what the
two ends cost alone.
"""

import http.client
import json
import statistics
import time
from dataclasses import dataclass

from benchmarks.running_mesh import RunningMesh, running_mesh

RUNS = 100
EGRESS_PORT = 15001
PATH = "/api/v1/namespaces/shop/services/payments/weights"


@dataclass(frozen=True, slots=True)
class Asker:
    """Asks payments for its version through one pod's sidecar, on one kept-alive connection."""

    connection: http.client.HTTPConnection

    def version(self) -> str:
        self.connection.request("GET", "/healthz", headers={"Host": "payments.shop:8080"})
        answer = self.connection.getresponse()
        body = answer.read()
        return str(json.loads(body)["version"]) if answer.status == 200 else ""


def outbound_address(pod_address: str) -> str:
    first, network, *rest = pod_address.split(".")
    return ".".join([first, str(int(network) + 2), *rest])


def put(connection: http.client.HTTPConnection, token: str, v2: int) -> None:
    connection.request(
        "PUT",
        PATH,
        body=json.dumps({"v1": 100 - v2, "v2": v2}),
        headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
    )
    answer = connection.getresponse()
    body = answer.read()
    if answer.status not in (200, 202):
        raise RuntimeError(f"PUT weights: {answer.status} {body[:300]!r}")


def flip(asker: Asker, rest: http.client.HTTPConnection, token: str, v2: int) -> float:
    """Milliseconds from the PUT being sent to the first answer of the other version."""
    wanted = "v2" if v2 == 100 else "v1"
    began = time.perf_counter()
    put(rest, token, v2)
    while asker.version() != wanted:
        if time.perf_counter() - began > 10:
            raise RuntimeError(f"{wanted} did not answer within 10 s")
    return (time.perf_counter() - began) * 1000


def measure(mesh: RunningMesh) -> None:
    pods = mesh.call("GET", "/pods?namespace=shop&workload=checkout")["items"]
    asker = Asker(http.client.HTTPConnection(outbound_address(pods[0]["address"]), EGRESS_PORT))
    rest = http.client.HTTPConnection("127.0.0.1", int(mesh.url.split(":")[2].split("/")[0]))
    flip(asker, rest, mesh.token, 100)
    floor = []
    for _ in range(RUNS):
        began = time.perf_counter()
        put(rest, mesh.token, 100)
        asker.version()
        floor.append((time.perf_counter() - began) * 1000)
    times = sorted(flip(asker, rest, mesh.token, 100 * (run % 2)) for run in range(RUNS))
    p50, p99 = statistics.median(times), times[int(RUNS * 0.99) - 1]
    print(f"PUT sent to first request on the new route, {RUNS} flips of 0 <-> 100:")
    print(f"  p50 {p50:.0f} ms (at most 100), p99 {p99:.0f} ms, worst {times[-1]:.0f} ms")
    print(f"  floor (unchanged PUT and one request): {statistics.median(floor):.0f} ms")
    print(f"  ratio: {p50 / statistics.median(floor):.1f}x")


def main() -> None:
    with running_mesh(rate=1.0) as mesh:
        measure(mesh)


if __name__ == "__main__":
    main()
