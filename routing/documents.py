"""Documents as JSON (at rest), as YAML (for people) and as Kubernetes objects (over REST)."""

from collections.abc import Mapping
from typing import Any

from routing.contracts import Document, ResourceKey

JsonObject = dict[str, Any]


def plain(value: Any) -> Any:
    """The same value of dicts, lists and scalars only."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def to_json(document: Document) -> JsonObject:
    """What a version keeps: everything but the key."""
    return {
        "apiVersion": document.api_version,
        "labels": dict(document.labels),
        "annotations": dict(document.annotations),
        "created": document.created_at,
        "spec": plain(document.spec),
    }


def from_json(key: ResourceKey, kept: Mapping[str, Any]) -> Document:
    """Parse what `to_json` made."""
    return Document(
        key=key,
        api_version=kept["apiVersion"],
        spec=kept["spec"],
        labels=tuple(sorted(kept["labels"].items())),
        annotations=tuple(sorted(kept["annotations"].items())),
        created_at=kept["created"],
    )


def same_content(one: Document, other: Document) -> bool:
    """Whether a user would see no difference (age does not count)."""
    return _content(one) == _content(other)


def _content(document: Document) -> JsonObject:
    return {**to_json(document), "created": 0.0}


def to_yaml(document: Document) -> str:
    """One YAML document, as a user would write it."""
    from routing.parse.dump import (  # noqa: PLC0415  late: most processes never render YAML
        dumped,
    )

    metadata: JsonObject = {"name": document.key.name}
    if document.key.namespace:
        metadata["namespace"] = document.key.namespace
    if document.labels:
        metadata["labels"] = dict(document.labels)
    if document.annotations:
        metadata["annotations"] = dict(document.annotations)
    whole: JsonObject = {
        "apiVersion": document.api_version,
        "kind": document.key.kind,
        "metadata": metadata,
    }
    if document.spec:
        whole["spec"] = plain(document.spec)
    return dumped(whole)
