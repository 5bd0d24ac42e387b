"""The file: a tar of members, then a manifest with each member's size and digest.

The manifest comes last, so a file without one was cut short.
"""

import hashlib
import io
import json
import os
import tarfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

FORMAT = 1
MANIFEST = "manifest.json"
DATABASE = "database.jsonl.gz"
STORE = "store.tar"
KEYS = "keys.json"
MEMBERS = (DATABASE, KEYS, STORE)
_BLOCK = 1 << 20
_MANIFEST_BYTES = 4 << 20

Progress = Callable[[int, int], None]


class Damaged(Exception):  # noqa: N818  the sentence is all there is to it
    """The file is no whole backup; the message says what is wrong."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup holds and what made it.

    `database` are the migrations of each app; `store` those of the store's schema (empty: none of
    it is here), `elsewhere` the place where ClickHouse itself keeps the store's backup.
    """

    format: int = FORMAT
    meshweb: str
    made: str
    engine: str
    rows: int
    database: Mapping[str, tuple[str, ...]]
    store: tuple[int, ...]
    store_version: str
    elsewhere: str
    key: str
    members: Mapping[str, Member]


class Writer:
    """Adds members; `finish` makes the file what it is to be."""

    def __init__(self, file: IO[bytes]) -> None:
        self._tar = tarfile.TarFile(fileobj=file, mode="w", format=tarfile.PAX_FORMAT)
        self.members: dict[str, Member] = {}

    def add(self, name: str, source: Path, progress: Progress) -> None:
        size = source.stat().st_size
        digest = hashlib.sha256()
        with source.open("rb") as content:
            self._tar.addfile(_entry(name, size), _Read(content, digest.update, size, progress))
        self.members[name] = Member(bytes=size, sha256=digest.hexdigest())

    def add_bytes(self, name: str, content: bytes) -> None:
        self._tar.addfile(_entry(name, len(content)), io.BytesIO(content))
        digest = hashlib.sha256(content).hexdigest()
        self.members[name] = Member(bytes=len(content), sha256=digest)

    def finish(self, manifest: Manifest) -> None:
        text = json.dumps(asdict(manifest), indent=1).encode()
        self._tar.addfile(_entry(MANIFEST, len(text)), io.BytesIO(text))
        self._tar.close()


@contextmanager
def writing(path: Path) -> Iterator[Writer]:
    """The file appears under its name once it is whole, readable by its owner alone.

    Raises FileExistsError where there is one already."""
    if path.exists():
        raise FileExistsError(f"{path} is there already")
    part = path.with_name(f"{path.name}.part")
    part.unlink(missing_ok=True)
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            yield Writer(file)
            file.flush()
            os.fsync(file.fileno())
        os.link(part, path)  # not a rename: what came there meanwhile is nobody's to overwrite
    finally:
        part.unlink(missing_ok=True)


def read(path: Path, progress: Progress) -> Manifest:
    """Read all of it and compare every digest. Raises Damaged, OSError."""
    total = path.stat().st_size
    found: dict[str, Member] = {}
    text = b""
    try:
        with tarfile.open(path, "r:") as tar:
            for entry in tar:
                content = tar.extractfile(entry)
                if content is None or entry.name not in (*MEMBERS, MANIFEST):
                    raise Damaged(f"{path} has {entry.name[:100]!r}, which no backup has")
                if entry.name == MANIFEST and entry.size <= _MANIFEST_BYTES:
                    text = content.read()
                    continue
                found[entry.name] = _member(content)
                progress(entry.offset_data + entry.size, total)
    except tarfile.TarError as error:
        raise Damaged(f"{path} is damaged or no backup: {error}") from error
    if not text:
        raise Damaged(f"{path} was cut short: its end is missing")
    manifest = _manifest(path, text)
    for name, member in manifest.members.items():
        if found.get(name) != member:
            raise Damaged(f"{path} is damaged: {name} is not as it was written")
    return manifest


@contextmanager
def member(path: Path, name: str) -> Iterator[IO[bytes]]:
    """One member of a file that `read` found whole."""
    with tarfile.open(path, "r:") as tar:
        content = tar.extractfile(name)
        if content is None:
            raise Damaged(f"{path} has no {name}")
        yield content


def _manifest(path: Path, text: bytes) -> Manifest:
    try:
        told = json.loads(text)
        if told["format"] != FORMAT:
            raise Damaged(
                f"{path} was made by Meshweb {told.get('meshweb')} in a form that this version does"
                " not know: restore it with that version or a later one"
            )
        members = {name: Member(**one) for name, one in told["members"].items()}
        database = {app: tuple(names) for app, names in told["database"].items()}
        changed = {"members": members, "database": database, "store": tuple(told["store"])}
        return Manifest(**{**told, **changed})
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise Damaged(f"{path} is damaged: its manifest cannot be read") from error


def _member(content: IO[bytes]) -> Member:
    digest, size = hashlib.sha256(), 0
    while block := content.read(_BLOCK):
        digest.update(block)
        size += len(block)
    return Member(bytes=size, sha256=digest.hexdigest())


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode, entry.mtime = size, 0o600, int(time.time())
    return entry


class _Read:
    """A file as it is read: its digest, and how far it is."""

    def __init__(
        self, content: IO[bytes], seen: Callable[[bytes], None], size: int, progress: Progress
    ) -> None:
        self._content = content
        self._seen = seen
        self._size = size
        self._progress = progress
        self._done = 0

    def read(self, size: int = -1) -> bytes:
        block = self._content.read(size)
        self._seen(block)
        self._done += len(block)
        self._progress(self._done, self._size)
        return block
