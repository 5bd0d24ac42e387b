"""One proxy's delta xDS conversation, without I/O: requests and snapshots in, commands out.

Order keeps traffic whole. What is referred to goes before what refers to it: new routes and
listeners wait until the clusters they may name have been acknowledged with their endpoints; a
cluster is taken away only when the listeners and routes without it have been acknowledged.
Endpoints, routes and secrets are never taken away: Envoy drops them with what used them.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from proxy.ads.holdings import Known, Wanted
from proxy.xds.messages import CLUSTER, ENDPOINTS, LISTENER, ROUTES, SECRET
from proxy.xds.snapshot import ProxySnapshot, Resource

PUSH_ORDER = (CLUSTER, ENDPOINTS, SECRET, LISTENER, ROUTES)
_WAIT_FOR_CLUSTERS = frozenset({LISTENER, ROUTES})
_WILDCARD = "*"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A `DeltaDiscoveryRequest`. `nonce` answers a response, with `error` if it was refused."""

    type_url: str
    subscribe: tuple[str, ...] = ()
    unsubscribe: tuple[str, ...] = ()
    initial_versions: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    nonce: str = ""
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """A response to be sent. `removed` are names that are no more."""

    type_url: str
    nonce: str
    resources: tuple[Resource, ...]
    removed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Acknowledged:
    """The proxy took a response of this type.

    `snapshot` is the one whose resources of the type it has wholly by that; None while more of the
    type is to be sent or answered.
    """

    type_url: str
    snapshot: ProxySnapshot | None = field(default=None, compare=False)


@dataclass(frozen=True, slots=True)
class Rejected:
    """The proxy refused a response: one or more of `resources` are bad, the others may be in use."""

    type_url: str
    resources: tuple[Resource, ...]
    error: str


@dataclass(frozen=True, slots=True)
class Settled:
    """The proxy has everything of `snapshot`, and has said so."""

    snapshot: ProxySnapshot


Command = Send | Acknowledged | Rejected | Settled


@dataclass(slots=True)
class _Type:
    """What the proxy subscribed to of one type, has, and has not answered yet."""

    wanted: Wanted
    known: Known
    owed: bool
    dirty: bool = True
    in_flight: dict[str, tuple[Resource, ...]] = field(default_factory=dict)


