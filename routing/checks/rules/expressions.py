"""Regular expressions are RE2's, and short."""

from collections.abc import Iterator

from rest.contracts import Finding
from routing.checks.world import World
from routing.ir import MatchKind, StringMatch
from routing.model.catalogue import finding
from routing.model.re2 import refusal
from routing.model.virtual_service import HttpMatch


def expressions_are_re2(world: World) -> Iterator[Finding]:
    for service in world.virtual_services:
        for i, route in enumerate(service.http):
            for j, match in enumerate(route.matches):
                for field, given in expressions(match):
                    path = f"spec.http[{i}].match[{j}].{field}.regex"
                    reason = refusal(given.value)
                    if reason is not None:
                        shown = given.value[:80]
                        yield finding("MSH1105", service.metadata.key, path, shown, reason)


def expressions(match: HttpMatch) -> Iterator[tuple[str, StringMatch]]:
    """Every regular expression of a match with the field it stands in."""
    if match.uri is not None and match.uri.kind is MatchKind.REGEX:
        yield "uri", match.uri
    for header in match.headers:
        if header.match.kind is not MatchKind.REGEX:
            continue
        if header.name.startswith(":"):
            yield header.name[1:], header.match
        else:
            field = "withoutHeaders" if header.invert else "headers"
            yield f"{field}.{header.name}", header.match
    for query in match.query:
        if query.match.kind is MatchKind.REGEX:
            yield f"queryParams.{query.name}", query.match
