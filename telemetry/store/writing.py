"""Samples made here rather than received: the results of rules."""

from collections.abc import Iterable, Mapping

import orjson

from telemetry.ingest.rows import SAMPLE_COLUMNS, SERIES_COLUMNS, pack_sample
from telemetry.ingest.series import ANNOUNCE_SECONDS, id_of_labels
from telemetry.store.client import Store

REMEMBERED = 200_000
_NAME = "__name__"
Row = tuple[Mapping[str, str], int, float]
"""Labels with the name, milliseconds, the value."""


class SampleWriter:
    """Thread-safe: what two threads both announce is announced twice."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._announced: dict[int, int] = {}

    def write(self, rows: Iterable[Row], *, token: str) -> None:
        """When it returns they are durable; the same token is written once.

        Raises StoreAway and StoreError."""
        samples, new = bytearray(), {}
        for labels, time_ms, value in rows:
            others = {name: text for name, text in labels.items() if name != _NAME}
            number = id_of_labels(labels[_NAME], others)
            samples += pack_sample(number, time_ms, value)
            if time_ms // 1000 - self._announced.get(number, 0) >= ANNOUNCE_SECONDS:
                new[number] = time_ms // 1000, labels[_NAME], others
        if not samples:
            return
        lines = b"\n".join(
            orjson.dumps((number, name, others, seen))
            for number, (seen, name, others) in new.items()
        )
        self._store.insert_encoded("series", SERIES_COLUMNS, lines, token=f"{token}-series")
        self._store.insert_encoded(
            "samples", SAMPLE_COLUMNS, bytes(samples), token=token, form="RowBinary"
        )
        if len(self._announced) > REMEMBERED:
            self._announced.clear()
        self._announced.update({number: seen for number, (seen, _, _) in new.items()})
