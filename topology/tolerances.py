"""Health rules of a single service or workload, by annotation, instead of the usual ones.

`health.kiali.io/rate: "404,10,20,http,inbound;5XX,1,5,http|grpc,.*"`: expressions of codes ("-" where
nothing came back; X is any digit), from how many percent on they degrade and fail, expressions of
protocols and directions. Source: Kiali's documentation of health by annotation.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple

from topology.contracts import Health, Labels
from topology.health import NO_RESPONSE_CODES, worst

RATE = "health.kiali.io/rate"
INBOUND, OUTBOUND = "inbound", "outbound"
MAX_LENGTH = 1024
_MAX_EXPRESSION = 64


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Percent of the requests of these protocols and directions that may end with such a code."""

    code: re.Pattern[str]
    degraded: float
    failing: float
    protocol: re.Pattern[str]
    direction: re.Pattern[str]


class Ended(NamedTuple):
    """Requests per second that ended with this code."""

    protocol: str
    direction: str
    code: str
    rate: float


def tolerances(annotations: Labels) -> tuple[Tolerance, ...]:
    """None at all where there is no such annotation, or it cannot be read: the usual rules hold."""
    return _read(next((value for name, value in annotations if name == RATE), ""))


def judged(rules: Iterable[Tolerance], ended: Iterable[Ended]) -> Health:
    """Idle without requests, else the worst verdict of the rules."""
    requests = [one for one in ended if one.rate > 0]
    if not requests:
        return Health.IDLE
    return worst(Health.HEALTHY, *(_verdict(rule, requests) for rule in rules))


def _verdict(rule: Tolerance, requests: Iterable[Ended]) -> Health:
    concerned = [
        one
        for one in requests
        if rule.protocol.search(one.protocol) and rule.direction.search(one.direction)
    ]
    total = sum(one.rate for one in concerned)
    failed = sum(one.rate for one in concerned if rule.code.search(_code(one.code)))
    percent = 100 * failed / total if total else 0.0
    if not percent or percent < min(rule.degraded, rule.failing):
        return Health.HEALTHY
    return Health.FAILING if percent >= rule.failing else Health.DEGRADED


def _code(code: str) -> str:
    return "-" if code in NO_RESPONSE_CODES else code


@lru_cache(1024)
def _read(text: str) -> tuple[Tolerance, ...]:
    if not text or len(text) > MAX_LENGTH:
        return ()
    found = [_rule(one) for one in text.split(";") if one.strip()]
    rules = tuple(one for one in found if one is not None)
    return rules if len(rules) == len(found) else ()


def _rule(text: str) -> Tolerance | None:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 5:
        return None
    code, degraded, failing, protocol, direction = parts
    limits = _percent(degraded), _percent(failing)
    expressions = [
        _expression(re.sub("[xX]", r"\\d", code)),
        *map(_expression, (protocol, direction)),
    ]
    if None in limits or None in expressions:
        return None
    return Tolerance(expressions[0], limits[0], limits[1], *expressions[1:])  # type: ignore[arg-type]


def _percent(text: str) -> float | None:
    if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", text):
        return None
    return float(text)


def _expression(text: str) -> re.Pattern[str] | None:
    """Held against a few characters, so none is too slow."""
    if len(text) > _MAX_EXPRESSION:
        return None
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return None
