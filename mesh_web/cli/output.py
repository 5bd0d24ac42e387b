"""How answers are written: tables for people, YAML and JSON for programs."""

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

FORMATS = ("table", "yaml", "json")
Item = Mapping[str, Any]


def say(text: str = "") -> None:
    sys.stdout.write(f"{text}\n")


def complain(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def dump(value: Any, form: str) -> None:
    """A value as YAML or JSON."""
    if form == "json":
        say(json.dumps(value, indent=2, ensure_ascii=False))
    else:
        sys.stdout.write(as_yaml(value))


def as_yaml(value: Any) -> str:
    import yaml  # noqa: PLC0415  a table needs none

    return yaml.safe_dump(value, sort_keys=False, allow_unicode=True, width=100)


def table(head: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = "") -> None:
    """Columns as wide as they need to be; `empty` is said where there is no row."""
    lines = [[_cell(cell) for cell in row] for row in rows]
    if not lines:
        complain(empty or "There is nothing to show.")
        return
    widths = [max(len(line[i]) for line in (head, *lines)) for i in range(len(head))]
    for line in (list(head), *lines):
        say("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def show(
    form: str, value: Any, head: Sequence[str], rows: Iterable[Sequence[object]], *, empty: str = ""
) -> None:
    """The same answer as a table, or whole."""
    if form == "table":
        table(head, rows, empty=empty)
    else:
        dump(value, form)


def _cell(value: object) -> str:
    if value is None or value == "":
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:g}"
    return " ".join(str(value).split())


def counted(count: int, noun: str) -> str:
    """1 pod, 2 pods."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def finding_line(finding: Item) -> str:
    """`error MSH1101 VirtualService shop/payments spec.http[0]: ... Fix: ...`"""
    where = " ".join(str(finding.get(name, "")) for name in ("resource", "path")).strip()
    fix = f" Fix: {finding['fix']}." if finding.get("fix") else ""
    head = " ".join(part for part in (finding["severity"], finding["code"], where) if part)
    return f"{head}: {finding['message']}.{fix}"


def moment(unix_seconds: float | None) -> str:
    if unix_seconds is None:
        return "-"
    return datetime.fromtimestamp(unix_seconds, UTC).isoformat(timespec="seconds")[:19] + "Z"


def ago(iso: str | None, now: datetime) -> str:
    """How long ago, in the largest unit that says something: 45s, 12m, 3h, 5d."""
    if not iso:
        return "-"
    seconds = max(0, int((now - datetime.fromisoformat(iso)).total_seconds()))
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds >= 2 * size:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
