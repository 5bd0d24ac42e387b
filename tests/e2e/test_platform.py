"""Pods come, go, crash and come back, and it is shown."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.running import Running, command_line, every_pid
from tests.e2e.waiting import eventually


@pytest.fixture(autouse=True)
def quiet(mesh: Running) -> None:
    mesh.visitors.pause()


def application(pod: str) -> int | None:
    """The process of a pod's application."""
    return _of_pod(pod, lambda words: "envoy" not in words[0].rpartition("/")[2])


def proxy(pod: str) -> int | None:
    """The process of a pod's Envoy."""
    return _of_pod(pod, lambda words: "envoy" in words[0].rpartition("/")[2])


def _of_pod(pod: str, kind: Callable[[list[str]], bool]) -> int | None:
    for pid in every_pid():
        words = command_line(pid)
        if words and kind(words) and belongs(pid, words, pod):
            return pid
    return None


def belongs(pid: int, words: list[str], pod: str) -> bool:
    """An Envoy's pod is in its configuration, an application's in its environment."""
    if words[0].rpartition("/")[2].startswith("envoy"):
        return pod in Path(words[words.index("-c") + 1]).read_text()
    try:
        with open(f"/proc/{pid}/environ", "rb") as environ:  # noqa: PTH123  read once, binary
            return f"POD_NAME={pod}".encode() in environ.read().split(b"\0")
    except OSError:
        return False


def only_pod(mesh: Running, workload: str) -> Any:
    pods = mesh.api.pods(workload)
    assert len(pods) == 1, [pod["name"] for pod in pods]
    return pods[0]


def wait_ready(mesh: Running, workload: str, count: int, within: float = 20) -> list[Any]:
    def ready() -> Any:
        pods = mesh.api.pods(workload)
        assert [pod["ready"] for pod in pods] == [True] * count, pods
        return pods

    found: list[Any] = eventually(f"{workload} has {count} ready pods", ready, within)
    return found


def test_a_crashed_application_is_started_again_and_counted(mesh: Running) -> None:
    before = only_pod(mesh, "ratings")
    pid = application(before["name"])
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        pod = only_pod(mesh, "ratings")
        assert pod["name"] == before["name"]
        assert (pod["restarts"], pod["ready"]) == (before["restarts"] + 1, True), pod
        return True

    eventually("ratings is back and its restart counted", back, within=15)
    eventually("its pages too", lambda: mesh.ingress.get("/").status == 200, within=5)


def test_a_crashed_envoy_is_started_again_and_counted(mesh: Running) -> None:
    before = only_pod(mesh, "catalogue")
    pid = proxy(before["name"])
    assert pid is not None
    os.kill(pid, signal.SIGKILL)

    def back() -> bool:
        pod = only_pod(mesh, "catalogue")
        assert (pod["proxy_restarts"], pod["ready"]) == (before["proxy_restarts"] + 1, True), pod
        return True

    eventually("catalogue's Envoy is back and its restart counted", back, within=15)
    eventually(
        "pages are served through it",
        lambda: all(a.status == 200 for a in mesh.ingress.burst("/", 20, 4)),
        within=10,
    )


def test_scaling_up_and_down_under_load_fails_no_request(mesh: Running) -> None:
    before = mesh.visitors.pause()["total"]
    mesh.visitors.rate(15)
    mesh.api.accepted("PUT", "/workloads/shop/catalogue/scale", {"replicas": 3})
    pods = wait_ready(mesh, "catalogue", 3)
    assert len({pod["address"] for pod in pods}) == 3
    time.sleep(2)
    served = {pod["name"] for pod in pods}

    def seen() -> set[str]:
        bodies = (a.json() for a in mesh.ingress.burst("/api/products/lamp", 60, 8))
        return {body["served"]["catalogue"]["pod"] for body in bodies}

    eventually("all three pods serve", lambda: seen() == served, within=10)
    mesh.api.accepted("PUT", "/workloads/shop/catalogue/scale", {"replicas": 1})
    wait_ready(mesh, "catalogue", 1)
    time.sleep(1)
    after = mesh.visitors.pause()
    assert after["total"]["failed"] - before["failed"] == 0, after["failures"]
    assert after["total"]["succeeded"] - before["succeeded"] > 20


def test_restarting_a_workload_under_load_fails_no_request(mesh: Running) -> None:
    before = mesh.visitors.pause()["total"]
    old = only_pod(mesh, "cart")["name"]
    mesh.visitors.rate(15)
    mesh.api.accepted("POST", "/workloads/shop/cart/restart")

    def replaced() -> bool:
        pod = only_pod(mesh, "cart")
        assert pod["name"] != old
        return bool(pod["ready"])

    eventually("cart has a new pod", replaced, within=20)
    time.sleep(1)
    after = mesh.visitors.pause()
    assert after["total"]["failed"] - before["failed"] == 0, after["failures"]
    assert after["total"]["succeeded"] - before["succeeded"] > 20


def test_a_deleted_pod_is_replaced(mesh: Running) -> None:
    old = only_pod(mesh, "recommendations")["name"]
    mesh.api.accepted("DELETE", f"/pods/shop/{old}")

    def replaced() -> bool:
        pod = only_pod(mesh, "recommendations")
        assert pod["name"] != old
        return bool(pod["ready"])

    eventually("recommendations has a new pod", replaced, within=20)
    eventually("pages are whole again", lambda: mesh.ingress.get("/").status == 200, within=5)
