"""A real Envoy's statistics arrive with the names, labels and buckets that Istio's have."""

import http.client
import json
import subprocess
from pathlib import Path
from typing import Any

import pytest

from proxy.xds.descriptors import installed_binary
from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey
from telemetry.ingest.istio import add
from telemetry.store.client import Store
from telemetry.store.edges import edge_totals
from tests.telemetry.payments import PAYMENTS, PAYMENTS_LABELS
from tests.telemetry.stack import Stack, eventually, free_port, listens

pytestmark = pytest.mark.envoy

TYPE = "type.googleapis.com/"
LABELS = {**PAYMENTS_LABELS, "destination_service_name": "payments"}


def bootstrap(*, listen: int, collector: int) -> dict[str, Any]:
    tags = [{"name": k, "value_format": v} for k, v in LABELS.items()]
    tags += [
        {"name": "response_code", "value_format": "%RESPONSE_CODE%"},
        {"name": "response_flags", "value_format": "%RESPONSE_FLAGS%"},
        {"name": "request_protocol", "value_format": "%REQ(X-PROTOCOL)%"},
        {"name": "grpc_response_status", "value_format": "%GRPC_STATUS_NUMBER%"},
    ]
    logger = {
        "name": "stats",
        "typed_config": {
            "@type": f"{TYPE}envoy.extensions.access_loggers.stats.v3.Config",
            "stats_scope": {"prefix": "istio"},
            "counters": [{"stat": {"name": "requests_total", "tags": tags}, "value_fixed": 1}],
            "histograms": [
                {
                    "stat": {"name": "request_duration_milliseconds", "tags": tags},
                    "unit": "Milliseconds",
                    "value_format": "%DURATION%",
                },
                {
                    "stat": {"name": "response_bytes", "tags": tags},
                    "unit": "Bytes",
                    "value_format": "%BYTES_SENT%",
                },
            ],
        },
    }
    manager = {
        "@type": f"{TYPE}envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "in",
        "access_log": [logger],
        "http_filters": [
            {
                "name": "router",
                "typed_config": {"@type": f"{TYPE}envoy.extensions.filters.http.router.v3.Router"},
            }
        ],
        "route_config": {
            "virtual_hosts": [
                {
                    "name": "all",
                    "domains": ["*"],
                    "routes": [
                        {
                            "match": {"prefix": path},
                            "direct_response": {"status": status, "body": body},
                        }
                        for path, status, body in (
                            ("/bad", 503, {"inline_string": "no"}),
                            ("/", 200, {"inline_string": "fine"}),
                        )
                    ],
                }
            ]
        },
    }
    return {
        "static_resources": {
            "listeners": [
                {
                    "name": "in",
                    "address": _address(listen),
                    "filter_chains": [{"filters": [{"name": "hcm", "typed_config": manager}]}],
                }
            ],
            "clusters": [_collector_cluster(collector)],
        },
        "stats_flush_interval": "1s",
        "stats_config": {
            "stats_matcher": {"inclusion_list": {"patterns": [{"prefix": "istio."}]}},
            "histogram_bucket_settings": [
                {"match": {"prefix": "istio"}, "buckets": list(DURATION_BOUNDS_MS)}
            ],
        },
        "stats_sinks": [
            {
                "name": "envoy.stat_sinks.open_telemetry",
                "typed_config": {
                    "@type": f"{TYPE}envoy.extensions.stat_sinks.open_telemetry.v3.SinkConfig",
                    "grpc_service": {"envoy_grpc": {"cluster_name": "otel"}},
                    "emit_tags_as_attributes": True,
                    "use_tag_extracted_name": True,
                    "report_counters_as_deltas": False,
                    "report_histograms_as_deltas": False,
                    "resource_detectors": [_resource()],
                },
            }
        ],
    }


def _resource() -> dict[str, Any]:
    kind = "envoy.extensions.tracers.opentelemetry.resource_detectors.v3"
    return {
        "name": "envoy.tracers.opentelemetry.resource_detectors.static_config",
        "typed_config": {
            "@type": f"{TYPE}{kind}.StaticConfigResourceDetectorConfig",
            "attributes": {
                "service.name": "storefront",
                "k8s.namespace.name": "shop",
                "k8s.pod.name": "storefront-v1-abc",
                "k8s.deployment.name": "storefront-v1",
                "service.instance.id": "uid-1",
            },
        },
    }


