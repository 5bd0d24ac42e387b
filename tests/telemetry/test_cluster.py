"""The migrations as statements of a cluster. No cluster runs here: its parser reads them."""

import re

from telemetry.retention import TABLES, Retention
from telemetry.store.client import Store, StoreAddress
from telemetry.store.cluster import LOCAL, READING, SHARDED_BY
from telemetry.store.migrate import Engines, _days, migrations

CLUSTER = Engines(cluster="c")


def everything() -> list[str]:
    words = {**CLUSTER.words(), **_days(Retention())}
    return [
        statement
        for migration in migrations()
        for template in migration.statements
        for statement in CLUSTER.statements(template, words)
    ]


def test_a_table_is_a_replicated_one_and_one_that_spans_the_shards() -> None:
    template = (
        "CREATE TABLE IF NOT EXISTS {database}.samples $on_cluster (id UInt64) ENGINE = $merge_tree"
    )
    assert list(CLUSTER.statements(template, CLUSTER.words())) == [
        (
            "CREATE TABLE IF NOT EXISTS {database}.samples_local ON CLUSTER `c` (id UInt64)"
            " ENGINE = ReplicatedMergeTree"
        ),
        (
            "CREATE OR REPLACE TABLE {database}.samples ON CLUSTER `c` AS {database}.samples_local"
            " ENGINE = Distributed('c', '{database}', 'samples_local', id)"
        ),
    ]


def test_columns_reach_both_and_views_read_and_write_within_their_shard() -> None:
    words = CLUSTER.words()
    added = "ALTER TABLE {database}.otel_traces $on_cluster ADD COLUMN IF NOT EXISTS a String"
    assert [s.partition(" ENGINE")[0] for s in CLUSTER.statements(added, words)] == [
        "ALTER TABLE {database}.otel_traces_local ON CLUSTER `c` ADD COLUMN IF NOT EXISTS a String",
        "CREATE OR REPLACE TABLE {database}.otel_traces ON CLUSTER `c` AS {database}.otel_traces_local",
    ]
    view = (
        "CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.v $on_cluster TO {database}.trace_times"
        " AS SELECT TraceId FROM {database}.otel_traces"
    )
    assert list(CLUSTER.statements(view, words)) == [
        (
            "CREATE MATERIALIZED VIEW IF NOT EXISTS {database}.v ON CLUSTER `c` TO"
            " {database}.trace_times_local AS SELECT TraceId FROM {database}.otel_traces_local"
        )
    ]


def test_every_table_has_a_shard_key_and_everything_says_on_cluster() -> None:
    created = {
        found[1]
        for statement in everything()
        if (found := re.match(r"CREATE TABLE IF NOT EXISTS \{database\}\.(\w+)", statement))
    }
    assert created == {f"{table}{LOCAL}" for table in SHARDED_BY}
    assert {kept.table for kept in TABLES} <= set(SHARDED_BY)
    changing = [s for s in everything() if not s.startswith("INSERT")]
    assert [s for s in changing if "ON CLUSTER `c`" not in s] == []
    assert {SHARDED_BY[t] for t in ("otel_traces", "trace_times")} == {"cityHash64(TraceId)"}
    assert {SHARDED_BY[t] for t in ("series", "samples", "exemplars")} == {"id"}


def test_clickhouse_reads_every_statement(store: Store) -> None:
    for statement in everything():
        named = statement.replace("{database}", "meshweb")
        ((text,),) = store.query("SELECT formatQuery({asked:String})", asked=named)
        assert ("Distributed" in text) == ("Distributed" in statement)


def test_every_request_to_a_cluster_joins_within_a_shard() -> None:
    address = StoreAddress.of_url("https://ann:p%40ss@store.example:9443/mesh", "c")
    assert (address.host, address.port, address.password, address.secure, address.cluster) == (
        "store.example", 9443, "p@ss", True, "c",
    )  # fmt: skip
    assert READING["distributed_product_mode"] == "local"
    assert StoreAddress.of_url("http://h/x").cluster == ""
