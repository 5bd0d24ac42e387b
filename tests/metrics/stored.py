"""Samples in a real store, put there as the collector puts them."""

from collections.abc import Mapping, Sequence

import numpy as np

from metrics.promql.labels import NAME, Labels
from metrics.promql.labels import get as label
from metrics.store.binary import SAMPLE
from telemetry.ingest.rows import SAMPLE_COLUMNS, SERIES_COLUMNS
from telemetry.ingest.series import series_id
from telemetry.store.client import Store

Sample = tuple[int, float]


def put(store: Store, series: Mapping[Labels, Sequence[Sample]], token: str) -> None:
    """(milliseconds, value)"""
    named, parts = [], []
    for labels, samples in series.items():
        others = {key: value for key, value in labels if key != NAME}
        text = "\0".join(f"{key}={value}" for key, value in sorted(others.items()))
        number = series_id(label(labels, NAME), text)
        named.append((number, label(labels, NAME), others, samples[-1][0] // 1000))
        part = np.empty(len(samples), SAMPLE)
        part["id"] = number
        part["t"] = [time for time, _ in samples]
        part["v"] = [value for _, value in samples]
        parts.append(part)
    store.insert("series", SERIES_COLUMNS, named, token=f"series-{token}")
    rows = np.concatenate(parts).tobytes()
    store.insert_encoded("samples", SAMPLE_COLUMNS, rows, token=token, form="RowBinary")
