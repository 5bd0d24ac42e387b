"""What the collector is told when it starts."""

import os
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import orjson

from telemetry.ingest.quotas import BYTES_PER_SECOND, MAX_SERIES_PER_NAMESPACE
from telemetry.retention import Retention
from telemetry.store.client import StoreAddress

VARIABLE = "MESHWEB_COLLECTOR"


@dataclass(frozen=True, slots=True, kw_only=True)
class Config:
    """`store_url` empty: the embedded store, its password under `home`.

    `scrape_config` is a file of Prometheus's form, `scrape_hosts` whom it may name, `scrape_own` our own
    processes (`name=host:port`, with commas). Quotas are those of one namespace: series, and bytes a second.
    `ingest_token`: what senders show that are not on this host; needed where they reach `bind`.
    """

    home: str
    bind: str
    grpc_port: int
    http_port: int
    zipkin_port: int
    jaeger_port: int
    jaeger_agent_port: int
    broker_url: str
    store_url: str
    store_port: int
    store_cluster: str = ""
    ingest_token: str = ""
    scrape_config: str = ""
    scrape_hosts: str = "loopback"
    scrape_own: str = ""
    quota_series: int = MAX_SERIES_PER_NAMESPACE
    quota_bytes: int = BYTES_PER_SECOND
    retention: Retention = field(default_factory=Retention)

    def store_address(self) -> StoreAddress:
        if self.store_url:
            return StoreAddress.of_url(self.store_url, self.store_cluster)
        return StoreAddress.embedded(Path(self.home), self.store_port)

    def environment(self) -> dict[str, str]:
        """How it travels: a variable, for other users may read a command line but not this."""
        return {VARIABLE: orjson.dumps(asdict(self)).decode()}

    @staticmethod
    def of_environment() -> "Config":
        """What the command handed over; started without it, the settings themselves."""
        given = os.environ.get(VARIABLE)
        return _read(orjson.loads(given)) if given else Config.of_settings()

    @staticmethod
    def of_settings() -> "Config":
        from django.conf import settings  # noqa: PLC0415  only those who need it pay for it

        from telemetry.facade import retention  # noqa: PLC0415  it needs the settings, too

        return Config(
            home=str(settings.HOME),
            bind=settings.BIND,
            grpc_port=settings.OTLP_GRPC_PORT,
            http_port=settings.OTLP_HTTP_PORT,
            zipkin_port=settings.ZIPKIN_PORT,
            jaeger_port=settings.JAEGER_PORT,
            jaeger_agent_port=settings.JAEGER_AGENT_PORT,
            broker_url=settings.BROKER_URL,
            store_url=settings.STORE_URL,
            store_port=settings.STORE_PORT,
            store_cluster=settings.STORE_CLUSTER,
            ingest_token=settings.INGEST_TOKEN,
            scrape_config=settings.SCRAPE_CONFIG,
            scrape_hosts=settings.SCRAPE_HOSTS,
            scrape_own=settings.SCRAPE_OWN,
            quota_series=settings.QUOTA_SERIES,
            quota_bytes=settings.QUOTA_BYTES,
            retention=retention(),
        )


def _read(given: dict[str, Any]) -> Config:
    return Config(**{**given, "retention": Retention(**given["retention"])})
