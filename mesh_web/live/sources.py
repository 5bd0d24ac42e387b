"""What the builder reads from database and store: each in a thread, on a hint, and every few seconds."""

import time
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass

from mesh_web.live.protocol import Json
from proxy import facade as proxy_facade
from proxy.facade import ProxyStatus
from routing import facade as routing_facade
from routing.contracts import Document
from telemetry.contracts import Channel
from topology import facade as topology_facade
from topology.contracts import Marks, Registry
from topology.graph.calls import Calls
from topology.graph.configured import Resource, badges, configured


def registry() -> Registry:
    return topology_facade.registry()


def resources() -> tuple[Resource, ...]:
    """The configuration in force."""
    published = routing_facade.published_config()
    return () if published is None else _resources(published.documents)


def resources_at(moment: float) -> tuple[Resource, ...]:
    """The configuration that was in force then (Unix seconds)."""
    return _resources(routing_facade.documents_in_force_at(moment))


def _resources(documents: Iterable[Document]) -> tuple[Resource, ...]:
    return tuple(
        Resource(one.key.kind, one.key.namespace, one.key.name, one.spec) for one in documents
    )


def marks() -> Marks:
    """Circuit breakers that are not closed, what is suspended, what is configured."""
    runs = topology_facade.registry()
    told = proxy_facade.marks(runs)
    found = dict(told.badges)
    for node_id, own in badges(configured(resources()), runs).items():
        found[node_id] = (*found.get(node_id, ()), *own)
    return Marks(badges=found, breakers=told.breakers)


def marks_at(moment: float) -> Marks:
    """What was configured then. What breakers do and who is suspended is known of now only."""
    return Marks(badges=badges(configured(resources_at(moment)), topology_facade.registry()))


CALLS_AFTER_SECONDS, CALLS_UNTIL_SECONDS = 48, 5
"""Back from now. The mesh's own counts come first and leave last, so no edge is for a moment one of
spans alone: within the minute that is drawn, less how old a reading may be."""
CALLS_SECONDS = CALLS_AFTER_SECONDS - CALLS_UNTIL_SECONDS


def calls() -> tuple[Calls, ...]:
    """Who called whom just now, as spans tell it."""
    now = time.time()
    return topology_facade.calls_between(now - CALLS_AFTER_SECONDS, now - CALLS_UNTIL_SECONDS)


def revisions() -> Json:
    """The newest revisions, newest first, as REST shows them."""
    return {"revisions": routing_facade.recent_revisions()}


def proxies() -> Json:
    """Every proxy, sorted by id, as REST shows them."""
    found = sorted(proxy_facade.proxies(), key=lambda proxy: proxy.id)
    return {"proxies": [_proxy(one) for one in found]}


def _proxy(status: ProxyStatus) -> Json:
    types = {
        one.name: {"state": one.state, "version": one.version, "acked_at": one.acked_at}
        for one in status.types
    }
    return {**asdict(status), "types": types}


@dataclass(frozen=True, slots=True)
class Source:
    """A topic read from the database; `hints` are the channels that say it may have changed."""

    topic: str
    read: Callable[[], Json]
    hints: frozenset[Channel]


TOPIC_SOURCES: tuple[Source, ...] = (
    Source("revisions", revisions, frozenset({Channel.REVISION, Channel.CONVERGENCE})),
    Source("proxies", proxies, frozenset({Channel.PROXIES, Channel.CONVERGENCE})),
)
