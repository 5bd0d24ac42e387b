"""Reads a route's CORS policy."""

from routing.ir import Cors, MatchKind, StringMatch
from routing.parse.matches import string_match
from routing.parse.notes import Note, Spec, items, milliseconds, text, texts

FORWARD = {"FORWARD": True, "IGNORE": False}


def cors(given: Spec, path: str, note: Note) -> Cors | None:
    """`allowOrigin` is the older way to write exact origins."""
    policy = given.get("corsPolicy")
    if not policy:
        return None
    for i, one in enumerate(items(policy, "allowOrigins")):
        if not any(one.get(kind) is not None for kind in ("exact", "prefix", "regex")):
            where = f"{path}.corsPolicy.allowOrigins[{i}]"
            note("MSH1111", where, "an origin", "exact, prefix or regex")
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
