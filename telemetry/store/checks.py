"""The store looks at itself: version, schema, write and read, clock, disk."""

import secrets
import time
from collections.abc import Callable, Iterator

from rest.checks import Check
from telemetry.store.backup import known_migrations
from telemetry.store.client import Store, StoreAway, StoreError

_PROMQL = """
SELECT version(), (SELECT count() FROM system.functions WHERE name = 'timeSeriesRateToGrid'),
    (SELECT count() FROM system.settings WHERE name = 'enable_time_series_aggregate_functions')
"""
"""What PromQL is computed with."""
CLOCK_SECONDS = 2.0
ROOM_BYTES = 1 << 30
"""Below it, it is said; below what the store keeps free, nothing is taken."""

_DISKS = """
SELECT name, free_space, total_space,
    (SELECT toUInt64(value) FROM system.merge_tree_settings WHERE name = 'min_free_disk_bytes_to_perform_insert')
FROM system.disks
"""


def store_checks(store: Store) -> tuple[Check, ...]:
    """Each in a second or so; when it does not answer that is all there is to say."""
    if not store.ping():
        return (
            Check(
                name="store",
                ok=False,
                said="the store does not answer",
                mend="see store.log in the home's logs, or whether MESHWEB_STORE_URL is right",
            ),
        )
    return tuple(
        found
        for look in (_version, _schema, _write, _clock, _disk)
        for found in _tried(look, store)
    )


def _tried(look: Callable[[Store], Iterator[Check]], store: Store) -> Iterator[Check]:
    name = f"store {look.__name__.strip('_')}"
    try:
        yield from look(store)
    except (StoreAway, StoreError) as error:
        yield Check(
            name=name,
            ok=False,
            said=str(error).partition("\n")[0][:300],
            mend="look again in a while; see store.log in the home's logs",
        )


def _version(store: Store) -> Iterator[Check]:
    ((version, function, setting),) = store.query(_PROMQL)
    able = bool(int(function) and int(setting))
    yield Check(
        name="store version",
        ok=able,
        said=f"ClickHouse {version}{'' if able else ', without the functions PromQL is computed with'}",
        mend="run a ClickHouse as new as the embedded one (26.9)",
    )


def _schema(store: Store) -> Iterator[Check]:
    known = known_migrations()
    try:
        done = {row[0] for row in store.query("SELECT number FROM {database}.schema_migrations")}
    except StoreError as error:
        if not error.missing_table:
            raise
        done = set()
    newer, missing = sorted(done - known), sorted(known - done)
    said = f"{len(done)} migrations" if not (newer or missing) else ""
    if newer:
        said = f"its schema is of a later Meshweb (migration {newer[-1]:04})"
    elif missing:
        said = f"migration {missing[0]:04} and what follows it are missing"
    yield Check(
        name="store schema",
        ok=not (newer or missing),
        said=said,
        mend="run the version that made it, or a later one"
        if newer
        else "the collector applies them when it starts: see collector.log",
    )


def _write(store: Store) -> Iterator[Check]:
    table, word = f"self_check_{secrets.token_hex(6)}", secrets.token_hex(8)
    try:
        store.execute(
            f"CREATE TABLE {{database}}.{table} (word String) ENGINE = MergeTree ORDER BY word"
        )
        store.insert(table, ("word",), [(word,)], token=word)
        rows = store.query(f"SELECT word FROM {{database}}.{table}")  # noqa: S608  made above
    finally:
        store.execute(f"DROP TABLE IF EXISTS {{database}}.{table}")
    yield Check(
        name="store write",
        ok=rows == [(word,)],
        said="what is written is read and taken away again"
        if rows == [(word,)]
        else f"read {rows}",
        mend="the store loses what it takes: restore a backup on another disk",
    )


def _clock(store: Store) -> Iterator[Check]:
    before = time.time()
    ((theirs,),) = store.query("SELECT toFloat64(now64(3))")
    yield clock("store clock", float(theirs), before, time.time())


def clock(name: str, theirs: float, before: float, after: float) -> Check:
    """`theirs` was told between two looks at our own (Unix seconds)."""
    off = max(0.0, before - theirs, theirs - after)
    return Check(
        name=name,
        ok=off <= CLOCK_SECONDS,
        said=f"{off:.1f} s from ours",
        mend="set both clocks by NTP: certificates and windows of time depend on them",
    )


def _disk(store: Store) -> Iterator[Check]:
    for name, free, total, reserve in store.query(_DISKS):
        full = int(free) <= int(reserve)
        taken = "; nothing is taken any more" if full else ""
        yield Check(
            name=f"store disk {name}",
            ok=int(free) >= max(ROOM_BYTES, int(reserve)),
            said=f"{int(free) >> 20} of {int(total) >> 20} MiB free, {int(reserve) >> 20} kept{taken}",
            mend="make room, or keep signals for less time (MESHWEB_KEEP_SPANS, _METRICS, _LOGS)",
        )
