"""An alert's life, from one evaluation to the next."""

import pytest

from metrics.promql.labels import Labels
from metrics.rules.alerts import (
    FORGOTTEN_MS,
    RESOLVED_KEPT_MS,
    Alert,
    SameLabels,
    State,
    advanced,
    samples,
)
from metrics.rules.model import Alerting

UP: list[tuple[Labels, float]] = [((("__name__", "x"), ("job", "api")), 7.0)]
MINUTE = 60_000


def rule(for_ms: int = 5 * MINUTE, keep_ms: int = 0) -> Alerting:
    return Alerting(
        alert="Busy",
        expression="x",
        for_ms=for_ms,
        keep_firing_for_ms=keep_ms,
        labels=(("severity", "page"),),
        annotations=(("summary", "{{ $labels.job }}: {{ $value }}"),),
    )


def states(alerts: tuple[Alert, ...]) -> list[State]:
    return [alert.state for alert in alerts]


def test_it_waits_then_fires_then_is_resolved_and_forgotten() -> None:
    one = advanced(rule(), (), UP, 0, None)
    assert states(one) == [State.PENDING]
    assert one[0].labels == (("alertname", "Busy"), ("job", "api"), ("severity", "page"))
    assert one[0].annotations == (("summary", "api: 7"),)
    two = advanced(rule(), one, UP, 4 * MINUTE, 0)
    assert states(two) == [State.PENDING]
    three = advanced(rule(), two, UP, 5 * MINUTE, 4 * MINUTE)
    assert states(three) == [State.FIRING]
    assert (three[0].active_at, three[0].fired_at) == (0, 5 * MINUTE)
    four = advanced(rule(), three, [], 6 * MINUTE, 5 * MINUTE)
    assert states(four) == [State.INACTIVE]
    assert advanced(rule(), four, [], 6 * MINUTE + RESOLVED_KEPT_MS, 6 * MINUTE) == ()


def test_a_pending_one_whose_cause_goes_is_gone() -> None:
    assert advanced(rule(), advanced(rule(), (), UP, 0, None), [], MINUTE, 0) == ()


def test_without_a_wait_it_fires_at_once() -> None:
    assert states(advanced(rule(for_ms=0), (), UP, 0, None)) == [State.FIRING]


def test_it_may_fire_on_for_a_while() -> None:
    held = rule(for_ms=0, keep_ms=2 * MINUTE)
    firing = advanced(held, (), UP, 0, None)
    assert states(advanced(held, firing, [], MINUTE, 0)) == [State.FIRING]
    assert states(advanced(held, firing, [], 2 * MINUTE, MINUTE)) == [State.INACTIVE]


def test_a_resolved_one_that_returns_begins_anew() -> None:
    firing = advanced(rule(for_ms=0), (), UP, 0, None)
    resolved = advanced(rule(for_ms=0), firing, [], MINUTE, 0)
    (again,) = advanced(rule(for_ms=0), resolved, UP, 2 * MINUTE, MINUTE)
    assert (again.state, again.active_at) == (State.FIRING, 2 * MINUTE)


def test_after_a_long_silence_pending_begins_anew_and_firing_goes_on() -> None:
    pending = advanced(rule(), (), UP, 0, None)
    late = FORGOTTEN_MS + MINUTE
    (one,) = advanced(rule(), pending, UP, late, 0)
    assert (one.state, one.active_at) == (State.PENDING, late)
    firing = advanced(rule(for_ms=0), (), UP, 0, None)
    (other,) = advanced(rule(for_ms=0), firing, UP, late, 0)
    assert (other.state, other.active_at) == (State.FIRING, 0)


def test_two_results_of_one_label_set_are_refused() -> None:
    twice: list[tuple[Labels, float]] = [((("__name__", "x"),), 1.0), ((("__name__", "y"),), 1.0)]
    with pytest.raises(SameLabels):
        advanced(rule(), (), twice, 0, None)


def test_its_series_say_state_and_beginning() -> None:
    firing = advanced(rule(for_ms=0), (), UP, 90_000, None)
    own = {"alertname": "Busy", "job": "api", "severity": "page"}
    assert [(dict(labels), value) for labels, value in samples(firing)] == [
        ({**own, "__name__": "ALERTS", "alertstate": "firing"}, 1.0),
        ({**own, "__name__": "ALERTS_FOR_STATE"}, 90.0),
    ]


def test_what_is_kept_in_a_row_comes_back_as_it_was() -> None:
    (one,) = advanced(rule(for_ms=0), (), UP, 0, None)
    assert Alert.of_json(one.as_json()) == one
