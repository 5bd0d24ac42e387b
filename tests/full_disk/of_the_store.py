"""The store's disk: senders are told to come again, questions are answered, and it mends by itself."""

import http.client
import struct
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

import grpc
import pytest

from telemetry.store.client import Store
from telemetry.store.migrate import migrate
from tests.full_disk.small_disk import SmallDisk, mounted
from tests.telemetry.otlp import log_request, span, trace_request
from tests.telemetry.prometheus_write import HEADERS, body_of
from tests.telemetry.stack import Stack, eventually
from tests.telemetry.test_collector import export, post

RESERVE = 24 << 20
SENTENCE = "the store's disk is full: nothing is taken until there is room"
Sample = tuple[int, float]
"""Milliseconds, the value."""


@pytest.fixture(scope="module")
def disk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallDisk]:
    with mounted(tmp_path_factory.mktemp("small"), 128) as small:
        yield small


@pytest.fixture(scope="module")
def mesh(disk: SmallDisk) -> Iterator[Stack]:
    stack = Stack(disk.path)
    stack.start_broker()
    start_store(stack)
    stack.start_collector()
    yield stack
    stack.stop()


def start_store(stack: Stack, reserve: int = RESERVE) -> None:
    words = ("--port", str(stack.store_port), "--reserve", str(reserve))
    stack.start("store", "-m", "telemetry.store.server", str(stack.home), *words)
    store = stack.store()
    assert store.wait(60)
    store.close()


@pytest.fixture
def store(mesh: Stack, disk: SmallDisk) -> Iterator[Store]:
    reading = mesh.store()
    yield reading
    disk.empty()
    reading.close()


def traces(number: int) -> bytes:
    return trace_request(span(trace_id=number.to_bytes(16, "big"))).SerializeToString()


def spans(store: Store) -> set[int]:
    return {int(row[0], 16) for row in store.query("SELECT TraceId FROM {database}.otel_traces")}


def samples(store: Store) -> set[Sample]:
    rows = store.query(
        "SELECT toUnixTimestamp64Milli(t), v FROM {database}.samples"
        " WHERE id IN (SELECT id FROM {database}.series WHERE name = 'written')"
    )
    return {(time_ms, value) for time_ms, value in rows}


def written(mesh: Stack, sample: Sample) -> bool:
    """Whether a sample is acknowledged; if not, it was refused in the way that says to come again."""
    body = body_of({(("__name__", "written"),): [sample]})
    connection = http.client.HTTPConnection("127.0.0.1", mesh.http_port, timeout=60)
    try:
        connection.request("POST", "/api/v1/write", body, HEADERS)
        answer = connection.getresponse()
        assert answer.status in (204, 503), answer.read()
        assert answer.status == 204 or answer.headers["Retry-After"] == "1"
        return answer.status == 204
    finally:
        connection.close()


def taken(mesh: Stack, body: bytes) -> bool:
    """Whether it is acknowledged; if not, it was refused in the way that says to come again."""
    try:
        export(mesh, "trace", body, timeout=60)
    except grpc.RpcError as error:
        if error.code() is not grpc.StatusCode.UNAVAILABLE:
            raise
        return False
    return True


