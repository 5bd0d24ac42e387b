"""Read a backup into an empty home: everything is judged before anything is written."""

import gzip
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from mesh_web.backup import archive, keys, rows
from mesh_web.backup.archive import Manifest
from mesh_web.backup.keys import Locked
from mesh_web.backup.saving import SPARE_BYTES, Tell
from mesh_web.supervision.preflight import claim_home
from telemetry.facade import (
    Store,
    backup_in_file,
    known_store_migrations,
    own_store,
    restore_store,
    store,
)

NAME = "restore"


class CannotRestore(Exception):  # noqa: N818  the sentence is all there is to it
    """Nothing was restored; the message says why and what to do."""


def check(path: Path, *, passphrase: str, tell: Tell) -> Manifest:
    """Read all of it and hold it against this version. Raises Damaged, CannotRestore, OSError."""
    manifest = archive.read(path, lambda done, all_: tell("reading", done, all_))
    _keys(path, manifest, passphrase)
    newer = rows.unknown(manifest.database)
    later = sorted(set(manifest.store) - known_store_migrations())
    if newer or later:
        raise CannotRestore(
            f"{path} was made by Meshweb {manifest.meshweb}, whose schema is newer than this one's"
            f" ({', '.join([*newer, *(f'store {n:04}' for n in later)][:3])}): restore it with that"
            " version or a later one"
        )
    return manifest


def restore(path: Path, *, telemetry: bool, passphrase: str, tell: Tell) -> Manifest:
    """Raises Damaged, CannotRestore, CannotStart, OSError, StoreError; then the home is as it was."""
    with claim_home():
        manifest = check(path, passphrase=passphrase, tell=tell)
        _must_be_empty()
        if telemetry:
            _must_fit_the_store(manifest)
        _must_have_room(path, manifest)
        with _undone_on_failure():
            _restore_database(path, manifest, tell)
            if telemetry:
                _restore_store(path, manifest, tell)
            keys.spread(settings.HOME, _keys(path, manifest, passphrase))
    return manifest


def _restore_database(path: Path, manifest: Manifest, tell: Tell) -> None:
    with archive.member(path, archive.DATABASE) as packed, gzip.open(packed, "rb") as lines:
        rows.load(
            lines, manifest.database, lambda n: tell("rows of the database", n, manifest.rows)
        )


def _restore_store(path: Path, manifest: Manifest, tell: Tell) -> None:
    def told(done: int, of: int) -> None:
        tell("telemetry", done, of)

    if manifest.elsewhere:
        restore_store(store(), manifest.elsewhere, told, cluster=settings.STORE_CLUSTER)
    elif archive.STORE in manifest.members:
        with own_store(settings.HOME) as started:
            _restore_embedded(path, started, tell)


def _restore_embedded(path: Path, started: Store, tell: Tell) -> None:
    file: Path = settings.HOME / "store" / "backups" / f"{NAME}.tar"
    try:
        with archive.member(path, archive.STORE) as content, file.open("wb") as copy:
            shutil.copyfileobj(content, copy, 1 << 20)
        restore_store(started, backup_in_file(NAME), lambda *done: tell("telemetry", *done))
    finally:
        file.unlink(missing_ok=True)


def _keys(path: Path, manifest: Manifest, passphrase: str) -> dict[str, bytes]:
    with archive.member(path, archive.KEYS) as content:
        files = keys.opened(content.read(), passphrase)
    if isinstance(files, Locked):
        raise CannotRestore(f"{path} cannot be restored: {files.message}")
    given = os.environ.get("MESHWEB_SECRET_KEY")
    known = given or files.get(keys.SECRET_KEY, b"").decode().strip()
    if keys.fingerprint(known) != manifest.key:
        raise CannotRestore(
            "the certificate authority's key can only be opened with the secret key it was sealed"
            " with: set MESHWEB_SECRET_KEY to that one"
            + (", or unset it, for the backup has it" if given and keys.SECRET_KEY in files else "")
        )
    if given:
        files.pop(keys.SECRET_KEY, None)
    return files


def _must_be_empty() -> None:
    home: Path = settings.HOME
    for name in ("admin-token", "store/data"):
        if (home / name).exists():
            raise CannotRestore(
                f"{home} has a Meshweb already ({name}): set MESHWEB_HOME to an empty directory"
            )
    if not rows.is_empty():
        raise CannotRestore(
            "the configuration database has a Meshweb already: restore into an empty one"
        )


def _must_fit_the_store(manifest: Manifest) -> None:
    if manifest.elsewhere and not settings.STORE_URL:
        raise CannotRestore(
            f"its telemetry is in ClickHouse's own backup at {manifest.elsewhere}: set"
            " MESHWEB_STORE_URL to a ClickHouse that can read it, or leave it out with"
            " --without-telemetry"
        )
    if archive.STORE in manifest.members and settings.STORE_URL:
        raise CannotRestore(
            "its telemetry was in the embedded store: restore without MESHWEB_STORE_URL, or leave"
            " it out with --without-telemetry"
        )


def _must_have_room(path: Path, manifest: Manifest) -> None:
    """The store's copy lies beside what is read out of it, until all is read."""
    needed = 2 * sum(member.bytes for member in manifest.members.values()) + SPARE_BYTES
    free = shutil.disk_usage(settings.HOME).free
    if free < needed:
        raise CannotRestore(
            f"the disk of {settings.HOME} has {free >> 20} MiB left and {needed >> 20} MiB are needed"
            f" to restore {path}"
        )


@contextmanager
def _undone_on_failure() -> Iterator[None]:
    """The home was empty, so what is there was made here."""
    try:
        yield
    except BaseException:
        connection.close()
        home: Path = settings.HOME
        if connection.vendor == "sqlite":
            for suffix in ("", "-wal", "-shm"):
                Path(f"{settings.DATABASES['default']['NAME']}{suffix}").unlink(missing_ok=True)
        shutil.rmtree(home / "store", ignore_errors=True)
        raise
