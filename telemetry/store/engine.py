"""The embedded ClickHouse: one directory, one process, a fresh handle for each statement."""

import os
import re
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from telemetry.store.statements import Statement, StatementKind

_SERVER_CONFIG = """<clickhouse>
<max_server_memory_usage>{memory}</max_server_memory_usage>
<mark_cache_size>16777216</mark_cache_size>
<index_mark_cache_size>4194304</index_mark_cache_size>
<index_uncompressed_cache_size>0</index_uncompressed_cache_size>
<uncompressed_cache_size>0</uncompressed_cache_size>
<primary_index_cache_size>8388608</primary_index_cache_size>
<mmap_cache_size>0</mmap_cache_size>
<background_pool_size>1</background_pool_size>
<background_schedule_pool_size>2</background_schedule_pool_size>
<background_common_pool_size>1</background_common_pool_size>
<background_move_pool_size>1</background_move_pool_size>
<background_fetches_pool_size>1</background_fetches_pool_size>
<max_thread_pool_size>64</max_thread_pool_size>
<max_thread_pool_free_size>8</max_thread_pool_free_size>
<backups><allowed_path>{backups}</allowed_path></backups>
<backup_threads>1</backup_threads>
<restore_threads>1</restore_threads>
<max_backups_io_thread_pool_size>2</max_backups_io_thread_pool_size>
<merge_tree>
<min_free_disk_bytes_to_perform_insert>{reserve}</min_free_disk_bytes_to_perform_insert>
<max_bytes_to_merge_at_max_space_in_pool>1073741824</max_bytes_to_merge_at_max_space_in_pool>
<number_of_free_entries_in_pool_to_lower_max_size_of_merge>0</number_of_free_entries_in_pool_to_lower_max_size_of_merge>
<number_of_free_entries_in_pool_to_execute_mutation>0</number_of_free_entries_in_pool_to_execute_mutation>
<number_of_free_entries_in_pool_to_execute_optimize_entire_partition>0</number_of_free_entries_in_pool_to_execute_optimize_entire_partition>
<merge_max_block_size>1024</merge_max_block_size>
<merge_max_block_size_bytes>2097152</merge_max_block_size_bytes>
<max_compress_block_size>131072</max_compress_block_size>
<min_compress_block_size>65536</min_compress_block_size>
<vertical_merge_algorithm_min_rows_to_activate>1</vertical_merge_algorithm_min_rows_to_activate>
</merge_tree>
</clickhouse>
"""
"""A span has some eighty streams of columns, each with buffers while a part is written or merged: blocks
of 128 KiB and merges column by column take half of what 1 MiB and all columns at once would."""
_SETTING_NAME = re.compile(r"[a-z_]{1,64}")
_SETTING_VALUE = re.compile(r"[A-Za-z0-9_.-]{0,128}")
_FORMAT_NAME = re.compile(r"[A-Za-z0-9]{1,64}")
_CODE = re.compile(r"Code: (\d+)")

MEMORY_LIMIT = 256 << 20
"""Bytes the engine may allocate; its code pages (about 180 MB, shared, from the wheel) come on top."""

BACKUPS = "backups"
"""The folder beside the data into which BACKUP writes, and from which RESTORE reads."""

CLIENT_SETTINGS = frozenset(
    {
        "max_execution_time",
        "max_threads",
        "max_result_rows",
        "result_overflow_mode",
        "max_rows_to_read",
        "insert_deduplication_token",
        "enable_time_series_aggregate_functions",
        "allow_experimental_time_series_aggregate_functions",
        "date_time_input_format",
        "materialize_ttl_after_modify",
    }
)
"""What a client may set; anything else it sends is ignored."""

