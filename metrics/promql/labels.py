"""Label sets: sorted, immutable, hashable."""

import re
from collections.abc import Iterable, Mapping

Labels = tuple[tuple[str, str], ...]
"""Sorted by name, no empty values."""

NAME = "__name__"
_LABEL_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")


def make(pairs: Mapping[str, str]) -> Labels:
    return tuple(sorted((name, value) for name, value in pairs.items() if value))


def get(labels: Labels, wanted: str) -> str:
    """The label's value, "" without it."""
    for name, value in labels:
        if name == wanted:
            return value
    return ""


def keep(labels: Labels, names: Iterable[str]) -> Labels:
    wanted = frozenset(names)
    return tuple(pair for pair in labels if pair[0] in wanted)


def drop(labels: Labels, names: Iterable[str]) -> Labels:
    unwanted = frozenset(names)
    return tuple(pair for pair in labels if pair[0] not in unwanted)


def without_name(labels: Labels) -> Labels:
    return tuple(pair for pair in labels if pair[0] != NAME)


def replace(labels: Labels, name: str, value: str) -> Labels:
    return make({**dict(labels), name: value})


def is_label_name(text: str) -> bool:
    return _LABEL_NAME.fullmatch(text) is not None


def quoted(text: str) -> str:
    """As Go's %q shows it; a byte that is no text comes out as \\xNN."""
    shown = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return '"' + re.sub(r"[\x80-\xff]", lambda found: f"\\x{ord(found[0]):02x}", shown) + '"'


def show(labels: Labels) -> str:
    """`{__name__="up", job="api"}`, Prometheus's notation inside messages."""
    return "{" + ", ".join(f"{name}={quoted(value)}" for name, value in labels) + "}"
