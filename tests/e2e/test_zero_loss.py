"""200 changes of every kind under 300 requests a second: not one request fails."""

import os
import time
from collections import Counter
from random import Random

from tests.e2e.loss import mesh as loss
from tests.e2e.loss.changes import KINDS, Changes
from tests.e2e.loss.traffic import Failure, Traffic
from tests.e2e.running import PORT_OFFSET, Running
from tests.e2e.waiting import eventually

RATE = 300.0
ENVOYS = 6
PACE_SECONDS = float(os.environ.get("MESHWEB_LOSS_PACE", "0.05"))
"""The least pause between two changes."""

WORKED = ("200", "202", "204", "pid", "409")
"""409: a root rotation that is asked for while another one is under way is refused."""


def test_not_one_request_fails_whatever_is_changed(mesh: Running) -> None:
    seed = int(os.environ.get("MESHWEB_LOSS_SEED", "0")) or time.time_ns() % 1_000_000
    print(f"MESHWEB_LOSS_SEED={seed}")
    mesh.visitors.rate(0)
    mesh.api.accepted("POST", "/apply", loss.manifests())
    eventually("six Envoys serve", lambda: _ready(mesh) >= ENVOYS, within=60)
    assert sum(KINDS.values()) == 200
    changes = Changes(mesh, Random(seed))
    traffic = Traffic(("127.0.0.1", loss.PORT + PORT_OFFSET), loss.TARGETS, RATE)
    eventually("the gateway serves", lambda: _serves(mesh), within=30)
    traffic.start()
    time.sleep(1)
    began = time.monotonic()
    for kind in changes.order():
        changes.make(kind)
        time.sleep(PACE_SECONDS)
    seconds = time.monotonic() - began
    time.sleep(2)
    traffic.stop()
    print(
        f"{len(changes.done)} changes in {seconds:.1f} s, {traffic.sent} requests at "
        f"{traffic.held_rate:.0f} a second, slowest {traffic.slowest * 1000:.0f} ms, "
        f"latest {traffic.latest * 1000:.0f} ms, {len(traffic.failures)} failed"
    )
    print(Counter(f"{one.kind}: {one.answer.split()[0]}" for one in changes.done))
    assert not traffic.failures, _traced(traffic.failures, changes)
    refused = [one for one in changes.done if not one.answer.startswith(WORKED)]
    assert not refused, refused
    assert traffic.held_rate > 0.9 * RATE
    found = eventually("the last rotation has ended", lambda: _rotated(mesh), within=30)
    assert found["phase"] == "done"


def _ready(mesh: Running) -> int:
    return sum(pod["ready"] for pod in mesh.api.items("/pods", namespace=loss.NAMESPACE))


def _serves(mesh: Running) -> bool:
    """Every route answers."""
    probe = Traffic(("127.0.0.1", loss.PORT + PORT_OFFSET), loss.TARGETS, 50)
    probe.start()
    time.sleep(0.5)
    probe.stop()
    return not probe.failures


def _rotated(mesh: Running) -> dict[str, object] | None:
    rotation: dict[str, object] | None = mesh.api.get("/certificates/roots")["rotation"]
    return rotation if rotation is not None and not rotation["open"] else None


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
