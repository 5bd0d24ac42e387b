"""References that lead nowhere: Envoy would wait for such a part for ever."""

from proxy.xds.snapshot import used_routes
from routing.ir import ClusterKind, ProxyConfig


def dangling(config: ProxyConfig) -> tuple[str, ...]:
    """What the configuration refers to and does not have, as sentences; empty when complete."""
    clusters = {one.name for one in config.clusters}
    routes = {one.name for one in config.routes}
    assigned = {one.cluster for one in config.endpoints}
    return tuple(
        [
            f"cluster {one.name} has no endpoints resource"
            for one in config.clusters
            if one.kind is ClusterKind.EDS and one.name not in assigned
        ]
        + [f"no route configuration {name}" for name in used_routes(config) if name not in routes]
        + [
            f"route {rule.name} names the unknown cluster {share.cluster}"
            for table in config.routes
            for host in table.virtual_hosts
            for rule in host.routes
            for share in rule.clusters
            if share.cluster not in clusters
        ]
    )
