"""The store's own backup: ClickHouse writes it while it goes on serving, and reads it back.

Parts are copied as they are on disk, so it takes as long as copying a file of that size.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass

from telemetry.store.client import Store, StoreError
from telemetry.store.migrate import Engines, migrations

LOOK_SECONDS = 0.2
_DONE = ("BACKUP_CREATED", "RESTORED")
_UNDER_WAY = ("CREATING_BACKUP", "RESTORING")
_FAILED = 597
"""ClickHouse's number for a backup that was not made; its own text says more."""

Progress = Callable[[int, int], None]
"""Bytes so far, bytes in all (0 while nobody knows)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreState:
    """What a backup holds: whose it is, which schema, how much."""

    version: str
    migrations: tuple[int, ...]
    bytes: int


def in_file(name: str) -> str:
    """The embedded store's destination: a file in its own folder of backups."""
    return f"File('{name}.tar')"


def back_up(store: Store, destination: str, progress: Progress, *, cluster: str = "") -> None:
    """Write the whole database to `destination` (ClickHouse's own words for a place).

    What is inserted meanwhile is in it or not, each row whole. Raises StoreAway, StoreError.
    """
    where = Engines(cluster=cluster).words()["on_cluster"]
    _run(store, f"BACKUP DATABASE {{database}} {where} TO {destination} ASYNC", progress)


def restore(store: Store, source: str, progress: Progress, *, cluster: str = "") -> None:
    """Bring the database back, into a store that has none of it. Raises StoreAway, StoreError."""
    where = Engines(cluster=cluster).words()["on_cluster"]
    _run(store, f"RESTORE DATABASE {{database}} {where} FROM {source} ASYNC", progress)


def state(store: Store) -> StoreState:
    """Raises StoreAway, StoreError (with `missing_table` before its first start)."""
    ((version, size),) = store.query(
        "SELECT version(), (SELECT sum(bytes_on_disk) FROM system.parts"
        " WHERE database = {db:String} AND active)",
        db=store.database,
    )
    rows = store.query("SELECT DISTINCT number FROM {database}.schema_migrations ORDER BY number")
    return StoreState(version=version, migrations=tuple(r[0] for r in rows), bytes=int(size or 0))


def known_migrations() -> frozenset[int]:
    """What this version can bring to today's schema."""
    return frozenset(m.number for m in migrations())


def _run(store: Store, sql: str, progress: Progress) -> None:
    ((identity, _),) = store.query(" ".join(sql.split()), max_execution_time=0)
    while True:
        status, error, done, total = store.query(
            "SELECT toString(status), error, greatest(bytes_read, compressed_size), total_size"
            " FROM system.backups WHERE id = {id:String}",
            id=identity,
        )[0]
        progress(min(int(done), int(total)), int(total))
        if status in _DONE:
            return
        if status not in _UNDER_WAY:
            raise StoreError(
                error.partition(", Stack trace")[0] or f"it ended as {status}", _FAILED
            )
        time.sleep(LOOK_SECONDS)
