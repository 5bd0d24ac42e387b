"""The collector as its senders see it, over real OTLP."""

import gzip
import http.client
import json
import time
from collections import Counter
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf.json_format import MessageToDict
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import (
    ExportMetricsServiceResponse,
)
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceResponse
from redis.exceptions import RedisError

from telemetry.contracts import EdgeSecond
from telemetry.store.client import Store
from tests.telemetry.otlp import log_request, requests_total, span, trace_request
from tests.telemetry.stack import Stack, eventually
from tracing import selectors
from tracing.logs import EntryKind, LogQuery, logs

SERVICES = "opentelemetry.proto.collector"


def export(running: Stack, signal: str, body: bytes, *, timeout: float = 10) -> bytes:
    """One unary call. Raises grpc.RpcError."""
    method = f"/{SERVICES}.{signal}.v1.{signal.capitalize()}Service/Export"
    with grpc.insecure_channel(f"127.0.0.1:{running.grpc_port}") as channel:
        call = channel.unary_unary(method, bytes, bytes)
        return bytes(call(body, timeout=timeout, wait_for_ready=True))


def post(
    running: Stack, path: str, body: bytes, **headers: str
) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", running.http_port, timeout=10)
    try:
        connection.request(
            "POST", path, body=body, headers={k.replace("_", "-"): v for k, v in headers.items()}
        )
        response = connection.getresponse()
        return response.status, response.read(), dict(response.getheaders())
    finally:
        connection.close()


PROTOBUF = {"Content_Type": "application/x-protobuf"}


def test_an_acknowledged_span_is_in_the_store(running: Stack, kept: Store) -> None:
    answer = export(running, "trace", trace_request(span(trace_id=b"\1" * 16)).SerializeToString())
    assert ExportTraceServiceResponse.FromString(answer) == ExportTraceServiceResponse()
    assert selectors.trace(kept, "01" * 16) is not None


def test_http_takes_protobuf_gzip_and_json(running: Stack, kept: Store) -> None:
    plain = trace_request(span(trace_id=b"\2" * 16)).SerializeToString()
    zipped = gzip.compress(trace_request(span(trace_id=b"\3" * 16)).SerializeToString())
    document = MessageToDict(trace_request(span(trace_id=b"\4" * 16, span_id=b"\5" * 8)))
    written = document["resourceSpans"][0]["scopeSpans"][0]["spans"][0]
    written |= {"traceId": "04" * 16, "spanId": "05" * 8}
    assert post(running, "/v1/traces", plain, **PROTOBUF)[:2] == (200, b"")
    assert post(running, "/v1/traces", zipped, **PROTOBUF, Content_Encoding="gzip")[:2] == (
        200,
        b"",
    )
    body = json.dumps(document).encode()
    assert post(running, "/v1/traces", body, Content_Type="application/json")[:2] == (200, b"{}")
    for trace_id in ("02" * 16, "03" * 16, "04" * 16):
        assert selectors.trace(kept, trace_id) is not None


def test_logs_are_kept_with_their_trace(running: Stack, kept: Store) -> None:
    export(running, "logs", log_request("GET / 200", b"\6" * 16).SerializeToString())
    now = time.time_ns()
    found = logs(
        kept,
        LogQuery(
            start_ns=now - 60 * 10**9,
            end_ns=now + 60 * 10**9,
            namespace="shop",
            workload="payments-v2",
            trace_id="06" * 16,
        ),
    )
    assert [(one.kind, one.text) for one in found.entries] == [(EntryKind.LOG, "GET / 200")]


def test_what_is_no_otlp_is_refused_for_good(running: Stack) -> None:
    with pytest.raises(grpc.RpcError) as refused:
        export(running, "trace", b"\xff\xff")
    assert refused.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert post(running, "/v1/traces", b"\xff", **PROTOBUF)[0] == 400
    assert post(running, "/v1/traces", b"{", Content_Type="application/json")[0] == 400
    assert post(running, "/v1/traces", b"x", Content_Type="text/plain")[0] == 415
    assert post(running, "/v1/traces", b"x", **PROTOBUF, Content_Encoding="gzip")[0] == 400
    bomb = gzip.compress(b"\0" * (32 << 20))
    assert post(running, "/v1/traces", bomb, **PROTOBUF, Content_Encoding="gzip")[0] == 413


def test_one_bad_span_is_counted_and_its_neighbours_stay(running: Stack, kept: Store) -> None:
    bad, good = span(span_id=b"\0" * 8), span(trace_id=b"\7" * 16, duration_ns=-1)
    answer = export(running, "trace", trace_request(bad, good).SerializeToString())
    assert ExportTraceServiceResponse.FromString(answer).partial_success.rejected_spans == 1
    found = selectors.trace(kept, "07" * 16)
    assert found is not None
    assert found.spans[0].span.attributes == {"meshweb.sanitized": "duration"}


