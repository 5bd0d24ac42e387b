"""What collectors told of their scraping, read back from the broker."""

import time
from typing import TYPE_CHECKING, Any, cast

import orjson

from telemetry.contracts import (
    SCRAPED,
    SCRAPED_METADATA,
    SCRAPED_VIEW,
    SCRAPERS,
    USAGE,
    NamespaceUsage,
    QuotaUsage,
    ScrapeProblem,
    ScrapeTarget,
    ScrapeView,
    Scraping,
)

if TYPE_CHECKING:
    from redis import Redis

_REMEMBERED_SECONDS = 60
"""A collector that restarts is shown as it was."""


def scraping(broker: "Redis") -> Scraping:
    """Of a target that two tell of, what the later one said. Raises RedisError."""
    oldest = time.time() - _REMEMBERED_SECONDS
    names = cast("list[bytes]", broker.zrangebyscore(SCRAPERS, oldest, "+inf"))
    pipeline = broker.pipeline(transaction=False)
    for name in names:
        pipeline.hgetall(SCRAPED.encode() + name)
    views: list[ScrapeView] = []
    targets: dict[str, ScrapeTarget] = {}
    for found in pipeline.execute():
        for field, text in found.items():
            if field == SCRAPED_VIEW.encode():
                views.append(_view(orjson.loads(text)))
                continue
            target = ScrapeTarget(**orjson.loads(text))
            other = targets.get(target.id)
            if other is None or other.scraped_at <= target.scraped_at:
                targets[target.id] = target
    view = max(views, key=lambda one: one.read_at, default=ScrapeView())
    ordered = sorted(targets.values(), key=lambda one: (one.pool, one.url, one.id))
    return Scraping(view=view, targets=tuple(ordered))


def metadata(broker: "Redis", digests: set[str]) -> dict[str, dict[str, tuple[str, str, str]]]:
    """By a target's `metadata`: {metric: (type, help, unit)}. Raises RedisError."""
    wanted = sorted(digests - {""})
    if not wanted:
        return {}
    texts = cast("list[Any]", broker.mget([f"{SCRAPED_METADATA}{one}" for one in wanted]))
    return {
        digest: {name: tuple(words) for name, words in orjson.loads(text).items()}
        for digest, text in zip(wanted, texts, strict=True)
        if text is not None
    }


def usage(broker: "Redis") -> QuotaUsage:
    """Namespaces by name. Raises RedisError."""
    names = cast("list[bytes]", broker.zrange(SCRAPERS, 0, -1))
    texts = cast("list[Any]", broker.mget([USAGE.encode() + one for one in names]) if names else [])
    sums: dict[str, list[int]] = {}
    series = rate = 0
    for document in map(orjson.loads, filter(None, texts)):
        series, rate = document["limits"]
        for namespace, counts in document["counted"].items():
            before = sums.get(namespace, [0] * len(counts))
            sums[namespace] = [a + b for a, b in zip(before, counts, strict=True)]
    return QuotaUsage(
        series=series,
        bytes_per_second=rate,
        namespaces=tuple(
            NamespaceUsage(
                namespace=name, series=one, bytes=size, refused_series=over, refused_bytes=much
            )
            for name, (one, size, over, much) in sorted(sums.items())
        ),
    )


def _view(document: dict[str, Any]) -> ScrapeView:
    problems = tuple(ScrapeProblem(**one) for one in document.pop("problems"))
    return ScrapeView(**document, problems=problems)
