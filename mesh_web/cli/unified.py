"""Changes of resources as unified diffs."""

from collections.abc import Mapping
from difflib import unified_diff
from typing import Any


def unified(change: Mapping[str, Any]) -> str:
    """One change as `diff -u` writes it; a side that does not exist is /dev/null."""
    before, after = change["before"], change["after"]
    return "".join(
        unified_diff(
            (before or "").splitlines(keepends=True),
            (after or "").splitlines(keepends=True),
            "/dev/null" if before is None else f"before {change['resource']}",
            "/dev/null" if after is None else f"after {change['resource']}",
        )
    )
