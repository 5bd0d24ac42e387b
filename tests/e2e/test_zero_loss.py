"""200 changes of every kind under 300 requests a second, HTTP, gRPC and TCP: not one fails."""

import os
import time
from collections import Counter
from random import Random

from tests.e2e.loss import mesh as loss
from tests.e2e.loss.changes import KINDS, Changes
from tests.e2e.loss.traffic import Calls, Failure, Lines, Traffic
from tests.e2e.running import PORT_OFFSET, Running
from tests.e2e.waiting import eventually

REQUESTS, CALLS, LINES = 245.0, 40.0, 15.0
"""A second: HTTP, gRPC and TCP connections; 300 together."""
ENVOYS = 8
PACE_SECONDS = float(os.environ.get("MESHWEB_LOSS_PACE", "0.05"))
"""The least pause between two changes."""

WORKED = ("200", "202", "204", "pid", "409")
"""409: a root rotation that is asked for while another one is under way is refused."""


def test_not_one_request_fails_whatever_is_changed(mesh: Running) -> None:
    seed = int(os.environ.get("MESHWEB_LOSS_SEED", "0")) or time.time_ns() % 1_000_000
    print(f"MESHWEB_LOSS_SEED={seed}")
    mesh.visitors.rate(0)
    mesh.api.accepted("POST", "/apply", loss.manifests())
    eventually("eight Envoys serve", lambda: _ready(mesh) >= ENVOYS, within=60)
    assert sum(KINDS.values()) == 200
    changes = Changes(mesh, Random(seed))
    traffic, calls, lines = every = _traffic(REQUESTS, CALLS, LINES)
    eventually("the gateway serves", _serves, within=30)
    for one in every:
        one.start()
    time.sleep(1)
    began = time.monotonic()
    for kind in changes.order():
        changes.make(kind)
        time.sleep(PACE_SECONDS)
    seconds = time.monotonic() - began
    time.sleep(2)
    for one in every:
        one.stop()
    print(f"{len(changes.done)} changes in {seconds:.1f} s")
    for what, one in (("requests", traffic), ("calls", calls), ("lines", lines)):
        print(
            f"{one.sent} {what} at {one.held_rate:.0f} a second, slowest {one.slowest * 1000:.0f} "
            f"ms, latest {one.latest * 1000:.0f} ms, {len(one.failures)} failed"
        )
    print(Counter(f"{one.kind}: {one.answer.split()[0]}" for one in changes.done))
    failures = [failure for one in every for failure in one.failures]
    assert not failures, _traced(failures, changes)
    refused = [one for one in changes.done if not one.answer.startswith(WORKED)]
    assert not refused, refused
    assert sum(one.held_rate for one in every) > 0.95 * (REQUESTS + CALLS + LINES)
    found = eventually("the last rotation has ended", lambda: _rotated(mesh), within=30)
    assert found["phase"] == "done"


def _ready(mesh: Running) -> int:
    return sum(pod["ready"] for pod in mesh.api.items("/pods", namespace=loss.NAMESPACE))


def _traffic(requests: float, calls: float, lines: float) -> tuple[Traffic, Calls, Lines]:
    http, tcp = (("127.0.0.1", port + PORT_OFFSET) for port in (loss.PORT, loss.GATE_PORT))
    return (
        Traffic(http, loss.TARGETS, requests),
        Calls(http, (("d.loss", loss.METHOD),), calls),
        Lines(tcp, (("d", ""),), lines),
    )


def _serves() -> bool:
    """Every route answers."""
    probes = _traffic(50, 10, 10)
    for probe in probes:
        probe.start()
    time.sleep(0.5)
    for probe in probes:
        probe.stop()
    return not any(probe.failures for probe in probes)


def _rotated(mesh: Running) -> dict[str, object]:
    rotation: dict[str, object] = mesh.api.get("/certificates/roots")["rotation"]
    assert not rotation["open"], rotation
    return rotation


def _traced(failures: list[Failure], changes: Changes) -> str:
    """Each failure with the changes of the three seconds before it."""
    lines = [f"{len(failures)} requests failed:"]
    for failure in failures[:40]:
        lines.append(f"  {failure.at:.3f} +{failure.seconds:.3f} {failure.target}: {failure.what}")
        lines.extend(
            f"      {one.at - failure.at:+.3f}..{one.at + one.seconds - failure.at:+.3f} "
            f"{one.kind}: {one.answer}"
            for one in changes.done
            if failure.at - 3 < one.at + one.seconds and one.at < failure.at + failure.seconds
        )
    return "\n".join(lines)
