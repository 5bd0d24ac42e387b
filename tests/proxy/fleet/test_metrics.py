"""Control's own numbers: under Istio's names, fed by what happens, for those who may read."""

import asyncio

import pytest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceRequest,
)

from proxy.fleet.exposition import MetricsPage, page
from proxy.fleet.metrics import Meter
from proxy.fleet.planner import Sources
from proxy.xds.messages import CLUSTER, ROUTES
from routing.contracts import PublishedConfig
from routing.parse import parse_yaml
from telemetry.own.series import otlp
from tests.proxy.ads.fleet import Root, envoy
from tests.proxy.control.conftest import broker, operator
from tests.proxy.control.test_refusals import SHOP, answered, proxies
from tests.proxy.control.test_troubles import sweep
from tests.proxy.control.whole import MeshBroker, apply, control, eventually, in_thread, pods
from tests.routing.app.shop import Api
from topology.contracts import Registry, Service

__all__ = ["broker", "operator"]

TWICE = """\
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: a, namespace: shop}
spec: {hosts: [pay], http: [{route: [{destination: {host: pay}}]}]}
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: b, namespace: shop}
spec: {hosts: [pay.shop.svc.cluster.local, other], http: [{route: [{destination: {host: pay}}]}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: a, namespace: shop}
spec: {host: pay, subsets: [{name: v1}, {name: v1}, {name: v2}]}
"""


def values(meter: Meter) -> dict[str, float]:
    """The samples of a page by name and labels."""
    lines = page(meter.collectors()).decode().splitlines()
    pairs = (line.rpartition(" ") for line in lines if not line.startswith("#"))
    return {name: float(value) for name, _, value in pairs}


def test_counters_have_istios_names_without_a_suffix() -> None:
    meter = Meter(lambda: 1234.0)
    meter.sent("a", CLUSTER)
    meter.certificate_asked()
    meter.certificate_answered(signed=True)
    found = values(meter)
    assert {
        name: found[name]
        for name in (
            'pilot_xds_pushes{type="cds"}',
            "citadel_server_csr_count",
            "citadel_server_success_cert_issuance_count",
            "citadel_server_authentication_failure_count",
            "citadel_server_root_cert_expiry_timestamp",
        )
    } == {
        'pilot_xds_pushes{type="cds"}': 1,
        "citadel_server_csr_count": 1,
        "citadel_server_success_cert_issuance_count": 1,
        "citadel_server_authentication_failure_count": 0,
        "citadel_server_root_cert_expiry_timestamp": 1234,
    }
    assert not [name for name in found if "_created" in name]
    assert found["process_resident_memory_bytes"] > 0


def test_who_refuses_is_counted_until_it_takes_it() -> None:
    meter = Meter(lambda: 0.0)
    meter.rejected("a", ROUTES)
    meter.rejected("a", ROUTES)
    meter.rejected("b", ROUTES)
    found = values(meter)
    assert (found["pilot_xds_rds_reject"], found['pilot_total_xds_rejects{type="rds"}']) == (2, 3)
    meter.acknowledged("a", ROUTES, wholly=False)
    meter.settled("a")
    meter.left("b")
    assert values(meter)["pilot_xds_rds_reject"] == 0


def test_what_is_read_is_counted() -> None:
    documents = parse_yaml(TWICE).documents
    config = PublishedConfig(number=1, accepted_at=0.0, documents=documents)
    registries = [
        Registry(services=(Service(namespace="shop", name="pay"),)),
        Registry(services=(Service(namespace="shop", name="pay", labels=(("a", "b"),)),)),
    ]
    meter = Meter(lambda: 0.0)
    sources = meter.sources(
        Sources(
            published=lambda _: config,
            generation=lambda: "",
            registry=lambda: registries.pop(0),
        )
    )
    sources.published(None)
    sources.registry()
    sources.registry()
    found = values(meter)
    assert {
        name: value for name, value in found.items() if name.startswith("pilot_") and value
    } == {
        **{name: 1.0 for name in found if name.startswith("pilot_info")},
        "pilot_services": 1,
        "pilot_virt_services": 2,
        "pilot_vservice_dup_domain": 1,
        "pilot_destrule_subsets": 1,
        'pilot_k8s_cfg_events{event="add",type="VirtualService"}': 2,
        'pilot_k8s_cfg_events{event="add",type="DestinationRule"}': 1,
        'pilot_k8s_reg_events{event="add",type="Services"}': 1,
        'pilot_k8s_reg_events{event="update",type="Services"}': 1,
        'pilot_inbound_updates{type="config"}': 1,
        'pilot_inbound_updates{type="svc"}': 2,
    }


