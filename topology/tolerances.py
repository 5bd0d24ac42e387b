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


class Unreadable(NamedTuple):
    """Why an annotation says nothing: a sentence."""

    reason: str


def tolerances(annotations: Labels) -> tuple[Tolerance, ...]:
    """None at all where there is no such annotation, or it cannot be read: the usual rules hold."""
    found = read_rules(next((value for name, value in annotations if name == RATE), ""))
    return () if isinstance(found, Unreadable) else found


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
def read_rules(text: str) -> tuple[Tolerance, ...] | Unreadable:
    """What an annotation's value says: all of it, or nothing."""
    if len(text) > MAX_LENGTH:
        return Unreadable(f"it is longer than {MAX_LENGTH} characters")
    rules = []
    for one in text.split(";"):
        rule = _rule(one) if one.strip() else None
        if isinstance(rule, Unreadable):
            return rule
        if rule is not None:
            rules.append(rule)
    return tuple(rules) or Unreadable("it has no rule")


def _rule(text: str) -> Tolerance | Unreadable:
    parts = [part.strip() for part in text.split(",")]
    if len(parts) != 5:
        return Unreadable(f"{_shown(text)} has {len(parts)} parts, not 5")
    code, *percents, protocol, direction = parts
    for percent in percents:
        if not re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,6})?", percent):
            return Unreadable(f"{_shown(percent)} is not a percentage")
    found = []
    for expression in (re.sub("[xX]", r"\\d", code), protocol, direction):
        compiled = _expression(expression)
        if compiled is None:
            return Unreadable(f"{_shown(expression)} is not an expression that can be used")
        found.append(compiled)
    degraded, failing = map(float, percents)
    return Tolerance(found[0], degraded, failing, found[1], found[2])


def _shown(text: str) -> str:
    short = text.strip()
    return repr(short if len(short) <= _MAX_EXPRESSION else f"{short[:_MAX_EXPRESSION]}...")


def _expression(text: str) -> re.Pattern[str] | None:
    """Held against a few characters, so none is too slow."""
    if len(text) > _MAX_EXPRESSION:
        return None
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError):
        return None
