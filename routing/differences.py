"""Where two documents differ: one line a field, whatever the order of its keys."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from routing.contracts import Document
from routing.documents import plain, to_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One field before and after, as plain values; `there` says on which sides it exists.

    `path` reads `spec.http[0].timeout`; places in lists are those after, for what is gone before.
    """

    path: str
    before: Any
    after: Any
    there: tuple[bool, bool] = (True, True)


def differences(before: Document | None, after: Document | None) -> tuple[Difference, ...]:
    """What was added, removed or changed, in the order of the fields."""
    return tuple(_between("", _whole(before), _whole(after)))


def _whole(document: Document | None) -> dict[str, Any]:
    if document is None:
        return {}
    kept = to_json(document)
    metadata = {name: kept[name] for name in ("labels", "annotations") if kept[name]}
    return {"apiVersion": kept["apiVersion"], "metadata": metadata, "spec": kept["spec"]}


def _between(path: str, before: Any, after: Any) -> Iterator[Difference]:
    if isinstance(before, dict) and isinstance(after, dict):
        for key in (*before, *(key for key in after if key not in before)):
            there = (key in before, key in after)
            place = _under(path, key)
            if all(there):
                yield from _between(place, before[key], after[key])
            else:
                yield Difference(
                    path=place, before=before.get(key), after=after.get(key), there=there
                )
    elif isinstance(before, list) and isinstance(after, list):
        yield from _between_lists(path, before, after)
    elif before != after or type(before) is not type(after):
        yield Difference(path=path, before=before, after=after)


def _between_lists(path: str, before: list[Any], after: list[Any]) -> Iterator[Difference]:
    """Items that stayed are matched first, so that an insertion is one difference."""
    matcher = SequenceMatcher(None, [*map(_text, before)], [*map(_text, after)], autojunk=False)
    for _, start, end, first, last in matcher.get_opcodes():
        both = min(end - start, last - first)
        for i in range(both):
            yield from _between(f"{path}[{first + i}]", before[start + i], after[first + i])
        for i in range(start + both, end):
            yield Difference(path=f"{path}[{i}]", before=before[i], after=None, there=(True, False))
        for i in range(first + both, last):
            yield Difference(path=f"{path}[{i}]", before=None, after=after[i], there=(False, True))


def _under(path: str, key: str) -> str:
    if not key.replace("_", "").replace("-", "").isalnum():
        return f'{path}["{key}"]'
    return f"{path}.{key}" if path else key


def _text(value: Any) -> str:
    return json.dumps(plain(value), sort_keys=True)
