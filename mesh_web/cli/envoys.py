"""What changes in the Envoys, alike ones together, as lines for people."""

from collections.abc import Iterator, Mapping
from typing import Any

NAMED = 3
"""So few proxies are named; of more, the count says enough."""


def envoy_lines(effects: Mapping[str, Any]) -> Iterator[str]:
    """
    12 proxies:
      route outbound (VirtualService shop/payments spec.http[0])
        payments.shop v1: weight 100 -> 90
    """
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


def _change_lines(change: Mapping[str, Any]) -> Iterator[str]:
    mark = {"add": "+ ", "remove": "- "}.get(change["action"], "")
    makers = f" ({', '.join(change['origins'])})" if change["origins"] else ""
    yield f"  {mark}{change['type']} {change['name']}{makers}"
    for field in change["fields"]:
        yield f"    {field['text']}"
    if change["left_out"]:
        yield f"    ... and {change['left_out']} more fields"
