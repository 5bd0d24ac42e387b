"""What is explained is what real Envoys do: every request of the grid is sent and compared."""

import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from routing.compile import Mesh, MeshInput, compile_mesh
from routing.explain import MeshView, Question, explain
from routing.explain.answer import Ending, Explanation, Guarded, Hop, Outcome
from routing.parse import parse_yaml
from tests.golden.cases import merged, secrets
from tests.routing.explain.fleet import Fleet, ask, fleet, pod_of
from tests.routing.explain.grid import KEYS, NOW, Case, cases
from tests.routing.live.mesh import Answer
from tests.routing.mesh import registry as running
from topology.contracts import Pod, Registry

pytestmark = [pytest.mark.envoy, pytest.mark.asyncio]

BASE = Path(__file__).parents[2] / "golden" / "base.yaml"
SHOP = Path(__file__).with_name("shop.yaml")
AT_ONCE = 8
OPENED = "127.0.0.77"
"""Where a Sidecar opens a port of its own."""
PORTS = {"http": 80, "https": 443}
RETRIES = {"URX"}
"""That retries ran out says nothing of why they were needed."""


def compiled() -> tuple[Mesh, Registry]:
    base = parse_yaml(BASE.read_text())
    own = parse_yaml(SHOP.read_text().replace("@JWKS@", KEYS))
    assert [f for f in own.findings if f.severity == "error"] == []
    documents = merged(base.documents, own.documents)
    registry = running(documents)
    mesh = compile_mesh(
        MeshInput(documents=documents, registry=registry, secrets=tuple(secrets(documents)))
    )
    assert [f for f in mesh.findings if f.severity == "error"] == []
    return mesh, registry


async def test_every_request_ends_as_explained() -> None:
    mesh, registry = compiled()
    view = MeshView(mesh.configs, registry)
    grid = list(enumerate(cases()))
    assert len(grid) >= 500
    free = asyncio.Semaphore(AT_ONCE)
    async with fleet(mesh, registry) as envoys:

        async def one(number: int, case: Case) -> Answer | None:
            async with free:
                return await send(envoys, number, case)

        answers = await asyncio.gather(*(one(number, case) for number, case in grid))
        await asyncio.sleep(0.2)  # for the logs to be written
        logs = envoys.logged()
    wrong = []
    for (number, case), answer in zip(grid, answers, strict=True):
        explanation = explain(view, pod_of(registry, case.source), question(number, case))
        wrong += [
            f"{number} {case.method} {case.url} {case.host} {case.headers} from {case.source}: {one}"
            for one in differences(explanation, answer, logs, str(number))
        ]
    assert wrong == [], "\n".join(wrong)


def question(number: int, case: Case) -> Question:
    parts = urlsplit(case.url)
    return Question(
        method=case.method,
        scheme=parts.scheme,
        authority=case.host or parts.netloc,
        port=parts.port or PORTS[parts.scheme],
        path=target(case),
        headers=(*((n.lower(), v.strip()) for n, v in case.headers), ("x-grid", str(number))),
        client_address=case.address or "127.0.0.1",
        at=NOW,
        server_name=parts.hostname or "",
    )


