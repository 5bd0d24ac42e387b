"""What telemetry hands upward: edge counts of one second, and the broker's channel names."""

from dataclasses import dataclass, field
from enum import StrEnum

DURATION_BOUNDS_MS: tuple[float, ...] = (
    0.5, 1, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10000, 30000, 60000, 300000,
    600000, 1800000, 3600000,
)  # fmt: skip
"""Upper bounds of `istio_request_duration_milliseconds`: those of Istio's own proxies."""


class Channel(StrEnum):
    """Broker channels. Each carries JSON; publishing is a hint or a live value, never the truth."""

    REVISION = "meshweb:revision"
    """{"number": n}: a revision became visible in the database."""
    REGISTRY = "meshweb:registry"
    """{}: pods, services or workloads changed."""
    CONVERGENCE = "meshweb:convergence"
    """One Convergence: {"revision", "state", "proxies": [{"id", "state", "ms", "error"}]}."""
    PROXIES = "meshweb:proxies"
    """{}: a proxy connected, left, or changed its state."""
    BREAKERS = "meshweb:breakers-changed"
    """{}: a limit was reached or left, an endpoint ejected or taken back."""
    LIVE = "meshweb:live"
    """A live message, ready to be sent to browsers: {"topic", "epoch", "seq", ...}."""


EDGES_STREAM = "meshweb:edges"
"""The broker's stream of edge counts: one EdgeSecond an entry, made by `telemetry.edges.pack`.

It is read by position, so that whoever was away goes on where it was. It keeps the last
EDGES_KEPT_SECONDS, and fewer of a mesh whose seconds are large."""
EDGES_FIELD = b"second"
EDGES_KEPT_SECONDS = 600


BREAKERS_HASH = "meshweb:breakers"
"""A field a proxy ("namespace/pod"): what it counts of limits and ejections (telemetry.collector.breakers)."""
EJECTIONS_HASH = "meshweb:ejections"
"""A field a node: which endpoints its proxies ejected and took back (proxy.breakers)."""
BREAKER_SECONDS = 30
"""What was not renewed for so long is no longer known."""


SCRAPERS = "meshweb:scrapers"
"""The collectors that scrape, sorted by when they last said so (Unix seconds)."""
SCRAPED = "meshweb:scraped:"
"""And a collector's name: a hash of what it scrapes. A field a target (its id: a ScrapeTarget), and SCRAPED_VIEW."""
SCRAPED_VIEW = "view"
SCRAPED_METADATA = "meshweb:scraped-metadata:"
"""And a ScrapeTarget's `metadata`: {metric: [type, help, unit]}."""
SCRAPED_SECONDS = 30
"""How long what a collector scraped is shown without it."""
SCRAPE_PODS = "meshweb:scrape-pods"
"""The registry's pods as a file of targets has them: [{"targets": ["host:port"], "labels": {}}]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeTarget:
    """One target and its last scrape. `health` is "up", "down" or "unknown"; `seconds` is how long
    the scrape took, `scraped_at` Unix seconds (0: never); `interval` and `timeout` as Prometheus
    writes durations; `metadata` names what its page said of its metrics ("" for nothing)."""

    id: str
    pool: str
    url: str
    discovered: dict[str, str]
    labels: dict[str, str]
    interval: str
    timeout: str
    health: str = "unknown"
    error: str = ""
    scraped_at: float = 0.0
    seconds: float = 0.0
    samples: int = 0
    bytes: int = 0
    metadata: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeProblem:
    """Something wrong with the configuration of scraping. `severity` is "error" or "warning"."""

    code: str
    severity: str
    path: str
    message: str
    fix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScrapeView:
    """What is to be scraped: `pools` are the jobs' names, `dropped` the labels discovered of targets
    that rules drop, by pool (some of them; `dropped_counts` counts all), `text` the configuration
    without its secrets, `read_at` when it was read (Unix seconds)."""

    pools: tuple[str, ...] = ()
    dropped: dict[str, tuple[dict[str, str], ...]] = field(default_factory=dict)
    dropped_counts: dict[str, int] = field(default_factory=dict)
    problems: tuple[ScrapeProblem, ...] = ()
    text: str = ""
    read_at: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Scraping:
    """What all collectors scrape. Targets by pool and address."""

    view: ScrapeView
    targets: tuple[ScrapeTarget, ...]


USAGE = "meshweb:usage:"
"""And a collector's name (SCRAPERS): what namespaces have of its quotas."""
USAGE_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class NamespaceUsage:
    """Of all collectors together. `bytes` and `refused_*` since they started; `namespace` "" is
    what names none."""

    namespace: str
    series: int = 0
    bytes: int = 0
    refused_series: int = 0
    refused_bytes: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaUsage:
    """`series` and `bytes_per_second` are what one collector lets a namespace have (0: any number)."""

    series: int = 0
    bytes_per_second: int = 0
    namespaces: tuple[NamespaceUsage, ...] = ()


class Reporter(StrEnum):
    """Which end of a connection counted it (Istio's `reporter` label)."""

    SOURCE = "source"
    DESTINATION = "destination"


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeKey:
    """The labels that tell one stream of traffic from another.

    Names are "unknown" where Envoy could not know them, as in Istio. `destination_service` is the
    full host. `protocol` is "http",
    "grpc" or "tcp"; `security` is "mutual_tls", "none" or "unknown"; `code` is "" for TCP, and for
    gRPC its status ("0".."16"), or HTTP's where the call ended without one;
    `flags` are Envoy's response flags ("-" for none).
    """

    reporter: Reporter
    source_namespace: str
    source_workload: str
    destination_service_namespace: str
    destination_service: str
    destination_namespace: str
    destination_workload: str
    destination_version: str
    protocol: str
    code: str
    flags: str
    security: str
    source_version: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeCount:
    """Traffic of one key in one second, or summed over a window (never cumulative).

    `duration_buckets` has one count per bound of DURATION_BOUNDS_MS and one for what is above;
    it may be empty. `connections_open` is a level, not a count: how many are open at the end of
    that second, among the proxies that this collector hears. It adds up over collectors and
    edges, never over seconds, and is told under the key whose `flags` are "-".
    """

    requests: int = 0
    duration_sum_ms: float = 0.0
    duration_buckets: tuple[int, ...] = ()
    request_bytes: int = 0
    response_bytes: int = 0
    connections_opened: int = 0
    connections_closed: int = 0
    bytes_sent: int = 0
    bytes_received: int = 0
    connections_open: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class EdgeSecond:
    """All that one collector counted in one second (`second` is Unix time, whole).

    A collector may tell of a second more than once, later, after it was away: counts add up.
    It tells of every second in which something was counted or a connection is open.
    """

    collector: str
    second: int
    edges: tuple[tuple[EdgeKey, EdgeCount], ...]