def test_senders_are_told_to_come_again_and_questions_are_answered(
    mesh: Stack, disk: SmallDisk, store: Store
) -> None:
    assert taken(mesh, traces(1))
    disk.fill(but=RESERVE - (1 << 20))
    with pytest.raises(grpc.RpcError) as refused:
        export(mesh, "trace", traces(2), timeout=60)
    assert (refused.value.code(), refused.value.details()) == (
        grpc.StatusCode.UNAVAILABLE,
        SENTENCE,
    )
    told = {one.key: one.value for one in refused.value.trailing_metadata() or ()}
    assert b"google.rpc.RetryInfo" in told["grpc-status-details-bin"]
    headers = {"Content_Type": "application/x-protobuf"}
    for path, body in (
        ("/v1/traces", traces(3)),
        ("/v1/logs", log_request("hello").SerializeToString()),
    ):
        status, answer, given = post(mesh, path, body, **headers)
        assert (status, given["Retry-After"], SENTENCE.encode() in answer) == (503, "1", True)
    sample = body_of({(("__name__", "up"),): [(round(time.time() * 1000), 1.0)]})
    written = {"Content_Encoding": "snappy", "X_Prometheus_Remote_Write_Version": "0.1.0"}
    status, answer, given = post(mesh, "/api/v1/write", sample, **headers, **written)
    assert (status, given["Retry-After"], SENTENCE in answer.decode()) == (503, "1", True)
    assert spans(store) == {1}
    disk.empty()
    eventually(lambda: taken(mesh, traces(4)), 30)
    assert spans(store) == {1, 4}


def test_everything_acknowledged_while_it_fills_up_is_there_and_nothing_else(
    mesh: Stack, disk: SmallDisk, store: Store
) -> None:
    """Large spans until it is full, then not one byte left, then room again."""
    before = spans(store)
    acknowledged, refused = set(), 0
    ballast = {f"k{i}": time.time_ns().to_bytes(8, "big").hex() * 40 for i in range(20)}
    disk.fill(but=RESERVE + (4 << 20))
    for number in range(1000, 1400):
        some = [
            span(trace_id=number.to_bytes(16, "big"), attributes={**ballast, "n": f"{number}-{i}"})
            for i in range(40)
        ]
        if taken(mesh, trace_request(*some).SerializeToString()):
            acknowledged.add(number)
        else:
            refused += 1
            if refused == 3:
                break
        if number % 20 == 0:
            disk.fill(but=RESERVE + (1 << 18))
    assert refused > 0
    disk.fill()
    assert not taken(mesh, traces(1500))
    assert spans(store) == before | acknowledged
    disk.empty()
    eventually(lambda: taken(mesh, traces(1501)), 30)
    assert spans(store) == before | acknowledged | {1501}


def test_a_store_that_starts_on_a_full_disk_answers_and_loses_nothing(
    mesh: Stack, disk: SmallDisk, store: Store
) -> None:
    before = spans(store)
    disk.fill(but=4096)
    mesh.kill("store")
    start_store(mesh)
    assert spans(store) == before
    assert not taken(mesh, traces(2000))
    disk.empty()
    eventually(lambda: taken(mesh, traces(2001)), 30)
    assert spans(store) == before | {2001}
    assert migrate(store) == []


@pytest.mark.parametrize("reserve", [RESERVE, 0])
def test_small_binary_rows_are_there_if_they_were_acknowledged_and_else_not(
    mesh: Stack, disk: SmallDisk, store: Store, reserve: int
) -> None:
    """Some senders at a time, each row with empty lines among its bytes; `reserve` 0: the kernel itself
    says that the disk is full, in the midst of a write."""
    mesh.kill("store")
    start_store(mesh, reserve)
    before = samples(store)
    start, (empty_lines,) = round(time.time() * 1000), struct.unpack("<d", b"\n" * 8)
    acknowledged: set[Sample] = set()
    refused: set[Sample] = set()
    with ThreadPoolExecutor(8) as senders:
        for burst in range(40):
            if burst >= 3:
                disk.fill(but=reserve + max(0, 10 - burst) * (1 << 14))
            some = [(start + burst * 100 + number, empty_lines) for number in range(24)]
            for sample, kept in zip(some, senders.map(partial(written, mesh), some), strict=True):
                (acknowledged if kept else refused).add(sample)
            if len(refused) > 60:
                break
    assert acknowledged
    assert refused
    there = samples(store) - before
    assert acknowledged - there == set()
    assert there - acknowledged <= refused
    disk.empty()
    eventually(lambda: written(mesh, (start - 1, empty_lines)), 30)
    assert samples(store) - before == there | {(start - 1, empty_lines)}
