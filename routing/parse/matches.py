"""Reads what many rules share: comparisons and destinations."""

from routing.ir import MatchKind, StringMatch
from routing.model.virtual_service import Destination
from routing.parse.notes import Spec, part, text


def string_match(given: Spec | None, *, ignore_case: bool = False) -> StringMatch:
    """An empty match asks only that there is a value."""
    for kind in (MatchKind.EXACT, MatchKind.PREFIX, MatchKind.REGEX):
        value = (given or {}).get(kind.value)
        if value is not None:
            return StringMatch(
                kind=kind, value=value, ignore_case=ignore_case and kind is not MatchKind.REGEX
            )
    return StringMatch(kind=MatchKind.PRESENT)


def destination(given: Spec) -> Destination:
    return Destination(
        host=text(given, "host"),
        subset=text(given, "subset"),
        port=part(given, "port").get("number"),
    )
