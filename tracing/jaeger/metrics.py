"""Service performance in the shape of Jaeger's monitoring API (`/api/metrics/...`)."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import groupby
from typing import Any

from tracing.jaeger.search import BadParameter, Parameters
from tracing.performance import MAX_COPIES, MAX_STEPS, Performance, PerformancePoint

Json = dict[str, Any]

MS = 1_000_000
_KINDS = ("internal", "server", "client", "producer", "consumer", "unspecified")
_HOUR_MS = 3_600_000
_DEFAULT_STEP_MS = 5_000
_DEFAULT_WINDOW_MS = 600_000
_MAX_MS = 10**14


@dataclass(frozen=True, slots=True)
class Family:
    """One of Jaeger's metrics: what it is called, and what of a point it shows."""

    name: str

    help: str
    value: Callable[[PerformancePoint], float]


LATENCIES = Family("latencies", "{0:g}th quantile latency", lambda p: p.latency_ns / MS)
CALLS = Family("call_rate", "calls/sec", lambda p: p.calls)
ERRORS = Family("error_rate", "error rate, computed as a fraction of errors/sec over calls/sec",
                lambda p: p.errors)  # fmt: skip


def asked_performance(given: Parameters, *, quantile: bool) -> Performance:
    """Times in milliseconds. Raises BadParameter."""
    services = tuple(name for text in given.getlist("service") for name in text.split(",") if name)
    if not services:
        raise BadParameter(
            "unable to parse param 'service': please provide at least one service name"
        )
    end = _milliseconds(given, "endTs", time.time_ns() // MS)
    lookback = _milliseconds(given, "lookback", _HOUR_MS)
    step = _milliseconds(given, "step", _DEFAULT_STEP_MS)
    window = _milliseconds(given, "ratePer", _DEFAULT_WINDOW_MS)
    if lookback / step > MAX_STEPS or window / step > MAX_COPIES:
        raise BadParameter(
            f"'step' is too small: at most {MAX_STEPS} steps fit into 'lookback',"
            f" and {MAX_COPIES} into 'ratePer'"
        )
    return Performance(
        services=services[:50],
        start_ns=(end - lookback) * MS,
        end_ns=end * MS,
        step_ns=step * MS,
        window_ns=window * MS,
        kinds=_span_kinds(given.getlist("spanKind")),
        by_operation=given.get("groupByOperation", "") == "true",
        quantile=_quantile(given.get("quantile", "")) if quantile else 0.95,
    )


def document(family: Family, asked: Performance, points: Iterable[PerformancePoint]) -> Json:
    """One metric family; `points` come by service, operation and time."""
    operation = "operation_" if asked.by_operation else ""
    grouped = "service & operation" if asked.by_operation else "service"
    said = family.help.format(asked.quantile)
    series = groupby(points, key=lambda point: (point.service, point.operation))
    return {
        "name": f"service_{operation}{family.name}",
        "type": "GAUGE",
        "help": f"{said}, grouped by {grouped}",
        "metrics": [
            {
                "labels": _labels(service, name, asked),
                "metricPoints": [_point(family, point) for point in found],
            }
            for (service, name), found in series
        ],
    }


def _labels(service: str, operation: str, asked: Performance) -> list[Json]:
    found = [{"name": "service_name", "value": service}]
    if asked.by_operation:
        found.insert(0, {"name": "operation", "value": operation})
    return found


def _point(family: Family, point: PerformancePoint) -> Json:
    moment = datetime.fromtimestamp(point.time_ns / 1e9, UTC)
    return {
        "gaugeValue": {"doubleValue": family.value(point)},
        "timestamp": moment.strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def _milliseconds(given: Parameters, name: str, default: int) -> int:
    text = given.get(name, "")
    if not text:
        return default
    if not text.isascii() or not text.isdigit() or not 0 < int(text[:16]) < _MAX_MS:
        raise BadParameter(f"unable to parse param '{name}': {text[:40]!r} is no time")
    return int(text[:16])


def _span_kinds(given: Iterable[str]) -> tuple[str, ...]:
    kinds = []
    for text in given:
        for word in text.split(","):
            kind = word.removeprefix("SPAN_KIND_").lower()
            if kind not in _KINDS:
                raise BadParameter(
                    f"unable to parse param 'spanKind': unsupported span kind: {word}"
                )
            kinds.append(kind)
    return tuple(kinds) or ("server",)


def _quantile(text: str) -> float:
    try:
        found = float(text)
    except ValueError:
        raise BadParameter(
            f"unable to parse param 'quantile': {text[:40]!r} is no number"
        ) from None
    if not 0 < found <= 1:
        raise BadParameter("unable to parse param 'quantile': it lies between 0 and 1")
    return found
