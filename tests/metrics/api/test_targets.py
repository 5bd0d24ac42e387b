"""What is scraped, told as Debian's real Prometheus tells it of the same targets and the same rules."""

import json
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.metrics.prometheus import BINARY, configured
from tests.metrics.served import Served, served
from tests.telemetry.exporter import Exporter, exporter
from tests.telemetry.stack import eventually, free_port

pytestmark = pytest.mark.skipif(not BINARY, reason="the Debian package prometheus is not installed")
PAGE = """\
# HELP jobs_total Jobs "done".
# TYPE jobs_total counter
jobs_total{kind="a",instance="mine"} 3
# TYPE depth gauge
depth 7
"""
CONFIG = """\
global: {{scrape_interval: 2s, scrape_timeout: 1s}}
scrape_configs:
- job_name: shop
  params: {{module: [x y, z]}}
  static_configs:
  - targets: ["{address}", "127.0.0.1:{nobody}"]
    labels: {{zone: a, empty: ""}}
  - targets: ["10.0.0.1:80"]
    labels: {{zone: b}}
  relabel_configs:
  - {{source_labels: [zone], regex: b, action: drop}}
  - {{source_labels: [__address__], regex: '(.*):(\\d+)', target_label: port, replacement: '${{2}}'}}
  - {{source_labels: [zone, job], target_label: shard, modulus: 1000, action: hashmod}}
  - {{source_labels: [job], target_label: team, action: uppercase}}
  - {{regex: __param_(.+), replacement: asked_$1, action: labelmap}}
- job_name: other
  metrics_path: /elsewhere
  file_sd_configs: [{{files: ["{files}/*.json"]}}]
"""


@pytest.fixture(scope="module")
def program() -> Iterator[Exporter]:
    with exporter(PAGE) as one:
        yield one