class Session:
    """The state machine of one stream. Nonces are numbers in order of sending."""

    def __init__(self) -> None:
        self._types: dict[str, _Type] = {}
        self._target: ProxySnapshot | None = None
        self._sent = 0
        self._settled = False
        self._released = False
        self._refused: set[tuple[str, str]] = set()

    @property
    def waiting(self) -> bool:
        """Whether something is held back until the proxy has answered."""
        return self._holding() and any(
            one.dirty for url, one in self._types.items() if url in _WAIT_FOR_CLUSTERS
        )

    def offer(self, snapshot: ProxySnapshot) -> Iterator[Command]:
        """Make `snapshot` what the proxy shall have; what it lacks of it is sent."""
        before, self._target = self._target, snapshot
        self._settled = self._released = False
        self._refused = set()
        for url, one in self._types.items():
            if before is None or before.of(url) is not snapshot.of(url):
                one.dirty = True
        yield from self._advance()

    def release(self) -> Iterator[Command]:
        """Hold nothing back any longer: the proxy has taken too long."""
        self._released = True
        yield from self._advance()

    def again(self, type_url: str, names: Iterable[str]) -> Iterator[Command]:
        """Send these once more: they were refused for a reason that may be gone."""
        one = self._types.get(type_url)
        if one is None:
            return
        for name in names:
            one.known.forget(name)
            self._refused.discard((type_url, name))
        one.dirty = True
        self._settled = False
        yield from self._advance()

    def receive(self, request: Request) -> Iterator[Command]:
        """Handle a subscription, an acknowledgement, or both in one."""
        one = self._types.get(request.type_url)
        if one is None:
            if request.type_url not in PUSH_ORDER:
                return
            self._types[request.type_url] = one = _first(request)
            # types come one by one when a stream opens; settled means all of them
            self._settled = False
        else:
            yield from self._answered(one, request)
            _change_subscription(one, request)
        yield from self._advance()

    def _answered(self, one: _Type, request: Request) -> Iterator[Command]:
        sent = one.in_flight.pop(request.nonce, None)
        if sent is None:
            return
        if request.error is None:
            if self._refused:
                names = (one.name for one in sent)
                self._refused.difference_update((request.type_url, name) for name in names)
            yield Acknowledged(
                request.type_url, None if one.in_flight or one.dirty else self._target
            )
        else:
            # what was refused stays known: the same version is not sent again in a loop;
            # a newer one that is on its way has an answer of its own to come
            self._released = True
            self._refused.update(
                (request.type_url, resource.name)
                for resource in sent
                if one.known.version(resource.name) == resource.version
            )
            yield Rejected(request.type_url, sent, request.error)

    def _advance(self) -> Iterator[Command]:
        if self._target is None:
            return
        for url in PUSH_ORDER:
            one = self._types.get(url)
            if one is None or not (one.dirty or one.owed):
                continue
            if url in _WAIT_FOR_CLUSTERS and not one.owed and self._holding():
                continue
            yield from self._send(url, one, self._target)
        yield from self._remove_clusters(self._target)
        if not self._settled and self._is_settled(self._target):
            self._settled = True
            yield Settled(self._target)

    def _send(self, url: str, one: _Type, target: ProxySnapshot) -> Iterator[Send]:
        resources = target.of(url)
        gone = tuple(one.known.beyond(resources)) if url == LISTENER else ()
        fresh = one.known.take(resources, one.wanted)
        one.dirty = False
        if not fresh and not gone and not one.owed:
            return
        one.owed = False
        yield self._make_send(url, one, fresh, gone)

    def _remove_clusters(self, target: ProxySnapshot) -> Iterator[Send]:
        clusters = self._types.get(CLUSTER)
        gone = () if clusters is None else tuple(clusters.known.beyond(target.of(CLUSTER)))
        if clusters is None or not gone:
            return
        # a stream begins with clusters: what names them is known only when it has come, too
        if LISTENER not in self._types or not self._subscribed(ROUTES, target):
            return
        for url in (LISTENER, ROUTES):
            one = self._types.get(url)
            if one is not None and (one.dirty or one.in_flight):
                return
        yield self._make_send(CLUSTER, clusters, (), gone)

    def _make_send(
        self, url: str, one: _Type, fresh: tuple[Resource, ...], gone: tuple[str, ...]
    ) -> Send:
        for name in gone:
            one.known.forget(name)
        self._sent += 1
        nonce = str(self._sent)
        one.in_flight[nonce] = fresh
        return Send(url, nonce, fresh, gone)

    def _holding(self) -> bool:
        """Whether clusters are on their way that routes and listeners may be about to name."""
        clusters = self._types.get(CLUSTER)
        if self._released or clusters is None or self._target is None:
            return False
        endpoints = self._types.get(ENDPOINTS)
        if clusters.in_flight or clusters.dirty:
            return True
        if endpoints is None:
            return bool(self._target.of(ENDPOINTS))
        return bool(endpoints.in_flight) or not self._subscribed(ENDPOINTS, self._target)

    def _is_settled(self, target: ProxySnapshot) -> bool:
        if self._refused or LISTENER not in self._types:
            return False
        if any(one.in_flight or one.dirty or one.owed for one in self._types.values()):
            return False
        return self._subscribed(ENDPOINTS, target) and self._subscribed(ROUTES, target)

    def _subscribed(self, url: str, target: ProxySnapshot) -> bool:
        """Whether the proxy has asked for everything of a type; it does once it knows the names."""
        one = self._types.get(url)
        return not target.of(url) if one is None else one.wanted.covers(target.of(url))


def _first(request: Request) -> _Type:
    """The first request of a type. After a reconnect it tells what the proxy still has."""
    names = set(request.subscribe) - {_WILDCARD}
    wildcard = not request.subscribe or _WILDCARD in request.subscribe
    return _Type(
        wanted=Wanted(names, wildcard=wildcard),
        known=Known(request.initial_versions),
        # a wildcard's first answer is owed even if there is nothing: Envoy waits for it
        owed=wildcard and not request.initial_versions,
    )


def _change_subscription(one: _Type, request: Request) -> None:
    for name in request.subscribe:
        if name == _WILDCARD:
            one.wanted.wildcard = True
        one.wanted.add(name)
        # asked again means: send it again
        one.known.forget(name)
    for name in request.unsubscribe:
        if name == _WILDCARD:
            one.wanted.wildcard = False
        one.wanted.discard(name)
        one.known.forget(name)
    if request.subscribe:
        one.dirty = True
