-- What a trace consists of stands in its row: lists of traces are told without reading spans. A span is its service, operation, second and mark:
-- 1, and 2 where it failed, 4 where it has no parent, and 29 bits of its id and kind. The mark 0 is a place with any number of spans of an earlier
-- schema; ('', '', 0, 0) stands for places that are not known, and 10,000 spans for more than are kept. End is when the last span ends, or begins where an earlier schema kept it.
ALTER TABLE {database}.trace_times $on_cluster
    ADD COLUMN IF NOT EXISTS Spans SimpleAggregateFunction(groupUniqArrayArray(10000), Array(Tuple(String, String, DateTime('UTC'), UInt32)))
    DEFAULT arrayMap(p -> (p.1, p.2, p.3, toUInt32(0)), Places) CODEC(ZSTD(1));

ALTER TABLE {database}.trace_times_of_spans $on_cluster MODIFY QUERY
SELECT TraceId, min(Timestamp) AS Start, max(addNanoseconds(Timestamp, Duration)) AS End,
    CAST([], 'Array(Tuple(String, String, DateTime(\'UTC\')))') AS Places,
    groupUniqArray(10000)((toString(ServiceName), toString(SpanName), toDateTime(Timestamp),
        bitOr(bitAnd(toUInt32(cityHash64(SpanId, SpanKind)), 4294967288), 1 + 2 * (StatusCode = 'Error') + 4 * (ParentSpanId = '')))) AS Spans
FROM {database}.otel_traces GROUP BY TraceId, toDate(Timestamp);

-- A trace's spans lie far apart: what is read of each place is a block. What compresses worse in small ones keeps large ones.
ALTER TABLE {database}.trace_times $on_cluster MODIFY SETTING min_compress_block_size = 16384, max_compress_block_size = 16384;

ALTER TABLE {database}.otel_traces $on_cluster MODIFY SETTING min_compress_block_size = 16384, max_compress_block_size = 16384;

ALTER TABLE {database}.otel_traces $on_cluster
    MODIFY COLUMN SpanAttributes MODIFY SETTING min_compress_block_size = 65536, max_compress_block_size = 131072;

ALTER TABLE {database}.otel_traces $on_cluster
    MODIFY COLUMN Timestamp MODIFY SETTING min_compress_block_size = 65536, max_compress_block_size = 131072;

ALTER TABLE {database}.otel_traces $on_cluster MODIFY COLUMN Duration UInt64 CODEC(T64, ZSTD(1));

-- Places are known of nearly every trace: this index is for the others, and may be coarser.
ALTER TABLE {database}.otel_traces $on_cluster DROP INDEX IF EXISTS by_trace SETTINGS alter_sync = 0;

ALTER TABLE {database}.otel_traces $on_cluster ADD INDEX IF NOT EXISTS by_trace_id TraceId TYPE bloom_filter(0.025) GRANULARITY 1;

ALTER TABLE {database}.otel_traces $on_cluster MATERIALIZE INDEX by_trace_id SETTINGS mutations_sync = 0;
