-- The signals: spans and access logs in OpenTelemetry's own layout, metrics as series and samples.
CREATE TABLE IF NOT EXISTS {database}.otel_traces $on_cluster (
    Timestamp DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    ParentSpanId String CODEC(ZSTD(1)),
    TraceState String CODEC(ZSTD(1)),
    SpanName LowCardinality(String) CODEC(ZSTD(1)),
    SpanKind LowCardinality(String) CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Namespace LowCardinality(String) CODEC(ZSTD(1)),
    Workload LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    ScopeName LowCardinality(String) CODEC(ZSTD(1)),
    ScopeVersion LowCardinality(String) CODEC(ZSTD(1)),
    SpanAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    Duration UInt64 CODEC(ZSTD(1)),
    StatusCode LowCardinality(String) CODEC(ZSTD(1)),
    StatusMessage String CODEC(ZSTD(1)),
    Events Array(Tuple(Timestamp DateTime64(9, 'UTC'), Name String, Attributes Map(LowCardinality(String), String))) CODEC(ZSTD(1)),
    Links Array(Tuple(TraceId String, SpanId String, Attributes Map(LowCardinality(String), String))) CODEC(ZSTD(1)),
    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1,
    INDEX by_duration Duration TYPE minmax GRANULARITY 1
) ENGINE = $merge_tree
PARTITION BY toDate(Timestamp)
ORDER BY (ServiceName, SpanName, toDateTime(Timestamp))
TTL toDateTime(Timestamp) + INTERVAL $otel_traces DAY DELETE
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 200;

CREATE TABLE IF NOT EXISTS {database}.access_logs $on_cluster (
    Timestamp DateTime64(9, 'UTC') CODEC(Delta, ZSTD(1)),
    TraceId String CODEC(ZSTD(1)),
    SpanId String CODEC(ZSTD(1)),
    Severity LowCardinality(String) CODEC(ZSTD(1)),
    Body String CODEC(ZSTD(1)),
    ServiceName LowCardinality(String) CODEC(ZSTD(1)),
    Namespace LowCardinality(String) CODEC(ZSTD(1)),
    Workload LowCardinality(String) CODEC(ZSTD(1)),
    ResourceAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    LogAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    INDEX by_trace TraceId TYPE bloom_filter(0.001) GRANULARITY 1
) ENGINE = $merge_tree
PARTITION BY toDate(Timestamp)
ORDER BY (Namespace, Workload, toDateTime(Timestamp))
TTL toDateTime(Timestamp) + INTERVAL $access_logs DAY DELETE
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 200;

CREATE TABLE IF NOT EXISTS {database}.series $on_cluster (
    id UInt64,
    name LowCardinality(String),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1)),
    last_seen DateTime('UTC') CODEC(ZSTD(1))
) ENGINE = $replacing_merge_tree(last_seen)
ORDER BY (name, id)
TTL last_seen + INTERVAL $series DAY DELETE
SETTINGS non_replicated_deduplication_window = 200;

CREATE TABLE IF NOT EXISTS {database}.samples $on_cluster (
    id UInt64 CODEC(ZSTD(1)),
    t DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    v Float64 CODEC(Gorilla, ZSTD(1))
) ENGINE = $merge_tree
PARTITION BY toDate(t)
ORDER BY (id, t)
TTL toDateTime(t) + INTERVAL $samples DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 200;
