"""Rules as frozen values; times in milliseconds."""

from dataclasses import dataclass

from metrics.promql.labels import Labels

DEFAULT_INTERVAL_MS = 60_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    record: str
    expression: str
    labels: Labels = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Alerting:
    """`labels` and `annotations` may hold templates."""

    alert: str
    expression: str
    for_ms: int = 0
    keep_firing_for_ms: int = 0
    labels: Labels = ()
    annotations: Labels = ()


Rule = Recording | Alerting


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Rules that are evaluated one after the other, at the same moments.

    `limit`: series that one rule may make, 0 for any number. `offset_ms`: how long before the
    moment its samples are looked for."""

    name: str
    interval_ms: int = DEFAULT_INTERVAL_MS
    limit: int = 0
    offset_ms: int = 0
    rules: tuple[Rule, ...] = ()


def name_of(rule: Rule) -> str:
    return rule.record if isinstance(rule, Recording) else rule.alert
