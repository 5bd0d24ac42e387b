"""Edges counted out of the store: over any window, whatever proxies did in between."""

import secrets
from dataclasses import dataclass, replace

import pytest

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey
from telemetry.ingest.edge_rows import (
    EDGE_COLUMNS,
    EDGE_SAMPLE_COLUMNS,
    EdgeCounts,
    edge_lines,
    edge_samples,
)
from telemetry.ingest.istio import Counted
from telemetry.store.classified import requests_by
from telemetry.store.client import Store
from telemetry.store.edges import EdgeNames, edge_totals
from telemetry.store.writing import SampleWriter
from tests.telemetry.payments import PAYMENTS, PAYMENTS_LABELS

BEGIN = 1_900_000_000.0
REVIEWS = replace(PAYMENTS, destination_service="reviews.shop.svc.cluster.local")
TCP = replace(PAYMENTS, protocol="tcp", code="")
LABELS = {
    **PAYMENTS_LABELS,
    "request_protocol": "http",
    "response_code": "200",
    "response_flags": "-",
}


@dataclass
class Values:
    values: tuple[float, ...]


@pytest.fixture(autouse=True)
def emptied(store: Store) -> None:
    for table in ("edges", "edge_samples", "series", "samples"):
        store.execute(f"TRUNCATE TABLE {{database}}.{table}")


def tell(
    store: Store, second: float, requests: int, key: EdgeKey = PAYMENTS, *, proxy: int = 1
) -> None:
    """A proxy has counted so many requests of 7 ms, or bytes, since it began."""
    counts = EdgeCounts(hash((proxy, key)) % 2**64, f"uid-{proxy}", key)
    if key.protocol == "tcp":
        counts.series[Counted.BYTES_SENT] = Values((requests,))
    else:
        buckets = [0.0] * (len(DURATION_BOUNDS_MS) + 1)
        buckets[3] = requests
        counts.series = {
            Counted.REQUESTS: Values((requests,)),
            Counted.DURATION: Values((requests, 7.0 * requests, *buckets)),
            Counted.REQUEST_BYTES: Values((requests, 10.0 * requests)),
        }
    token = secrets.token_hex(8)
    lines = edge_lines([counts], int(BEGIN + second))
    store.insert_encoded("edges", EDGE_COLUMNS, lines, token=f"{token}-edges")
    rows = edge_samples([counts], BEGIN + second)
    store.insert_encoded("edge_samples", EDGE_SAMPLE_COLUMNS, rows, token=token, form="RowBinary")


def requests(store: Store, start: float, end: float) -> dict[EdgeKey, int]:
    totals = edge_totals(store, BEGIN + start, BEGIN + end, EdgeNames())
    return {key: count.requests or count.bytes_sent for key, count in totals}


def test_a_window_counts_what_was_added_within_it(store: Store) -> None:
    for second, number in ((0, 100), (30, 130), (60, 200), (90, 230), (120, 300)):
        tell(store, second, number)
        tell(store, second, 10 * number, REVIEWS, proxy=2)
        tell(store, second, 7 * number, TCP, proxy=3)
    assert requests(store, 30, 90) == {PAYMENTS: 100, REVIEWS: 1000, TCP: 700}
    totals = dict(edge_totals(store, BEGIN + 30, BEGIN + 90, EdgeNames()))
    assert totals[PAYMENTS] == EdgeCount(
        requests=100,
        duration_sum_ms=700.0,
        duration_buckets=tuple(100 * (i == 3) for i in range(len(DURATION_BOUNDS_MS) + 1)),
        request_bytes=1000,
    )


def test_proxies_of_one_workload_are_added_up(store: Store) -> None:
    for proxy in (1, 2, 3):
        tell(store, 0, 5, proxy=proxy)
        tell(store, 30, 7, proxy=proxy)
    assert requests(store, 0, 60) == {PAYMENTS: 6}


def test_a_proxy_that_began_in_the_window_counts_from_zero(store: Store) -> None:
    tell(store, 0, 1, REVIEWS, proxy=2)
    tell(store, 70, 5)
    tell(store, 75, 8)
    assert requests(store, 60, 90) == {PAYMENTS: 8}


