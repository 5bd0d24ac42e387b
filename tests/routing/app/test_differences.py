"""Two documents side by side: one line a field."""

from typing import Any

import pytest

from routing.contracts import Document, ResourceKey
from routing.differences import differences


def document(spec: dict[str, Any], **labels: str) -> Document:
    return Document(
        key=ResourceKey("VirtualService", "shop", "payments"),
        api_version="networking.istio.io/v1",
        spec=spec,
        labels=tuple(sorted(labels.items())),
        created_at=float(len(spec)),
    )


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, []),
        ({"a": 1}, {"a": 2}, [("spec.a", 1, 2, (True, True))]),
        ({"a": 1}, {"a": True}, [("spec.a", 1, True, (True, True))]),
        ({"a": None}, {}, [("spec.a", None, None, (True, False))]),
        ({}, {"a/b": [1]}, [('spec["a/b"]', None, [1], (False, True))]),
        ({"l": [1, 2, 3]}, {"l": [0, 1, 2, 3]}, [("spec.l[0]", None, 0, (False, True))]),
        ({"l": [1, 2, 3]}, {"l": [1, 3]}, [("spec.l[1]", 2, None, (True, False))]),
        (
            {"l": [{"w": 90, "d": "v1"}, {"w": 10, "d": "v2"}]},
            {"l": [{"w": 50, "d": "v1"}, {"w": 50, "d": "v2"}]},
            [("spec.l[0].w", 90, 50, (True, True)), ("spec.l[1].w", 10, 50, (True, True))],
        ),
        ({"a": {"b": 1}}, {"a": [1]}, [("spec.a", {"b": 1}, [1], (True, True))]),
    ],
)
def test_each_field_that_differs_is_named(
    before: dict[str, Any], after: dict[str, Any], expected: list[Any]
) -> None:
    found = differences(document(before), document(after))
    assert [(one.path, one.before, one.after, one.there) for one in found] == expected


def test_labels_count_and_age_does_not() -> None:
    found = differences(document({}), document({}, app="x"))
    assert [(one.path, one.after) for one in found] == [("metadata.labels", {"app": "x"})]
