"""How the readers of specs say what is wrong, and take values that the schema has checked."""

from collections.abc import Callable, Mapping
from typing import Any

from routing.contracts import Document
from routing.model.metadata import Metadata
from routing.parse.schema import duration_ms
from topology.contracts import Labels, labels

Note = Callable[..., None]
"""`note(code, path, *words, fix=...)`: add a finding about the document that is read."""

Spec = Mapping[str, Any]


def part(of: Spec, key: str) -> Spec:
    """A mapping; empty where there is none."""
    return of.get(key) or {}


def items(of: Spec, key: str) -> list[Any]:
    """A list without its nulls."""
    return [item for item in of.get(key) or () if item is not None]


def texts(of: Spec, key: str) -> tuple[str, ...]:
    return tuple(items(of, key))


def text(of: Spec, key: str) -> str:
    return of.get(key) or ""


def label_set(of: Spec, key: str) -> Labels:
    return labels(of.get(key))


def milliseconds(of: Spec, key: str) -> int | None:
    value = of.get(key)
    return None if value is None else duration_ms(value)


def metadata_of(document: Document) -> Metadata:
    own = document.key.namespace
    exported = tuple(own if e == "." else e for e in texts(document.spec, "exportTo"))
    return Metadata(key=document.key, created_at=document.created_at, export_to=exported or ("*",))
