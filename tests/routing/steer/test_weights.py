"""Weights over documents: what is ambiguous, what pods share, what other hosts mean."""

from collections.abc import Mapping
from typing import Any

import pytest

from routing.contracts import Document, ResourceKey
from routing.steer import weights
from routing.steer.ambiguous import Ambiguous
from routing.steer.hosts import means
from topology.contracts import (
    AppProtocol,
    Pod,
    Registry,
    Service,
    ServicePort,
    Workload,
    labels,
)

PAYMENTS = Service(
    namespace="shop",
    name="payments",
    selector=labels({"app": "payments"}),
    ports=(ServicePort(name="http", number=80, target_port=80, protocol=AppProtocol.HTTP),),
)


def workload(version: str) -> Workload:
    return Workload(
        namespace="shop",
        name=f"payments-{version}",
        labels=labels({"app": "payments", "version": version}),
    )


def pod(version: str, number: int) -> Pod:
    return Pod(
        namespace="shop",
        name=f"payments-{version}-{number}",
        uid=f"{version}-{number}",
        workload=f"payments-{version}",
        replica_set="",
        labels=workload(version).labels,
        service_account="default",
        node="local",
        address=f"127.66.0.{number}",
        app_address="",
        outbound_address="",
        ready=True,
    )


def registry(**replicas: int) -> Registry:
    return Registry(
        services=(PAYMENTS,),
        workloads=tuple(workload(version) for version in replicas),
        pods=tuple(pod(version, i) for version, count in replicas.items() for i in range(count)),
    )


def documents(*given: tuple[str, str, Mapping[str, Any]]) -> dict[ResourceKey, Document]:
    keys = [ResourceKey(kind, "shop", name) for kind, name, _ in given]
    return {
        key: Document(key=key, api_version="networking.istio.io/v1", spec=spec)
        for key, (_, _, spec) in zip(keys, given, strict=True)
    }


def route(*hosts: str, **more: Any) -> dict[str, Any]:
    return {
        "hosts": list(hosts),
        "http": [{"route": [{"destination": {"host": "payments"}}]}],
        **more,
    }


@pytest.mark.parametrize(
    ("host", "namespace", "meant"),
    [
        ("payments", "shop", True),
        ("payments", "bank", False),
        ("payments.shop", "bank", True),
        ("payments.shop.svc", "bank", True),
        ("payments.shop.svc.cluster.local", "bank", True),
        ("payments.bank.svc.cluster.local", "shop", False),
        ("*", "shop", False),
    ],
)
def test_a_short_host_is_completed_with_its_own_namespace(
    host: str, namespace: str, meant: bool
) -> None:
    assert means(host, namespace, PAYMENTS) is meant


def test_two_routes_for_one_service_are_ambiguous() -> None:
    given = documents(
        ("VirtualService", "one", route("payments")),
        ("VirtualService", "two", route("payments.shop.svc.cluster.local")),
    )
    assert weights.write(PAYMENTS, registry(v1=1), given, {"v1": 100}) == Ambiguous(
        message="2 resources route payments: VirtualService shop/one, VirtualService shop/two.",
        resources=tuple(sorted(given)),
    )


def test_a_route_of_a_gateway_alone_is_no_route_inside_the_mesh() -> None:
    given = documents(("VirtualService", "edge", route("payments", gateways=["edge"])))
    written = weights.write(PAYMENTS, registry(v1=1), given, {"v1": 100})
    assert isinstance(written, tuple)
    assert [str(one.key) for one in written] == [
        "DestinationRule shop/payments",
        "VirtualService shop/payments",
    ]


def test_a_route_that_also_goes_elsewhere_is_ambiguous() -> None:
    spec = {
        "hosts": ["payments"],
        "http": [
            {
                "route": [
                    {"destination": {"host": "payments"}, "weight": 50},
                    {"destination": {"host": "legacy"}, "weight": 50},
                ]
            }
        ],
    }
    found = weights.write(
        PAYMENTS, registry(v1=1), documents(("VirtualService", "payments", spec)), {"v1": 100}
    )
    assert isinstance(found, Ambiguous)
    assert found.message == "VirtualService shop/payments http[0] also routes to legacy."


def test_a_taken_name_is_ambiguous() -> None:
    given = documents(("VirtualService", "payments", route("other")))
    found = weights.write(PAYMENTS, registry(v1=1), given, {"v1": 100})
    assert isinstance(found, Ambiguous)


@pytest.mark.parametrize(
    ("replicas", "shares"),
    [
        ({"v1": 1, "v2": 1}, (("v1", 50), ("v2", 50))),
        ({"v1": 2, "v2": 1}, (("v1", 67), ("v2", 33))),
        ({"v1": 1, "v2": 1, "v3": 1}, (("v1", 34), ("v2", 33), ("v3", 33))),
        ({"v1": 0, "v2": 0}, (("v1", 0), ("v2", 0))),
    ],
)
def test_without_a_rule_pods_share_the_traffic(
    replicas: dict[str, int], shares: tuple[tuple[str, int], ...]
) -> None:
    assert weights.read(PAYMENTS, registry(**replicas), {}) == weights.Split(
        weights=shares, configured=False
    )


def test_reading_gives_back_what_was_written() -> None:
    running = registry(v1=1, v2=1, v3=1)
    written = weights.write(PAYMENTS, running, {}, {"v1": 80, "v2": 20})
    assert isinstance(written, tuple)
    assert weights.read(PAYMENTS, running, {one.key: one for one in written}) == weights.Split(
        weights=(("v1", 80), ("v2", 20), ("v3", 0)), configured=True
    )


def test_weights_of_a_tcp_service_are_in_its_tcp_route() -> None:
    tcp = Service(
        namespace="shop",
        name="payments",
        selector=PAYMENTS.selector,
        ports=(ServicePort(name="tcp", number=5432, target_port=1, protocol=AppProtocol.TCP),),
    )
    written = weights.write(tcp, registry(v1=1), {}, {"v1": 100})
    assert isinstance(written, tuple)
    assert written[1].spec == {
        "hosts": ["payments"],
        "tcp": [{"route": [{"destination": {"host": "payments", "subset": "v1"}, "weight": 100}]}],
    }
