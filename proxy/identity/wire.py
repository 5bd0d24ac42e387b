"""What agent and control say to each other: method names, and JSON <-> values. Imports no Django."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from topology.contracts import Assignment, Container, ContainerPort, Pod, PodPhase, PodReport

SERVICE = "meshweb.agent.v1.Agent"
JOIN, RENEW, SIGN, WATCH, REPORT = "Join", "Renew", "Sign", "Watch", "Report"
TOKEN_METADATA = "meshweb-join-token"  # noqa: S105  a name, not a token


def method(name: str) -> str:
    return f"/{SERVICE}/{name}"


def encode(message: Mapping[str, Any]) -> bytes:
    return json.dumps(message, separators=(",", ":")).encode()


def decode(raw: bytes) -> dict[str, Any]:
    """Raises ValueError for anything but a JSON object."""
    try:
        message = json.loads(raw)
    except RecursionError:
        raise ValueError("nested too deeply") from None
    if not isinstance(message, dict):
        raise ValueError("not a JSON object")  # noqa: TRY004  one kind of error for bad bytes
    return message


def assignment_out(one: Assignment) -> dict[str, Any]:
    return asdict(one)


def assignment_in(given: Mapping[str, Any]) -> Assignment:
    pod = dict(given["pod"])
    pod["labels"] = _pairs(pod["labels"])
    pod["ports"] = _ports(pod["ports"])
    pod["phase"] = PodPhase(pod["phase"])
    container = given["container"]
    return Assignment(
        pod=Pod(**pod),
        container=container_in(container) if container else None,
        env=_pairs(given["env"]),
    )


def container_in(given: Mapping[str, Any]) -> Container:
    return Container(
        name=given["name"],
        command=tuple(given["command"]),
        env=_pairs(given["env"]),
        ports=_ports(given["ports"]),
    )


def report_out(one: PodReport) -> dict[str, Any]:
    return asdict(one)


def report_in(given: Mapping[str, Any]) -> PodReport:
    """Raises ValueError, KeyError, TypeError or OverflowError for what is no report."""
    return PodReport(
        uid=str(given["uid"]),
        phase=PodPhase(given["phase"]),
        ready=bool(given["ready"]),
        restarts=int(given["restarts"]),
        proxy_restarts=int(given["proxy_restarts"]),
        message=str(given["message"])[:500],
    )


def _ports(given: Any) -> tuple[ContainerPort, ...]:
    return tuple(ContainerPort(**port) for port in given)


def _pairs(given: Any) -> tuple[tuple[str, str], ...]:
    return tuple((str(k), str(v)) for k, v in given)
