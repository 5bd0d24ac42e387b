"""Quantiles of histograms."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.contracts import DURATION_BOUNDS_MS
from tests.topology.graph.traffic_values import buckets
from topology.graph.quantiles import quantiles


def prometheus(quantile: float, counts: list[int]) -> float:
    """`histogram_quantile`, transcribed from its documentation."""
    total = sum(counts)
    if not total:
        return math.nan
    rank, seen = quantile * total, 0
    for i, number in enumerate(counts):
        seen += number
        if seen >= rank:
            if i == len(DURATION_BOUNDS_MS):
                return DURATION_BOUNDS_MS[-1]
            start = DURATION_BOUNDS_MS[i - 1] if i else 0.0
            return start + (DURATION_BOUNDS_MS[i] - start) * (rank - (seen - number)) / number
    raise AssertionError


@given(
    st.lists(st.lists(st.integers(0, 50), min_size=20, max_size=20), min_size=1, max_size=5),
    st.sampled_from([0.5, 0.9, 0.95, 0.99]),
)
def test_quantiles_are_prometheus_quantiles(rows: list[list[int]], quantile: float) -> None:
    (found,) = quantiles(np.array(rows), (quantile,))
    assert found.tolist() == pytest.approx([prometheus(quantile, row) for row in rows], nan_ok=True)


def test_quantiles_interpolate_within_the_bucket() -> None:
    rows = np.array([buckets(le10=5, le25=5), buckets(le10=100), buckets(inf=1), buckets()])
    median, most = quantiles(rows, (0.5, 0.9))
    assert median.tolist()[:3] == [10.0, 7.5, 3_600_000.0]
    assert most.tolist()[:2] == [22.0, 9.5]
    assert math.isnan(median[3])
