-- Spans are found by what they are asked for: an attribute they have, wherever it stands; the trace they belong to; the workload they are of.
-- AttributeHashes is not stored: it gives the index's expression a name.
ALTER TABLE {database}.otel_traces $on_cluster
    ADD COLUMN IF NOT EXISTS AttributeHashes Array(UInt32) ALIAS arrayConcat(
        arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(SpanAttributes), mapValues(SpanAttributes)),
        arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
        arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)),
        arrayFlatten(arrayMap(m -> arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(m), mapValues(m)), Events.Attributes)),
        arrayFlatten(arrayMap(m -> arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(m), mapValues(m)), Links.Attributes)));

ALTER TABLE {database}.otel_traces $on_cluster
    ADD INDEX IF NOT EXISTS by_attribute arrayConcat(
        arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(SpanAttributes), mapValues(SpanAttributes)),
        arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(ResourceAttributes), mapValues(ResourceAttributes)),
        arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(ScopeAttributes), mapValues(ScopeAttributes)),
        arrayFlatten(arrayMap(m -> arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(m), mapValues(m)), Events.Attributes)),
        arrayFlatten(arrayMap(m -> arrayMap((k, v) -> toUInt32(cityHash64(k, v)), mapKeys(m), mapValues(m)), Links.Attributes))) TYPE bloom_filter(0.003) GRANULARITY 1;

ALTER TABLE {database}.otel_traces $on_cluster MATERIALIZE INDEX by_attribute SETTINGS mutations_sync = 0;

-- Places are where in the order of spans a trace's lie; ('', '', 0) stands for "not known".
ALTER TABLE {database}.trace_times $on_cluster
    ADD COLUMN IF NOT EXISTS Places SimpleAggregateFunction(groupUniqArrayArray, Array(Tuple(String, String, DateTime('UTC'))))
    DEFAULT [('', '', toDateTime(0, 'UTC'))] CODEC(ZSTD(1));

ALTER TABLE {database}.trace_times_of_spans $on_cluster MODIFY QUERY
SELECT TraceId, min(Timestamp) AS Start, max(Timestamp) AS End,
    groupUniqArray(1000)((toString(ServiceName), toString(SpanName), toDateTime(Timestamp))) AS Found,
    if(length(Found) < 1000, Found, [('', '', toDateTime(0, 'UTC'))]) AS Places
FROM {database}.otel_traces GROUP BY TraceId, toDate(Timestamp);

CREATE TABLE IF NOT EXISTS {database}.span_services $on_cluster (
    ServiceName LowCardinality(String),
    Workload LowCardinality(String),
    Day Date
) ENGINE = $replacing_merge_tree
ORDER BY (ServiceName, Workload, Day)
TTL Day + INTERVAL $otel_traces DAY DELETE
SETTINGS non_replicated_deduplication_window = 200;

CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.span_services_of_spans $on_cluster TO {database}.span_services AS
SELECT DISTINCT ServiceName, Workload, toDate(Timestamp) AS Day FROM {database}.otel_traces;

INSERT INTO {database}.span_services (ServiceName, Workload, Day)
SELECT DISTINCT ServiceName, Workload, toDate(Timestamp) FROM {database}.otel_traces;
