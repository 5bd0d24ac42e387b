-- Where in time a trace lies, so that a trace is read by its id without touching other days and hours.
CREATE TABLE IF NOT EXISTS {database}.trace_times $on_cluster (
    TraceId String CODEC(ZSTD(1)),
    Start SimpleAggregateFunction(min, DateTime64(9, 'UTC')) CODEC(ZSTD(1)),
    End SimpleAggregateFunction(max, DateTime64(9, 'UTC')) CODEC(ZSTD(1))
) ENGINE = $aggregating_merge_tree
PARTITION BY toDate(Start)
ORDER BY TraceId
TTL toDateTime(Start) + INTERVAL $trace_times DAY DELETE
SETTINGS index_granularity = 1024, ttl_only_drop_parts = 1, non_replicated_deduplication_window = 200;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.trace_times_of_spans $on_cluster TO {database}.trace_times AS
SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End FROM {database}.otel_traces GROUP BY TraceId, toDate(Timestamp);

INSERT INTO {database}.trace_times (TraceId, Start, End)
SELECT TraceId, min(Timestamp), max(Timestamp) FROM {database}.otel_traces GROUP BY TraceId, toDate(Timestamp);
