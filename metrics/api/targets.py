"""`targets`, `targets/metadata`, `scrape_pools`: what the collectors scrape, as Prometheus tells it."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponse
from redis.exceptions import RedisError

from metrics.api.envelope import ApiError, ErrorType, plain
from metrics.api.parameters import Parameters, selector
from metrics.promql import labels as label_sets
from metrics.promql.selectors import accepted
from telemetry import facade
from telemetry.contracts import ScrapeTarget, Scraping

_NEVER = "0001-01-01T00:00:00Z"
_LOCAL = frozenset({"localhost", "127.0.0.1", "::1"})


def targets(request: HttpRequest) -> HttpResponse:
    """`state` is active, dropped or any; `scrapePool` names one job."""
    parameters = Parameters.of(request)
    state, pool = parameters.text("state").lower() or "any", parameters.text("scrapePool")
    known = told()
    active = state in ("active", "any")
    dropped = state in ("dropped", "any")
    return plain(
        {
            "activeTargets": [_active(one) for one in known.targets if pool in ("", one.pool)]
            if active
            else [],
            "droppedTargets": [
                {"discoveredLabels": labels, "scrapePool": name}
                for name, some in sorted(known.view.dropped.items())
                if pool in ("", name)
                for labels in some
            ]
            if dropped
            else [],
            "droppedTargetCounts": known.view.dropped_counts if dropped else None,
        },
        problems(known),
    )


def metadata(request: HttpRequest) -> HttpResponse:
    """What targets say of their metrics: of those that `match_target` selects, of one `metric`."""
    parameters = Parameters.of(request)
    limit, metric = _limit(parameters), parameters.text("metric")
    rows: list[dict[str, object]] = []
    for row in _rows(_selected(parameters.text("match_target")), metric):
        if limit is not None and len(rows) >= limit:
            break
        rows.append(row)
    return plain(rows)


def scrape_pools(_request: HttpRequest) -> HttpResponse:
    known = told()
    return plain({"scrapePools": list(known.view.pools)}, problems(known))


def problems(known: Scraping) -> list[str]:
    """What is wrong with the configuration, or read and not done: the answer's warnings."""
    return [f"{one.code} {one.severity} {one.path}: {one.message}" for one in known.view.problems]


def quotas(_request: HttpRequest) -> HttpResponse:
    """What each namespace has of its quotas; a Prometheus has none."""
    with _asking():
        found = facade.quota_usage()
    return plain(
        {
            "seriesPerNamespace": found.series,
            "bytesPerSecond": found.bytes_per_second,
            "namespaces": [
                {
                    "namespace": one.namespace,
                    "series": one.series,
                    "bytes": one.bytes,
                    "refusedSeries": one.refused_series,
                    "refusedBytes": one.refused_bytes,
                }
                for one in found.namespaces
            ],
        }
    )


def told() -> Scraping:
    """Raises ApiError while the broker is away."""
    with _asking():
        return facade.scraping()


@contextmanager
def _asking() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError):
        raise ApiError(ErrorType.UNAVAILABLE, "the broker does not answer") from None


def _active(target: ScrapeTarget) -> dict[str, object]:
    return {
        "discoveredLabels": target.discovered,
        "labels": target.labels,
        "scrapePool": target.pool,
        "scrapeUrl": target.url,
        "globalUrl": _global(target.url),
        "lastError": target.error,
        "lastScrape": _moment(target.scraped_at),
        "lastScrapeDuration": target.seconds,
        "health": target.health,
        "scrapeInterval": target.interval,
        "scrapeTimeout": target.timeout,
    }


def _global(url: str) -> str:
    """With this host's name where it says loopback."""
    parts = urlsplit(url)
    if parts.hostname not in _LOCAL:
        return url
    port = f":{parts.port}" if parts.port else ""
    return parts._replace(netloc=f"{socket.gethostname()}{port}").geturl()


def _moment(seconds: float) -> str:
    if not seconds:
        return _NEVER
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z")


def _limit(parameters: Parameters) -> int | None:
    text = parameters.text("limit")
    if not text:
        return None
    try:
        limit = int(text)
    except ValueError:
        raise ApiError(ErrorType.BAD_DATA, "limit must be a number") from None
    return limit if limit >= 0 else None


def _selected(text: str) -> list[ScrapeTarget]:
    found = list(told().targets)
    if not text:
        return found
    wanted = accepted(
        selector(text, "match_target"), [label_sets.make(one.labels) for one in found]
    )
    return [one for one, chosen in zip(found, wanted, strict=True) if chosen]


def _rows(found: list[ScrapeTarget], metric: str) -> Iterator[dict[str, object]]:
    """Of one metric the name is left out, for it was asked for."""
    with _asking():
        described = facade.scraped_metadata({one.metadata for one in found})
    for target in found:
        families = described.get(target.metadata, {})
        for name in (metric,) if metric else families:
            if name in families:
                kind, text, unit = families[name]
                named = {} if metric else {"metric": name}
                yield {"target": target.labels, **named, "type": kind, "help": text, "unit": unit}
