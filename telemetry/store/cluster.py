"""The schema on a cluster: each table is a replicated one on every shard, and one that spans them under its name.

Statements of the migrations name tables as if there were one server; here they are turned into
those of a cluster. What belongs together lies on one shard, so joins stay within it.
"""

import re
from collections.abc import Iterator

LOCAL = "_local"

SHARDED_BY = {
    "otel_traces": "cityHash64(TraceId)",
    "trace_times": "cityHash64(TraceId)",
    "span_services": "cityHash64(ServiceName)",
    "access_logs": "cityHash64(if(TraceId = '', concat(Workload, toString(Timestamp)), TraceId))",
    "series": "id",
    "samples": "id",
    "exemplars": "id",
    "edges": "id",
    "edge_samples": "id",
    "metric_metadata": "cityHash64(name)",
}
"""Rows with equal values lie on one shard: spans of a trace, samples of a series with its name."""

READING = {
    "distributed_product_mode": "local",
    "distributed_foreground_insert": "1",
    "deduplicate_blocks_in_dependent_materialized_views": "1",
}
"""Sent with every statement: joins within a shard; an insert is answered when every shard has it."""

_NAMED = re.compile(r"\{database\}\.(\w+)")
_CREATES = re.compile(r"CREATE TABLE IF NOT EXISTS \{database\}\.(\w+)")
_ADDS_COLUMNS = re.compile(
    r"ALTER TABLE \{database\}\.(\w+)\b.*\b(ADD|MODIFY|DROP) COLUMN", re.DOTALL
)


def clustered(statement: str, cluster: str) -> Iterator[str]:
    """What a statement of a migration is on a cluster, in order."""
    if statement.startswith("INSERT"):
        yield statement
        return
    yield _NAMED.sub(_local, statement)
    created, changed = _CREATES.match(statement), _ADDS_COLUMNS.match(statement)
    if created and created[1] in SHARDED_BY:
        yield spanning(created[1], cluster)
    elif changed and changed[1] in SHARDED_BY:
        yield spanning(changed[1], cluster)


def spanning(table: str, cluster: str) -> str:
    """The table of all shards. It holds no rows, so it may be made anew whenever columns change."""
    return (
        f"CREATE OR REPLACE TABLE {{database}}.{table} ON CLUSTER `{cluster}`"
        f" AS {{database}}.{table}{LOCAL}"
        f" ENGINE = Distributed('{cluster}', '{{database}}', '{table}{LOCAL}', {SHARDED_BY[table]})"
    )


def local_name(table: str, cluster: str) -> str:
    """The table that holds rows."""
    return f"{table}{LOCAL}" if cluster and table in SHARDED_BY else table


def _local(found: re.Match[str]) -> str:
    return f"{{database}}.{found[1]}{LOCAL}" if found[1] in SHARDED_BY else found[0]
