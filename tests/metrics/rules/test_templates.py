"""Templates of labels and annotations."""

import math

import pytest

from metrics.rules.templates import expand, problem

LABELS = {"job": "api", "instance": "10.0.0.1"}


@pytest.mark.parametrize(
    ("text", "value", "shown"),
    [
        ("{{ $labels.job }} on {{.Labels.instance}}{{ $labels.nothing }}", 1.0, "api on 10.0.0.1"),
        ('{{ index $labels "job" | toUpper }}', 1.0, "API"),
        ("{{ $value }}", 0.5, "0.5"),
        ("{{ $value | humanize }}", 1_234_567.0, "1.235M"),
        ("{{ $value | humanize }}", 0.00123, "1.23m"),
        ("{{ humanize $value }}", 0.0, "0"),
        ("{{ $value | humanize1024 }}", 2048.0, "2ki"),
        ("{{ $value | humanizePercentage }}", 0.1234567, "12.35%"),
        ("{{ $value | humanizeDuration }}", 93_784.0, "1d 2h 3m 4s"),
        ("{{ $value | humanizeDuration }}", 0.0125, "12.5ms"),
        ("{{ $value | humanizeTimestamp }}", 0.0, "1970-01-01 00:00:00 +0000 UTC"),
        ('{{ printf "%.2f%%" $value }}', 3.14159, "3.14%"),
        ('{{ $value | printf "%.1f" }}', 2.55, "2.5"),
        ("{{ $value | humanize }}", math.inf, "+Inf"),
        ("no braces", 1.0, "no braces"),
    ],
)  # fmt: skip
def test_what_they_show(text: str, value: float, shown: str) -> None:
    assert problem(text) is None
    assert expand(text, LABELS, value) == shown


@pytest.mark.parametrize(
    "text", ["{{ query }}", "{{ $value", "{{ range . }}", "{{ $value | nothing }}", "}}"]
)
def test_what_they_do_not_know_is_told_and_left_as_it_is(text: str) -> None:
    assert problem(text)
    assert expand(text, LABELS, 1.0) == text
