-- What an attribute was before it became text, so that a span can be given back as it came.
-- Types: place and key ("span.retry", "resource.port", "event0.size") of whatever was not text.
ALTER TABLE {database}.otel_traces $on_cluster
    ADD COLUMN IF NOT EXISTS ScopeAttributes Map(LowCardinality(String), String) CODEC(ZSTD(1)) AFTER ScopeVersion,
    ADD COLUMN IF NOT EXISTS Types Map(LowCardinality(String), LowCardinality(String)) CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS Flags UInt32 CODEC(ZSTD(1)),
    ADD COLUMN IF NOT EXISTS LinkStates Array(String) CODEC(ZSTD(1));
