"""Whether a text is what a matcher asks for, and how people say so."""

from routing.explain.expressions import full_match
from routing.ir import MatchKind, StringMatch


def matches(match: StringMatch, value: str) -> bool:
    """PRESENT holds for any value; see `routing.ir.MatchKind` for the others."""
    if match.kind is MatchKind.REGEX:
        return full_match(match.value, value)
    wanted, given = match.value, value
    if match.ignore_case:
        wanted, given = wanted.lower(), given.lower()
    match match.kind:
        case MatchKind.EXACT:
            return given == wanted
        case MatchKind.PREFIX:
            return given.startswith(wanted)
        case MatchKind.SUFFIX:
            return given.endswith(wanted)
        case MatchKind.SEGMENTS:
            return in_segments(wanted, given)
        case _:
            return True


def in_segments(prefix: str, path: str) -> bool:
    """ "/a" takes "/a" and "/a/b", not "/ab"."""
    bare = prefix.rstrip("/")
    return path.startswith(bare) and path[len(bare) : len(bare) + 1] in ("", "/")


def said(match: StringMatch) -> str:
    """The matcher in words: `exactly "x"`, `starting with "/a"`."""
    folded = ", in any case" if match.ignore_case and match.kind is not MatchKind.REGEX else ""
    words = {
        MatchKind.EXACT: f'exactly "{match.value}"',
        MatchKind.PREFIX: f'starting with "{match.value}"',
        MatchKind.SUFFIX: f'ending with "{match.value}"',
        MatchKind.REGEX: f'matching "{match.value}"',
        MatchKind.SEGMENTS: f'under "{match.value}"',
        MatchKind.PRESENT: "anything",
    }
    return words[match.kind] + folded
