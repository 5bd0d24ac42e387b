"""Counts of edges as columns are the counts they were made of."""

from dataclasses import replace

from telemetry.contracts import DURATION_BOUNDS_MS, EdgeCount, EdgeKey, Reporter
from telemetry.totals import EdgeTotals

REVIEWS = EdgeKey(
    reporter=Reporter.SOURCE,
    source_namespace="shop",
    source_workload="web-v1",
    destination_service_namespace="shop",
    destination_service="reviews.shop.svc.cluster.local",
    destination_namespace="shop",
    destination_workload="reviews-v1",
    destination_version="v1",
    protocol="http",
    code="200",
    flags="-",
    security="mutual_tls",
)
PRICES = replace(REVIEWS, destination_workload="prices-v1")
QUICK = (3, *(0 for _ in DURATION_BOUNDS_MS))
ALL_FIELDS = EdgeCount(
    requests=3,
    duration_sum_ms=1.5,
    duration_buckets=QUICK,
    request_bytes=4,
    response_bytes=5,
    connections_opened=6,
    connections_closed=7,
    bytes_sent=8,
    bytes_received=9,
)


def test_what_goes_in_comes_out() -> None:
    pairs = ((REVIEWS, ALL_FIELDS), (PRICES, EdgeCount(requests=2)))
    assert tuple(EdgeTotals.of(pairs)) == pairs
    assert tuple(EdgeTotals.of(())) == ()


def test_counts_of_one_edge_become_one() -> None:
    twice = EdgeTotals.of([(REVIEWS, ALL_FIELDS), (PRICES, EdgeCount()), (REVIEWS, ALL_FIELDS)])
    both = EdgeTotals.of([(REVIEWS, ALL_FIELDS), (PRICES, EdgeCount())])
    assert tuple(twice) == tuple(both + EdgeTotals.of([(REVIEWS, ALL_FIELDS)]))
    assert dict(twice)[REVIEWS].duration_buckets[0] == 6
    assert (twice.requests.tolist(), twice.column("bytes_received").tolist()) == ([6, 0], [18, 0])
