"""`labels`, `label/<name>/values`, `series`, `metadata`."""

import re
import time

from django.http import HttpRequest, HttpResponse

from metrics.api.envelope import bad_parameter, plain
from metrics.api.parameters import Parameters
from metrics.api.query import TRUNCATED, departure
from metrics.selectors import asking
from metrics.store import catalogue
from metrics.store.catalogue import Scope

_ESCAPED = re.compile(r"_([0-9a-fA-F]{1,6})_|__")


def labels(request: HttpRequest) -> HttpResponse:
    parameters = Parameters.of(request)
    limit = parameters.count("limit")
    found = catalogue.label_names(
        asking(parameters.timeout(), departure(request)), _scope(parameters)
    )
    return _list(found, limit)


def label_values(request: HttpRequest, name: str) -> HttpResponse:
    parameters = Parameters.of(request)
    limit = parameters.count("limit")
    wanted = unescaped(name)
    if not wanted:
        raise bad_parameter("name", f'invalid label name: "{name}"')
    ask = asking(parameters.timeout(), departure(request))
    return _list(catalogue.label_values(ask, wanted, _scope(parameters)), limit)


def series(request: HttpRequest) -> HttpResponse:
    parameters = Parameters.of(request)
    if not parameters.all("match[]"):
        raise bad_parameter("match[]", "no match[] parameter provided")
    limit = parameters.count("limit")
    ask = asking(parameters.timeout(), departure(request))
    found = catalogue.series(ask, _scope(parameters), limit + 1 if limit else 0)
    shown = [dict(one) for one in found[: limit or None]]
    return plain(shown, [TRUNCATED] if len(shown) < len(found) else [])


def metadata(request: HttpRequest) -> HttpResponse:
    parameters = Parameters.of(request)
    limit = parameters.count("limit")
    per_metric = parameters.count("limit_per_metric")
    ask = asking(parameters.timeout(), departure(request))
    found = catalogue.metadata(ask, parameters.text("metric"), limit)
    return plain(
        {
            name: [{"type": one.type, "help": one.help, "unit": one.unit} for one in some][
                : per_metric or None
            ]
            for name, some in found.items()
        }
    )


def unescaped(name: str) -> str:
    """A name written as `U__my_2e_name` because it is not of the classic form."""
    if not name.startswith("U__"):
        return name
    return _ESCAPED.sub(
        lambda found: chr(int(found[1], 16)) if found[1] and int(found[1], 16) <= 0x10FFFF else "_",
        name[3:],
    )


def _list(found: list[str], limit: int) -> HttpResponse:
    shown = sorted(found)[: limit or None]
    return plain(shown, [TRUNCATED] if len(shown) < len(found) else [])


def _scope(parameters: Parameters) -> Scope:
    """Which series are asked about; without times, all that are known."""
    start = parameters.moment("start", -(1 << 53))
    end = parameters.moment("end", 1 << 53)
    if end < start:
        raise bad_parameter("end", "end timestamp must not be before start timestamp")
    recent = end >= (time.time() - 3600) * 1000
    selectors = tuple(parameters.selectors())
    return Scope(matchers=selectors, start_ms=start, end_ms=None if recent else end)
