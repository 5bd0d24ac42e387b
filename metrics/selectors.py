"""Reads: the engine over the store, made for one query."""

from collections.abc import Callable
from dataclasses import dataclass

from django.conf import settings

from metrics.promql.engine import Engine
from metrics.promql.limits import Limits, never
from metrics.store.asking import Asking
from metrics.store.names import Names
from metrics.store.source import ClickHouseSource
from telemetry.facade import retention, store

_names = Names()


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEngine(Engine):
    """An engine whose samples are in the store."""

    source: ClickHouseSource


def asking(seconds: float, gone: Callable[[], bool] = never) -> Asking:
    return Asking(store=store(), seconds=seconds, cancelled=gone)


def engine(seconds: float, gone: Callable[[], bool] = never) -> StoredEngine:
    """For one query that may take so long, and ends when `gone` says so."""
    limits = Limits(samples=settings.QUERY_MAX_SAMPLES, seconds=seconds)
    source = ClickHouseSource(asking=asking(seconds, gone), names=_names, limits=limits)
    return StoredEngine(source=source, limits=limits)


def retention_time() -> str:
    """How long samples are kept, as Prometheus writes durations."""
    days, rest = divmod(retention().metrics, 86_400)
    return f"{retention().metrics}s" if rest else f"{days}d"
