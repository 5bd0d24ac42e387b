"""How long a search among five million spans takes, against a floor in the same run.

The spans are made in the store itself: a day of 600,000 traces of a shop with 20 services, 12 + 5
attributes each. The floor is one question to the same store that reads a single granule by the
key of its order: what any answer costs. The store is asked once it has merged what came in a minute instead of a
day. The disk is what the spans and the table of what traces consist of take. MESHWEB_BENCHMARK_SPANS makes fewer of them.
"""

import os
import sys
import tempfile
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TypeVar

from telemetry.store.client import Store, StoreError
from telemetry.store.migrate import migrate
from tests.telemetry.stack import Stack
from tracing import selectors
from tracing.contracts import TraceQuery
from tracing.query.parse import parse

T = TypeVar("T")
SPANS = int(os.environ.get("MESHWEB_BENCHMARK_SPANS", "5000000"))
BATCH = 20_000
PER_TRACE = 8
HOURS = 24
RUNS = 20
MERGE_SECONDS = 240
TARGET_MS = {"by id": 30.0, "by service, operation, duration": 50.0, "by a rare attribute": 200.0}
TARGET_BYTES = 100.0
RARE = SPANS // PER_TRACE // 5
"""The number of the one trace whose user is looked for."""

_MADE = """
INSERT INTO {database}.otel_traces (Timestamp, TraceId, SpanId, ParentSpanId, SpanName, SpanKind, ServiceName, Namespace,
  Workload, ResourceAttributes, SpanAttributes, Duration, StatusCode)
SELECT
  fromUnixTimestamp64Nano(START + intDiv(number, PER) * STEP + (number % PER) * 1000000) AS Timestamp,
  lower(hex(sipHash128(intDiv(number, PER)))) AS TraceId,
  lower(hex(sipHash64(number))) AS SpanId,
  if(number % PER = 0, '', lower(hex(sipHash64(number - 1)))) AS ParentSpanId,
  concat('GET /part', toString(sipHash64(number) % 25)) AS SpanName,
  if(number % 2, 'Client', 'Server') AS SpanKind,
  concat('service-', toString(sipHash64(number, 1) % 20)) AS ServiceName,
  'shop' AS Namespace,
  concat(ServiceName, '-v1') AS Workload,
  map('service.name', ServiceName, 'k8s.namespace.name', 'shop', 'k8s.deployment.name', Workload,
      'k8s.pod.name', concat(Workload, '-', toString(number % 3)), 'service.version', 'v1') AS ResourceAttributes,
  map('http.method', 'GET', 'http.status_code', if(number % 50 = 0, '503', '200'), 'http.url',
      concat('http://shop/part', toString(sipHash64(number) % 25)), 'upstream_cluster.name', concat('outbound|80||', ServiceName),
      'net.peer.ip', '127.0.0.1', 'component', 'proxy', 'response_flags', '-', 'request_size', toString(number % 100),
      'response_size', toString(number % 1000), 'guid:x-request-id', lower(hex(sipHash128(intDiv(number, PER), 1))),
      'user.id', toString(intDiv(number, PER)), 'user_agent', concat('browser-', toString(number % 12))) AS SpanAttributes,
  1000000 + sipHash64(number, 2) % 200000000 AS Duration,
  if(number % 50 = 0, 'Error', 'Unset') AS StatusCode
FROM numbers(OFFSET, COUNT)
SETTINGS max_threads = 1, max_block_size = 10000, min_insert_block_size_rows = 10000, max_insert_threads = 1
"""


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="meshweb-traces-") as home:
        stack = Stack(Path(home))
        try:
            store = stack.start_store()
            migrate(store)
            end_ns = time.time_ns()
            start_ns = end_ns - HOURS * 3600 * 10**9
            began = time.perf_counter()
            fill(store, start_ns)
            print(f"{SPANS:,} spans made in {time.perf_counter() - began:.0f} s")
            print(f"merged into {merged(store)} parts")
            kept = measure(store, start_ns, end_ns)
            store.close()
        finally:
            stack.stop()
    return 0 if kept else 1


