"""Which queries a graph needs, in the order in which their answers count.

A request may be reported by both of its ends; whoever is heard first counts. Namespaces listen to
what could not be served (only the source tells), then to destinations, then to sources.
"""

from collections.abc import Iterator

from topology.kiali.asked import UNKNOWN, Ambient, Asked, AskedNode, Rate, Rates
from topology.kiali.nodes import NodeType
from topology.kiali.query import (
    GRPC_RECEIVED,
    GRPC_SENT,
    REQUESTS,
    TCP_RECEIVED,
    TCP_SENT,
    Matcher,
    Query,
    is_,
    is_not,
    like,
)

_GRPC = {
    Rate.SENT: (GRPC_SENT,),
    Rate.RECEIVED: (GRPC_RECEIVED,),
    Rate.TOTAL: (GRPC_SENT, GRPC_RECEIVED),
}
_TCP = {  # Istio counts TCP from the destination's side: what a client sends is "received"
    Rate.SENT: (TCP_RECEIVED,),
    Rate.RECEIVED: (TCP_SENT,),
    Rate.TOTAL: (TCP_RECEIVED, TCP_SENT),
}

Selection = tuple[Matcher, ...]


def metrics(rates: Rates) -> tuple[str, ...]:
    """Each metric the rates are made of."""
    requests = Rate.REQUESTS in (rates.http, rates.grpc)
    return (
        *((REQUESTS,) if requests else ()),
        *_GRPC.get(rates.grpc, ()),
        *_TCP.get(rates.tcp, ()),
    )


def of_namespace(asked: Asked, namespace: str, *, ambient: bool) -> Iterator[Query]:
    """`ambient`: the namespace's own proxies are ambient's."""
    for metric in metrics(asked.rates):
        for selection in _of_namespace(metric, namespace, asked.rates, ambient=ambient):
            yield _query(asked, metric, selection)


def of_node(asked: Asked, node: AskedNode, kind: NodeType, *, ambient: bool) -> Iterator[Query]:
    """What comes in as destinations tell it, and what goes out as sources do."""
    for metric in metrics(asked.rates):
        for selection in _of_node(metric, node, kind, asked.rates, ambient=ambient):
            yield _query(asked, metric, selection)


def of_aggregates(asked: Asked) -> Iterator[Query]:
    """Requests that are classified, as destinations tell it: those that come to a namespace, those from it."""
    node = asked.node
    if node is not None and node.aggregate_value:
        value = is_(asked.aggregate, node.aggregate_value)
        service = (is_("destination_service_name", node.service),) if node.service else ()
        home = is_("destination_service_namespace", node.namespace)
        yield _classified(asked, (home, value, *service))
        return
    some = is_not(asked.aggregate, UNKNOWN)
    for namespace in asked.namespaces:
        outside = is_not("source_workload_namespace", namespace)
        home = is_("destination_service_namespace", namespace)
        yield _classified(asked, (outside, home, some))
        yield _classified(asked, (is_("source_workload_namespace", namespace), some))


def _classified(asked: Asked, selection: Selection) -> Query:
    return Query(
        metric=REQUESTS,
        matchers=(is_("reporter", "destination"), *selection),
        seconds=asked.seconds,
        aggregate=asked.aggregate,
    )


def _query(asked: Asked, metric: str, selection: Selection) -> Query:
    return Query(metric=metric, matchers=selection, seconds=asked.seconds, idle=asked.idle_edges)


def _of_namespace(
    metric: str, namespace: str, rates: Rates, *, ambient: bool
) -> Iterator[Selection]:
    tcp = metric in (TCP_SENT, TCP_RECEIVED)
    proxies = _proxies(rates) if tcp else ()
    outside = is_not("source_workload_namespace", namespace)
    yield (
        *proxies,
        _reporter("source", rates),
        outside,
        is_("destination_workload_namespace", UNKNOWN),
        is_("destination_workload", UNKNOWN),
        like("destination_service", rf"^.+\.{namespace}\..+$"),
    )
    here = is_("destination_workload_namespace", namespace)
    if ambient and not tcp:  # a gateway tells of calls that no proxy of the namespace sees
        yield (is_("reporter", "source"), outside, here)
    yield (*proxies, _reporter("destination", rates), here)
    yield (*proxies, _reporter("source", rates), is_("source_workload_namespace", namespace))


def _of_node(
    metric: str, node: AskedNode, kind: NodeType, rates: Rates, *, ambient: bool
) -> Iterator[Selection]:
    tcp = metric in (TCP_SENT, TCP_RECEIVED)
    proxies = _proxies(rates) if tcp else ()
    known = node.cluster != UNKNOWN
    to_cluster = (is_("destination_cluster", node.cluster),) if known else ()
    from_cluster = (is_("source_cluster", node.cluster),) if known else ()
    source, destination = _reporter("source", rates), _reporter("destination", rates)
    if tcp:
        source, destination = is_("reporter", "source"), is_("reporter", "destination")
    if kind is NodeType.SERVICE:
        host = like("destination_service", rf"^{node.service}\.{node.namespace}\..*$")
        if metric == REQUESTS:  # what could not be served has no destination to tell of it
            yield (source, *to_cluster, is_("destination_workload", UNKNOWN), host)
        home = is_("destination_service_namespace", node.namespace)
        yield (*proxies, destination, *to_cluster, home, host)
        return
    if ambient and metric == REQUESTS:
        destination = _reporter("source|destination", rates)
    yield (*proxies, destination, *to_cluster, *_towards(node, kind))
    yield (*proxies, source, *from_cluster, *_from(node, kind))


def _towards(node: AskedNode, kind: NodeType) -> Selection:
    if kind is NodeType.WORKLOAD:
        return (
            is_("destination_workload_namespace", node.namespace),
            is_("destination_workload", node.workload),
        )
    version = (is_("destination_canonical_revision", node.version),) if _told(node.version) else ()
    return (
        is_("destination_service_namespace", node.namespace),
        is_("destination_canonical_service", node.app),
        *version,
    )


def _from(node: AskedNode, kind: NodeType) -> Selection:
    home = is_("source_workload_namespace", node.namespace)
    if kind is NodeType.WORKLOAD:
        return (home, is_("source_workload", node.workload))
    version = (is_("source_canonical_revision", node.version),) if _told(node.version) else ()
    return (home, is_("source_canonical_service", node.app), *version)


def _told(value: str) -> bool:
    return value not in ("", UNKNOWN)


def _reporter(name: str, rates: Rates) -> Matcher:
    """A waypoint reports in both roles."""
    if rates.ambient in (Ambient.WAYPOINT, Ambient.TOTAL):
        return like("reporter", f"waypoint|{name}")
    return like("reporter", name) if "|" in name else is_("reporter", name)


def _proxies(rates: Rates) -> Selection:
    """Only ztunnels say of what application they are."""
    if rates.ambient in (Ambient.WAYPOINT, Ambient.NONE):
        return (is_not("app", "ztunnel"),)
    return ()
