"""The commands that run on the server's own machine, with Django."""

from pathlib import Path

INNER = frozenset({"control", "live", "web", "prepare", "openapi", "live_schema"})
"""Processes and build steps: not for people."""


def managed_commands() -> tuple[str, ...]:
    """Their names as people write them, sorted; found without loading Django."""
    top = Path(__file__).resolve().parents[2]
    files = top.glob("*/management/commands/[a-z]*.py")
    return tuple(sorted(one.stem.replace("_", "-") for one in files if one.stem not in INNER))
