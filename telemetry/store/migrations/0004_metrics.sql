-- Counters compress to half as their differences; what a metric is; samples that name a trace.
ALTER TABLE {database}.samples $on_cluster MODIFY COLUMN v Float64 CODEC(Delta(8), ZSTD(1));

CREATE TABLE IF NOT EXISTS {database}.metric_metadata $on_cluster (
    name LowCardinality(String),
    type LowCardinality(String),
    unit String CODEC(ZSTD(1)),
    help String CODEC(ZSTD(1)),
    last_seen DateTime('UTC') CODEC(ZSTD(1))
) ENGINE = $replacing_merge_tree(last_seen)
ORDER BY name
TTL last_seen + INTERVAL $metric_metadata DAY DELETE
SETTINGS non_replicated_deduplication_window = 200;

CREATE TABLE IF NOT EXISTS {database}.exemplars $on_cluster (
    id UInt64 CODEC(ZSTD(1)),
    t DateTime64(3, 'UTC') CODEC(DoubleDelta, ZSTD(1)),
    v Float64 CODEC(ZSTD(1)),
    labels Map(LowCardinality(String), String) CODEC(ZSTD(1))
) ENGINE = $merge_tree
PARTITION BY toDate(t)
ORDER BY (id, t)
TTL toDateTime(t) + INTERVAL $exemplars DAY DELETE
SETTINGS ttl_only_drop_parts = 1, non_replicated_deduplication_window = 200;
