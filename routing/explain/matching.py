"""Whether a route is for a request, and if not, what failed first (in Envoy's order)."""

from collections.abc import Iterator

from routing.explain import paths
from routing.explain.question import Request
from routing.explain.strings import matches, said
from routing.ir import HeaderMatch, MatchKind, QueryMatch, Route, RouteMatch, StringMatch

ANYTHING = "it takes everything"


def failure(match: RouteMatch, request: Request) -> str | None:
    """What of the match does not hold; None when all does."""
    return next((reason for reason in _failures(match, request) if reason), None)


def success(route: Route) -> str:
    """What a route asks for, in words."""
    match = route.match
    asked = ["the method is CONNECT"] if match.connect else []
    if not match.connect and match.path != RouteMatch().path:
        asked.append(f"the path is {said(match.path)}")
    asked += [f"header {h.name} is {'not ' * h.invert}{said(h.match)}" for h in match.headers]
    asked += [f"parameter {q.name} is {said(q.match)}" for q in match.query]
    told = " and ".join(asked) or ANYTHING
    return told if match.percent >= 100 else f"{told} (for {match.percent:g} % of the requests)"


def _failures(match: RouteMatch, request: Request) -> Iterator[str | None]:
    yield _path(match, request)
    for header in match.headers:
        yield _header(header, request)
    for parameter in match.query:
        yield _parameter(parameter, request)


def _path(match: RouteMatch, request: Request) -> str | None:
    tunnel = request.method == "CONNECT"
    if match.connect:
        return None if tunnel else f"it is for CONNECT, not for {request.method}"
    if tunnel:
        return "a CONNECT request has no path that could be matched"
    given = paths.bare(request.path)
    return None if path_matches(match.path, given) else f'path "{given}" is not {said(match.path)}'


def path_matches(match: StringMatch, path: str) -> bool:
    if match.kind is MatchKind.PREFIX and not match.value:
        return True
    if match.kind is MatchKind.SEGMENTS and not match.value.strip("/"):
        return path.startswith("/")
    return matches(match, path)


def _header(header: HeaderMatch, request: Request) -> str | None:
    """Envoy looks at each value of a header by itself: one that matches is enough."""
    given, match = request.values(header.name), header.match
    if match.kind is MatchKind.PRESENT:
        fits = bool(given) is not header.invert
    elif not given:
        # an inverted matcher takes a header that is not there for an empty one
        fits = header.invert and not matches(match, "")
    else:
        fits = any(matches(match, value) for value in given) is not header.invert
    if fits:
        return None
    wanted = said(match) if match.kind is not MatchKind.PRESENT else "there"
    if header.invert:
        return f"header {header.name} is {wanted}, which it must not be"
    return f"header {header.name} is {_given(','.join(given) if given else None)}, not {wanted}"


def _parameter(parameter: QueryMatch, request: Request) -> str | None:
    given = next((v for n, v in paths.parameters(request.path) if n == parameter.name), None)
    present = parameter.match.kind is MatchKind.PRESENT
    if given is not None and (present or matches(parameter.match, given)):
        return None
    wanted = "there" if present else said(parameter.match)
    return f"parameter {parameter.name} is {_given(given)}, not {wanted}"


def _given(value: str | None) -> str:
    return "missing" if value is None else f'"{value}"'
