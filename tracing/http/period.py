"""The time that a request asks about."""

import re
import time

LOOKBACK = r"^[0-9]{1,6}[smhd]$"
_PARTS = re.compile(r"([0-9]{1,6})(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}
_WEEK_SECONDS = 7 * 86_400
_AHEAD_NS = 60 * 10**9
"""Other hosts' clocks may be ahead of ours."""


def period(lookback: str, end: float) -> tuple[int, int]:
    """(start, end) in Unix nanoseconds; `end` in Unix seconds, 0 for now.

    At most a week: longer than that no trace is kept.
    """
    until = round(end * 1e9) if end else time.time_ns()
    found = _PARTS.fullmatch(lookback)
    seconds = int(found[1]) * _UNITS[found[2]] if found else 900
    return until - min(seconds, _WEEK_SECONDS) * 10**9, until if end else until + _AHEAD_NS
