"""Metrics on their way to the store, whoever brought them: remote write, or a page that was scraped."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

MAX_NAME_BYTES = 1024
MAX_VALUE_BYTES = 4096
AHEAD_MS = 600_000
"""Samples may be that much of the future."""
ANNOUNCE_MS = 3_600_000
REASONS = 5
"""That an answer names."""
NAME = "__name__"


@dataclass(slots=True)
class Written:
    """Rows of `series`, `exemplars` and `metric_metadata` as lines of JSON, rows of `samples` in
    RowBinary. `refused` counts by reason what was left out."""

    samples: bytes = b""
    series: bytes = b""
    exemplars: bytes = b""
    metadata: bytes = b""
    counted: int = 0
    exemplars_counted: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    wait_seconds: int = 0
    """Above 0: nothing of it was taken, and it may be sent again after so long."""
    announced: list[tuple[int, int]] = field(default_factory=list)
    """(key, until when): to be remembered once the rows are stored."""

    @property
    def size(self) -> int:
        """Bytes of all rows."""
        return len(self.samples) + len(self.series) + len(self.exemplars) + len(self.metadata)

    def refuse(self, reason: str, count: int) -> None:
        self.refused[reason] = self.refused.get(reason, 0) + count

    def why(self) -> str:
        told = list(self.refused.items())[:REASONS]
        return "; ".join(f"{count} refused: {reason}" for reason, count in told)


def announcement(number: int, labels: Mapping[str, str], seconds: int) -> bytes:
    """A row of `series`. `labels` with the name."""
    others = {name: text for name, text in labels.items() if text and name != NAME}
    return orjson.dumps((number, labels[NAME], others, seconds))


def metadata_row(name: str, kind: str, unit: str, text: str, seconds: int) -> bytes:
    return orjson.dumps((name[:MAX_NAME_BYTES], kind, unit[:64], text[:1024], seconds))
