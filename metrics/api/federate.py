"""`/federate`: the latest sample of each selected series, in the text format."""

import re
import time
from collections.abc import Iterator

from django.http import HttpRequest, HttpResponse

from metrics.api.encode import number
from metrics.api.envelope import bad_parameter
from metrics.api.parameters import Parameters
from metrics.api.query import departure, turn
from metrics.promql import labels as label_sets
from metrics.promql.labels import NAME, Labels
from metrics.promql.series import STALE_BITS, Batch
from metrics.selectors import engine
from metrics.store import catalogue

LOOKBACK_MS = 300_000
_CLASSIC = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def federate(request: HttpRequest) -> HttpResponse:
    parameters = Parameters.of(request)
    selectors = parameters.selectors()
    if not selectors:
        raise bad_parameter("match[]", "no match[] parameter provided")
    gone = departure(request)
    now = round(time.time() * 1000)
    latest: dict[Labels, tuple[int, float]] = {}
    with turn(parameters.timeout(), gone) as (left, _):
        source = engine(left, gone).source
        for matchers in selectors:
            latest |= _latest(source.select(matchers, now - LOOKBACK_MS, now))
        kinds = catalogue.metadata(source.asking, "", 0)
    types = {name: some[0].type for name, some in kinds.items() if some}
    body = "".join(_lines(latest, types))
    return HttpResponse(
        body, content_type="text/plain; version=0.0.4; charset=utf-8; escaping=values"
    )


def _latest(batch: Batch) -> dict[Labels, tuple[int, float]]:
    bits = batch.values.view("i8")
    return {
        labels: (int(batch.times[end - 1]), float(batch.values[end - 1]))
        for labels, begin, end in zip(
            batch.labels, batch.starts[:-1].tolist(), batch.starts[1:].tolist(), strict=True
        )
        if end > begin and bits[end - 1] != STALE_BITS
    }


def _lines(latest: dict[Labels, tuple[int, float]], types: dict[str, str]) -> Iterator[str]:
    """Sorted by name, so that a metric's series stand together."""
    seen = ""
    for labels in sorted(latest, key=lambda one: (label_sets.get(one, NAME), one)):
        name = label_sets.get(labels, NAME)
        if name != seen:
            seen = name
            yield f"# TYPE {_metric(name)} {types.get(name, 'untyped')}\n"
        time_ms, value = latest[labels]
        yield f"{_series(name, labels)} {number(value)} {time_ms}\n"


def _series(name: str, labels: Labels) -> str:
    pairs = [f"{_label(key)}={_quoted(value)}" for key, value in labels if key != NAME]
    if _CLASSIC.fullmatch(name):
        return f"{name}{{{','.join(pairs)}}}" if pairs else name
    return "{" + ",".join([_quoted(name), *pairs]) + "}"


def _metric(name: str) -> str:
    return name if _CLASSIC.fullmatch(name) else _quoted(name)


def _label(name: str) -> str:
    return name if _LABEL.fullmatch(name) else _quoted(name)


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'
