"""Regular expressions as Envoy evaluates them: by RE2 itself."""

from functools import lru_cache
from typing import Any


def full_match(pattern: str, text: str) -> bool:
    """Whether RE2 matches the whole text; an expression it refuses matches nothing."""
    arrow, compute = _arrow()
    try:
        found = compute.match_substring_regex(arrow.scalar(text), f"^(?:{pattern})$")
    except arrow.ArrowInvalid:
        return False
    return bool(found.as_py())


def replace_all(pattern: str, substitution: str, text: str) -> str:
    """RE2's GlobalReplace; \\1 in the substitution is a group."""
    arrow, compute = _arrow()
    try:
        found = compute.replace_substring_regex(arrow.scalar(text), pattern, substitution)
    except arrow.ArrowInvalid:
        return text
    return str(found.as_py())


@lru_cache(maxsize=1)
def _arrow() -> tuple[Any, Any]:
    import pyarrow as pa  # noqa: PLC0415  slow to import; most requests meet no expression
    from pyarrow import compute  # noqa: PLC0415

    return pa, compute
