"""Write a backup: the store first, for it takes longest, then the configuration, then the keys."""

import gzip
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from tempfile import TemporaryDirectory

from django.conf import settings
from django.db import connection

from mesh_web.backup import archive, keys, rows
from mesh_web.backup.archive import Manifest, Member, Writer
from mesh_web.supervision.preflight import CannotStart, claim_home
from telemetry.facade import (
    Store,
    StoreState,
    backup_in_file,
    backup_store,
    own_store,
    store,
    store_state,
)

Tell = Callable[[str, int, int], None]
"""What is under way, how much of it is done, how much there is (0: not known)."""
ANSWER_SECONDS = 5.0
SPARE_BYTES = 64 << 20


class CannotSave(Exception):  # noqa: N818  the sentence is all there is to it
    """No backup was made; the message says why and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Telemetry:
    """`file` is where the embedded store wrote its own; else ClickHouse keeps it `elsewhere`."""

    state: StoreState
    file: Path | None = None
    elsewhere: str = ""


def save(path: Path, *, telemetry: bool, passphrase: str, tell: Tell) -> Manifest:
    """Write everything to `path`; whatever runs goes on. Raises CannotSave, OSError, StoreError."""
    with (
        TemporaryDirectory(prefix="backup-", dir=settings.HOME) as scratch,
        _telemetry(path, telemetry, tell) as kept,
        archive.writing(path) as writer,
    ):
        database, count, migrations = _database(Path(scratch), tell)
        writer.add(archive.DATABASE, database, lambda done, all_: tell("database", done, all_))
        given = bool(os.environ.get("MESHWEB_SECRET_KEY"))
        files = keys.gather(settings.HOME, secret_key_given=given)
        writer.add_bytes(archive.KEYS, keys.closed(files, passphrase))
        _add_telemetry(writer, kept, tell)
        manifest = _manifest(count, migrations, kept, writer.members)
        writer.finish(manifest)
    return manifest


def _database(scratch: Path, tell: Tell) -> tuple[Path, int, rows.Applied]:
    path = scratch / archive.DATABASE
    count = 0

    def counted(so_far: int) -> None:
        nonlocal count
        count = so_far
        tell("rows of the database", so_far, 0)

    with rows.snapshot() as alias, gzip.open(path, "wb", compresslevel=3) as file:
        migrations = rows.applied(alias)
        for line in rows.dump(alias, migrations, counted):
            file.write(line)
    return path, count, migrations


@contextmanager
def _telemetry(path: Path, wanted: bool, tell: Tell) -> Iterator[Telemetry | None]:
    if not wanted:
        yield None
        return
    with _answering_store() as found:
        state = store_state(found)
        if settings.STORE_URL:
            yield _elsewhere(found, state, tell)
            return
        name = f"backup-{os.getpid()}"
        file: Path = settings.HOME / "store" / "backups" / f"{name}.tar"
        _check_space(path, state.bytes)
        try:
            backup_store(found, backup_in_file(name), lambda *done: tell("telemetry", *done))
            yield Telemetry(state=state, file=file)
        finally:
            file.unlink(missing_ok=True)


def _elsewhere(found: Store, state: StoreState, tell: Tell) -> Telemetry:
    if not settings.STORE_BACKUP_TO:
        raise CannotSave(
            "the telemetry is in a ClickHouse of its own: say where that one keeps backups"
            " (MESHWEB_STORE_BACKUP_TO), or leave it out with --without-telemetry"
        )
    name = f"meshweb-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    destination = settings.STORE_BACKUP_TO.replace("{name}", name)
    backup_store(
        found, destination, lambda *done: tell("telemetry", *done), cluster=settings.STORE_CLUSTER
    )
    return Telemetry(state=state, elsewhere=destination)


@contextmanager
def _answering_store() -> Iterator[Store]:
    """The one that runs, else one of our own."""
    if store().wait(ANSWER_SECONDS):
        yield store()
        return
    if settings.STORE_URL:
        raise CannotSave("the store at MESHWEB_STORE_URL does not answer")
    try:
        lock = claim_home()
    except CannotStart:
        raise CannotSave(
            "Meshweb runs, but its store does not answer: see logs/store.log"
        ) from None
    with lock, own_store(settings.HOME) as started:
        yield started


def _add_telemetry(writer: Writer, kept: Telemetry | None, tell: Tell) -> None:
    if kept is not None and kept.file is not None:
        writer.add(archive.STORE, kept.file, lambda done, all_: tell("archive", done, all_))


def _check_space(path: Path, store_bytes: int) -> None:
    """The store's copy lies beside it until it is in the file."""
    needed = {settings.HOME: store_bytes, path.resolve().parent: store_bytes}
    by_disk: dict[int, tuple[Path, int]] = {}
    for place, size in needed.items():
        _, so_far = by_disk.get(place.stat().st_dev, (place, SPARE_BYTES))
        by_disk[place.stat().st_dev] = place, so_far + size
    for place, size in by_disk.values():
        free = shutil.disk_usage(place).free
        if free < size:
            raise CannotSave(
                f"the disk of {place} has {free >> 20} MiB left and {size >> 20} MiB are needed: make"
                " room, write to another disk, or leave out telemetry with --without-telemetry"
            )


def _manifest(
    count: int, migrations: rows.Applied, kept: Telemetry | None, members: dict[str, Member]
) -> Manifest:
    return Manifest(
        meshweb=_version(),
        made=datetime.now(UTC).isoformat(timespec="seconds"),
        engine=connection.vendor,
        rows=count,
        database=migrations,
        store=kept.state.migrations if kept else (),
        store_version=kept.state.version if kept else "",
        elsewhere=kept.elsewhere if kept else "",
        key=keys.fingerprint(settings.SECRET_KEY),
        members=members,
    )


def _version() -> str:
    try:
        return version("meshweb")
    except PackageNotFoundError:
        return "unknown"
