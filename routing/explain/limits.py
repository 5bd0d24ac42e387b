"""What a caller's proxy may turn away by itself: the limits and the ejection of the clusters passed.

Whether a circuit is open now is a matter of what happens, which an explanation does not look at.
"""

from collections.abc import Iterator, Mapping

from routing.explain.answer import Hop
from routing.ir import Cluster, ProxyConfig

LIMITS = {
    "max_connections": "connections",
    "max_pending_requests": "waiting requests",
    "max_requests": "requests at a time",
}


def notes(first: Hop, configs: Mapping[str, ProxyConfig]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(_notes(first, configs)))


def _notes(hop: Hop, configs: Mapping[str, ProxyConfig]) -> Iterator[str]:
    config = configs.get(hop.proxy)
    for turn in hop.turns:
        for destination in turn.destinations:
            wanted = {destination.cluster, destination.member}
            clusters = config.clusters if config is not None and destination.share > 0 else ()
            for cluster in clusters:
                if cluster.name in wanted:
                    yield from _of_cluster(hop, cluster)
            for onward in destination.onward:
                if onward.hop is not None:
                    yield from _notes(onward.hop, configs)


def _of_cluster(hop: Hop, cluster: Cluster) -> Iterator[str]:
    who = f"{hop.namespace}/{hop.workload}"
    found = ((getattr(cluster.limits, name), words) for name, words in LIMITS.items())
    limits = [f"{most} {words}" for most, words in found if most is not None]
    if limits:
        beyond = (
            "answered with 503 (UO), or by a fallback" if cluster.protocol.is_http else "closed"
        )
        yield f"{who} has at most {', '.join(limits)} to {cluster.name}: what is beyond is {beyond}"
    if cluster.outlier is not None:
        yield f"{who} ejects endpoints of {cluster.name} that fail: they take nothing meanwhile"
