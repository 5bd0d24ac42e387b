"""A real collector scrapes real programs into a real store."""

import struct
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

from telemetry.contracts import ScrapeTarget
from telemetry.scrape.told import metadata, scraping
from telemetry.store.client import Store
from tests.telemetry.exporter import OPEN_METRICS, Exporter, exporter
from tests.telemetry.stack import Stack, eventually

STALE = 0x7FF0000000000002


def configure(stack: Stack, *jobs: dict[str, Any]) -> None:
    usual = {"scrape_interval": "1s", "scrape_timeout": "900ms"}
    document = {"global": usual, "scrape_configs": list(jobs)}
    fresh = stack.home / "scrape.yaml.new"
    fresh.write_text(yaml.safe_dump(document))
    fresh.rename(stack.home / "scrape.yaml")


def job(name: str, *programs: Exporter, **words: Any) -> dict[str, Any]:
    addresses = [one.address for one in programs]
    return {"job_name": name, "static_configs": [{"targets": addresses}], **words}


def target_of(stack: Stack, pool: str) -> ScrapeTarget:
    broker = stack.broker()
    try:
        (found,) = (one for one in scraping(broker).targets if one.pool == pool)
        return found
    finally:
        broker.close()


def health_of(stack: Stack, pool: str) -> str:
    broker = stack.broker()
    try:
        return next((one.health for one in scraping(broker).targets if one.pool == pool), "")
    finally:
        broker.close()


def samples(store: Store, name: str, **labels: str) -> list[tuple[float, int]]:
    """(Unix seconds, the value's bits), of all series that match."""
    rows = store.query(
        "SELECT toFloat64(t), reinterpretAsUInt64(v), labels FROM {database}.samples INNER JOIN"
        " (SELECT id, any(labels) AS labels FROM {database}.series WHERE name = {name:String}"
        " GROUP BY id) AS named USING id ORDER BY t",
        name=name,
    )
    return [(float(t), int(bits)) for t, bits, found in rows if labels.items() <= found.items()]


def bits(value: float) -> int:
    return int(struct.unpack("<Q", struct.pack("<d", value))[0])


def test_a_page_is_in_the_store_with_its_reports_and_a_series_that_leaves_it_ends(
    running: Stack, kept: Store
) -> None:
    with exporter('# HELP jobs_total Jobs.\n# TYPE jobs_total counter\njobs_total{kind="a"} 1\njobs_total{kind="b"} 2\n') as program:  # fmt: skip
        configure(running, job("first", program))
        eventually(lambda: health_of(running, "first") == "up", 40)
        eventually(lambda: samples(kept, "jobs_total", kind="b") != [], 20)
        program.says('jobs_total{kind="a"} 5\n')
        eventually(lambda: samples(kept, "jobs_total", kind="b")[-1][1] == STALE, 20)
        found = target_of(running, "first")
        assert (found.url, found.error, found.interval, found.labels) == (
            f"http://{program.address}/metrics",
            "",
            "1s",
            {"instance": program.address, "job": "first"},
        )
        assert samples(kept, "up", job="first")[0][1] == bits(1)
        eventually(lambda: bits(5) in [one for _, one in samples(kept, "jobs_total", kind="a")], 20)
        scraped = samples(kept, "scrape_samples_scraped", job="first")
        assert {one for _, one in scraped} == {bits(2), bits(1)}
        times = [t for t, _ in samples(kept, "up", job="first")]
        assert {round((b - a) % 1.0, 1) % 1.0 for a, b in pairwise(times)} <= {0.0, 0.1, 0.9}, times
    eventually(lambda: health_of(running, "first") == "down", 20)
    assert target_of(running, "first").error.endswith("connect: connection refused")
    eventually(lambda: samples(kept, "jobs_total", kind="a")[-1][1] == STALE, 20)
    assert samples(kept, "up", job="first")[-1][1] == bits(0)
    configure(running)
    eventually(lambda: samples(kept, "up", job="first")[-1][1] == STALE, 20)
    assert health_of(running, "first") == ""


def test_openmetrics_brings_types_units_and_exemplars(running: Stack, kept: Store) -> None:
    page = (
        '# TYPE calls counter\n# UNIT calls seconds\n# HELP calls How \\"long\\".\n'
        f'calls_total 7 # {{trace_id="{"ab" * 16}"}} 0.5 {time.time():.3f}\ncalls_created 1\n# EOF\n'
    )
    with exporter() as program:
        program.says(page, headers={"Content-Type": OPEN_METRICS})
        configure(running, job("second", program))
        eventually(lambda: health_of(running, "second") == "up", 40)
        eventually(lambda: samples(kept, "calls_total", job="second") != [], 20)
        time.sleep(2.5)
        rows = kept.query(
            "SELECT v, labels FROM {database}.exemplars WHERE id IN"
            " (SELECT id FROM {database}.series WHERE name = 'calls_total')"
        )
        assert rows == [(0.5, {"trace_id": "ab" * 16})]  # once, though it was on each page
        broker = running.broker()
        digest = target_of(running, "second").metadata
        assert metadata(broker, {digest}) == {
            digest: {"calls": ("counter", 'How "long".', "seconds")}
        }
        broker.close()
        known = kept.query(
            "SELECT type, unit, help FROM {database}.metric_metadata FINAL WHERE name = 'calls'"
        )
        assert known == [("counter", "seconds", 'How "long".')]


def test_a_successor_goes_on_at_once_in_the_same_rhythm(running: Stack, kept: Store) -> None:
    with exporter("steady 1\n") as program:
        configure(running, job("third", program))
        eventually(lambda: len(samples(kept, "steady")) >= 3, 40)
        running.kill("collector")
        running.start_collector()
        before = len(samples(kept, "steady"))
        eventually(lambda: len(samples(kept, "steady")) >= before + 3, 40)
        slots = [t % 1.0 for t, _ in samples(kept, "steady")]
        assert max(slots) - min(slots) < 0.2, slots


def test_a_slow_program_holds_up_no_other(running: Stack, kept: Store) -> None:
    with exporter("fast 1\n") as fast, exporter("slow 1\n") as slow:
        slow.says("slow 1\n", after=5.0)
        configure(running, job("fast", fast), job("slow", slow))
        eventually(lambda: health_of(running, "slow") == "down", 40)
        assert target_of(running, "slow").error.endswith("context deadline exceeded")
        eventually(lambda: len(samples(kept, "up", job="fast")) >= 4)
        assert {one for _, one in samples(kept, "up", job="fast")} == {bits(1)}
        assert samples(kept, "slow") == []


def test_two_collectors_scrape_each_target_once(running: Stack, tmp_path: Path) -> None:
    other = Stack(running.home, store_port=running.store_port)
    with exporter("shared 1\n") as one, exporter("shared 1\n") as two, exporter("shared 1\n") as three:  # fmt: skip
        programs = (one, two, three)
        configure(running, job("shared", *programs))
        eventually(lambda: all(program.asked for program in programs), 40)
        other.start_collector()
        try:
            time.sleep(5)
            begin = time.time()
            time.sleep(5)
            counts = [sum(a.at > begin for a in program.asked) for program in programs]
            assert all(4 <= count <= 6 for count in counts), counts
            assert len(_members(running)) == 2
        finally:
            other.kill("collector")
    eventually(lambda: len(_members(running)) == 1, 40)


def _members(stack: Stack) -> list[str]:
    broker = stack.broker()
    try:
        found: Any = broker.zrange("meshweb:scrapers", 0, -1)
        return [name.decode() for name in found]
    finally:
        broker.close()
