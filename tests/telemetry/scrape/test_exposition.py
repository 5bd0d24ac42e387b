"""Prometheus's text format and OpenMetrics are read, and what is neither is told with its line."""

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.scrape.exposition import (
    BadPage,
    Exemplar,
    Family,
    Line,
    exemplar_of,
    labels_of,
    lines_of,
)


def read(text: str, *, open_metrics: bool = False) -> tuple[list[Line], dict[str, Family]]:
    families: dict[str, Family] = {}
    return list(lines_of(text.encode(), families, open_metrics=open_metrics)), families


def test_values_times_types_and_help() -> None:
    lines, families = read(
        "# HELP a_total All \\\\ of\\nthem.\n# TYPE a_total counter\n# just words\n\n"
        'a_total{x="1"} 3 1700000000123\n\ta_total{x="2",} +Inf\nb NaN\nc\t-1.5e3\n'
        "# TYPE c untyped"
    )
    assert [(one.value, one.time_ms) for one in lines if not math.isnan(one.value)] == [
        (3.0, 1700000000123),
        (math.inf, None),
        (-1500.0, None),
    ]
    assert [labels_of(one.series) for one in lines] == [
        {"__name__": "a_total", "x": "1"},
        {"__name__": "a_total", "x": "2"},
        {"__name__": "b"},
        {"__name__": "c"},
    ]
    assert families == {
        "a_total": Family("counter", "All \\ of\nthem.", ""),
        "c": Family("unknown", "", ""),
    }


def test_open_metrics_has_seconds_units_and_exemplars() -> None:
    lines, families = read(
        "# TYPE a counter\n# UNIT a seconds\n"
        'a_total{x="} # {\\"y\\n"} 5 1700000000.5 # {trace_id="abc"} 0.25 1700000000.125\n'
        'a_bucket{le="1"} 1 # {} 7\n# EOF\n',
        open_metrics=True,
    )
    assert families == {"a": Family("counter", "", "seconds")}
    assert [(labels_of(one.series), one.time_ms, exemplar_of(one.exemplar)) for one in lines] == [
        (
            {"__name__": "a_total", "x": '} # {"y\n'},
            1700000000500,
            Exemplar({"trace_id": "abc"}, 0.25, 1700000000125),
        ),
        ({"__name__": "a_bucket", "le": "1"}, None, Exemplar({}, 7.0, None)),
    ]


def test_names_may_stand_in_quotes() -> None:
    ((line,), _) = read('{"my.metric","a.b"="c"} 1\n')
    assert labels_of(line.series) == {"__name__": "my.metric", "a.b": "c"}


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("a\n", "line 1: expected a series, a value and perhaps a time: 'a'"),
        ("a 1\nb x\n", "line 2: not a number: 'b x'"),
        ("a 1_0\n", "line 1: not a number: 'a 1_0'"),
        ("a 1 2 3\n", "line 1: expected a series, a value and perhaps a time: 'a 1 2 3'"),
        ("a 1 1.5\n", "line 1: not a number: 'a 1 1.5'"),
        ("# TYPE a nonsense\n", "line 1: 'nonsense' is not a type of metrics: '# TYPE a nonsense'"),
        ("# HELP a \udcff\n", "line 1: not UTF-8: '# HELP a \ufffd'"),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, reason: str) -> None:
    body = text.encode(errors="surrogateescape")
    with pytest.raises(BadPage) as problem:
        list(lines_of(body, {}, open_metrics=False))
    assert str(problem.value) == reason


@pytest.mark.parametrize(
    "series",
    [b"", b"9a", b'a{b="c"x', b'a{b="c",b="d"', b'a{="c"', b"a{b=c", b'{a="b"', b'a{"b"', b'a{b="\xff"'],
)  # fmt: skip
def test_what_is_no_series_is_told(series: bytes) -> None:
    with pytest.raises(BadPage):
        labels_of(series)


def test_open_metrics_ends_where_it_says() -> None:
    for text in ("a 1\n", "a 1\n# EOF\nb 1\n"):
        with pytest.raises(BadPage, match="# EOF"):
            read(text, open_metrics=True)


@given(st.binary(max_size=300), st.booleans())
def test_any_bytes_are_read_or_told(body: bytes, open_metrics: bool) -> None:
    with suppress(BadPage):
        for line in lines_of(body, {}, open_metrics=open_metrics):
            exemplar_of(line.exemplar)
            labels_of(line.series)
