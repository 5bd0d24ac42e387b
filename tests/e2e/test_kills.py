"""kill -9 of each process under load: the data plane does not notice, and the process comes back."""

from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest

from tests.e2e.api import Answer
from tests.e2e.live_graph import LiveGraph
from tests.e2e.platform_processes import proxies_and_applications
from tests.e2e.running import Running
from tests.e2e.waiting import eventually

VICTIMS = (
    "web", "control", "live", "collector", "store", "worker", "beat", "broker", "agent",
)  # fmt: skip
FINAL = {"converged", "partial", "rejected", "superseded"}
BACK_SECONDS = 20.0
LOAD = 20
ENOUGH = 10
"""Requests that must have passed meanwhile for their success to say something."""


@pytest.mark.parametrize("victim", VICTIMS)
def test_a_kill_fails_no_request_and_the_process_resynchronises(
    mesh: Running, cookie: str, victim: str
) -> None:
    before = mesh.visitors.counts()["total"]
    mesh.visitors.rate(LOAD)
    data_plane = proxies_and_applications(mesh)
    revision = mesh.api.items("/revisions")[0]["number"]

    with ThreadPoolExecutor(1) as pool:
        applying = pool.submit(apply_weights, mesh, VICTIMS.index(victim))
        old = mesh.kill(victim)
        eventually(f"{victim} runs again", lambda: mesh.pid(victim) not in (None, old), 10)
        refused_or_carried_out(mesh, applying, revision)

    eventually("a new revision converges", lambda: converges(mesh), BACK_SECONDS)
    eventually(
        "the live graph moves again", lambda: graph_moves(mesh, cookie), BACK_SECONDS, every=0.5
    )
    assert proxies_and_applications(mesh) == data_plane
    counts = mesh.visitors.pause()
    assert counts["total"]["failed"] - before["failed"] == 0, counts["failures"]
    assert counts["total"]["succeeded"] - before["succeeded"] >= ENOUGH


def apply_weights(mesh: Running, number: int) -> Answer | None:
    """A change sent as the process dies; None when nobody answered."""
    body = {"v1": 50 - number, "v2": 25 + number, "v3": 25}
    try:
        return mesh.api.call("PUT", "/namespaces/shop/services/reviews/weights", body)
    except OSError:
        return None


def refused_or_carried_out(mesh: Running, applying: "Future[Answer | None]", before: int) -> None:
    """An accepted change comes to its end; a refused one leaves no revision behind."""
    answer = applying.result(30)
    if answer is not None and answer.status in (200, 202):
        comes_to_its_end(mesh, answer.body["revision"])
        return
    newer = eventually("revisions are listed", lambda: mesh.api.items("/revisions"), BACK_SECONDS)
    for revision in newer:
        if revision["number"] > before:  # it was stored, though the answer got lost
            comes_to_its_end(mesh, revision["number"])


def comes_to_its_end(mesh: Running, number: int) -> None:
    def ended() -> bool:
        state = mesh.api.get(f"/revisions/{number}")["state"]
        assert state in FINAL, state
        return True

    eventually(f"revision {number} comes to its end", ended, BACK_SECONDS)


def converges(mesh: Running) -> Any:
    """A change of weights, there and back, reaches every proxy."""
    mesh.api.weights("reviews", v1=61, v2=19, v3=20)
    result = mesh.api.weights("reviews", v1=60, v2=20, v3=20)
    return result["converged"] == result["total"] > 0


def graph_moves(mesh: Running, cookie: str) -> bool:
    """A browser that comes now gets a snapshot with traffic, and a delta after it."""
    graph = LiveGraph(mesh.url, cookie)
    try:
        eventually("a snapshot and a delta", lambda: graph.messages >= 2, within=5)
        rates = [edge["requests_per_second"] for edge in graph.edges.values()]
        assert sum(rates) > 0
    finally:
        graph.close()
    return True
