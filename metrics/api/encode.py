"""Answers as Prometheus's JSON, fast where they are large."""

import math
from collections.abc import Sequence

import numpy as np
import orjson

from metrics.promql.engine import Answer, Matrix
from metrics.promql.labels import Labels
from metrics.promql.series import Booleans, Floats, Grid, Integers, Scalar, String


def number(value: float) -> str:
    """As Go's strconv writes it: an exponent below 1e-6 and from 1e21 on."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    size = abs(value)
    if size != 0 and (size < 1e-6 or size >= 1e21):
        mantissa, _, exponent = repr(value).partition("e")
        sign = "-" if exponent.startswith("-") else "+"
        return f"{mantissa.removesuffix('.0')}e{sign}{exponent.lstrip('+-').lstrip('0')}"
    if "e" in (text := repr(value)):
        text = np.format_float_positional(value, trim="-")
    return text.removesuffix(".0")


def exponential(value: float) -> str:
    """As Go's strconv writes it in form 'e': an alert's value."""
    if not math.isfinite(value):
        return number(value)
    digits = repr(value).replace(".", "").replace("-", "").partition("e")[0].strip("0")
    return f"{value:.{max(len(digits) - 1, 0)}e}"


def seconds(milliseconds: int) -> str:
    whole, rest = divmod(abs(milliseconds), 1000)
    sign = "-" if milliseconds < 0 else ""
    return f"{sign}{whole}.{rest:03d}" if rest else f"{sign}{whole}"


def texts(values: Floats) -> list[bytes]:
    """`number` of each, at a tenth of the cost where no exponent or special value occurs."""
    plain = orjson.dumps(values.tolist())[1:-1]
    if b"e" in plain or b"n" in plain:
        return [number(value).encode() for value in values.tolist()]
    return (plain + b",").replace(b".0,", b",")[:-1].split(b",")


def points(moments: Sequence[bytes], values: Floats) -> bytes:
    """`[[1.5,"2"],...]`; `moments` as `_openings` makes them."""
    if len(values) == 0:
        return b"[]"
    pairs = map(bytes.__add__, moments, texts(values))
    return b"[" + b'"],'.join(pairs) + b'"]]'


def openings(times: Integers) -> list[bytes]:
    return [f'[{seconds(time)},"'.encode() for time in times.tolist()]


def metric(labels: Labels) -> bytes:
    return orjson.dumps(dict(labels))


def data(answer: Answer, *, ranged: bool, limit: int) -> tuple[bytes, bool]:
    """`{"resultType": ..., "result": ...` without its closing brace; whether some was cut off."""
    value = answer.value
    if isinstance(value, String):
        pair = f"[{seconds(answer.steps.start)},".encode() + orjson.dumps(value.value) + b"]"
        return _typed("string", pair), False
    times = openings(answer.steps.times)
    if isinstance(value, Matrix):
        chosen = value.series[: limit or None]
        rows = [_series(one.labels, points(openings(one.times), one.values)) for one in chosen]
        return _typed("matrix", _list(rows)), len(chosen) < len(value.series)
    if isinstance(value, Scalar):
        if not ranged:
            return _typed("scalar", points(times, value.values)[1:-1]), False
        return _typed("matrix", _list([_series((), points(times, value.values))])), False
    count = min(len(value.labels), limit or len(value.labels))
    cut = count < len(value.labels)
    if not ranged:
        return _typed("vector", _list(_vector(value, times[0], count))), cut
    moments = np.array(times, dtype=object)
    rows = [
        _series(value.labels[row], _row(value.values[row], value.present[row], times, moments))
        for row in range(count)
    ]
    return _typed("matrix", _list(rows)), cut


def _row(values: Floats, present: Booleans, times: list[bytes], moments: np.ndarray) -> bytes:
    if present.all():
        return points(times, values)
    return points(moments[present].tolist(), values[present])


def _vector(grid: Grid, opening: bytes, count: int) -> list[bytes]:
    if count == 0:
        return []
    values = texts(grid.values[:count, 0])
    return [
        b'{"metric":' + metric(labels) + b',"value":' + opening + value + b'"]}'
        for labels, value in zip(grid.labels[:count], values, strict=True)
    ]


def _series(labels: Labels, values: bytes) -> bytes:
    return b'{"metric":' + metric(labels) + b',"values":' + values + b"}"


def _list(rows: list[bytes]) -> bytes:
    return b"[" + b",".join(rows) + b"]"


def _typed(kind: str, result: bytes) -> bytes:
    return b'{"resultType":"' + kind.encode() + b'","result":' + result