def target(case: Case) -> str:
    parts = urlsplit(case.url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


async def send(envoys: Fleet, number: int, case: Case) -> Answer | None:
    pod, parts = pod_of(envoys.registry, case.source), urlsplit(case.url)
    if case.method == "CONNECT":
        return await tunnel(pod, number, f"{parts.hostname}:{parts.port or 443}")
    headers = [("host", case.host or parts.netloc), *case.headers, ("x-grid", str(number))]
    return await ask(
        place(envoys.registry, pod, case),
        case.method,
        target(case),
        headers,
        source=case.address if pod.sidecar or pod.gateway else pod.address,
        server_name=(parts.hostname or "") if parts.scheme == "https" else "",
    )


async def tunnel(pod: Pod, number: int, to: str) -> Answer | None:
    return await ask(
        (pod.outbound_address, 15001), "CONNECT", to, [("host", to), ("x-grid", str(number))]
    )


def place(registry: Registry, pod: Pod, case: Case) -> tuple[str, int]:
    """Where the caller's connection goes."""
    parts = urlsplit(case.url)
    host, port = parts.hostname or "", parts.port or PORTS.get(parts.scheme, 0)
    if pod.gateway:
        return pod.address, {80: 8080, 443: 8443}[port]
    if parts.scheme == "tcp":
        known = (s for s in registry.services if host == f"{s.name}.{s.namespace}")
        service = next(known, None)
        return (pod.outbound_address, service.ports[0].local_port) if service else (OPENED, port)
    if not pod.sidecar:
        return dialled(registry, host, port)
    return pod.outbound_address, 15001


def dialled(registry: Registry, host: str, port: int) -> tuple[str, int]:
    service = next(s for s in registry.services if s.name == host)
    target_port = next(p.target_port for p in service.ports if p.number == port)
    pod = next(p for p in registry.pods if set(service.selector) <= set(p.labels))
    return pod.address, target_port


# --- comparing ---------------------------------------------------------------------------------


def differences(
    explanation: Explanation,
    answer: Answer | None,
    logs: dict[tuple[str, str], dict[str, Any]],
    number: str,
) -> Iterator[str]:
    told = [one for one in explanation.outcomes if is_so(one, answer)]
    if not told:
        yield f"{said(answer)}, explained: {[shortly(one) for one in explanation.outcomes]}"
        return
    for hop, depth in visited(explanation.first):
        at = f"{hop.listener.address}:{hop.listener.port}" if hop.listener else ""
        entry = logs.get((at, number))
        if entry is not None:
            yield from of_proxy(hop, entry, told, depth)
    if answer is not None:
        yield from of_answer(explanation.first, answer)
    seen = body(answer)
    if seen is not None:
        last = [hop for hop, _ in visited(explanation.first) if led_to(hop, seen["by"])]
        found = [list(of_application(hop, seen)) for hop in last]
        if found and [] not in found:
            yield f"the application saw {found}"


def is_so(one: Outcome, answer: Answer | None) -> bool:
    if answer is None:
        return one.ending is Ending.CLOSED
    if one.ending in (Ending.APPLICATION, Ending.OUTSIDE):
        seen = body(answer)
        if answer.status != 200:
            return False
        # HEAD has no body that could say who answered
        return seen is None or one.by == seen["by"] or one.ending is Ending.OUTSIDE
    return (
        one.ending is Ending.ANSWERED
        and one.status == answer.status
        and one.location == answer.headers.get("location", "")
        and (one.grpc_status is None or str(one.grpc_status) == answer.headers.get("grpc-status"))
        and body(answer) is None
    )


def body(answer: Answer | None) -> dict[str, Any] | None:
    """What the application said; None where none did."""
    try:
        found = json.loads(answer.body) if answer and answer.body else None
    except ValueError:
        return None
    return found if isinstance(found, dict) and "by" in found else None


def visited(hop: Hop, depth: int = 0) -> Iterator[tuple[Hop, int]]:
    yield hop, depth
    for turn in hop.turns:
        for destination in turn.destinations:
            for onward in destination.onward:
                if onward.hop is not None and destination.share > 0:
                    yield from visited(onward.hop, depth + 1)


def led_to(hop: Hop, name: str) -> bool:
    return f"{hop.namespace}/{hop.workload}" == name and hop.side == "inbound" and hop.http


def of_proxy(hop: Hop, entry: dict[str, Any], told: list[Outcome], depth: int) -> Iterator[str]:
    where = f"{hop.side} of {hop.workload}"
    routes = {turn.route.name if turn.route else None for turn in hop.turns}
    if entry["route"] not in routes:
        yield f"{where} took route {entry['route']}, explained: {routes}"
    clusters = {d.cluster for turn in hop.turns for d in turn.destinations if d.share > 0}
    if entry["cluster"] and clusters and entry["cluster"] not in clusters:
        yield f"{where} took {entry['cluster']}, explained: {clusters}"
    own = {(one.flags, one.details) for one in told if one.details and of(one, hop)}
    dry = [one for one in hop.guards if one.dry_run]
    if dry and (entry["dry"], entry["verdict"]) != wanted(dry[0]):
        yield f"{where} would {entry['verdict']} by {entry['dry']}, explained: {wanted(dry[0])}"
    flags = "" if entry["flags"] in ("-", None) else str(entry["flags"])
    given = ",".join(flag for flag in flags.split(",") if flag not in RETRIES)
    if own and not any(given == f and str(entry["details"]).startswith(d) for f, d in own):
        yield f"{where} logged {given} {entry['details']}, explained: {own}"


def wanted(dry: Guarded) -> tuple[str | None, str]:
    """As Envoy's shadow rules tell it."""
    return dry.rule or None, "allowed" if dry.passes else "denied"


def of_answer(first: Hop, answer: Answer) -> Iterator[str]:
    """What the first proxy, where it has one way only, does to the headers of an answer."""
    turn = first.turns[0]
    if len(first.turns) > 1 or len(turn.destinations) != 1 or turn.effects is None:
        return
    for one in turn.effects.headers:
        given = answer.headers.get(one.name)
        if one.on == "response" and given != (None if one.action == "remove" else one.value):
            yield f"answered {one.name}: {given}, explained: {one.action} {one.value}"


def of(one: Outcome, hop: Hop) -> bool:
    return one.by.endswith(f" of {hop.namespace}/{hop.workload}")


def of_application(hop: Hop, seen: dict[str, Any]) -> Iterator[str]:
    for turn in hop.turns:
        if turn.sent is None:
            continue
        if seen["path"] != turn.sent.path:
            yield f"path {seen['path']}, explained: {turn.sent.path}"
        if seen["headers"]["host"] != turn.sent.authority:
            yield f"host {seen['headers']['host']}, explained: {turn.sent.authority}"
        wanted = dict(turn.sent.headers)
        for name, value in wanted.items():
            if seen["headers"].get(name) != value and not loopback_sender(name, value):
                yield f"{name}: {seen['headers'].get(name)}, explained: {value}"
        for name in seen["headers"]:
            if name.startswith("x-") and name not in wanted and not own_header(name):
                yield f"{name}, which is not explained"


def loopback_sender(name: str, value: str) -> bool:
    """For a sender on loopback Envoy writes the address that its host has on a network, if any."""
    return name == "x-forwarded-for" and value.startswith("127.")


def own_header(name: str) -> bool:
    """What Envoy adds by itself."""
    return name.startswith(("x-envoy-", "x-request-id", "x-forwarded-", "x-b3-"))


def said(answer: Answer | None) -> str:
    if answer is None:
        return "the connection was closed"
    seen = body(answer)
    return f"{answer.status} by {seen['by'] if seen else 'a proxy'} {answer.headers.get('location', '')}"


def shortly(one: Outcome) -> str:
    return f"{one.share:g} % {one.ending} {one.status} {one.by} {one.location} {one.message}"
