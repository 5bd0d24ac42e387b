"""Durable spans a second and core, from OTLP to acknowledged, against raw inserts of the same rows.

Both ways go to the same store process in the same run. CPU is what the processes used
(collector and store; the store alone for the floor), so what else runs does not count.
"""

import asyncio
import os
import random
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import grpc.aio
import orjson
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from telemetry.ingest.decode import decode_spans
from telemetry.ingest.rows import SPAN_COLUMNS, span_row
from telemetry.store.client import Store
from tests.telemetry.otlp import span, trace_request
from tests.telemetry.stack import Stack

REQUESTS = 200
SPANS = 250
ATTRIBUTES = 12
IN_FLIGHT = 16
METHOD = "/opentelemetry.proto.collector.trace.v1.TraceService/Export"
LEAST_A_SECOND, MOST_BYTES = 15_000, 100.0
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Cost:
    """`cpu` in seconds of all processes concerned, `wall` in seconds."""

    cpu: float
    wall: float

    def describe(self, spans: int) -> str:
        return f"{spans / self.cpu / 1000:.0f}k spans per CPU second, {spans / self.wall / 1000:.0f}k/s"


def bodies() -> Iterator[bytes]:
    random.seed(7)
    for _ in range(REQUESTS):
        spans = [
            span(
                f"payments.shop:{random.randrange(20)}/*",
                attributes={
                    f"http.part{k}": f"value-{random.randrange(50)}" for k in range(ATTRIBUTES)
                },
            )
            for _ in range(SPANS)
        ]
        request: ExportTraceServiceRequest = trace_request(*spans)
        yield request.SerializeToString()


def cpu_seconds(stack: Stack, *names: str) -> float:
    total = 0
    for name in names:
        fields = (
            Path(f"/proc/{stack.processes[name].pid}/stat").read_text().rpartition(")")[2].split()
        )
        total += int(fields[11]) + int(fields[12])
    return total / TICKS


def floor(stack: Stack, store: Store, requests: list[bytes]) -> Cost:
    """The rows ready made, in batches as large as those the collector makes."""
    lines = []
    for body in requests:
        spans = decode_spans(body)
        assert isinstance(spans, tuple)
        lines.append(b"\n".join(orjson.dumps(span_row(one)) for one in spans))
    batches = [b"\n".join(lines[i : i + IN_FLIGHT]) for i in range(0, len(lines), IN_FLIGHT)]
    used, began = cpu_seconds(stack, "store"), time.perf_counter()
    for number, batch in enumerate(batches):
        store.insert_encoded("otel_traces", SPAN_COLUMNS, batch, token=f"floor-{number}")
    return Cost(cpu_seconds(stack, "store") - used, time.perf_counter() - began)


async def through_the_collector(stack: Stack, requests: list[bytes]) -> Cost:
    """IN_FLIGHT senders, each waiting for its acknowledgement before it sends more."""
    waiting = iter(requests)
    async with grpc.aio.insecure_channel(f"127.0.0.1:{stack.grpc_port}") as channel:
        export = channel.unary_unary(METHOD, bytes, bytes)

        async def sender() -> None:
            for body in waiting:
                await export(body)

        used, began = cpu_seconds(stack, "collector", "store"), time.perf_counter()
        await asyncio.gather(*(sender() for _ in range(IN_FLIGHT)))
        return Cost(cpu_seconds(stack, "collector", "store") - used, time.perf_counter() - began)


def resident_mb(stack: Stack, name: str) -> float:
    status = Path(f"/proc/{stack.processes[name].pid}/status").read_text()
    (line,) = (row for row in status.splitlines() if row.startswith("VmRSS"))
    return int(line.split()[1]) / 1024


def bytes_a_span(store: Store) -> float:
    """After the merges of the first seconds, with what finds traces."""
    size = rows = 0.0
    for table in ("otel_traces", "trace_times"):
        store.execute(f"OPTIMIZE TABLE {{database}}.{table}")
        ((bytes_on_disk, count),) = store.query(
            "SELECT sum(bytes_on_disk), sum(rows) FROM system.parts"
            " WHERE active AND database = {db:String} AND table = {table:String}",
            db=store.database,
            table=table,
        )
        size += float(bytes_on_disk)
        rows = max(rows, float(count))
    return size / rows


def main() -> int:
    with tempfile.TemporaryDirectory(prefix="meshweb-ingest-") as home:
        stack = Stack(Path(home))
        try:
            stack.start_broker()
            store = stack.start_store()
            stack.start_collector()
            requests = list(bodies())
            asyncio.run(through_the_collector(stack, requests[:20]))  # warm
            bare = floor(stack, store, requests)
            ours = asyncio.run(through_the_collector(stack, requests))
            count = REQUESTS * SPANS
            ((kept,),) = store.query("SELECT count() FROM {database}.otel_traces")
            assert kept == 2 * count + 20 * SPANS, f"{kept} spans kept"
            each = bytes_a_span(store)
            print(
                f"ingest: {count} spans of {ATTRIBUTES} attributes over OTLP, acknowledged when durable:"
                f" {ours.describe(count)}; raw inserts of the same rows: {bare.describe(count)}:"
                f" {ours.cpu / bare.cpu:.1f}x the floor's CPU;"
                f" {each:.0f} B a span on disk (at most {MOST_BYTES:.0f});"
                f" resident: store {resident_mb(stack, 'store'):.0f} MB,"
                f" collector {resident_mb(stack, 'collector'):.0f} MB"
            )
            store.close()
        finally:
            stack.stop()
    return 0 if count / ours.cpu >= LEAST_A_SECOND and each <= MOST_BYTES else 1


if __name__ == "__main__":
    sys.exit(main())
