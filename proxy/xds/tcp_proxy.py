"""Connections that are passed on as they come."""

from proxy.xds import telemetry
from proxy.xds.backstop import cluster_of
from proxy.xds.fields import Fields
from proxy.xds.messages import extension
from proxy.xds.options import Options
from proxy.xds.telemetry import Side
from proxy.xds.telling import filtered
from routing.ir import Proxy, Tunnel, WeightedCluster

_TCP_PROXY = "envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy"


def tcp_proxy(
    name: str,
    clusters: tuple[WeightedCluster, ...],
    side: Side,
    proxy: Proxy,
    options: Options,
    tunnel: Tunnel | None = None,
) -> Fields:
    """The network filter that ends a filter chain for anything but HTTP."""
    through: Fields = {}
    if tunnel is not None:
        through = {"tunneling_config": {"hostname": tunnel.target, "use_post": tunnel.post}}
    return extension(
        "envoy.filters.network.tcp_proxy",
        _TCP_PROXY,
        stat_prefix=name,
        access_log=filtered(telemetry.tcp_loggers(side, proxy, options), options),
        access_log_options={"flush_access_log_on_connected": True},
        **through,
        **_target(clusters),
    )


def _target(clusters: tuple[WeightedCluster, ...]) -> Fields:
    # a weight of 0 is refused here, where HTTP routes take it
    weighing = [share for share in clusters if share.weight > 0]
    if len(weighing) == 1:
        return {"cluster": cluster_of(weighing[0])}
    return {
        "weighted_clusters": {
            "clusters": [{"name": cluster_of(one), "weight": one.weight} for one in weighing]
        }
    }