_LIMITS: Mapping[str, str] = {
    "max_memory_usage": str(MEMORY_LIMIT * 3 // 5),
    "max_threads": "1",
    "max_threads_min_free_memory_per_thread": str(32 << 20),
    "max_insert_threads": "1",
    "max_execution_time": "20",
    "max_result_bytes": str(32 << 20),
    "max_bytes_before_external_group_by": str(64 << 20),
    "max_bytes_before_external_sort": str(64 << 20),
    "deduplicate_blocks_in_dependent_materialized_views": "1",
}
"""Who asks says where more threads help: each holds a state for every group, and may put what lies in
order together out of it. By itself the engine would want a GiB free for each."""
_INSERTING: Mapping[str, str] = {"input_format_parallel_parsing": "0"}
"""Rows come in batches that are small: to begin threads that read them costs more than reading them."""


class EngineError(Exception):
    """The engine refused or failed; `code` is ClickHouse's error number."""

    def __init__(self, message: str) -> None:
        super().__init__(message)
        found = _CODE.search(message)
        self.code = int(found.group(1)) if found else 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    body: bytes
    written_rows: int = 0


class Engine:
    """Runs statements. Handles are thread-confined and cost about 0.5 ms each, so none is
    reused: no setting of one request can leak into the next.
    """

    def __init__(
        self, directory: Path, *, memory_limit: int = MEMORY_LIMIT, reserve: int = 0
    ) -> None:
        """`reserve`: bytes of disk that inserts leave free, for merges and for everybody else."""
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        config = directory / "engine.xml"
        backups = directory / BACKUPS
        backups.mkdir(exist_ok=True, mode=0o700)
        config.write_text(
            _SERVER_CONFIG.format(memory=memory_limit, backups=backups, reserve=reserve)
        )
        self._chdb = _import_chdb()
        self._address = f"{directory}/data?config-file={config}"
        self._opening = threading.Lock()
        self._anchor = self._open({})  # keeps the engine running between requests

    def run(
        self,
        statement: Statement,
        *,
        output: str,
        body: bytes = b"",
        parameters: Mapping[str, str] | None = None,
        settings: Mapping[str, str] | None = None,
        tag: str = "",
    ) -> Answer:
        """Raise EngineError where ClickHouse does. `tag` is a word by which `end` finds it."""
        chosen = {k: v for k, v in (settings or {}).items() if k in CLIENT_SETTINGS}
        if tag:
            chosen["log_comment"] = tag
        if statement.kind is StatementKind.READ:
            chosen["readonly"] = "1"
        elif statement.kind is StatementKind.INSERT:
            chosen |= _INSERTING
        with self._handle(chosen) as handle:
            if statement.kind is StatementKind.INSERT:
                return _insert(handle, statement, output, body)
            try:
                result = handle.query(statement.sql, output, params=dict(parameters or {}))
            except Exception as error:  # the binding raises its own and plain RuntimeErrors
                raise EngineError(str(error)) from error
            return Answer(body=result.bytes() or b"")

    def end(self, tag: str) -> None:
        """End the statement that runs with this tag, if it still does."""
        sql = "KILL QUERY WHERE Settings['log_comment'] = {tag:String} ASYNC"
        with self._handle({}) as handle:
            try:
                handle.query(sql, "Null", params={"tag": tag})
            except Exception as error:
                raise EngineError(str(error)) from error

    def close(self) -> None:
        self._anchor.close()

    @contextmanager
    def _handle(self, settings: Mapping[str, str]) -> Iterator[Any]:
        handle = self._open(settings)
        try:
            yield handle
        finally:
            handle.close()

    def _open(self, settings: Mapping[str, str]) -> Any:
        merged = {**_LIMITS, **settings}
        for name, value in merged.items():
            if not (_SETTING_NAME.fullmatch(name) and _SETTING_VALUE.fullmatch(value)):
                raise EngineError(f"Code: 72. Setting {name} has a value that cannot be read")
        words = "&".join(f"{name}={value}" for name, value in merged.items())
        with self._opening:
            try:
                return self._chdb.connect(f"{self._address}&{words}")
            except Exception as error:
                raise EngineError(str(error)) from error


def _insert(handle: Any, statement: Statement, output: str, body: bytes) -> Answer:
    """Rows are a file in memory. The binding's own stream of rows calls an insert done even where
    the engine could not write it, and behind their statement rows end at the first empty line."""
    if not _FORMAT_NAME.fullmatch(output):
        raise EngineError("Code: 73. The name of the format cannot be read")
    try:
        with _in_memory(body) as path:
            sql = f"{statement.sql} FROM INFILE '{path}' COMPRESSION 'none' FORMAT {output}"
            return Answer(body=b"", written_rows=handle.query(sql, "Null").rows_written())
    except Exception as error:
        raise EngineError(str(error)) from error


@contextmanager
def _in_memory(body: bytes) -> Iterator[str]:
    """The path of a file that is on no disk and ends with the block."""
    with os.fdopen(os.memfd_create("rows"), "wb", buffering=0) as file:
        unwritten = memoryview(body)
        while unwritten:
            unwritten = unwritten[file.write(unwritten) :]
        yield f"/proc/self/fd/{file.fileno()}"


def _import_chdb() -> Any:
    """Import chdb without its optional data-frame companions (60 MB and 0.3 s we never use)."""
    for optional in ("pyarrow", "pandas", "numpy"):
        sys.modules.setdefault(optional, None)  # type: ignore[arg-type]
    import chdb  # noqa: PLC0415  only the store process may load the engine

    return chdb