def fill(store: Store, start_ns: int) -> None:
    step = HOURS * 3600 * 10**9 // (SPANS // PER_TRACE)
    for offset in range(0, SPANS, BATCH):
        words = {
            "START": start_ns,
            "PER": PER_TRACE,
            "STEP": step,
            "OFFSET": offset,
            "COUNT": min(BATCH, SPANS - offset),
        }
        sql = _MADE
        for word, value in words.items():
            sql = sql.replace(word, str(value))
        patiently(partial(store.execute, sql, max_execution_time=600))


def patiently(ask: Callable[[], T]) -> T:
    """The store merges in between, and asks for patience while its memory is full."""
    while True:
        try:
            return ask()
        except StoreError as error:
            if not error.passing:
                raise
            time.sleep(0.2)


def merged(store: Store) -> int:
    """How many parts spans are in when the store has nothing to merge for some seconds."""
    quiet, deadline = 0, time.monotonic() + MERGE_SECONDS
    while quiet < 5 and time.monotonic() < deadline:
        time.sleep(1)
        ((merges,),) = patiently(lambda: store.query("SELECT count() FROM system.merges"))
        quiet = 0 if merges else quiet + 1
    ((parts,),) = store.query(
        "SELECT count() FROM system.parts WHERE active AND database = {db:String}"
        " AND table = 'otel_traces'",
        db=store.database,
    )
    return int(parts)


def measure(store: Store, start_ns: int, end_ns: int) -> bool:
    """Whether all targets are kept."""
    kept = True
    ((trace_id,),) = store.query(f"SELECT lower(hex(sipHash128(toUInt64({RARE}))))")
    slow = TraceQuery(
        start_ns=end_ns - 3600 * 10**9,
        end_ns=end_ns,
        service="service-3",
        operation="GET /part7",
        min_duration_ns=190_000_000,
    )
    rare = TraceQuery(start_ns=start_ns, end_ns=end_ns, where=parse(f"user.id={RARE}"))
    floor = median_ms(
        lambda: store.query(
            "SELECT count() FROM {database}.otel_traces WHERE ServiceName = 'service-3'"
            " AND SpanName = 'GET /part7' AND toDateTime(Timestamp) = now()"
        )
    )
    print(f"floor: {floor:.1f} ms, one granule by the key")
    asked: tuple[tuple[str, Callable[[], None]], ...] = (
        ("by id", lambda: found_one(selectors.trace(store, trace_id))),
        ("by service, operation, duration", lambda: some(selectors.search(store, slow).traces)),
        ("by a rare attribute", lambda: some(selectors.search(store, rare).traces)),
    )
    for name, ask in asked:
        ask()
        ms = median_ms(ask)
        kept &= ms <= TARGET_MS[name]
        print(f"{name}: {ms:.0f} ms ({ms / floor:.1f}x; at most {TARGET_MS[name]:.0f} ms)")
    size = bytes_of(store, "otel_traces") + bytes_of(store, "trace_times")
    ((rows,),) = store.query("SELECT count() FROM {database}.otel_traces")
    print(f"on disk: {size / rows:.0f} B a span (at most {TARGET_BYTES:.0f})")
    return kept and size / rows <= TARGET_BYTES


def bytes_of(store: Store, table: str) -> int:
    """On disk, indexes included."""
    ((size,),) = store.query(
        "SELECT sum(bytes_on_disk) FROM system.parts"
        " WHERE active AND database = {db:String} AND table = {table:String}",
        db=store.database,
        table=table,
    )
    return int(size)


def found_one(trace: object) -> None:
    assert trace is not None


def some(traces: tuple[object, ...]) -> None:
    assert traces


def median_ms(ask: Callable[[], object]) -> float:
    times = []
    for _ in range(RUNS):
        began = time.perf_counter()
        ask()
        times.append(time.perf_counter() - began)
    return sorted(times)[RUNS // 2] * 1000


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")
    sys.exit(main())
