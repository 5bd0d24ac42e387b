"""Samples a second and core, from remote write to acknowledged, and what they take on disk.

The CPU is that of collector and store, so what else runs does not count. Each request has 2,000
samples of as many series, as Prometheus sends them; the series are met in the first round."""

import http.client
import os
import random
import sys
import tempfile
import threading
import time
from pathlib import Path

from benchmarks.ingest import cpu_seconds
from tests.telemetry.prometheus_write import HEADERS, body_of
from tests.telemetry.stack import Stack

SENDERS = 8
SERIES = 2_000
"""Of each sender."""
ROUNDS = 40
STEP_MS = 15_000
LEAST_A_SECOND = 100_000
MOST_BYTES = 2.0


def bodies(sender: int, begin: int) -> list[bytes]:
    """Per round one request: a sample of each series. Counters, and some gauges of few digits."""
    chance = random.Random(sender)
    labels = [
        (
            ("__name__", f"requests_{kind}"),
            ("instance", f"10.0.{sender}.{n % 250}:9090"),
            ("job", "shop"),
            ("namespace", f"team-{sender}"),
            ("path", f"/api/v1/resource/{n}"),
            ("pod", f"pod-{sender}-{n % 250}"),
        )
        for n in range(SERIES)
        for kind in (("total",) if n % 5 else ("in_flight",))
    ]
    values = [0.0] * SERIES
    made = []
    for turn in range(ROUNDS):
        for n in range(SERIES):
            values[n] = values[n] + chance.randrange(50) if n % 5 else float(chance.randrange(20))
        moment = begin + turn * STEP_MS
        made.append(body_of({one: [(moment, v)] for one, v in zip(labels, values, strict=True)}))
    return made


def send(port: int, requests: list[bytes]) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    for body in requests:
        connection.request("POST", "/api/v1/write", body, HEADERS)
        answer = connection.getresponse()
        text = answer.read()
        assert answer.status == 204, text
    connection.close()


def sent(port: int, requests: list[list[bytes]]) -> float:
    """Wall seconds of all senders at once."""
    began = time.perf_counter()
    senders = [threading.Thread(target=send, args=(port, some)) for some in requests]
    for one in senders:
        one.start()
    for one in senders:
        one.join()
    return time.perf_counter() - began


def main() -> int:
    begin = round(time.time() * 1000) - (ROUNDS + 1) * STEP_MS
    requests = [bodies(sender, begin) for sender in range(SENDERS)]
    with tempfile.TemporaryDirectory(prefix="meshweb-samples-") as home:
        stack = Stack(Path(home))
        try:
            stack.start_broker()
            store = stack.start_store()
            stack.start_collector()
            sent(stack.http_port, [some[:1] for some in requests])
            used = cpu_seconds(stack, "collector", "store")
            wall = sent(stack.http_port, [some[1:] for some in requests])
            cpu = cpu_seconds(stack, "collector", "store") - used
            store.execute("OPTIMIZE TABLE {database}.samples FINAL")
            ((rows, each),) = store.query(
                "SELECT sum(rows), sum(bytes_on_disk) / sum(rows) FROM system.parts"
                " WHERE database = {db:String} AND table = 'samples' AND active",
                db=store.database,
            )
            store.close()
        finally:
            stack.stop()
    count = SENDERS * SERIES * (ROUNDS - 1)
    assert int(rows) == count + SENDERS * SERIES, rows
    print(
        f"samples: {count} by remote write, acknowledged when durable: {count / cpu / 1000:.0f}k per CPU"
        f" second (at least {LEAST_A_SECOND // 1000}k), {count / wall / 1000:.0f}k/s;"
        f" {float(each):.2f} bytes a sample on disk (at most {MOST_BYTES:g})"
    )
    return 0 if count / cpu >= LEAST_A_SECOND and float(each) <= MOST_BYTES else 1


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mesh_web.settings")
    sys.exit(main())