def test_what_a_proxy_counted_before_it_began_anew_is_not_lost(store: Store) -> None:
    for second, number in ((0, 100), (30, 110), (35, 4), (40, 120), (60, 125)):
        tell(store, second, number)
        tell(store, second, second + 1, REVIEWS, proxy=2)
    assert requests(store, 0, 60) == {PAYMENTS: 10 + 125, REVIEWS: 60}


def test_a_proxy_that_was_away_goes_on_from_where_it_was(store: Store) -> None:
    tell(store, 0, 100)
    tell(store, 2000, 130)
    tell(store, 2000, 9, REVIEWS, proxy=2)
    assert requests(store, 1980, 2010) == {PAYMENTS: 30, REVIEWS: 9}


def test_edges_without_traffic_are_not_there(store: Store) -> None:
    tell(store, 0, 100)
    tell(store, 30, 100)
    assert requests(store, 0, 60) == {}
    resting = edge_totals(store, BEGIN, BEGIN + 60, EdgeNames(), idle=True)
    assert tuple(resting) == ((PAYMENTS, EdgeCount()),)


def test_names_are_read_once(store: Store) -> None:
    names = EdgeNames()
    tell(store, 0, 1)
    tell(store, 30, 2)
    first = tuple(edge_totals(store, BEGIN, BEGIN + 60, names))
    store.execute("TRUNCATE TABLE {database}.edges")
    assert tuple(edge_totals(store, BEGIN, BEGIN + 60, names)) == first


def sampled(store: Store, instance: str, second: float, number: int, **more: str) -> None:
    """As Prometheus writes it, and as earlier versions kept it."""
    labels = {**LABELS, "instance": instance, **more}
    at = round(1000 * (BEGIN + second))
    bucket = {"__name__": "istio_request_duration_milliseconds_bucket", **labels}
    SampleWriter(store).write(
        [
            ({"__name__": "istio_requests_total", **labels}, at, number),
            ({**bucket, "le": "5"}, at, 0),
            ({**bucket, "le": "10"}, at, number),
            ({**bucket, "le": "+Inf"}, at, number),
        ],
        token=secrets.token_hex(8),
    )


def test_what_prometheus_wrote_is_counted_beside_what_proxies_sent(store: Store) -> None:
    for second in (0, 30, 60):
        tell(store, second, second)
        sampled(store, "elsewhere", second, 2 * second)
        sampled(store, "uid-1", second, second)  # the proxy's own, which are counted already
    assert requests(store, 0, 60) == {PAYMENTS: 180}


def test_a_time_before_the_table_of_edges_is_counted_from_samples(store: Store) -> None:
    for second, number in ((0, 100), (300, 160), (600, 200)):
        sampled(store, "uid-1", second, number)
    for second, number in ((600, 200), (630, 215)):
        tell(store, second, number)
    sampled(store, "uid-1", 630, 215)
    totals = dict(edge_totals(store, BEGIN, BEGIN + 630, EdgeNames()))
    assert totals[PAYMENTS].requests == 115
    assert totals[PAYMENTS].duration_buckets[3] == 115
    assert requests(store, 600, 630) == {PAYMENTS: 15}


def test_requests_are_counted_by_a_label_that_classifies_them(store: Store) -> None:
    assert requests_by(store, BEGIN, BEGIN + 60, "request_operation") == ()
    for second in (0, 30, 60):
        sampled(store, "uid-1", second, second, request_operation="List")
        sampled(store, "uid-2", second, 2 * second, request_operation="List")
        sampled(store, "uid-1", second, 3 * second, request_operation="Rate")
        sampled(store, "uid-1", second, 9 * second, request_operation="unknown")
        sampled(store, "uid-3", second, 9 * second)
    found = requests_by(store, BEGIN, BEGIN + 60, "request_operation")
    assert {name: tuple(totals) for name, totals in found} == {
        "List": ((PAYMENTS, EdgeCount(requests=180)),),
        "Rate": ((PAYMENTS, EdgeCount(requests=180)),),
    }
    assert requests_by(store, BEGIN, BEGIN + 60, "tier") == ()
