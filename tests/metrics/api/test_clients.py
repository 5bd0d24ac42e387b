"""Real clients: Debian's promtool and Prometheus read, federate and write through our API."""

import json
import subprocess
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from telemetry.snappy import packed
from tests.metrics.prometheus import BINARY, TOOL
from tests.metrics.prometheus import configured as prometheus
from tests.metrics.served import Served, milliseconds, served
from tests.telemetry.prometheus_write import HEADERS, Samples, request_of
from tests.telemetry.stack import eventually, free_port

pytestmark = pytest.mark.skipif(
    not (BINARY and TOOL), reason="the Debian package prometheus is not installed"
)
STEP = 15_000


@pytest.fixture(scope="module")
def now() -> int:
    """When these tests begin, which may be long after they were collected."""
    return milliseconds() // STEP * STEP


@pytest.fixture(scope="module")
def web(now: int) -> Iterator[Served]:
    with served() as running:
        series: dict[tuple[tuple[str, str], ...], Samples] = {
            (("__name__", "hits_total"), ("code", code), ("job", job)): [
                (t, float(factor * i)) for i, t in enumerate(range(now - 40 * STEP, now + 1, STEP))
            ]
            for factor, (job, code) in enumerate(
                [("api", "200"), ("api", "500"), ("db", "200")], start=1
            )
        }
        body = packed(request_of(series).SerializeToString())
        status, _ = running.ask("/prometheus/api/v1/write", body, HEADERS)
        assert status == 204
        yield running


def promtool(web: Served, *words: str) -> str:
    assert TOOL
    server = f"http://token:{web.token}@{web.address}/prometheus"
    command = [TOOL, "query", *(server if word == "SERVER" else word for word in words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_promtool_asks_all_it_can(web: Served, now: int) -> None:
    began = now - 40 * STEP
    at, begin = f"{now / 1000}", f"{began / 1000}"
    assert promtool(web, "instant", f"--time={at}", "SERVER", "sum by (job) (hits_total)") == (
        f'{{job="api"}} => 120 @[{now // 1000}]\n{{job="db"}} => 120 @[{now // 1000}]\n'
    )
    ranged = promtool(
        web,
        "range",
        f"--start={begin}",
        f"--end={at}",
        "--step=300s",
        "SERVER",
        'hits_total{job="db"}',
    )
    assert ranged == (
        'hits_total{code="200", job="db"} =>\n'
        f"0 @[{began // 1000}]\n60 @[{began // 1000 + 300}]\n120 @[{began // 1000 + 600}]\n"
    )
    found = promtool(web, "series", "--match=hits_total", "SERVER").splitlines()
    assert sorted(found) == [
        '{__name__="hits_total", code="200", job="api"}',
        '{__name__="hits_total", code="200", job="db"}',
        '{__name__="hits_total", code="500", job="api"}',
    ]
    assert promtool(web, "labels", "SERVER", "job").split() == ["api", "db"]


def ask(address: str, query: str, at: float) -> dict[str, str]:
    """Value by job and code."""
    words = urllib.parse.urlencode({"query": query, "time": at})
    with urllib.request.urlopen(f"{address}/api/v1/query?{words}", timeout=20) as answer:  # noqa: S310  loopback
        found: Any = json.load(answer)["data"]["result"]
    return {
        " ".join(one["metric"].get(name, "") for name in ("job", "code")).strip(): one["value"][1]
        for one in found
    }


def test_a_prometheus_reads_from_us(web: Served, now: int, tmp_path: Path) -> None:
    config = f"""
remote_read:
- url: {web.url}/api/v1/read
  read_recent: true
  authorization: {{credentials: {web.token}}}
"""
    with prometheus(tmp_path / "reader", config) as address:
        assert ask(address, "hits_total", now / 1000) == {
            "api 200": "40",
            "api 500": "80",
            "db 200": "120",
        }
        rates = ask(address, "sum by (job) (rate(hits_total[5m]))", now / 1000 - 1)
        status, ours = web.get(
            "/prometheus/api/v1/query",
            {"query": "sum by (job) (rate(hits_total[5m]))", "time": now / 1000 - 1},
        )
        assert status == 200
        for one in ours["data"]["result"]:
            assert float(one["value"][1]) == pytest.approx(
                float(rates[one["metric"]["job"]]), rel=1e-9
            )


def test_a_prometheus_federates_from_us(web: Served, now: int, tmp_path: Path) -> None:
    config = f"""
scrape_configs:
- job_name: federate
  scrape_interval: 1s
  scrape_timeout: 1s
  honor_labels: true
  metrics_path: /prometheus/federate
  params: {{'match[]': ['{{__name__="hits_total"}}']}}
  authorization: {{credentials: {web.token}}}
  static_configs: [{{targets: ['{web.address}']}}]
"""
    with prometheus(tmp_path / "federating", config) as address:
        eventually(lambda: len(ask(address, "hits_total", now / 1000 + 1)) == 3, 20)
        assert ask(address, "hits_total", now / 1000 + 1)["db 200"] == "120"


def test_a_prometheus_writes_to_us(web: Served, tmp_path: Path) -> None:
    """What it scrapes of itself, and what kind of metrics these are."""
    port = free_port()
    config = f"""
global: {{scrape_interval: 1s, scrape_timeout: 1s}}
scrape_configs:
- job_name: pushed
  static_configs: [{{targets: ['127.0.0.1:{port}']}}]
remote_write:
- url: {web.url}/api/v1/write
  authorization: {{credentials: {web.token}}}
  queue_config: {{batch_send_deadline: 500ms}}
  metadata_config: {{send_interval: 1s}}
"""

    def ours(query: str) -> list[Any]:
        status, body = web.get("/prometheus/api/v1/query", {"query": query})
        assert status == 200, body
        return list(body["data"]["result"])

    def kind(metric: str) -> str:
        _, body = web.get("/prometheus/api/v1/metadata", {"metric": metric})
        return "".join(one["type"] for one in body["data"].get(metric, ()))

    with prometheus(tmp_path / "writing", config, port):
        eventually(lambda: [one["value"][1] for one in ours('up{job="pushed"}')] == ["1"], 30)
        eventually(lambda: len(ours("rate(prometheus_tsdb_head_samples_appended_total[30s])")) >= 1)
        eventually(lambda: kind("prometheus_tsdb_head_series") == "gauge")
        assert float(ours("prometheus_build_info")[0]["value"][1]) == 1
