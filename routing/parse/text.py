"""Text to plain values: YAML 1.1 as Kubernetes reads it, bounded in size, depth and aliases.

Built from the parser's events with an own stack, so that neither depth nor aliases can exhaust
the process. Differences from PyYAML's safe loader: no timestamps, no base-60 numbers, duplicate
keys are findings.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from rest.contracts import Finding
from routing.model.catalogue import finding

MAX_BYTES = 1_000_000
MAX_DEPTH = 60
MAX_DOCUMENTS = 5_000
MAX_VALUES = 500_000
MAX_ALIASED_BYTES = 10_000_000
MAX_KEY = 1_000

INT = re.compile(r"[-+]?(0|[1-9][0-9_]*)$")
RADIX = re.compile(r"[-+]?0(b[01][01_]*|o?[0-7][0-7_]*|x[0-9a-fA-F][0-9a-fA-F_]*)$")
FLOAT = re.compile(
    r"[-+]?([0-9][0-9_]*\.[0-9_]*([eE][-+]?[0-9]+)?|\.[0-9][0-9_]*([eE][-+]?[0-9]+)?"
    r"|[0-9][0-9_]*[eE][-+]?[0-9]+|\.(inf|Inf|INF))$"
)
NAN = re.compile(r"\.(nan|NaN|NAN)$")
WORDS: dict[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON"), True),
    **dict.fromkeys(("false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF"), False),
}
TAG = "tag:yaml.org,2002:"
CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """One document: plain dicts, lists, strings, numbers, booleans and None.

    `partial` is what was read of a document that ends in an error: enough to name it, maybe.
    """

    value: Any
    findings: tuple[Finding, ...]
    partial: Any = None


@dataclass(frozen=True, slots=True)
class Size:
    """What a value is when its aliases are written out: values, and characters of scalars."""

    values: int
    characters: int


@dataclass(frozen=True, slots=True)
class Anchored:
    """What an alias stands for; `text` as it was written, None for a collection."""

    value: Any
    size: Size
    text: str | None = None


@dataclass(slots=True)
class Node:
    """A collection that is being built; `key` is the pending key of a mapping."""

    value: dict[str, Any] | list[Any]
    path: str
    anchor: str | None
    values: int = 1
    characters: int = 0
    key: str | None = None
    duplicates: set[str] = field(default_factory=set)

    def next_path(self) -> str:
        if isinstance(self.value, list):
            return f"{self.path}[{len(self.value)}]"
        if self.key is None:
            return self.path
        return f"{self.path}.{self.key}" if self.path else self.key


class Refused(Exception):  # noqa: N818  ends the reading of a text that is over a bound
    """Carries the finding that ends the text; never leaves this module."""

    def __init__(self, reason: Finding) -> None:
        super().__init__(reason.message)
        self.reason = reason


def read_values(text: str) -> Iterator[Value]:
    """The documents of a text; the last has value None when the text ends in an error."""
    if len(text.encode("utf-8", "surrogatepass")) > MAX_BYTES:
        yield Value(value=None, findings=(finding("MSH1002", "", "", MAX_BYTES),))
        return
    builder = Builder()
    try:
        for event in yaml.parse(text, Loader=yaml.CSafeLoader):
            if isinstance(event, yaml.DocumentStartEvent):
                builder.start_document()
            elif isinstance(event, yaml.DocumentEndEvent):
                yield builder.end_document()
            else:
                builder.take(event)
    except Refused as refused:
        yield builder.broken(refused.reason)
    except (yaml.YAMLError, UnicodeEncodeError) as error:
        yield builder.broken(finding("MSH1001", "", place_of(error, text), problem_of(error)))


def problem_of(error: yaml.YAMLError | UnicodeEncodeError) -> str:
    """What is wrong with the text, in words."""
    if isinstance(error, yaml.MarkedYAMLError):
        return error.problem or error.context or "syntax error"
    if isinstance(error, UnicodeEncodeError):
        return "characters that are no text (lone surrogates)"
    return str(error).splitlines()[0]


def place_of(error: yaml.YAMLError | UnicodeEncodeError, text: str) -> str:
    """Where it is wrong, counted from 1 as editors do; "" where the parser does not say."""
    if isinstance(error, yaml.MarkedYAMLError):
        mark = error.problem_mark or error.context_mark
        return f"line {mark.line + 1}, column {mark.column + 1}" if mark else ""
    if isinstance(error, UnicodeEncodeError):
        before = text[: error.start]
    elif isinstance(error, yaml.reader.ReaderError):  # its position counts bytes
        before = text.encode()[: error.position].decode(errors="ignore")
    else:
        return ""
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"


class Builder:
    """Takes parse events and builds one document after another."""

    def __init__(self) -> None:
        self.total = 0
        self.aliased = 0
        self.documents = 0
        self.clear()

    def start_document(self) -> None:
        self.documents += 1
        if self.documents > MAX_DOCUMENTS:
            raise Refused(finding("MSH1003", "", "", MAX_DOCUMENTS))
        self.clear()

    def clear(self) -> None:
        self.stack: list[Node] = []
        self.findings: list[Finding] = []
        self.anchors: dict[str, Anchored] = {}
        self.root: Any = None

    def end_document(self) -> Value:
        whole = Value(value=self.root, findings=tuple(self.findings))
        self.clear()
        return whole

    def broken(self, reason: Finding) -> Value:
        """The text ends here: what is open is closed as far as it is."""
        while self.stack:
            node = self.stack.pop()
            parent = self.stack[-1] if self.stack else None
            if parent is None:
                self.root = node.value
            elif isinstance(parent.value, dict) and parent.key is not None:
                parent.value.setdefault(parent.key, node.value)
        return Value(value=None, findings=(*self.findings, reason), partial=self.root)

    def take(self, event: yaml.Event) -> None:
        match event:
            case yaml.ScalarEvent():
                self.scalar(event)
            case yaml.AliasEvent():
                self.alias(event.anchor or "")
            case yaml.MappingStartEvent():
                self.open(event, {})
            case yaml.SequenceStartEvent():
                self.open(event, [])
            case yaml.MappingEndEvent() | yaml.SequenceEndEvent():
                self.close()
            case _:
                pass

    def path(self) -> str:
        return self.stack[-1].next_path() if self.stack else ""

    def open(self, event: yaml.CollectionStartEvent, value: dict[str, Any] | list[Any]) -> None:
        if event.tag not in (None, "!", f"{TAG}map", f"{TAG}seq"):
            self.findings.append(finding("MSH1009", "", self.path(), event.tag))
        if len(self.stack) >= MAX_DEPTH:
            raise Refused(finding("MSH1004", "", self.path(), MAX_DEPTH))
        if self.awaits_key():
            self.findings.append(finding("MSH1008", "", self.stack[-1].path, "a collection"))
        self.stack.append(Node(value, self.path(), event.anchor))
        if event.anchor:
            self.anchors.pop(event.anchor, None)

    def awaits_key(self) -> bool:
        return bool(self.stack) and isinstance(self.stack[-1].value, dict) and not self.has_key()

    def has_key(self) -> bool:
        return self.stack[-1].key is not None

    def close(self) -> None:
        node = self.stack.pop()
        size = Size(node.values, node.characters)
        if node.anchor:
            self.anchors[node.anchor] = Anchored(node.value, size)
        self.count(1)
        self.place(node.value, size)

    def scalar(self, event: yaml.ScalarEvent) -> None:
        plain = event.implicit[0]
        value: Any = event.value
        if self.awaits_key():
            value = self.as_key(event.value, plain=plain)
        elif event.tag not in (None, "!"):
            value = self.tagged(event.tag, event.value)
        elif plain:
            value = self.resolved(event.value)
        if isinstance(value, str) and CONTROL.search(value):
            self.findings.append(finding("MSH1023", "", self.path(), "text"))
        size = Size(1, len(event.value))
        if event.anchor:
            self.anchors[event.anchor] = Anchored(value, size, event.value)
        self.count(1)
        self.place(value, size)

    def as_key(self, text: str, *, plain: bool) -> str:
        if len(text) > MAX_KEY:
            longer = f"longer than {MAX_KEY} characters"
            raise Refused(finding("MSH1008", "", self.stack[-1].path, longer))
        if plain and text in ("", "~", "null"):
            self.findings.append(finding("MSH1008", "", self.stack[-1].path, "null"))
        return text

    def tagged(self, tag: str, text: str) -> Any:
        if tag == f"{TAG}str":
            return text
        if tag in (f"{TAG}int", f"{TAG}float", f"{TAG}bool", f"{TAG}null"):
            return self.resolved(text)
        self.findings.append(finding("MSH1009", "", self.path(), tag))
        return text

    def resolved(self, text: str) -> Any:
        """A plain scalar's value by YAML 1.1's words and numbers."""
        if text in WORDS:
            return WORDS[text]
        if INT.match(text) and len(text) < 40:
            return int(text.replace("_", ""))
        if RADIX.match(text) and len(text) < 40:
            return radix(text.replace("_", ""))
        if NAN.match(text) or (FLOAT.match(text) and not math.isfinite(number(text))):
            self.findings.append(finding("MSH1007", "", self.path(), text))
            return 0.0
        if FLOAT.match(text):
            return number(text)
        return text

    def alias(self, anchor: str) -> None:
        if anchor not in self.anchors:
            self.findings.append(
                finding("MSH1001", "", self.path(), f"alias *{anchor} is not defined before it")
            )
            self.place(None, Size(1, 0))
            return
        meant = self.anchors[anchor]
        value = self.key_of(meant) if self.awaits_key() else meant.value
        self.count(meant.size.values, meant.size.characters)
        self.place(value, meant.size)

    def key_of(self, meant: Anchored) -> str:
        """An alias as a key: the scalar's text as it was written."""
        if meant.text is None:
            raise Refused(finding("MSH1008", "", self.stack[-1].path, "a collection"))
        return self.as_key(meant.text, plain=meant.value is None)

    def count(self, values: int, aliased: int = 0) -> None:
        """Each value once, and what an alias stands for at each of its places."""
        self.total += values
        self.aliased += aliased
        if self.total > MAX_VALUES:
            raise Refused(finding("MSH1005", "", self.path(), MAX_VALUES))
        if self.aliased > MAX_ALIASED_BYTES:
            raise Refused(finding("MSH1024", "", self.path(), MAX_ALIASED_BYTES))

    def place(self, value: Any, size: Size) -> None:
        """Put a finished value where it belongs; what holds it grows by it."""
        if not self.stack:
            self.root = value
            return
        node = self.stack[-1]
        node.values += size.values
        node.characters += size.characters
        if isinstance(node.value, list):
            node.value.append(value)
        elif node.key is None:
            node.key = value if isinstance(value, str) else "?"
        else:
            self.set_item(node, node.key, value)
            node.key = None

    def set_item(self, node: Node, key: str, value: Any) -> None:
        mapping = node.value
        assert isinstance(mapping, dict)  # noqa: S101  only mappings have a pending key
        if key == "<<":
            merged = value if isinstance(value, list) else [value]
            for source in merged:
                if isinstance(source, dict):
                    mapping.update({k: v for k, v in source.items() if k not in mapping})
                    node.duplicates.update(source)
            return
        if key in mapping and key not in node.duplicates:
            self.findings.append(finding("MSH1006", "", node.next_path(), key))
        node.duplicates.discard(key)
        mapping[key] = value


def number(text: str) -> float:
    digits = text.replace("_", "")
    return math.inf if digits.lower().lstrip("+-") == ".inf" else float(digits)


def radix(text: str) -> int:
    sign = -1 if text.startswith("-") else 1
    digits = text.lstrip("+-").lower()
    if digits.startswith("0b"):
        return sign * int(digits, 2)
    if digits.startswith("0x"):
        return sign * int(digits, 16)
    return sign * int(digits.removeprefix("0").removeprefix("o"), 8)
