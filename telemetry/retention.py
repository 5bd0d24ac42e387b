"""How long each signal is kept: a setting of its own, which reaches tables that exist at the next start."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

DAY = 86_400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": DAY, "w": 7 * DAY, "y": 365 * DAY}
_TEXT = re.compile(r"(\d{1,6})([smhdwy])")
_WHOLE_DAYS_FROM = 2 * DAY
"""Kept for less, a day's part would outlive its rows by too much: rows are then taken out of parts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """Seconds that spans, metrics and logs are kept. Edges are counted from metrics and spans."""

    spans: int = 7 * DAY
    metrics: int = 15 * DAY
    logs: int = 3 * DAY


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A text that is no time; `message` names the signal and says what would be one."""

    message: str


@dataclass(frozen=True, slots=True)
class Kept:
    """A table's rows leave `signal`'s time after what `since` (an expression of seconds) says.

    `longer` seconds are added: what names other rows outlives them. A table `by_day` has parts
    of one day each.
    """

    table: str
    signal: str
    since: str
    longer: int = 0
    by_day: bool = True

    def seconds(self, retention: Retention) -> int:
        return int(getattr(retention, self.signal)) + self.longer

    def ttl(self, retention: Retention) -> str:
        """As ClickHouse writes it in a table's definition."""
        seconds = self.seconds(retention)
        whole = seconds % DAY == 0
        step = f"toIntervalDay({seconds // DAY})" if whole else f"toIntervalSecond({seconds})"
        return f"{self.since} + {step}"

    def settings(self, retention: Retention) -> dict[str, int]:
        """Whole parts are dropped where days are kept; else rows leave. Seconds between looks."""
        seconds = self.seconds(retention)
        return {
            "ttl_only_drop_parts": int(self.by_day and seconds >= _WHOLE_DAYS_FROM),
            "merge_with_ttl_timeout": min(4 * 3600, max(1, seconds // 12)),
        }


TABLES = (
    Kept("otel_traces", "spans", "toDateTime(Timestamp)"),
    Kept("trace_times", "spans", "toDateTime(Start)"),
    Kept("span_services", "spans", "Day", longer=DAY, by_day=False),
    Kept("exemplars", "spans", "toDateTime(t)"),  # as long as the traces they name
    Kept("access_logs", "logs", "toDateTime(Timestamp)"),
    Kept("samples", "metrics", "toDateTime(t)"),
    Kept("edge_samples", "metrics", "toDateTime(t)"),
    Kept("series", "metrics", "last_seen", longer=DAY, by_day=False),  # longer than its samples
    Kept("edges", "metrics", "last_seen", longer=DAY, by_day=False),
    Kept("metric_metadata", "metrics", "last_seen", longer=DAY, by_day=False),
)


def read_retention(texts: Mapping[str, str]) -> Retention | Unreadable:
    """Of "7d" or "36h" by signal; what is absent or empty is kept as long as by default."""
    found = {}
    for signal, text in texts.items():
        if not text:
            continue
        matched = _TEXT.fullmatch(text.strip())
        seconds = int(matched[1]) * _UNITS[matched[2]] if matched else 0
        if not 0 < seconds <= 100 * _UNITS["y"]:
            return Unreadable(
                f"MESHWEB_KEEP_{signal.upper()} is {text!r}: give a number and a unit,"
                " such as 36h, 7d or 2w"
            )
        found[signal] = seconds
    return Retention(**found)
