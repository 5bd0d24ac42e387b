"""What agent and control say to each other: method names, and JSON <-> values. Imports no Django."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from topology.contracts import Assignment, ContainerPort, Pod, PodPhase, PodReport

SERVICE = "meshweb.agent.v1.Agent"
JOIN, RENEW, SIGN, WATCH, REPORT = "Join", "Renew", "Sign", "Watch", "Report"
TOKEN_METADATA = "meshweb-join-token"  # noqa: S105  a name, not a token


def method(name: str) -> str:
    return f"/{SERVICE}/{name}"


def encode(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def decode(raw: bytes) -> dict[str, Any]:
    """Raises ValueError for anything but a JSON object."""
    message = json.loads(raw)
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  one kind of error for bad bytes
    return message


def assignment_out(one: Assignment) -> dict[str, Any]:
    return asdict(one)


def assignment_in(given: Mapping[str, Any]) -> Assignment:
    pod = dict(given["pod"])
    pod["labels"] = _pairs(pod["labels"])
    pod["ports"] = tuple(ContainerPort(**p) for p in pod["ports"])
    pod["phase"] = PodPhase(pod["phase"])
    return Assignment(pod=Pod(**pod), command=tuple(given["command"]), env=_pairs(given["env"]))


def report_out(one: PodReport) -> dict[str, Any]:
    return asdict(one)


def report_in(given: Mapping[str, Any]) -> PodReport:
    """Raises ValueError, KeyError or TypeError for what is no report."""
    return PodReport(
        uid=str(given["uid"]),
        phase=PodPhase(given["phase"]),
        ready=bool(given["ready"]),
        restarts=int(given["restarts"]),
        proxy_restarts=int(given["proxy_restarts"]),
        message=str(given["message"])[:500],
    )


def _pairs(given: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(k), str(v)) for k, v in given)