def test_an_export_has_counters_gauges_and_the_counts_of_each_bucket() -> None:
    meter = Meter(lambda: 9.0)
    meter.sent("a", CLUSTER)
    meter.convergence.observe(0.2)
    meter.convergence.observe(40)
    every = [metric for one in meter.collectors() for metric in one.collect()]
    sent = ExportMetricsServiceRequest.FromString(otlp(every, {"service.name": "control"}, 1, 2))
    found = {one.name: one for one in sent.resource_metrics[0].scope_metrics[0].metrics}
    (point,) = found["pilot_proxy_convergence_time"].histogram.data_points
    assert (list(point.explicit_bounds), list(point.bucket_counts), point.count) == (
        [0.1, 0.5, 1, 3, 5, 10, 20, 30],
        [0, 1, 0, 0, 0, 0, 0, 0, 1],
        2,
    )
    assert found["pilot_xds_pushes"].sum.is_monotonic
    assert found["pilot_xds_pushes"].sum.data_points[0].as_double == 1
    assert found["process_cpu_seconds_total"].sum.is_monotonic
    assert found["citadel_server_root_cert_expiry_timestamp"].gauge.data_points[0].as_double == 9


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer good\r\n\r\n", b"200 OK"),
        (b"GET /metrics HTTP/1.1\r\nauthorization: bearer good\r\n\r\n", b"200 OK"),
        (b"GET /metrics HTTP/1.1\r\nAuthorization: Bearer bad\r\n\r\n", b"401 Unauthorized"),
        (b"GET /metrics HTTP/1.1\r\n\r\n", b"401 Unauthorized"),
        (b"GET /other HTTP/1.1\r\n\r\n", b"404 Not Found"),
        (b"POST /metrics HTTP/1.1\r\n\r\n", b"405 Method Not Allowed"),
        (b"\xff\xfe\r\n\r\n", b"405 Method Not Allowed"),
        (b"x" * 20_000, b""),
    ],
)
async def test_the_page_is_for_those_who_may_read(request_: bytes, status: bytes) -> None:
    server = await MetricsPage(Meter(lambda: 0.0).collectors(), "good".__eq__).serve("127.0.0.1", 0)
    async with server:
        host, port = server.sockets[0].getsockname()
        reader, writer = await asyncio.open_connection(host, port)
        writer.write(request_)
        try:
            answer = await reader.read()
        except ConnectionResetError:
            answer = b""
        writer.close()
        assert answer.partition(b"\r\n")[0] == (b"HTTP/1.1 " + status if status else b"")
        assert (b"pilot_xds 0.0" in answer) is (status == b"200 OK")


@pytest.mark.envoy
async def test_a_real_envoys_convergence_is_measured(operator: Api, broker: MeshBroker) -> None:
    root, meter = Root(), Meter(lambda: 0.0)
    async with control(root, meter=meter):
        await apply(operator, SHOP)
        await in_thread(sweep)
        await eventually(lambda: proxies(operator))
        (pod,) = await pods()
        async with envoy(pod, root, "default"):
            await eventually(lambda: [p for p in proxies(operator) if p["state"] == "synced"])
            first = values(meter)
            await apply(operator, answered("payments", 418))
            await in_thread(sweep)
            await eventually(
                lambda: (
                    values(meter)["pilot_proxy_convergence_time_count"]
                    > first["pilot_proxy_convergence_time_count"]
                )
            )
            found = values(meter)
            assert found["pilot_xds"] == 1
            assert found['pilot_xds_pushes{type="rds"}'] > first['pilot_xds_pushes{type="rds"}']
            assert found['pilot_xds_config_size_bytes_count{type="rds"}'] >= 1
            assert found['pilot_xds_push_time_count{type="cds"}'] >= 1
            assert found["pilot_proxy_queue_time_count"] >= 1
            assert found['pilot_push_triggers{type="config"}'] >= 1
            assert found['pilot_push_triggers{type="proxyrequest"}'] == 1
            assert found["pilot_services"] == 2
        await eventually(lambda: values(meter)["pilot_xds"] == 0)