def _collector_cluster(port: int) -> dict[str, Any]:
    http2 = {
        "@type": f"{TYPE}envoy.extensions.upstreams.http.v3.HttpProtocolOptions",
        "explicit_http_config": {"http2_protocol_options": {}},
    }
    return {
        "name": "otel",
        "type": "STATIC",
        "typed_extension_protocol_options": {
            "envoy.extensions.upstreams.http.v3.HttpProtocolOptions": http2
        },
        "load_assignment": {
            "cluster_name": "otel",
            "endpoints": [{"lb_endpoints": [{"endpoint": {"address": _address(port)}}]}],
        },
    }


def _address(port: int) -> dict[str, Any]:
    return {"socket_address": {"address": "127.0.0.1", "port_value": port}}


class Totals:
    """Sums what the broker carries."""

    def __init__(self, stack: Stack) -> None:
        self._seconds = stack.edge_seconds()
        self.edges: dict[EdgeKey, EdgeCount] = {}

    def requests(self) -> dict[tuple[str, str], int]:
        """By protocol and code, so far."""
        for second in self._seconds.new():
            for key, count in second.edges:
                self.edges[key] = add(self.edges[key], count) if key in self.edges else count
        return {(key.protocol, key.code): count.requests for key, count in self.edges.items()}

    def close(self) -> None:
        self._seconds.close()


HEADERS = {
    "http": {"X-Protocol": "http"},
    "grpc": {"X-Protocol": "grpc", "Content-Type": "application/grpc"},
}


def ask(port: int, path: str, times: int, protocol: str = "http") -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    for _ in range(times):
        connection.request("POST", path, headers=HEADERS[protocol])
        connection.getresponse().read()
    connection.close()


def test_envoys_counts_survive_a_killed_collector_to_the_last_request(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    listen = free_port()
    config = tmp_path / "envoy.json"
    config.write_text(json.dumps(bootstrap(listen=listen, collector=stack.grpc_port)))
    flags = ("--concurrency", "1", "--disable-hot-restart", "-l", "error")
    try:
        stack.start_broker()
        store = stack.start_store()
        stack.start_collector()
        totals = Totals(stack)
        with (tmp_path / "envoy.log").open("wb") as log:
            stack.processes["envoy"] = subprocess.Popen(
                [installed_binary(), "-c", config, *flags], stdout=log, stderr=log
            )
        eventually(lambda: listens(listen))
        ask(listen, "/", 20)
        eventually(lambda: totals.requests().get(("http", "200"), 0) > 0)

        stack.kill("collector")
        ask(listen, "/", 30)
        ask(listen, "/bad", 7)
        stack.start_collector()
        ask(listen, "/", 40)
        ask(listen, "/bad", 3, "grpc")  # HTTP's status is 200, gRPC's UNAVAILABLE

        expected = {("http", "200"): 90, ("http", "503"): 7, ("grpc", "14"): 3}
        eventually(lambda: totals.requests() == expected)
        totals.close()

        count = totals.edges[PAYMENTS]
        assert sum(count.duration_buckets) == count.requests == expected["http", "200"]
        assert len(count.duration_buckets) == len(DURATION_BOUNDS_MS) + 1

        def stored() -> dict[tuple[str, str], int]:
            found = dict(edge_totals(store, 0.0, 4e9))
            return {(k.protocol, k.code): c.requests for k, c in found.items()}

        eventually(lambda: stored() == expected)
        kept = dict(edge_totals(store, 0.0, 4e9))[PAYMENTS]
        assert (kept.requests, kept.duration_buckets) == (count.requests, count.duration_buckets)
        answered = {"response_code": "200", "response_flags": "-", "grpc_response_status": ""}
        assert labels_of(store) == {**LABELS, **answered, "request_protocol": "http"} | {
            "job": "storefront",
            "namespace": "shop",
            "pod": "storefront-v1-abc",
            "instance": "uid-1",
        }
        store.close()
    finally:
        stack.stop()


def labels_of(store: Store) -> dict[str, str]:
    rows = store.query(
        "SELECT DISTINCT labels FROM {database}.series WHERE name = 'istio_requests_total'"
        " AND labels['response_code'] = '200' AND labels['request_protocol'] = 'http'"
    )
    assert len(rows) == 1
    return dict(rows[0][0])
