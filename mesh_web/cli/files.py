"""YAML from files, directories and standard input."""

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from mesh_web.cli.exits import USAGE, Stop

SUFFIXES = (".yaml", ".yml", ".json")


def text_of(names: Iterable[str]) -> str:
    """All documents as one text; a directory gives its YAML and JSON files, sorted, and deeper."""
    return "\n---\n".join(_texts(names))


def _texts(names: Iterable[str]) -> Iterator[str]:
    for name in names:
        if name == "-":
            yield sys.stdin.read()
            continue
        path = Path(name)
        files = sorted(_inside(path)) if path.is_dir() else [path]
        if not files:
            raise Stop(USAGE, f"There is no {', '.join(SUFFIXES)} file in {name}.")
        yield from map(_read, files)


def _inside(path: Path) -> list[Path]:
    return [one for one in path.rglob("*") if one.suffix in SUFFIXES and one.is_file()]


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Stop(USAGE, f"{path} cannot be read: {error.strerror}.") from error
    except UnicodeDecodeError as error:
        raise Stop(USAGE, f"{path} is not UTF-8 text.") from error
