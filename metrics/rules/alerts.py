"""What an alert does from one evaluation to the next: pure, time is an argument."""

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from typing import Any

from metrics.promql import labels as label_sets
from metrics.promql.labels import NAME, Labels
from metrics.rules import templates
from metrics.rules.model import Alerting

RESOLVED_KEPT_MS = 15 * 60_000
FORGOTTEN_MS = 3_600_000
"""After so long without an evaluation a pending alert begins anew."""


class State(StrEnum):
    PENDING = "pending"
    FIRING = "firing"
    INACTIVE = "inactive"


@dataclass(frozen=True, slots=True, kw_only=True)
class Alert:
    """One series of an alerting rule's result; `labels` with alertname, times in milliseconds."""

    labels: Labels
    annotations: Labels
    state: State
    value: float
    active_at: int
    fired_at: int | None = None
    resolved_at: int | None = None
    seen_at: int = 0

    def as_json(self) -> dict[str, Any]:
        return {**asdict(self), "labels": dict(self.labels), "annotations": dict(self.annotations)}

    @staticmethod
    def of_json(given: Mapping[str, Any]) -> "Alert":
        return Alert(
            **{
                **given,
                "labels": label_sets.make(given["labels"]),
                "annotations": tuple(sorted(given["annotations"].items())),
                "state": State(given["state"]),
            }
        )


class SameLabels(ValueError):  # noqa: N818  says what is wrong
    """Two results of one rule come to the same alert."""


def advanced(
    rule: Alerting,
    before: Iterable[Alert],
    result: Iterable[tuple[Labels, float]],
    now: int,
    last: int | None,
) -> tuple[Alert, ...]:
    """The rule's alerts after an evaluation at `now`. Raises SameLabels.

    `last` is when it was evaluated before. Alerts resolved lately are among them, inactive."""
    known = {alert.labels: alert for alert in before}
    late = last is not None and now - last > FORGOTTEN_MS
    found: dict[Labels, Alert] = {}
    for labels, value in result:
        fresh = _made(rule, labels, value, now)
        if fresh.labels in found:
            raise SameLabels(
                "vector contains metrics with the same labelset after applying alert labels"
            )
        old = known.get(fresh.labels)
        if old is not None and old.state is not State.INACTIVE:
            restarts = late and old.state is State.PENDING
            fresh = replace(
                fresh,
                active_at=now if restarts else old.active_at,
                state=old.state,
                fired_at=old.fired_at,
            )
        found[fresh.labels] = _risen(rule, fresh, now)
    gone = (_fallen(rule, alert, now) for key, alert in known.items() if key not in found)
    return (*found.values(), *(alert for alert in gone if alert is not None))


def _made(rule: Alerting, labels: Labels, value: float, now: int) -> Alert:
    own = dict(label_sets.without_name(labels))
    added = {name: templates.expand(text, own, value) for name, text in rule.labels}
    annotations = tuple(
        (name, templates.expand(text, own, value)) for name, text in rule.annotations
    )
    return Alert(
        labels=label_sets.make({**own, **added, "alertname": rule.alert}),
        annotations=annotations,
        state=State.PENDING,
        value=value,
        active_at=now,
        seen_at=now,
    )


def _risen(rule: Alerting, alert: Alert, now: int) -> Alert:
    if alert.state is State.PENDING and now - alert.active_at >= rule.for_ms:
        return replace(alert, state=State.FIRING, fired_at=now)
    return alert


def _fallen(rule: Alerting, alert: Alert, now: int) -> Alert | None:
    """Of an alert whose expression gives nothing now; None when it is to be forgotten."""
    match alert.state:
        case State.PENDING:
            return None
        case State.FIRING if now - alert.seen_at < rule.keep_firing_for_ms:
            return alert
        case State.FIRING:
            return replace(alert, state=State.INACTIVE, resolved_at=now)
        case _:
            resolved = alert.resolved_at or 0
            return alert if now - resolved < RESOLVED_KEPT_MS else None


def samples(alerts: Iterable[Alert]) -> list[tuple[Labels, float]]:
    """The series ALERTS and ALERTS_FOR_STATE at this moment."""
    found = []
    for alert in alerts:
        if alert.state is State.INACTIVE:
            continue
        own = dict(alert.labels)
        state = str(alert.state)
        found.append((label_sets.make({**own, NAME: "ALERTS", "alertstate": state}), 1.0))
        for_state = label_sets.make({**own, NAME: "ALERTS_FOR_STATE"})
        found.append((for_state, float(alert.active_at // 1000)))
    return found
