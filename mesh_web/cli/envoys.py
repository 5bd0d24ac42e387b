"""What changes in the Envoys, alike ones together, as lines for people."""

from collections.abc import Iterator, Mapping
from difflib import unified_diff
from typing import Any

from mesh_web.cli.output import as_yaml, counted

NAMED = 3
"""So few proxies are named; of more, the count says enough."""
AROUND = 2
"""Lines of context of a value that has several."""


def envoy_lines(effects: Mapping[str, Any]) -> Iterator[str]:
    """
    cart-v1.shop: 1 pod starts
    12 proxies:
      ~ route outbound (VirtualService shop/payments spec.http[0])
          payments.shop v1: weight 100 -> 90
        + virtual_hosts[payments.shop].routes[1].fault
        +   delay:
        +     fixed_ms: 2000
    """
    yield from map(_turnover, effects["pods"])
    for group in effects["groups"]:
        yield f"{whose(group)}:"
        for change in group["changes"]:
            yield from _change_lines(change)
    for word, count in (
        ("groups of proxies", effects["left_out_groups"]),
        ("changes", effects["left_out_changes"]),
    ):
        if count:
            yield f"... and {count} more {word}"


def whose(group: Mapping[str, Any]) -> str:
    names = [f"{one['pod']}.{one['namespace']}" for one in group["proxies"]]
    if group["count"] > NAMED:
        return f"{group['count']} proxies"
    return ", ".join(names)


def _turnover(one: Mapping[str, Any]) -> str:
    told = [
        f"{counted(count, 'pod')} {verb}{'s' if count == 1 else ''}"
        for verb, count in (("start", one["starts"]), ("end", one["ends"]))
        if count
    ]
    return f"{one['workload']}.{one['namespace']}: {', '.join(told)}"


def _change_lines(change: Mapping[str, Any]) -> Iterator[str]:
    mark = {"add": "+", "remove": "-"}.get(change["action"], "~")
    makers = f" ({', '.join(change['origins'])})" if change["origins"] else ""
    yield f"  {mark} {change['type']} {change['name']}{makers}"
    for field in change["fields"]:
        yield from (f"    {line}" for line in _field_lines(field))
    if change["left_out"]:
        yield f"      ... and {counted(change['left_out'], 'more field')}"


def _field_lines(field: Mapping[str, Any]) -> Iterator[str]:
    """A sentence where values are words; else the value as YAML, marked as in a unified diff."""
    before, after = field["before"], field["after"]
    if not any(isinstance(one, (dict, list)) and one for one in (before, after)):
        yield f"  {field['text']}"
        return
    mark = {"add": "+", "remove": "-"}.get(field["action"], "~")
    yield f"{mark} {field['path']}"
    if field["action"] == "change":
        found = unified_diff(_yaml(before), _yaml(after), n=AROUND, lineterm="")
        lines = [line for line in found if not line.startswith(("---", "+++", "@@"))]
        yield from (f"{line[0]}   {line[1:]}" for line in lines)
    else:
        yield from (f"{mark}   {line}" for line in _yaml(before if mark == "-" else after))


def _yaml(value: Any) -> list[str]:
    return [] if value is None else as_yaml(value).rstrip("\n").splitlines()
