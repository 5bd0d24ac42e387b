"""List pods.

meshweb pods -n shop --workload payments-v1
"""

from argparse import ArgumentParser, Namespace
from datetime import UTC, datetime
from typing import Any

from mesh_web.cli import exits, output
from mesh_web.cli.server import Server


def arguments(parser: ArgumentParser) -> None:
    parser.add_argument("-n", "--namespace", default="", help="without it: every namespace")
    parser.add_argument("--workload", default="")


def run(options: Namespace, server: Server) -> int:
    query = {"namespace": options.namespace, "workload": options.workload}
    found = list(server.items("/pods", query))
    now = datetime.now(UTC)
    head = ("NAMESPACE", "NAME", "READY", "PHASE", "RESTARTS", "ADDRESS", "AGE", "MESSAGE")
    rows = [row(one, now) for one in found]
    output.show(options.output, {"items": found}, head, rows, empty="There are no pods.")
    return exits.OK


def row(pod: dict[str, Any], now: datetime) -> tuple[object, ...]:
    return (
        pod["namespace"],
        pod["name"],
        pod["ready"],
        pod["phase"],
        pod["restarts"],
        pod["address"],
        age(pod.get("started_at"), now),
        pod["message"],
    )


def age(started: str | float | None, now: datetime) -> str:
    if isinstance(started, (int, float)):
        started = datetime.fromtimestamp(started, UTC).isoformat()
    return output.ago(started, now)
