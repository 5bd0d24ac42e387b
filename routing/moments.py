"""Moments as people and programs read them over REST."""

from datetime import UTC, datetime


def iso(unix_seconds: float) -> str:
    """ISO 8601 in UTC with milliseconds: 2026-01-31T12:00:00.123Z."""
    moment = datetime.fromtimestamp(unix_seconds, UTC)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
