"""Warnings and infos that travel with an answer, in Prometheus's words."""

from dataclasses import dataclass, field
from enum import StrEnum


class Level(StrEnum):
    WARNING = "warning"
    INFO = "info"


@dataclass(frozen=True, slots=True)
class Annotation:
    level: Level
    text: str

    def __str__(self) -> str:
        return f"PromQL {self.level}: {self.text}"


@dataclass(slots=True)
class Annotations:
    """Collects each annotation once, in order; positions are shown as (line:column)."""

    query: str
    found: dict[Annotation, None] = field(default_factory=dict)

    def warn(self, text: str, position: int) -> None:
        self._add(Level.WARNING, text, position)

    def inform(self, text: str, position: int) -> None:
        self._add(Level.INFO, text, position)

    def _add(self, level: Level, text: str, position: int) -> None:
        self.found[Annotation(level, f"{text} ({place(self.query, position)})")] = None


def place(query: str, position: int) -> str:
    """`line:column`, both from 1."""
    before = query[:position]
    return f"{before.count(chr(10)) + 1}:{position - before.rfind(chr(10))}"


def go_number(value: float) -> str:
    """Go's %g."""
    if value != value:  # noqa: PLR0124  NaN is the only value unlike itself
        return "NaN"
    if value in {float("inf"), float("-inf")}:
        return "+Inf" if value > 0 else "-Inf"
    text = repr(value)
    return text.removesuffix(".0") if "e" not in text else _go_exponent(text)


def _go_exponent(text: str) -> str:
    mantissa, exponent = text.split("e")
    sign = exponent[0] if exponent[0] in "+-" else "+"
    return f"{mantissa.removesuffix('.0')}e{sign}{exponent.lstrip('+-').zfill(2)}"


def quantile_out_of_range(value: float) -> str:
    return f"quantile value should be between 0 and 1, got {go_number(value)}"


def ratio_out_of_range(value: float, used: float) -> str:
    return f"ratio value should be between -1 and 1, got {go_number(value)}, capping to {go_number(used)}"


def bad_bucket(value: str, metric: str) -> str:
    text = f'bucket label "le" is missing or has a malformed value of "{value}"'
    return f'{text} for metric name "{metric}"' if metric else text


def forced_monotonicity(metric: str) -> str:
    text = (
        "input to histogram_quantile needed to be fixed for monotonicity "
        "(see https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile)"
    )
    return f'{text} for metric name "{metric}"' if metric else text


def not_a_counter(metric: str) -> str:
    return (
        "metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "
        f'"{metric}"'
    )
