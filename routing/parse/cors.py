"""Reads a route's CORS policy."""

from routing.ir import Cors, MatchKind, StringMatch
from routing.parse.matches import string_match
from routing.parse.notes import Spec, items, milliseconds, text, texts

FORWARD = {"FORWARD": True, "IGNORE": False}


def cors(given: Spec) -> Cors | None:
    """`allowOrigin` is the older way to write exact origins."""
    policy = given.get("corsPolicy")
    if not policy:
        return None
    older = tuple(origin(one) for one in texts(policy, "allowOrigin"))
    return Cors(
        origins=tuple(string_match(one) for one in items(policy, "allowOrigins")) or older,
        methods=texts(policy, "allowMethods"),
        headers=texts(policy, "allowHeaders"),
        expose=texts(policy, "exposeHeaders"),
        max_age_ms=milliseconds(policy, "maxAge"),
        credentials=policy.get("allowCredentials"),
        forward_unmatched=FORWARD.get(text(policy, "unmatchedPreflights")),
    )


def origin(written: str) -> StringMatch:
    if written == "*":
        return StringMatch(kind=MatchKind.PREFIX)
    return StringMatch(kind=MatchKind.EXACT, value=written)
