"""What other apps may ask of telemetry."""

from functools import cache
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from rest.checks import Check
from telemetry.contracts import QuotaUsage, Scraping
from telemetry.retention import Retention, Unreadable, read_retention
from telemetry.scrape import told as _told
from telemetry.store.backup import StoreState
from telemetry.store.backup import back_up as backup_store
from telemetry.store.backup import in_file as backup_in_file
from telemetry.store.backup import known_migrations as known_store_migrations
from telemetry.store.backup import restore as restore_store
from telemetry.store.backup import state as store_state
from telemetry.store.checks import clock as clock_check
from telemetry.store.checks import store_checks
from telemetry.store.classified import requests_by as _requests_by
from telemetry.store.client import Abandoned, Store, StoreAddress, StoreAway, StoreError
from telemetry.store.edges import edge_totals as _edge_totals
from telemetry.store.span_counts import SpanCounts, span_counts
from telemetry.store.temporary import own_store
from telemetry.store.writing import SampleWriter
from telemetry.totals import EdgeTotals

if TYPE_CHECKING:
    from redis import Redis

__all__ = [
    "Abandoned",
    "SpanCounts",
    "Store",
    "StoreAway",
    "StoreError",
    "StoreState",
    "backup_in_file",
    "backup_store",
    "clock_check",
    "edge_totals",
    "known_store_migrations",
    "own_store",
    "quota_usage",
    "requests_by",
    "restore_store",
    "retention",
    "sample_writer",
    "scraped_metadata",
    "scraping",
    "span_counts",
    "store",
    "store_self_check",
    "store_state",
]


@cache
def store() -> Store:
    """The store this Meshweb uses: MESHWEB_STORE_URL, else the embedded one. Thread-safe."""
    if settings.STORE_URL:
        return Store(StoreAddress.of_url(settings.STORE_URL, settings.STORE_CLUSTER))
    return Store(StoreAddress.embedded(settings.HOME, settings.STORE_PORT))


def store_self_check() -> tuple[Check, ...]:
    """What the store finds when it looks at itself; within seconds, also where it does not answer."""
    return store_checks(store())


def retention() -> Retention:
    """How long each signal is kept. Raises ImproperlyConfigured, with a sentence."""
    found = read_retention(settings.KEEP)
    if isinstance(found, Unreadable):
        raise ImproperlyConfigured(found.message)
    return found


@cache
def sample_writer() -> SampleWriter:
    """Writes samples made here, such as those of rules. Thread-safe."""
    return SampleWriter(store())


@cache
def _broker() -> "Redis":
    from redis import Redis  # noqa: PLC0415  slow, and most processes never ask

    return Redis.from_url(settings.BROKER_URL, socket_timeout=2, socket_connect_timeout=1)


def scraping() -> Scraping:
    """What the collectors scrape now. Raises redis.exceptions.RedisError and OSError."""
    return _told.scraping(_broker())


def scraped_metadata(digests: set[str]) -> dict[str, dict[str, tuple[str, str, str]]]:
    """What pages say of their metrics, by targets' `metadata`: {metric: (type, help, unit)}.

    Raises redis.exceptions.RedisError and OSError.
    """
    return _told.metadata(_broker(), digests)


def quota_usage() -> QuotaUsage:
    """What namespaces have of their quotas. Raises redis.exceptions.RedisError and OSError."""
    return _told.usage(_broker())


def requests_by(start: float, end: float, label: str) -> tuple[tuple[str, EdgeTotals], ...]:
    """Requests of edges in (start, end], Unix seconds, by each value of a label that they have.

    Raises StoreAway and StoreError.
    """
    return _requests_by(store(), start, end, label)


def edge_totals(start: float, end: float, *, idle: bool = False) -> EdgeTotals:
    """What every edge counted in (start, end], Unix seconds, from the stored samples.

    Samples are five seconds apart: counts within that of either end may fall on its other side.
    `idle`: with the edges that proxies still know and that counted nothing.
    Raises StoreAway and StoreError.
    """
    return _edge_totals(store(), start, end, idle=idle)
