"""One YAML document as plain values, read so that neither depth nor aliases exhaust the process.

PyYAML's composer calls itself for each level, in C: what it is given is looked through before.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import yaml

MAX_DEPTH = 60
MAX_VALUES = 500_000
"""What an alias stands for counts at each of its places."""


@dataclass(frozen=True, slots=True)
class Unreadable:
    """Why a text is no such document, in words."""

    reason: str


@dataclass(slots=True)
class _Open:
    """A collection that has not ended; `keys` are a mapping's, None for a list."""

    anchor: str | None
    keys: set[str] | None = None
    awaits_key: bool = field(default=False)
    values: int = 1


def document_of(text: str) -> object | Unreadable:
    """The only document of a text (None if there is none): the values of PyYAML's safe loader."""
    try:
        reason = _objection(_first_document(yaml.parse(text, Loader=yaml.CSafeLoader)))
        if reason is None:
            found: object = yaml.load(text, Loader=yaml.CSafeLoader)
            return found
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        reason = " ".join(str(error).split())[:300]
    except (AttributeError, KeyError):  # PyYAML's own, for words like `!!bool maybe`
        reason = "a value is not what its tag says"
    return Unreadable(reason)


def _first_document(events: Iterable[yaml.Event]) -> Iterator[yaml.Event]:
    """A second one is found by the loader."""
    for event in events:
        yield event
        if isinstance(event, yaml.DocumentEndEvent):
            return


def _objection(events: Iterable[yaml.Event]) -> str | None:
    """What forbids to compose these events; None: nothing does."""
    stack: list[_Open] = []
    sizes: dict[str, int] = {}
    total = 0
    for event in events:
        match event:
            case yaml.CollectionStartEvent():
                is_mapping = isinstance(event, yaml.MappingStartEvent)
                if len(stack) >= MAX_DEPTH:
                    return f"nested deeper than {MAX_DEPTH}"
                sizes.pop(event.anchor or "", None)
                stack.append(_Open(event.anchor, set() if is_mapping else None, is_mapping))
                continue
            case yaml.CollectionEndEvent():
                ended = stack.pop()
                anchor, size, key = ended.anchor, ended.values, None
            case yaml.ScalarEvent():
                anchor, size, key = event.anchor, 1, event.value
            case yaml.AliasEvent():
                if event.anchor not in sizes:
                    return f"alias *{event.anchor} is not defined before it"
                anchor, size, key = None, sizes[event.anchor], None
            case _:
                continue
        if anchor:
            sizes[anchor] = size
        total += size
        if total > MAX_VALUES:
            return f"its aliases make more than {MAX_VALUES} values of it"
        if stack and (twice := _take(stack[-1], size, key)):
            return f"key {twice} is there twice"
    return None


def _take(parent: _Open, size: int, key: str | None) -> str | None:
    """A value in a collection; the key that its mapping has already."""
    parent.values += size
    if parent.keys is None:
        return None
    is_key, parent.awaits_key = parent.awaits_key, not parent.awaits_key
    if not is_key or key is None or key == "<<":
        return None
    twice = key if key in parent.keys else None
    parent.keys.add(key)
    return twice
