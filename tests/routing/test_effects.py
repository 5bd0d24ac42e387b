"""What a change does to each Envoy: named, grouped, bounded."""

from dataclasses import replace

import pytest

from routing import effects as module
from routing.compile import Compiler, MeshInput
from routing.effects import Action, Effects, Kind, effects
from tests.routing.mesh import deployment, documents, registry, resource, service

SHOP = (service("payments"), deployment("payments", "v2"), service("web"))
SUBSETS = resource(
    "DestinationRule",
    "payments",
    "{host: payments, subsets: [{name: v1, labels: {version: v1}}, {name: v2, labels: {version: v2}}]}",
)
HOST = "payments.shop.svc.cluster.local"


def weights(v1: int, v2: int, more: str = "") -> str:
    ways = ", ".join(
        f"{{destination: {{host: payments, subset: {name}}}, weight: {weight}}}"
        for name, weight in (("v1", v1), ("v2", v2))
    )
    return resource(
        "VirtualService", "payments", f"{{hosts: [payments], http: [{{route: [{ways}]{more}}}]}}"
    )


def between(before: tuple[str, ...], after: tuple[str, ...]) -> Effects:
    running = registry(documents(*SHOP))
    compiler = Compiler()
    old, new = (
        compiler.compile(MeshInput(documents=documents(*SHOP, *some), registry=running))
        for some in (before, after)
    )
    return effects(old, new)


def said(found: Effects) -> list[tuple[int, str, str, str, list[str]]]:
    return [
        (group.count, one.kind, one.name, one.action, [field.text for field in one.fields])
        for group in found.groups
        for one in group.changes
    ]


def test_a_change_of_weights_is_one_group_of_all_proxies() -> None:
    found = between((SUBSETS, weights(100, 0)), (SUBSETS, weights(90, 10)))
    assert len(found.affected) == 3
    (group,) = found.groups
    (change,) = group.changes
    assert (group.count, change.kind, change.name, change.action) == (
        3,
        Kind.ROUTE,
        "outbound",
        Action.CHANGE,
    )
    assert change.origins == ("VirtualService shop/payments spec.http[0]",)
    texts = [one.text for one in change.fields]
    assert any(text.endswith("payments.shop:80 v1: weight 100 -> 90") for text in texts), texts


def test_what_is_added_is_told_with_its_maker() -> None:
    found = between((), (SUBSETS,))
    assert said(found) == [
        (
            3,
            "cluster",
            f"outbound|80||{HOST}",
            "change",
            ["made by nothing -> DestinationRule shop/payments"],
        ),
        (3, "cluster", f"outbound|80|v1|{HOST}", "add", []),
        (3, "cluster", f"outbound|80|v2|{HOST}", "add", []),
        (3, "endpoints", f"outbound|80|v1|{HOST}", "add", []),
        (3, "endpoints", f"outbound|80|v2|{HOST}", "add", []),
    ]
    assert found.groups[0].changes[0].origins == ("DestinationRule shop/payments",)


def test_a_removed_cluster_and_a_changed_field() -> None:
    assert [one[3] for one in said(between((SUBSETS,), ()))] == [
        "change",
        *["remove"] * 4,
    ]
    slower = weights(50, 50, ", timeout: 3s")
    ((_, kind, name, action, (text,)),) = said(
        between((SUBSETS, weights(50, 50)), (SUBSETS, slower))
    )
    assert (kind, name, action) == ("route", "outbound", "change")
    assert text.endswith("timeout_ms added: 3000"), text


def test_pods_of_one_workload_change_alike_whatever_their_addresses() -> None:
    strict = resource("PeerAuthentication", "default", "{mtls: {mode: STRICT}}")
    found = between((), (strict,))
    listeners = [one for one in said(found) if one[1] == "listener"]
    assert listeners == [(3, "listener", "inbound:8080", "change", ["modes PERMISSIVE -> STRICT"])]


def test_nothing_changed_is_nothing_said() -> None:
    assert between((SUBSETS,), (SUBSETS,)) == Effects()


def test_a_long_answer_is_cut_and_the_rest_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = between((), (SUBSETS, weights(90, 10)))
    monkeypatch.setattr(module, "MOST_CHANGES", 2)
    monkeypatch.setattr(module, "MOST_PROXIES", 1)
    cut = between((), (SUBSETS, weights(90, 10)))
    total = sum(len(group.changes) for group in whole.groups)
    assert sum(len(group.changes) for group in cut.groups) == 2
    assert cut.left_out_changes == total - 2
    assert (len(cut.groups[0].proxies), cut.groups[0].count) == (1, 3)
    assert cut.affected == whole.affected
    assert replace(cut, groups=()) != whole
