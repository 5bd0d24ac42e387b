"""Regular expressions as Prometheus means them: RE2, anchored, dot matches newline, linear time."""

import re
from collections.abc import Sequence
from functools import lru_cache

import numpy as np

from metrics.promql.series import Booleans

_PLAIN = re.compile(r"[\w \-/:,@%=~!#&;\"'<>]*")
_GROUP = re.compile(r"\\.|\((?!\?)|\(\?P?<(?P<name>[A-Za-z_]\w*)>", re.DOTALL)
_REFERENCE = re.compile(r"\$(?:\$|(?P<bare>\w+)|\{(?P<braced>\w+)\})")


class RegexError(ValueError):
    """RE2 does not accept the pattern."""


@lru_cache(maxsize=4096)
def literals(pattern: str) -> frozenset[str] | None:
    """The texts the pattern stands for, if it is only an alternation of plain words."""
    words = pattern.split("|")
    return frozenset(words) if all(_PLAIN.fullmatch(word) for word in words) else None


def matches(pattern: str, texts: Sequence[str]) -> Booleans:
    """Which texts match as a whole."""
    words = literals(pattern)
    if words is not None:
        return np.fromiter((text in words for text in texts), np.bool_, len(texts))
    if pattern == ".*":
        return np.ones(len(texts), dtype=np.bool_)
    if pattern == ".+":
        return np.fromiter((text != "" for text in texts), np.bool_, len(texts))
    return _search(pattern, texts)


def _search(pattern: str, texts: Sequence[str]) -> Booleans:
    import pyarrow as pa  # noqa: PLC0415  slow to import; most patterns need no RE2
    from pyarrow import compute  # noqa: PLC0415

    try:
        found = compute.match_substring_regex(
            pa.array(texts, type=pa.string()), pattern=_anchored(pattern)
        )
    except pa.ArrowInvalid as error:
        raise RegexError(_reason(error)) from None
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.bool_)


def _anchored(pattern: str) -> str:
    return f"^(?s:{pattern})$"


def _reason(error: Exception) -> str:
    return str(error).removeprefix("Invalid regular expression: ")


def expand(pattern: str, template: str, texts: Sequence[str]) -> list[str]:
    """The template with `$1`, `${name}` taken from each text; all texts must match."""
    groups = _group_names(pattern)
    parts: list[str | list[str]] = []
    at = 0
    for found in _REFERENCE.finditer(template):
        parts.append(template[at : found.start()])
        parts.append(_referred(found, groups, pattern, texts))
        at = found.end()
    parts.append(template[at:])
    return [
        "".join(part if isinstance(part, str) else part[i] for part in parts)
        for i in range(len(texts))
    ]


def _group_names(pattern: str) -> list[str]:
    """Name of each capture group in order, "" without one."""
    return [
        found["name"] or "" for found in _GROUP.finditer(pattern) if not found[0].startswith("\\")
    ]


def _referred(
    found: re.Match[str], groups: list[str], pattern: str, texts: Sequence[str]
) -> str | list[str]:
    wanted = found["bare"] or found["braced"]
    if wanted is None:
        return "$"
    if wanted.isdecimal():
        number = int(wanted)
    else:
        number = groups.index(wanted) + 1 if wanted in groups else len(groups) + 1
    if number > len(groups):
        return ""
    return _captured(pattern, number, texts)


def _captured(pattern: str, number: int, texts: Sequence[str]) -> list[str]:
    import pyarrow as pa  # noqa: PLC0415
    from pyarrow import compute  # noqa: PLC0415

    found = compute.replace_substring_regex(
        pa.array(texts, type=pa.string()),
        pattern=f"^(?s:({pattern}))$",
        replacement=rf"\{number + 1}" if number < 9 else "",
    )
    return [str(text) for text in found.to_pylist()]
