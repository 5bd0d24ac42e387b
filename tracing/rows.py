"""Rows of the store, as a search of traces may ask for them: for a few seconds at most."""

from typing import Any

from telemetry.facade import Store, StoreError

MAX_SECONDS = 5.0
THREADS = 2


def rows_of(
    store: Store, sql: str, **parameters: str | int | float | list[str]
) -> list[tuple[Any, ...]]:
    """Nothing, before the schema has been made."""
    try:
        return store.query(sql, max_execution_time=MAX_SECONDS, threads=THREADS, **parameters)
    except StoreError as error:
        if error.missing_table:
            return []
        raise
