"""`GET /metrics`: what this collector counts of itself, of namespaces' quotas and of scraping."""

from collections.abc import Callable, Iterator, Mapping

from aiohttp import web
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from telemetry.collector.access import REFUSAL, Access
from telemetry.collector.bodies import refused
from telemetry.ingest.quotas import NAMELESS, Quotas

PATH = "/metrics"


class QuotaMetrics(Collector):
    """By namespace; of a collector whose quotas these are."""

    def __init__(self, quotas: Quotas) -> None:
        self._quotas = quotas

    def collect(self) -> Iterator[Metric]:
        series = GaugeMetricFamily(
            "meshweb_namespace_series", "Series that count for a namespace's quota.", labels=_LABELS
        )
        sent = CounterMetricFamily(
            "meshweb_namespace_ingested_bytes", "Bytes taken, as rows of the store.", labels=_LABELS
        )
        over = CounterMetricFamily(
            "meshweb_namespace_refused_series", "Series refused over the quota.", labels=_LABELS
        )
        much = CounterMetricFamily(
            "meshweb_namespace_refused_bytes", "Bytes refused over the quota.", labels=_LABELS
        )
        for name, one in list(self._quotas.counted().items()):
            labels = [name or NAMELESS]
            series.add_metric(labels, one.series)
            sent.add_metric(labels, one.bytes)
            over.add_metric(labels, one.refused_series)
            much.add_metric(labels, one.refused_bytes)
        yield from (series, sent, over, much)


_LABELS = ["namespace"]


class ScrapeMetrics(Collector):
    """`counts` gives targets by health, and how many pages were lost."""

    def __init__(self, counts: Callable[[], tuple[Mapping[str, int], int]]) -> None:
        self._counts = counts

    def collect(self) -> Iterator[Metric]:
        by_health, lost = self._counts()
        targets = GaugeMetricFamily(
            "meshweb_scrape_targets", "Targets that this collector scrapes.", labels=["health"]
        )
        for health in ("up", "down", "unknown"):
            targets.add_metric([health], by_health.get(health, 0))
        yield targets
        yield CounterMetricFamily(
            "meshweb_scrape_pages_lost", "Pages that could not be stored.", value=lost
        )


def metrics_route(access: Access, *collectors: Collector) -> web.RouteDef:
    async def page(request: web.Request) -> web.Response:
        if not access.allows(request.remote or "", request.headers.get("Authorization", "")):
            return refused(401, REFUSAL)
        from prometheus_client import (  # noqa: PLC0415  slow; only who is asked pays
            CONTENT_TYPE_LATEST,
            REGISTRY,
            CollectorRegistry,
            generate_latest,
        )

        ours = CollectorRegistry()
        for one in collectors:
            ours.register(one)
        body = generate_latest(REGISTRY) + generate_latest(ours)
        return web.Response(body=body, headers={"Content-Type": CONTENT_TYPE_LATEST})

    return web.get(PATH, page)
