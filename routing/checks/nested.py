"""YAML inside a text (annotations, ConfigMaps): bounded, never an error."""

from collections.abc import Mapping
from typing import Any

from routing.parse.text import read_values


def parse_mapping(text: str) -> Mapping[str, Any]:
    """The mapping of the first document; empty where there is none."""
    first = next(iter(read_values(text)), None) if text.strip() else None
    return first.value if first is not None and isinstance(first.value, dict) else {}


def is_mapping(text: str) -> bool:
    """Whether it is readable YAML that is a mapping or empty."""
    values = list(read_values(text))
    return all(isinstance(v.value, dict) or v.value is None for v in values) and not any(
        v.findings for v in values
    )
