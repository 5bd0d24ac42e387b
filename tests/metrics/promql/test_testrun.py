"""The runner finds what is wrong, and says where."""

import pytest

from metrics.promql.labels import make
from metrics.promql.notation import Line, NotationError, duration_ms, line
from metrics.promql.series import STALE
from metrics.promql.testrun import Report, run


def test_a_wrong_value_fails_with_line_and_query() -> None:
    script = """
load 1m
  x{a="1"} 0+1x3

eval instant at 2m x
  x{a="1"} 2

eval instant at 2m x
  x{a="1"} 3
"""
    assert run(script) == Report(
        passed=1,
        failed=1,
        skipped=0,
        reasons=('line 8: failed: x: {__name__="x", a="1"} is [2.0], not [3.0]',),
    )


@pytest.mark.parametrize(
    "expected",
    [
        "x 1\n  y 2",
        "  # nothing expected",
        "expect fail",
        "expect warn\n  x 1",
        'expect string "x"',
        "1",
        "{} 1",
    ],
)
def test_an_answer_that_is_not_the_expected_one_fails(expected: str) -> None:
    report = run(f"load 1m\n  x 1\n\neval instant at 0 x\n  {expected}\n")
    assert (report.passed, report.failed) == (0, 1)


def test_what_we_do_not_know_is_skipped_with_a_reason() -> None:
    report = run("eval instant at 0 info(x)\n\neval instant at 0 x\n  x {{count:1}}\n\neval at x")
    assert (report.passed, report.failed, report.skipped) == (0, 0, 3)
    assert len(report.reasons) == 3


def test_points_are_read_as_prometheus_writes_them() -> None:
    got = line('x{a="b", c="\\"d"} 1 _ 2+0.5x2 3-1x1 _x2 0x1 -1e3 stale Inf')
    assert got == Line(
        make({"__name__": "x", "a": "b", "c": '"d'}),
        (
            1.0,
            None,
            2.0,
            2.5,
            3.0,
            3.0,
            2.0,
            None,
            None,
            0.0,
            0.0,
            -1000.0,
            got.points[12],
            float("inf"),
        ),
    )
    assert repr(got.points[12]) == repr(STALE)


def test_durations_are_milliseconds() -> None:
    assert [duration_ms(text) for text in ("0", "90", "1h30m", "-5m", "10s53ms", "1.5")] == [
        0,
        90_000,
        5_400_000,
        -300_000,
        10_053,
        1500,
    ]
    with pytest.raises(NotationError):
        duration_ms("soon")
