"""The numbers that every process of ours may count, under the names that /metrics and the store show."""

from prometheus_client import CollectorRegistry, Counter, Histogram

REGISTRY = CollectorRegistry()

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)

REQUESTS = Histogram(
    "meshweb_http_request_duration_seconds",
    "Answered requests, by route.",
    ["method", "route", "status"],
    buckets=SECONDS,
    registry=REGISTRY,
)
TASKS = Histogram(
    "meshweb_task_duration_seconds",
    "Celery tasks that ended; outcome is success, failure or retry.",
    ["task", "outcome"],
    buckets=SECONDS,
    registry=REGISTRY,
)
STORE = Histogram(
    "meshweb_store_request_duration_seconds",
    "Statements at the store; kind is read, insert or schema, outcome is ok, refused, away or abandoned.",
    ["kind", "outcome"],
    buckets=SECONDS,
    registry=REGISTRY,
)
INGESTED = Counter(
    "meshweb_ingest_requests",
    "Requests of senders; outcome is taken, malformed, large, full or away.",
    ["signal", "outcome"],
    registry=REGISTRY,
)
SENT = Counter(
    "meshweb_own_telemetry_sent",
    "Own spans and records that a destination took.",
    ["signal", "destination"],
    registry=REGISTRY,
)
DROPPED = Counter(
    "meshweb_own_telemetry_dropped",
    "Own spans and records lost: the queue was full, or the destination refused them.",
    ["signal", "destination"],
    registry=REGISTRY,
)
