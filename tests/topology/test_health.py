"""Verdicts by Kiali's default rules."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from topology.contracts import Health
from topology.health import (
    Outcomes,
    error_ratios,
    outcome_of,
    replica_health,
    traffic_health,
    traffic_healths,
    workload_health,
    worst,
)

IDLE, HEALTHY, DEGRADED, FAILING = Health


@pytest.mark.parametrize(
    ("outcomes", "verdict"),
    [
        (Outcomes(), IDLE),
        (Outcomes(http=100), HEALTHY),
        (Outcomes(grpc=100), HEALTHY),
        (Outcomes(http=1000, server_errors=1), DEGRADED),
        (Outcomes(http=1000, server_errors=99), DEGRADED),
        (Outcomes(http=1000, server_errors=100), FAILING),
        (Outcomes(http=1000, client_errors=99), HEALTHY),
        (Outcomes(http=1000, client_errors=100), DEGRADED),
        (Outcomes(http=1000, client_errors=200), FAILING),
        (Outcomes(http=1000, no_response=1), DEGRADED),
        (Outcomes(http=1000, no_response=100), FAILING),
        (Outcomes(grpc=1000, grpc_errors=1), DEGRADED),
        (Outcomes(grpc=1000, grpc_errors=100), FAILING),
        (Outcomes(http=100_000, grpc=10, grpc_errors=1), FAILING),
    ],
)
def test_traffic_is_judged_by_the_worst_of_its_failures(
    outcomes: Outcomes, verdict: Health
) -> None:
    assert traffic_health(outcomes) is verdict


@pytest.mark.parametrize(
    ("protocol", "code", "flags", "outcome"),
    [
        ("http", "200", "-", Outcomes(http=1)),
        ("http", "404", "NR", Outcomes(http=1, client_errors=1)),
        ("http", "503", "UH", Outcomes(http=1, server_errors=1)),
        ("http", "0", "DC", Outcomes(http=1, no_response=1)),
        ("http", "", "-", Outcomes(http=1, no_response=1)),
        ("grpc", "0", "-", Outcomes(grpc=1)),
        ("grpc", "200", "-", Outcomes(grpc=1)),
        ("grpc", "14", "-", Outcomes(grpc=1, grpc_errors=1)),
        ("grpc", "0", "UF", Outcomes(grpc=1, grpc_errors=1)),
        ("grpc", "503", "UF", Outcomes(grpc=1, grpc_errors=1)),
        ("grpc", "unknown", "-", Outcomes(grpc=1, grpc_errors=1)),
    ],
)
def test_a_request_ends_in_one_way(protocol: str, code: str, flags: str, outcome: Outcomes) -> None:
    assert outcome_of(protocol, code, flags) == outcome


@pytest.mark.parametrize(
    ("ready", "desired", "verdict"),
    [(0, 0, IDLE), (1, 0, IDLE), (0, 2, FAILING), (1, 2, DEGRADED), (2, 2, HEALTHY), (3, 2, HEALTHY)],
)  # fmt: skip
def test_replicas_are_judged_by_how_many_are_ready(
    ready: int, desired: int, verdict: Health
) -> None:
    assert replica_health(ready, desired) is verdict


def test_a_workload_without_traffic_is_idle_until_pods_are_missing() -> None:
    assert workload_health(IDLE, HEALTHY) is IDLE
    assert workload_health(IDLE, FAILING) is FAILING
    assert workload_health(HEALTHY, DEGRADED) is DEGRADED
    assert workload_health(FAILING, DEGRADED) is FAILING
    assert workload_health(HEALTHY, IDLE) is HEALTHY


def test_the_worst_verdict_wins() -> None:
    assert worst(IDLE, FAILING, HEALTHY) is FAILING
    assert worst(IDLE, HEALTHY) is HEALTHY


def test_errors_are_what_the_service_failed() -> None:
    some = Outcomes(http=8, client_errors=2, server_errors=1, no_response=1, grpc=2, grpc_errors=1)
    assert some.error_ratio == 0.3
    assert Outcomes().error_ratio == 0.0


def outcomes(good: int, client: int, server: int, none: int, grpc: int, bad: int) -> Outcomes:
    http = good + client + server + none
    return Outcomes(*map(float, (http, client, server, none, grpc + bad, bad)))


counts = st.sampled_from([0, 0, 1, 9, 10, 81, 90])


@given(st.lists(st.builds(outcomes, *[counts] * 6), min_size=1, max_size=20))
def test_many_are_judged_as_each_is(rows: list[Outcomes]) -> None:
    table = np.array(rows)
    assert traffic_healths(table) == [traffic_health(row) for row in rows]
    assert error_ratios(table).tolist() == [row.error_ratio for row in rows]
