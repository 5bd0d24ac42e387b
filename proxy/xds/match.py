"""Which requests a route is for."""

from proxy.xds.fields import Fields
from proxy.xds.fractions import percent
from routing.ir import HeaderMatch, MatchKind, QueryMatch, RouteMatch, StringMatch


def route_match(match: RouteMatch) -> Fields:
    made: Fields = {"connect_matcher": {}} if match.connect else _path(match.path)
    if match.path.ignore_case and not match.connect:
        made["case_sensitive"] = {"value": False}
    if match.headers:
        made["headers"] = [_header(header) for header in match.headers]
    if match.query:
        made["query_parameters"] = [_query(query) for query in match.query]
    if match.percent < 100:
        made["runtime_fraction"] = {"default_value": percent(match.percent)}
    return made


def string_match(match: StringMatch) -> Fields:
    """`StringMatcher`; PRESENT has no string to match and is not for here."""
    if match.kind is MatchKind.REGEX:
        return {"safe_regex": {"regex": match.value}}
    made: Fields = {str(match.kind): match.value}
    if match.ignore_case:
        made["ignore_case"] = True
    if match.kind is MatchKind.PREFIX and not match.value:
        return {"safe_regex": {"regex": ".*"}}
    return made


def _path(match: StringMatch) -> Fields:
    match match.kind:
        case MatchKind.EXACT:
            return {"path": match.value}
        case MatchKind.REGEX:
            return {"safe_regex": {"regex": match.value}}
        case MatchKind.SEGMENTS if match.value.strip("/"):
            return {"path_separated_prefix": match.value.rstrip("/")}
        case _:
            return {"prefix": match.value or "/"}


def _header(header: HeaderMatch) -> Fields:
    made: Fields = {"name": header.name}
    if header.match.kind is MatchKind.PRESENT:
        made["present_match"] = True
    else:
        made["string_match"] = string_match(header.match)
    if header.invert:
        made["invert_match"] = True
        # without it Envoy never matches a request that lacks the header
        made["treat_missing_header_as_empty"] = header.match.kind is not MatchKind.PRESENT
    return made


def _query(query: QueryMatch) -> Fields:
    if query.match.kind is MatchKind.PRESENT:
        return {"name": query.name, "present_match": True}
    return {"name": query.name, "string_match": string_match(query.match)}
