"""Routes that a VirtualService leaves to another one (Istio's delegates, one level deep)."""

from collections.abc import Iterator
from dataclasses import replace

from routing.compile.memo import Memo
from routing.ir import HeaderChange, MatchKind, StringMatch
from routing.model import VirtualService
from routing.model.gateway_names import gateway_names
from routing.model.virtual_service import HttpMatch, HttpRoute

Delegates = dict[tuple[str, str], VirtualService]


def with_delegates(memo: Memo, every: tuple[VirtualService, ...]) -> tuple[VirtualService, ...]:
    """The VirtualServices that have hosts, each route of a delegate in the place of its root's."""
    if not any(route.delegate for service in every for route in service.http):
        return every
    delegates = {(s.metadata.key.namespace, s.metadata.key.name): s for s in every if not s.hosts}
    return tuple(expanded(memo, s, delegates) for s in every if s.hosts)


def expanded(memo: Memo, root: VirtualService, delegates: Delegates) -> VirtualService:
    wanted = [r.delegate for r in root.http if r.delegate is not None]
    if not wanted:
        return root
    found = memo.group(
        ("delegates", root.metadata.key), (delegates.get((d.namespace, d.name)) for d in wanted)
    )
    return memo(("expanded", root.metadata.key), expand, root, found)


def expand(root: VirtualService, found: tuple[VirtualService | None, ...]) -> VirtualService:
    """`found` has the delegate of every route that has one, in order."""
    remaining = iter(found)
    routes: list[HttpRoute] = []
    for i, written in enumerate(root.http):
        # its place is no longer its number
        route = replace(written, home_path=f"spec.http[{i}]")
        if route.delegate is None:
            routes.append(route)
            continue
        delegate = next(remaining)
        visible = delegate is not None and delegate.metadata.visible_to(root.metadata.key.namespace)
        # a route whose delegate is missing stays, and answers that nothing is behind it
        routes.extend(merged(root, route, delegate) if delegate and visible else [route])
    return replace(root, http=tuple(routes))


def merged(root: VirtualService, route: HttpRoute, delegate: VirtualService) -> Iterator[HttpRoute]:
    for i, own in enumerate(delegate.http):
        if own.delegate is not None:
            continue
        matches = joint_matches(qualified(route.matches, root), qualified(own.matches, delegate))
        if matches is None:
            continue
        yield replace(
            own,
            name="-".join(name for name in (route.name, own.name) if name),
            matches=matches,
            rewrite=own.rewrite or route.rewrite,
            timeout_ms=route.timeout_ms if own.timeout_ms is None else own.timeout_ms,
            retries=own.retries or route.retries,
            fault=own.fault or route.fault,
            mirrors=own.mirrors or route.mirrors,
            cors=own.cors or route.cors,
            request_headers=joint_headers(route.request_headers, own.request_headers),
            response_headers=joint_headers(route.response_headers, own.response_headers),
            home=delegate.metadata.key,
            home_path=f"spec.http[{i}]",
        )


def qualified(matches: tuple[HttpMatch, ...], service: VirtualService) -> tuple[HttpMatch, ...]:
    """With gateways named in full, so that they mean the same in another namespace."""
    namespace = service.metadata.key.namespace
    return tuple(replace(m, gateways=gateway_names(m.gateways, namespace)) for m in matches)


def joint_matches(
    root: tuple[HttpMatch, ...], own: tuple[HttpMatch, ...]
) -> tuple[HttpMatch, ...] | None:
    """Both must hold. None when a match of the delegate is inside none of the root's."""
    if not root or not own:
        return root or own
    joint: list[HttpMatch] = []
    for inner in own:
        pairs = [joint_match(outer, inner) for outer in root if not conflict(outer, inner)]
        if not pairs:
            return None
        joint.extend(pairs)
    return tuple(joint)


def conflict(outer: HttpMatch, inner: HttpMatch) -> bool:
    """Whether a delegate's match asks for anything that its root's does not allow."""
    headers = {(h.name, h.invert): h.match for h in outer.headers}
    query = {q.name: q.match for q in outer.query}
    labels = dict(outer.source_labels)
    return (
        outside(outer.uri, inner.uri)
        or any(outside(headers.get((h.name, h.invert)), h.match) for h in inner.headers)
        or any(outside(query.get(q.name), q.match) for q in inner.query)
        or differ(outer.port, inner.port)
        or differ(outer.source_namespace or None, inner.source_namespace or None)
        or any(labels.get(name, value) != value for name, value in inner.source_labels)
        or bool(outer.gateways and set(inner.gateways) - set(outer.gateways))
    )


def differ(outer: object, inner: object) -> bool:
    return outer is not None and inner is not None and outer != inner


def outside(outer: StringMatch | None, inner: StringMatch | None) -> bool:
    """Whether some string of the inner match is none of the outer's."""
    if outer is None or inner is None or outer == inner or outer.kind is MatchKind.PRESENT:
        return False
    if outer.kind is not MatchKind.PREFIX or inner.kind not in (MatchKind.PREFIX, MatchKind.EXACT):
        return True
    return outer.ignore_case != inner.ignore_case or not inner.value.startswith(outer.value)


def joint_match(outer: HttpMatch, inner: HttpMatch) -> HttpMatch:
    headers = {(h.name, h.invert): h for h in (*outer.headers, *inner.headers)}
    query = {q.name: q for q in (*outer.query, *inner.query)}
    return HttpMatch(
        name="-".join(name for name in (outer.name, inner.name) if name),
        uri=inner.uri or outer.uri,
        headers=tuple(headers.values()),
        query=tuple(query.values()),
        port=inner.port or outer.port,
        source_labels=tuple(sorted({*outer.source_labels, *inner.source_labels})),
        source_namespace=inner.source_namespace or outer.source_namespace,
        gateways=inner.gateways or outer.gateways,
        stat_prefix=inner.stat_prefix or outer.stat_prefix,
    )


def joint_headers(outer: HeaderChange, inner: HeaderChange) -> HeaderChange:
    """The delegate's words for a header stand over its root's."""
    return HeaderChange(
        set=tuple(sorted((dict(outer.set) | dict(inner.set)).items())),
        add=tuple(sorted((dict(outer.add) | dict(inner.add)).items())),
        remove=tuple(dict.fromkeys((*outer.remove, *inner.remove))),
    )
