"""The store's schema: numbered SQL files, applied in order, each recorded when it is done.

Statements may run twice (two collectors starting at once, a crash between statement and
record), so every one is written to bear it.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from string import Template

from telemetry.retention import DAY, TABLES, Retention
from telemetry.store.client import Store
from telemetry.store.cluster import clustered, local_name

FOLDER = Path(__file__).parent / "migrations"


_LEDGER = (
    "ReplicatedReplacingMergeTree('/clickhouse/meshweb/{database}/schema_migrations',"
    " '{shard}-{replica}')"
)
"""Every node of a cluster has all of it, whichever its shard."""


@dataclass(frozen=True, slots=True)
class Migration:
    number: int
    name: str
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Engines:
    """Engine names. A cluster's name turns every table into its replicated kind."""

    cluster: str = ""

    def words(self) -> dict[str, str]:
        kind = "Replicated" if self.cluster else ""
        return {
            "merge_tree": f"{kind}MergeTree",
            "replacing_merge_tree": f"{kind}ReplacingMergeTree",
            "aggregating_merge_tree": f"{kind}AggregatingMergeTree",
            "ledger": _LEDGER if self.cluster else "ReplacingMergeTree",
            "on_cluster": f"ON CLUSTER `{self.cluster}`" if self.cluster else "",
        }

    def statements(self, template: str, words: Mapping[str, str]) -> Iterator[str]:
        """What a statement of a migration is here."""
        statement = Template(template).substitute(words)
        if self.cluster:
            yield from clustered(statement, self.cluster)
        else:
            yield statement


def migrations(folder: Path = FOLDER) -> tuple[Migration, ...]:
    """All migrations in order."""
    return tuple(_read(path) for path in sorted(folder.glob("[0-9]*.sql")))


def migrate(
    store: Store,
    *,
    engines: Engines | None = None,
    retention: Retention | None = None,
    up_to: int | None = None,
) -> list[int]:
    """Apply what is missing; return the numbers applied. Raises StoreAway and StoreError."""
    kept = retention or Retention()
    engines = engines or Engines()
    words = {**engines.words(), **_days(kept)}
    _prepare(store, words)
    done = {row[0] for row in store.query("SELECT number FROM {database}.schema_migrations")}
    applied = []
    for migration in migrations():
        if migration.number in done or (up_to is not None and migration.number > up_to):
            continue
        for template in migration.statements:
            for statement in engines.statements(template, words):
                store.execute(statement)
        store.insert(
            "schema_migrations",
            ("number", "name"),
            [(migration.number, migration.name)],
            token=f"migration-{migration.number}",
        )
        applied.append(migration.number)
    if up_to is None:
        _keep_retention(store, engines, kept)
    return applied


def _prepare(store: Store, words: dict[str, str]) -> None:
    store.execute(
        Template("CREATE DATABASE IF NOT EXISTS {database} $on_cluster").substitute(words)
    )
    store.execute(
        Template(
            "CREATE TABLE IF NOT EXISTS {database}.schema_migrations $on_cluster"
            " (number UInt32, name String, applied_at DateTime('UTC') DEFAULT now())"
            " ENGINE = $ledger ORDER BY number"
        ).substitute(words)
    )


def _days(retention: Retention) -> dict[str, str]:
    """What a table is made with, before `_keep_retention` says it exactly."""
    return {kept.table: str(-(-kept.seconds(retention) // DAY)) for kept in TABLES}


def _keep_retention(store: Store, engines: Engines, retention: Retention) -> None:
    """Bring tables made with other retention times up to today's."""
    definitions = dict(
        store.query(
            "SELECT name, create_table_query FROM system.tables WHERE database = {db:String}"
            " AND name IN {tables:Array(String)}",
            db=store.database,
            tables=[local_name(kept.table, engines.cluster) for kept in TABLES],
        )
    )
    for kept in TABLES:
        table = local_name(kept.table, engines.cluster)
        definition = definitions[table]
        alter = f"ALTER TABLE {{database}}.{table} {engines.words()['on_cluster']} MODIFY"
        settings = [f"{name} = {value}" for name, value in kept.settings(retention).items()]
        if not all(re.search(rf"\b{setting}\b", definition) for setting in settings):
            store.execute(f"{alter} SETTING {', '.join(settings)}")
        if f"TTL {kept.ttl(retention)}" not in definition:
            store.execute(f"{alter} TTL {kept.ttl(retention)}")


def _read(path: Path) -> Migration:
    number, _, name = path.stem.partition("_")
    lines = [line for line in path.read_text().splitlines() if not line.startswith("--")]
    parts = "\n".join(lines).split(";\n")
    statements = tuple(s.strip().rstrip(";") for s in parts if s.strip().rstrip(";"))
    return Migration(number=int(number), name=name, statements=statements)
