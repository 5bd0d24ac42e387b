"""IST0130, IST0131: rules and matches of a VirtualService that an earlier one has taken."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rest.contracts import Finding
from routing.checks.cluster import VIRTUAL_SERVICE, Body, Cluster, Object, mappings, part, text
from routing.checks.rule import found

Seen = dict[str, int]
"""The rule that first had a match."""


def unreachable_rules(cluster: Cluster) -> Iterator[Finding]:
    for service in cluster.of(VIRTUAL_SERVICE):
        for protocol in ("http", "tls", "tcp"):
            yield from check(service, protocol)


def check(service: Object, protocol: str) -> Iterator[Finding]:
    seen: Seen = {}
    prefixes: list[tuple[int, Body]] = []
    empty: int | None = None
    for i, rule in mappings(service.spec, protocol):
        path, matches = f"spec.{protocol}[{i}]", mappings(rule, "match")
        if empty is not None:
            yield found("IST0130", service, path, f"spec.{protocol}[{empty}]")
            return  # what follows is never reached either
        if not matches:
            empty = i
            continue
        taken = []
        for j, match in matches:
            earlier = seen.get(canonical(match))
            if earlier is None:
                seen[canonical(match)] = i
                earlier = next((k for k, p in prefixes if covers(p, match)), None)
            else:
                taken.append(earlier)
            if earlier is not None:
                where = f"spec.{protocol}[{earlier}]"
                yield found("IST0131", service, f"{path}.match[{j}]", where)
            if text(part(match, "uri"), "prefix"):
                prefixes.append((i, match))
        if len(taken) == len(matches):
            yield found("IST0130", service, path, f"spec.{protocol}[{taken[0]}]")


def canonical(match: Body) -> str:
    """The same for matches that take the same; the name does not count."""
    return json.dumps(without(match, "name"), sort_keys=True, default=str)


def without(match: Body, *keys: str) -> Mapping[str, Any]:
    return {k: v for k, v in match.items() if k not in keys}


def covers(earlier: Body, later: Body) -> bool:
    """Whether a prefix takes every path of a later match that asks for all it asks for."""
    uri = part(later, "uri")
    path = text(uri, "exact") or text(uri, "prefix")
    asked = without(earlier, "name", "uri")
    others_hold = all(later.get(key) == value for key, value in asked.items() if value)
    return bool(path) and path.startswith(text(part(earlier, "uri"), "prefix")) and others_hold
