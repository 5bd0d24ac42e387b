"""Durations as Go writes them: `1.5s`, `20ms`, `1h2m`."""

import re

_PART = re.compile(r"([0-9]+(?:\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h)")
_UNITS = {"ns": 1, "us": 1e3, "µs": 1e3, "μs": 1e3, "ms": 1e6, "s": 1e9, "m": 60e9, "h": 3600e9}
_MAX_NS = 2**63 - 1


def nanoseconds(text: str) -> int | None:
    """None for what is no duration, or a negative one; "0" has no unit."""
    if text == "0":
        return 0
    if not text or _PART.sub("", text):
        return None
    total = sum(float(number) * _UNITS[unit] for number, unit in _PART.findall(text))
    return round(total) if total <= _MAX_NS else None
