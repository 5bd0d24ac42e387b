"""What can be found out before anything runs: settings, home, disk, memory, the database."""

import os
import resource
import secrets
import shutil
import stat
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from rest.checks import Check
from telemetry.facade import clock_check, retention

ROOM_BYTES = 256 << 20
MEMORY_BYTES = 1 << 30
"""What one Meshweb with all its processes needs, without applications and their proxies."""
FILES = 1024
_CGROUP = Path("/sys/fs/cgroup/memory.max")


def here() -> tuple[Check, ...]:
    """Nothing is started and nobody else is asked but the database."""
    looks = (_settings, _home, _keys, _disk, _memory, _open_files, _database)
    return tuple(found for look in looks for found in look())


def _settings() -> Iterator[Check]:
    try:
        kept = retention()
    except ImproperlyConfigured as error:
        yield Check(
            name="settings", ok=False, fatal=True, said=str(error), mend="correct the variable"
        )
        return
    days = ", ".join(
        f"{n} {s / 86_400:g} d"
        for n, s in (("spans", kept.spans), ("metrics", kept.metrics), ("logs", kept.logs))
    )
    yield Check(name="settings", ok=True, said=f"kept: {days}")


def _home() -> Iterator[Check]:
    home: Path = settings.HOME
    mode = stat.S_IMODE(home.stat().st_mode)
    mine = home.stat().st_uid == os.getuid()
    writable = os.access(home, os.W_OK | os.X_OK)
    yield Check(
        name="home",
        ok=mine and writable and not mode & 0o077,
        fatal=not writable,
        said=f"{home}, mode {mode:03o}{'' if mine else ', of another user'}"
        f"{'' if writable else ', not writable'}",
        mend=f"chown it to the user that runs Meshweb, then chmod 700 {home}",
    )


def _keys() -> Iterator[Check]:
    names = ("secret-key", "admin-token", "store-password")
    found = [settings.HOME / name for name in names if (settings.HOME / name).exists()]
    open_ones = [path.name for path in found if path.stat().st_mode & 0o077]
    yield Check(
        name="keys",
        ok=not open_ones,
        said=f"others may read {', '.join(open_ones)}" if open_ones else "their owner's alone",
        mend=f"chmod 600 in {settings.HOME}, and make new ones if others were there",
    )


def _disk() -> Iterator[Check]:
    free = shutil.disk_usage(settings.HOME).free
    yield Check(
        name="disk",
        ok=free >= ROOM_BYTES,
        said=f"{free >> 20} MiB free for {settings.HOME}",
        mend=f"make room: at least {ROOM_BYTES >> 20} MiB",
    )


def _memory() -> Iterator[Check]:
    allowed = _allowed_memory()
    yield Check(
        name="memory",
        ok=allowed >= MEMORY_BYTES,
        said=f"{allowed >> 20} MiB may be used",
        mend=f"allow at least {MEMORY_BYTES >> 20} MiB (the container's limit, or ulimit -v)",
    )


def _allowed_memory() -> int:
    limits = [os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")]
    soft, _ = resource.getrlimit(resource.RLIMIT_AS)
    if soft != resource.RLIM_INFINITY:
        limits.append(soft)
    if _CGROUP.is_file() and (text := _CGROUP.read_text().strip()).isdecimal():
        limits.append(int(text))
    return min(limits)


def _open_files() -> Iterator[Check]:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    yield Check(
        name="open files",
        ok=soft == resource.RLIM_INFINITY or soft >= FILES,
        said=f"{soft} at a time (may be raised to {hard})",
        mend=f"ulimit -n {max(FILES, 65536)}",
    )


def _database() -> Iterator[Check]:
    try:
        yield _answers()
        schema = _schema()
        yield schema
        if schema.ok:
            yield _write()
        yield _clock()
    except DatabaseError as error:
        yield Check(
            name="database write",
            ok=False,
            fatal=True,
            said=str(error).strip().partition("\n")[0],
            mend="see whether MESHWEB_DATABASE_URL is right, its disk has room, and it answers",
        )


def _answers() -> Check:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    version = ".".join(str(n) for n in connection.get_database_version())
    return Check(name="database", ok=True, said=f"{connection.display_name} {version}")


def _schema() -> Check:
    loader = MigrationLoader(connection)
    apps = {app for app, _ in loader.graph.nodes}
    newer = sorted(
        (app, name)
        for app, name in loader.applied_migrations.keys() - loader.graph.nodes.keys()
        if app in apps
    )
    if newer:
        app, name = newer[-1]
        return Check(
            name="database schema",
            ok=False,
            fatal=True,
            said=f"it is of a later Meshweb ({app}.{name})",
            mend="run the version that made it, or a later one",
        )
    missing = len(loader.graph.nodes.keys() - loader.applied_migrations.keys())
    return Check(
        name="database schema",
        ok=not missing,
        said=f"{missing} migrations are missing" if missing else "up to date",
        mend="meshweb up and meshweb prepare apply them",
    )


def _write() -> Check:
    from django.contrib.sessions.models import Session  # noqa: PLC0415  needs Django's apps

    key = f"self-check-{secrets.token_hex(8)}"
    gone = timezone.now() - timedelta(days=1)
    Session.objects.create(session_key=key, session_data="", expire_date=gone)
    found = Session.objects.filter(pk=key).exists()
    deleted, _ = Session.objects.filter(pk=key).delete()
    ok = found and deleted == 1
    return Check(
        name="database write",
        ok=ok,
        fatal=True,
        said="what is written is read and taken away again"
        if ok
        else "what is written is not there",
        mend="restore a backup on another disk",
    )


def _clock() -> Check:
    if connection.vendor == "sqlite":
        return Check(name="database clock", ok=True, said="ours")
    before = time.time()
    with connection.cursor() as cursor:
        cursor.execute("SELECT extract(epoch FROM clock_timestamp())")
        theirs = float(cursor.fetchone()[0])
    return clock_check("database clock", theirs, before, time.time())