@pytest.fixture(scope="module")
def theirs(program: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    home = tmp_path_factory.mktemp("p")
    with configured(home / "prometheus", config(program, home)) as address:
        yield address


@pytest.fixture(scope="module")
def ours(theirs: str, program: Exporter, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:  # fmt: skip
    with served() as web:
        (web.home / "scrape.yaml").write_text(
            config(program, tmp_path_factory.getbasetemp() / "p0")
        )
        eventually(lambda: healths(web) == {"up": 2, "down": 1}, 240)
        yield web


_NOBODY = free_port()


def config(program: Exporter, files: Path) -> str:
    (files / "more.json").write_text(json.dumps([{"targets": [program.address]}]))
    return CONFIG.format(address=program.address, nobody=_NOBODY, files=files)


def healths(web: Served) -> dict[str, int]:
    found: dict[str, int] = {}
    try:
        status, answer = web.get("/prometheus/api/v1/targets")
    except OSError:  # its first answer takes its time
        return found
    assert status == 200, answer
    for one in answer["data"]["activeTargets"]:
        found[one["health"]] = found.get(one["health"], 0) + 1
    return found


def both(ours: Served, theirs: str, path: str, **words: str) -> tuple[Any, Any]:
    wanted = prometheus(theirs, f"{path}?{urllib.parse.urlencode(words)}")
    status, got = ours.get(f"/prometheus/api/v1/{path}", words)
    assert status == 200, got
    return got["data"], wanted["data"]


def comparable(data: dict[str, Any]) -> dict[str, Any]:
    """Without what differs from scrape to scrape, and our own pools."""
    active = [one for one in data["activeTargets"] if one["scrapePool"] in ("shop", "other")]
    for one in active:
        assert one.pop("lastScrape").startswith("20")
        assert one.pop("lastScrapeDuration") >= 0
    return {
        "activeTargets": sorted(active, key=lambda one: str(one["scrapeUrl"])),
        "droppedTargets": [one["discoveredLabels"] for one in data["droppedTargets"]],
    }


def test_targets_are_those_of_prometheus(ours: Served, theirs: str) -> None:
    eventually(lambda: _scraped(theirs), 60)
    got, wanted = both(ours, theirs, "targets")
    assert comparable(got) == comparable(wanted)
    assert got["droppedTargetCounts"] == {"kubernetes-pods": 0, "other": 0, "shop": 1}


def _scraped(theirs: str) -> bool:
    found = prometheus(theirs, "targets")["data"]["activeTargets"]
    return len(found) == 3 and all(one["health"] != "unknown" for one in found)


def prometheus(address: str, path: str) -> Any:
    with urllib.request.urlopen(f"{address}/api/v1/{path}", timeout=30) as answer:  # noqa: S310  loopback
        return json.load(answer)


@pytest.mark.parametrize("state", ["active", "dropped", "any", "nonsense"])
def test_targets_are_filtered_by_state(ours: Served, theirs: str, state: str) -> None:
    eventually(lambda: _scraped(theirs), 60)
    got, wanted = both(ours, theirs, "targets", state=state)
    assert comparable(got) == comparable(wanted)


def test_targets_are_filtered_by_pool(ours: Served, theirs: str) -> None:
    got = ours.get("/prometheus/api/v1/targets", {"scrapePool": "other"})[1]["data"]
    assert [one["scrapePool"] for one in got["activeTargets"]] == ["other"]
    assert got["droppedTargets"] == []


def test_pools_are_told(ours: Served, theirs: str) -> None:
    got, wanted = both(ours, theirs, "scrape_pools")
    assert sorted(wanted["scrapePools"]) == ["other", "shop"]
    assert got == {"scrapePools": ["kubernetes-pods", "other", "shop"]}


@pytest.mark.parametrize(
    "words",
    [
        {},
        {"metric": "depth"},
        {"metric": "nothing"},
        {"match_target": '{job="shop"}'},
        {"match_target": '{job=~"oth.*"}', "metric": "jobs_total"},
        {"match_target": '{job="shop"}', "limit": "1", "metric": "depth"},
    ],
)
def test_metadata_of_targets(ours: Served, theirs: str, words: dict[str, str]) -> None:
    got, wanted = both(ours, theirs, "targets/metadata", **words)
    assert ordered(got) == ordered([{**one, "type": one["type"]} for one in wanted])


def ordered(rows: list[dict[str, Any]]) -> list[str]:
    return sorted(json.dumps(one, sort_keys=True) for one in rows)


@pytest.mark.parametrize(
    ("words", "status", "kind"),
    [
        ({"limit": "many"}, 400, "bad_data"),
        ({"match_target": "{"}, 400, "bad_data"),
    ],
)
def test_metadata_that_cannot_be_told(
    ours: Served, theirs: str, words: dict[str, str], status: int, kind: str
) -> None:
    code, answer = ours.get("/prometheus/api/v1/targets/metadata", words)
    assert (code, answer["errorType"]) == (status, kind)
    with pytest.raises(urllib.error.HTTPError) as refusal:
        prometheus(theirs, f"targets/metadata?{urllib.parse.urlencode(words)}")
    with refusal.value as error:
        assert (error.code, json.load(error)["errorType"]) == (status, kind)


QUERIES = (
    "up", "jobs_total", "depth", "scrape_samples_scraped", "scrape_samples_post_metric_relabeling",
    "count({job='shop'}) by (__name__)", "scrape_series_added >= 0",
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES)
def test_what_was_scraped_is_what_prometheus_scraped(ours: Served, theirs: str, query: str) -> None:
    def values(data: Any) -> dict[str, str]:
        return {
            json.dumps(one["metric"], sort_keys=True): one["value"][1] for one in data["result"]
        }

    def same() -> bool:
        got, wanted = both(ours, theirs, "query", query=query)
        return values(got) == values(wanted) != {}

    eventually(same, 60)


def test_the_configuration_is_shown(ours: Served, theirs: str) -> None:
    shown = ours.get("/prometheus/api/v1/status/config")[1]["data"]["yaml"]
    assert "job_name: shop" in shown
    assert "job_name: kubernetes-pods" in shown
