-- What proxies count of edges, one row for all metrics of an edge and by time: a graph reads its window and nothing else.
CREATE TABLE IF NOT EXISTS {database}.edges $on_cluster (
    id UInt64,
    instance String CODEC(ZSTD(1)),
    reporter LowCardinality(String),
    source_namespace LowCardinality(String),
    source_workload LowCardinality(String),
    destination_service_namespace LowCardinality(String),
    destination_service LowCardinality(String),
    destination_namespace LowCardinality(String),
    destination_workload LowCardinality(String),
    destination_version LowCardinality(String),
    protocol LowCardinality(String),
    code LowCardinality(String),
    flags LowCardinality(String),
    security LowCardinality(String),
    source_version LowCardinality(String),
    last_seen DateTime('UTC') CODEC(ZSTD(1))
) ENGINE = $replacing_merge_tree(last_seen)
ORDER BY id
TTL last_seen + INTERVAL $series DAY DELETE
SETTINGS index_granularity = 1024, non_replicated_deduplication_window = 200;

CREATE TABLE IF NOT EXISTS {database}.edge_samples $on_cluster (
    id UInt64 CODEC(ZSTD(1)),
    t DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    requests UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_sum_ms Float64 CODEC(Delta(8), ZSTD(1)),
    duration_0 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_1 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_2 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_3 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_4 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_5 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_6 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_7 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_8 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_9 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_10 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_11 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_12 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_13 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_14 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_15 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_16 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_17 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_18 UInt64 CODEC(Delta(8), ZSTD(1)),
    duration_19 UInt64 CODEC(Delta(8), ZSTD(1)),
    request_bytes UInt64 CODEC(Delta(8), ZSTD(1)),
    response_bytes UInt64 CODEC(Delta(8), ZSTD(1)),
    connections_opened UInt64 CODEC(Delta(8), ZSTD(1)),
    connections_closed UInt64 CODEC(Delta(8), ZSTD(1)),
    bytes_sent UInt64 CODEC(Delta(8), ZSTD(1)),
    bytes_received UInt64 CODEC(Delta(8), ZSTD(1))
) ENGINE = $merge_tree
PARTITION BY toDate(t)
ORDER BY (toStartOfMinute(t), id, t)
TTL toDateTime(t) + INTERVAL $samples DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 200;
