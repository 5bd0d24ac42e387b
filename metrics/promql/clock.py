"""Date functions: parts of a Unix time, in UTC."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from metrics.promql.series import Floats

_Days = npt.NDArray[np.datetime64]
_LATEST = 9e15
"""Seconds beyond which a date means nothing."""


def _part(read: Callable[[npt.NDArray[np.int64]], Floats]) -> Callable[[Floats], Floats]:
    """NaN where the time is none."""

    def function(seconds: Floats) -> Floats:
        sane = np.isfinite(seconds) & (np.abs(seconds) < _LATEST)
        whole = np.trunc(np.where(sane, seconds, 0)).astype(np.int64)
        return np.where(sane, read(whole), np.nan)

    return function


def _days(seconds: npt.NDArray[np.int64]) -> _Days:
    return seconds.astype("datetime64[s]").astype("datetime64[D]")


def _months(seconds: npt.NDArray[np.int64]) -> _Days:
    return _days(seconds).astype("datetime64[M]")


def _number(days: npt.NDArray[np.generic]) -> Floats:
    return days.astype(np.int64).astype(np.float64)


def _day_of_month(seconds: npt.NDArray[np.int64]) -> Floats:
    return _number(_days(seconds) - _months(seconds).astype("datetime64[D]")) + 1


def _day_of_year(seconds: npt.NDArray[np.int64]) -> Floats:
    year = _days(seconds).astype("datetime64[Y]").astype("datetime64[D]")
    return _number(_days(seconds) - year) + 1


def _days_in_month(seconds: npt.NDArray[np.int64]) -> Floats:
    month = _months(seconds)
    return _number(
        (month + np.timedelta64(1, "M")).astype("datetime64[D]") - month.astype("datetime64[D]")
    )


FUNCTIONS: Mapping[str, Callable[[Floats], Floats]] = {
    "minute": _part(lambda seconds: _number(seconds // 60 % 60)),
    "hour": _part(lambda seconds: _number(seconds // 3600 % 24)),
    "day_of_week": _part(lambda seconds: _number((seconds // 86400 + 4) % 7)),
    "day_of_month": _part(_day_of_month),
    "day_of_year": _part(_day_of_year),
    "days_in_month": _part(_days_in_month),
    "month": _part(lambda seconds: _number(_months(seconds)) % 12 + 1),
    "year": _part(lambda seconds: _number(_days(seconds).astype("datetime64[Y]")) + 1970),
}