def test_deltas_are_counted_as_rejected(running: Stack) -> None:
    answer = export(running, "metrics", requests_total(1, temporality=1).SerializeToString())
    partial = ExportMetricsServiceResponse.FromString(answer).partial_success
    assert partial.rejected_data_points == 1


def test_with_the_store_away_senders_are_told_to_come_back(running: Stack, kept: Store) -> None:
    running.kill("store")
    body = trace_request(span(trace_id=b"\x0a" * 16)).SerializeToString()
    try:
        with pytest.raises(grpc.RpcError) as away:
            export(running, "trace", body)
        assert away.value.code() is grpc.StatusCode.UNAVAILABLE
        metadata: Any = away.value.trailing_metadata()
        details = dict(metadata)["grpc-status-details-bin"]
        assert b"type.googleapis.com/google.rpc.RetryInfo" in details
        status, _, headers = post(running, "/v1/traces", body, **PROTOBUF)
        assert (status, headers["Retry-After"]) == (503, "1")
    finally:
        running.start_store().close()
    export(running, "trace", body)
    assert selectors.trace(kept, "0a" * 16) is not None


def test_a_collector_that_comes_before_the_store_waits_for_it(tmp_path: Path) -> None:
    stack = Stack(tmp_path)
    try:
        stack.start_broker()
        stack.start_collector(wait=False)
        time.sleep(0.5)
        stack.start_store().close()
        export(stack, "trace", trace_request(span()).SerializeToString())
    finally:
        stack.stop()


def test_sigterm_ends_it_cleanly_with_what_it_owes(running: Stack) -> None:
    assert running.terminate("collector") == 0
    running.start_collector()


BROKEN = """
import asyncio, sys, time
from telemetry.collector import __main__ as collector

async def broken(*_: object) -> None:
    asyncio.ensure_future(asyncio.to_thread(time.sleep, 60))
    await asyncio.sleep(0.2)
    raise ValueError("broken")

collector.write_samples = broken
sys.exit(collector.main())
"""


def test_a_collector_with_a_broken_part_ends_whatever_its_threads_do(running: Stack) -> None:
    running.terminate("collector")
    try:
        running.start_collector("-c", BROKEN, wait=False)
        assert running.processes.pop("collector").wait(15) == 1
        assert "ValueError: broken" in (running.home / "collector.log").read_text()
    finally:
        running.start_collector()


def per_second(seconds: list[EdgeSecond], workload: str) -> Counter[int]:
    """Requests that a workload sent."""
    found = Counter[int]()
    for second in seconds:
        for key, count in second.edges:
            if key.source_workload == workload:
                found[second.second] += count.requests
    return found


def test_kills_of_the_collector_keep_the_totals_exact(running: Stack) -> None:
    seconds = running.edge_seconds()
    seen = 0

    def requests() -> int:
        nonlocal seen
        seen += sum(per_second(seconds.new(), "exact").values())
        return seen

    sent = 0
    for round_ in range(4):
        for _ in range(3):
            sent += 7
            body = requests_total(sent, instance="exact-1", tags={"source_workload": "exact"})
            export(running, "metrics", body.SerializeToString())
            time.sleep(0.37)
            requests()
        if round_ < 3:
            running.kill("collector")
            running.start_collector()
    export(
        running,
        "metrics",
        requests_total(
            sent, instance="exact-1", tags={"source_workload": "exact"}
        ).SerializeToString(),
    )
    eventually(lambda: requests() == sent)
    time.sleep(1.2)
    assert requests() == sent
    seconds.close()


def test_what_an_outage_held_back_is_spread_over_the_seconds_missed(running: Stack) -> None:
    def send(total: int) -> None:
        body = requests_total(total, instance="held-1", tags={"source_workload": "held"})
        export(running, "metrics", body.SerializeToString())

    seconds = running.edge_seconds()
    found = Counter[int]()

    def heard() -> int:
        found.update(per_second(seconds.new(), "held"))
        return found.total()

    send(10)
    eventually(lambda: heard() == 10)
    running.kill("collector")
    last = max(found)
    time.sleep(4)
    running.start_collector()
    send(110)
    eventually(lambda: heard() == 110)
    seconds.close()
    missed = {second: number for second, number in found.items() if second > last}
    assert len(missed) >= 4
    assert max(missed.values()) - min(missed.values()) <= 1
    assert list(missed) == list(range(min(missed), max(missed) + 1))


def test_a_killed_broker_is_waited_for_and_goes_on_where_it_was(running: Stack) -> None:
    def published() -> int:
        broker = running.broker()
        try:
            kept: Any = broker.hgetall("meshweb:counts:patient-1")
            return sum(int(json.loads(text)[0]) for name, text in kept.items() if name != b"@")
        except RedisError:
            return -1
        finally:
            broker.close()

    def send(total: int) -> None:
        export(running, "metrics", requests_total(total, instance="patient-1").SerializeToString())

    send(5)
    eventually(lambda: published() == 5)
    running.kill("broker")
    send(9)
    time.sleep(1.2)
    running.start_broker()
    eventually(lambda: published() == 9)
