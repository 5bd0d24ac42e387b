"""Manifests, pods and reports in the database."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import transaction

from routing.contracts import Document, ResourceKey
from topology import facade, services
from topology.contracts import Pod, PodPhase, PodReport
from topology.models import PodRow

pytestmark = pytest.mark.django_db(transaction=True)

NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def hints(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """No broker runs in these tests; what would be told is noted."""
    told: list[str] = []
    monkeypatch.setattr(services, "publish_hint", lambda: told.append("registry"))
    return told


def deployment(name: str = "cart", replicas: int = 2, version: str = "v1") -> Document:
    template: dict[str, Any] = {
        "metadata": {"labels": {"app": name, "version": version}},
        "spec": {
            "containers": [{"name": "c", "command": ["run"], "ports": [{"containerPort": 8080}]}]
        },
    }
    spec = {
        "replicas": replicas,
        "selector": {"matchLabels": {"app": name}},
        "template": template,
    }
    return Document(key=ResourceKey("Deployment", "shop", name), api_version="apps/v1", spec=spec)


def service(name: str = "cart", port: int = 80) -> Document:
    spec = {"selector": {"app": name}, "ports": [{"name": "http", "port": port}]}
    return Document(key=ResourceKey("Service", "shop", name), api_version="v1", spec=spec)


def pods() -> tuple[Pod, ...]:
    return facade.registry().pods


def report(pod: Pod, *, ready: bool = True, **more: Any) -> PodReport:
    return PodReport(uid=pod.uid, phase=PodPhase.RUNNING, ready=ready, **more)


def all_ready(now: datetime = NOW) -> None:
    facade.report_pods("local", [report(p) for p in pods()], now=now)


def settle(now: datetime = NOW) -> None:
    """Reconcile and report until nothing changes; Terminating pods end at once."""
    for _ in range(10):
        steps = facade.reconcile(now)
        living = [p for p in pods() if p.phase is not PodPhase.TERMINATING]
        facade.report_pods("local", [report(p) for p in living], now=now)
        if not steps:
            return
    raise AssertionError("it does not settle")


def test_a_deployment_becomes_pods_with_addresses_of_their_own() -> None:
    facade.apply_manifests([deployment(), service()])
    assert facade.reconcile(NOW) == 2
    assert facade.reconcile(NOW) == 0
    made = sorted(pods(), key=lambda p: p.address)
    assert [(p.address.split(".")[3], p.phase, p.ready) for p in made] == [
        ("2", PodPhase.PENDING, False),
        ("3", PodPhase.PENDING, False),
    ]
    assert [s.name for s in facade.registry().services] == ["cart"]


def test_scaling_down_and_up_uses_addresses_again() -> None:
    facade.apply_manifests([deployment(replicas=3)])
    settle()
    facade.apply_manifests([deployment(replicas=1)])
    settle()
    assert len(pods()) == 1
    facade.apply_manifests([deployment(replicas=3)])
    settle()
    assert sorted(PodRow.objects.values_list("ordinal", flat=True)) == [0, 1, 2]


def test_a_rolling_update_never_has_fewer_ready_pods_than_wanted() -> None:
    facade.apply_manifests([deployment()])
    settle()
    before = {p.name for p in pods()}
    facade.apply_manifests([deployment(version="v2")])
    for _ in range(4):
        facade.reconcile(NOW)
        serving = [p for p in pods() if p.ready and p.phase is not PodPhase.TERMINATING]
        assert len(serving) >= 2
        living = [p for p in pods() if p.phase is not PodPhase.TERMINATING]
        facade.report_pods("local", [report(p) for p in living], now=NOW)
    after = {p.name: p.version for p in pods()}
    assert (len(after), set(after.values()), before & after.keys()) == (2, {"v2"}, set())


def test_a_terminating_pod_goes_when_its_agent_no_longer_holds_it() -> None:
    facade.apply_manifests([deployment(replicas=1)])
    settle()
    (pod,) = pods()
    assert facade.delete_pod("shop", pod.name)
    facade.report_pods("local", [report(pod)], now=NOW)
    assert [(p.phase, p.ready) for p in pods()] == [(PodPhase.TERMINATING, False)]
    facade.report_pods("local", [], now=NOW)
    assert pods() == ()
    assert not facade.delete_pod("shop", pod.name)
    assert facade.reconcile(NOW) == 1


def test_a_terminating_pod_goes_when_its_node_is_silent() -> None:
    facade.apply_manifests([deployment(replicas=1)])
    settle()
    facade.delete_manifests([ResourceKey("Deployment", "shop", "cart")])
    facade.reconcile(NOW)
    facade.reconcile(NOW + timedelta(seconds=29))
    assert [p.phase for p in pods()] == [PodPhase.TERMINATING]
    facade.reconcile(NOW + timedelta(seconds=31))
    assert pods() == ()


def test_a_node_that_was_switched_off_has_nothing_ready_and_nothing_to_end() -> None:
    facade.apply_manifests([deployment()])
    settle()
    kept, ended = pods()
    facade.delete_pod("shop", ended.name)
    facade.nothing_runs("local")
    assert [(p.name, p.phase, p.ready) for p in pods()] == [(kept.name, PodPhase.PENDING, False)]
    facade.nothing_runs("another")
    settle()
    assert [(p.phase, p.ready) for p in pods()] == [(PodPhase.RUNNING, True)] * 2


def test_a_crash_is_shown() -> None:
    facade.apply_manifests([deployment(replicas=1)])
    settle()
    (pod,) = pods()
    crashed = report(pod, ready=False, restarts=1, proxy_restarts=2, message="exit code 1")
    facade.report_pods("local", [crashed], now=NOW)
    (shown,) = pods()
    assert (shown.ready, shown.restarts, shown.proxy_restarts, shown.message) == (
        False,
        1,
        2,
        "exit code 1",
    )


def test_a_report_without_news_changes_nothing_but_when_the_pods_were_seen(
    hints: list[str],
) -> None:
    facade.apply_manifests([deployment()])
    settle()
    generation, told = facade.generation(), len(hints)
    later = NOW + timedelta(seconds=5)
    all_ready(now=later)
    assert (facade.generation(), len(hints)) == (generation, told)
    assert set(PodRow.objects.values_list("seen_at", flat=True)) == {later}


def test_a_node_is_assigned_its_pods_with_what_runs_in_them() -> None:
    facade.apply_manifests([deployment(replicas=1), service()])
    facade.reconcile(NOW)
    (assigned,) = facade.pods_for_node("local")
    assert assigned.pod == pods()[0]
    assert assigned.container is not None
    assert (assigned.container.command, dict(assigned.env)["CART_URL"]) == (
        ("run",),
        "http://cart.shop:80",
    )
    assert facade.pods_for_node("elsewhere") == ()


def test_a_pod_keeps_the_container_it_was_made_with() -> None:
    facade.apply_manifests([deployment(replicas=1)])
    facade.reconcile(NOW)
    changed = deployment(replicas=1, version="v2")
    changed.spec["template"]["spec"]["containers"][0]["command"] = ["other"]
    facade.apply_manifests([changed])
    facade.reconcile(NOW)
    commands = {
        dict(a.pod.labels)["version"]: a.container.command
        for a in facade.pods_for_node("local")
        if a.container
    }
    assert commands == {"v1": ("run",), "v2": ("other",)}


def test_local_ports_are_given_once_and_for_all() -> None:
    facade.apply_manifests([service("b"), service("c")])
    given = {s.name: s.ports[0].local_port for s in facade.registry().services}
    assert given == {"b": 20000, "c": 20001}
    facade.delete_manifests([ResourceKey("Service", "shop", "b")])
    facade.apply_manifests([service("a"), service("b")])
    again = {s.name: s.ports[0].local_port for s in facade.registry().services}
    assert again == {"a": 20002, "b": 20000, "c": 20001}


def test_what_is_rolled_back_is_not_seen() -> None:
    facade.apply_manifests([service("a")])
    before = facade.registry()
    with transaction.atomic():
        facade.apply_manifests([service("b")])
        assert len(facade.registry().services) == 2
        transaction.set_rollback(True)
    assert facade.registry() == before


def test_a_restart_changes_the_template_and_a_scale_only_the_number() -> None:
    spec = deployment().spec
    assert facade.scaled(spec, 5) == {**spec, "replicas": 5}
    restarted = facade.restarted(spec, NOW)
    annotations = restarted["template"]["metadata"].pop("annotations")
    assert annotations == {"kubectl.kubernetes.io/restartedAt": "2026-01-01T00:00:00+00:00"}
    assert restarted == spec
