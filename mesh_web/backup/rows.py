"""The configuration database as lines of JSON: read in one consistent view, from and into any engine.

A line that is an object, {"model": "app.name", "fields": [...]}, is followed by that model's rows,
arrays of values. Rows are those of the migrations that were applied, not of today's models, so
that a later version loads them as they were and then brings them forward.
"""

import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from datetime import date, datetime, time
from typing import Any

from django.core.management import call_command
from django.core.management.color import no_style
from django.db import connections, models, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader

Applied = Mapping[str, tuple[str, ...]]
"""The migrations of each app, sorted."""
Counted = Callable[[int], None]
SNAPSHOT = "snapshot"
CHUNK = 500


@contextmanager
def snapshot() -> Iterator[str]:
    """A connection that sees the database as it is now, for as long as it is held; nobody waits for it."""
    connection = connections["default"].copy(SNAPSHOT)
    options: dict[str, object] = dict(connection.settings_dict["OPTIONS"])
    if connection.vendor == "sqlite":
        options["transaction_mode"] = "DEFERRED"  # it only reads: writers must not wait
    else:
        from django.db.backends.postgresql.psycopg_any import (  # noqa: PLC0415  where psycopg is
            IsolationLevel,
        )

        options["isolation_level"] = IsolationLevel.REPEATABLE_READ
    connection.settings_dict["OPTIONS"] = options
    connections[SNAPSHOT] = connection
    try:
        with transaction.atomic(using=SNAPSHOT):
            yield SNAPSHOT
    finally:
        connection.close()
        del connections[SNAPSHOT]


def applied(alias: str) -> Applied:
    """What was applied of the migrations that there are."""
    loader = MigrationLoader(connections[alias])
    found: dict[str, list[str]] = {}
    for app, name in loader.applied_migrations.keys() & loader.graph.nodes.keys():
        found.setdefault(app, []).append(name)
    return {app: tuple(sorted(names)) for app, names in sorted(found.items())}


def unknown(recorded: Applied) -> tuple[str, ...]:
    """Migrations, as "app.name", that this version does not have: it is older than the backup."""
    known = MigrationLoader(None, ignore_no_migrations=True).graph.nodes
    return tuple(
        f"{app}.{name}"
        for app, names in recorded.items()
        for name in names
        if (app, name) not in known
    )


def dump(alias: str, recorded: Applied, counted: Counted) -> Iterator[bytes]:
    """Every row of every table, as lines. `counted` is told how many there are so far."""
    rows = 0
    for model in _models(connections[alias], recorded):
        fields = _fields(model)
        head = {"model": model._meta.label, "fields": [f.attname for f in fields]}
        yield _line(head)
        for row in model._base_manager.using(alias).order_by("pk").iterator(CHUNK):
            yield _line([_plain(field, row) for field in fields])
            rows += 1
            if rows % CHUNK == 0:
                counted(rows)
    counted(rows)


def is_empty() -> bool:
    """Whether the database has no row of ours: it may have tables."""
    connection = connections["default"]
    with connection.cursor() as cursor:
        tables = set(connection.introspection.table_names(cursor))
    recorded = applied("default")
    return not any(
        model._base_manager.exists()
        for model in _models(connection, recorded)
        if model._meta.db_table in tables and model._meta.app_label not in _MADE_BY_MIGRATE
    )


_MADE_BY_MIGRATE = ("contenttypes", "auth")


def load(lines: Iterable[bytes], recorded: Applied, counted: Counted) -> None:
    """Bring an empty database to the recorded migrations, fill it, and bring it to today's.

    Raises ValueError where lines are none of ours, django.db.Error where rows do not fit together.
    """
    connection = connections["default"]
    _migrate_to(connection, recorded)
    by_label = {model._meta.label: model for model in _models(connection, recorded)}
    with connection.constraint_checks_disabled(), transaction.atomic():
        flush = connection.ops.sql_flush(no_style(), [m._meta.db_table for m in by_label.values()])
        connection.ops.execute_sql_flush(flush)
        _insert(lines, by_label, counted)
        connection.check_constraints()
        with connection.cursor() as cursor:
            for sql in connection.ops.sequence_reset_sql(no_style(), list(by_label.values())):
                cursor.execute(sql)
    call_command("migrate", verbosity=0, interactive=False)


def _insert(
    lines: Iterable[bytes], by_label: Mapping[str, type[models.Model]], counted: Counted
) -> None:
    model: type[models.Model] | None = None
    fields: list[models.Field[Any, Any]] = []
    waiting: list[models.Model] = []
    rows = 0

    def write() -> None:
        if model is not None:
            model._base_manager.bulk_create(waiting)
        waiting.clear()
        counted(rows)

    for line in lines:
        values = json.loads(line)
        if isinstance(values, dict):
            write()
            model = by_label[values["model"]]
            named = {field.attname: field for field in _fields(model)}
            fields = [named[name] for name in values["fields"]]
            continue
        if model is None:
            raise ValueError("rows before the name of their table")
        pairs = zip(fields, values, strict=True)
        waiting.append(model(**{f.attname: f.to_python(value) for f, value in pairs}))
        rows += 1
        if len(waiting) >= CHUNK:
            write()
    write()


def _migrate_to(connection: BaseDatabaseWrapper, recorded: Applied) -> None:
    executor = MigrationExecutor(connection)
    nodes = {(app, name) for app, names in recorded.items() for name in names}
    latest = [
        node
        for node in nodes
        if not any(
            child.key in nodes and child.key[0] == node[0]
            for child in executor.loader.graph.node_map[node].children
        )
    ]
    executor.migrate(sorted(latest))


def _models(connection: BaseDatabaseWrapper, recorded: Applied) -> list[type[models.Model]]:
    """As they were after those migrations; times are kept as they are."""
    loader = MigrationLoader(connection)
    nodes = [(app, name) for app, names in recorded.items() for name in names]
    apps = loader.project_state(nodes).apps if nodes else None
    found = apps.get_models(include_auto_created=True) if apps else []
    mine = [m for m in found if m._meta.managed and not m._meta.proxy and not m._meta.swapped]
    for model in mine:
        for field in _fields(model):
            if isinstance(field, models.DateField):
                field.auto_now = field.auto_now_add = False
    return sorted(mine, key=lambda model: str(model._meta.label))


def _fields(model: type[models.Model]) -> "list[models.Field[Any, Any]]":
    return [field for field in model._meta.concrete_fields if not field.generated]


def _plain(field: "models.Field[Any, Any]", row: models.Model) -> object:
    value = field.value_from_object(row)
    if value is None or isinstance(value, bool | int | float | str | date | datetime | time):
        return value
    return value if isinstance(field, models.JSONField) else field.value_to_string(row)


def _line(value: object) -> bytes:
    return json.dumps(value, default=_text, separators=(",", ":")).encode() + b"\n"


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, date | time) else str(value)
