"""Relabelling as Prometheus does it: rules applied in order to one set of labels.

Regular expressions are RE2's, anchored. https://prometheus.io/docs/prometheus/latest/configuration/configuration/#relabel_config
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

Labels = dict[str, str]
ANYTHING = "(.*)"
WHOLE = "$1"
_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_GROUP = re.compile(r"\\.|\((?!\?)|\(\?P?<(?P<name>[A-Za-z_]\w*)>", re.DOTALL)
_REFERENCE = re.compile(r"\$(?:\$|(?P<bare>\w+)|\{(?P<braced>\w+)\})")
_ATOM = r"(?:[\w /:,@=;-]|\\[.:/d-]|\.)(?:[+*?]\??)?"
_ALIKE = re.compile(rf"(?:{_ATOM}|\((?:\?:)?(?:{_ATOM}|\|)*\)\??)*")
"""Patterns that Python reads as RE2 does: nothing repeated within what is repeated."""
_PLAIN_WORDS = re.compile(r"[\w /:,@%=~!#&;\"'<>|-]*")


class Action(StrEnum):
    REPLACE = "replace"
    KEEP = "keep"
    DROP = "drop"
    KEEPEQUAL = "keepequal"
    DROPEQUAL = "dropequal"
    HASHMOD = "hashmod"
    LABELMAP = "labelmap"
    LABELDROP = "labeldrop"
    LABELKEEP = "labelkeep"
    LOWERCASE = "lowercase"
    UPPERCASE = "uppercase"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One entry of `relabel_configs` or `metric_relabel_configs`, with Prometheus's defaults."""

    action: Action = Action.REPLACE
    source: tuple[str, ...] = ()
    separator: str = ";"
    regex: str = ANYTHING
    target: str = ""
    replacement: str = WHOLE
    modulus: int = 0


def relabelled(labels: Labels, rules: Iterable[Rule]) -> Labels | None:
    """What the rules make of `labels`; None where one of them drops it. `labels` stay as they are."""
    found = dict(labels)
    for rule in rules:
        if not _apply(rule, found):
            return None
    return found


def _apply(rule: Rule, labels: Labels) -> bool:
    """Change `labels`; False: drop it all."""
    value = rule.separator.join(labels.get(name, "") for name in rule.source)
    match rule.action:
        case Action.KEEP:
            return matches(rule.regex, value)
        case Action.DROP:
            return not matches(rule.regex, value)
        case Action.KEEPEQUAL:
            return labels.get(rule.target, "") == value
        case Action.DROPEQUAL:
            return labels.get(rule.target, "") != value
        case _:
            _change(rule, labels, value)
            return True


def _change(rule: Rule, labels: Labels, value: str) -> None:
    match rule.action:
        case Action.REPLACE:
            _replace(rule, labels, value)
        case Action.HASHMOD:
            digest = hashlib.md5(value.encode(), usedforsecurity=False).digest()
            labels[rule.target] = str(int.from_bytes(digest[8:], "big") % rule.modulus)
        case Action.LOWERCASE:
            _set(labels, rule.target, value.lower())
        case Action.UPPERCASE:
            _set(labels, rule.target, value.upper())
        case Action.LABELMAP:
            for name in [name for name in labels if matches(rule.regex, name)]:
                _set(labels, expanded(rule.regex, rule.replacement, name), labels[name])
        case Action.LABELDROP | Action.LABELKEEP:
            keep = rule.action is Action.LABELKEEP
            for name in [name for name in labels if matches(rule.regex, name) is not keep]:
                del labels[name]


def _replace(rule: Rule, labels: Labels, value: str) -> None:
    if not matches(rule.regex, value):
        return
    target = expanded(rule.regex, rule.target, value)
    if _NAME.fullmatch(target):
        _set(labels, target, expanded(rule.regex, rule.replacement, value))


def _set(labels: Labels, name: str, value: str) -> None:
    """An empty label is none."""
    if value:
        labels[name] = value
    else:
        labels.pop(name, None)


def matches(pattern: str, text: str) -> bool:
    """Does all of it match?"""
    words = _words(pattern)
    if words is not None:
        return text in words
    return pattern in (ANYTHING, ".*") or (
        text != "" if pattern in ("(.+)", ".+") else _match(pattern, text)
    )


@lru_cache(maxsize=1024)
def _words(pattern: str) -> frozenset[str] | None:
    """Of an alternation of plain words; most patterns are one, and need no RE2."""
    return frozenset(pattern.split("|")) if _PLAIN_WORDS.fullmatch(pattern) else None


@lru_cache(maxsize=1024)
def _alike(pattern: str) -> re.Pattern[str] | None:
    """By Python, where that means and costs the same: RE2 would cost a process 95 MB."""
    wild = sum(map(pattern.count, (".+", ".*")))
    if wild > 1 or sum(map(pattern.count, "+*")) > 3 or not _ALIKE.fullmatch(pattern):
        return None
    return re.compile(pattern, re.ASCII | re.DOTALL)


def problem_of(pattern: str) -> str:
    """What RE2 has against it; "" if it is fine."""
    if _alike(pattern) is not None:
        return ""
    from pyarrow import ArrowInvalid  # noqa: PLC0415

    try:
        matches(pattern, "") and _match(pattern, "")
    except ArrowInvalid as error:
        return str(error).removeprefix("Invalid regular expression: ")
    return ""


def _match(pattern: str, text: str) -> bool:
    alike = _alike(pattern)
    if alike is not None:
        return alike.fullmatch(text) is not None
    import pyarrow as pa  # noqa: PLC0415  slow to import; most patterns need no RE2
    from pyarrow import compute  # noqa: PLC0415

    return bool(compute.match_substring_regex(pa.scalar(text), pattern=f"^(?s:{pattern})$").as_py())


@lru_cache(maxsize=65_536)
def expanded(pattern: str, template: str, text: str) -> str:
    """The template with `$1`, `${name}` taken from a text that matches."""
    if "$" not in template:
        return template
    if pattern == ANYTHING and template == WHOLE:
        return text
    groups = [
        found["name"] or "" for found in _GROUP.finditer(pattern) if not found[0].startswith("\\")
    ]
    return _REFERENCE.sub(lambda found: _referred(found, groups, pattern, text), template)


def _referred(found: re.Match[str], groups: list[str], pattern: str, text: str) -> str:
    wanted = found["bare"] or found["braced"]
    if wanted is None:
        return "$"
    if wanted.isdecimal():
        number = int(wanted)
    else:
        number = groups.index(wanted) + 1 if wanted in groups else len(groups) + 1
    if number == 0:
        return text
    return _captured(pattern, number, text) if number <= len(groups) else ""


def _captured(pattern: str, number: int, text: str) -> str:
    alike = _alike(pattern)
    if alike is not None:
        found = alike.fullmatch(text)
        return (found[number] or "") if found else ""
    if number > 9:  # RE2's rewriting knows no more
        return ""
    import pyarrow as pa  # noqa: PLC0415  as above
    from pyarrow import compute  # noqa: PLC0415

    replaced = compute.replace_substring_regex(
        pa.scalar(text), pattern=f"^(?s:{pattern})$", replacement=rf"\{number}"
    )
    return str(replaced.as_py())
