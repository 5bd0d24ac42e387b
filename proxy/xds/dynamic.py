"""Hosts that only the request names: resolved when asked for, and remembered a while."""

from proxy.xds.fields import Fields
from proxy.xds.messages import extension

_CACHE = {"name": "meshweb", "dns_lookup_family": "V4_PREFERRED"}
"""Filter and clusters share one cache, so both must say the same."""


def dynamic_filter() -> Fields:
    """Does nothing to requests for other clusters."""
    return extension(
        "envoy.filters.http.dynamic_forward_proxy",
        "envoy.extensions.filters.http.dynamic_forward_proxy.v3.FilterConfig",
        dns_cache_config=_CACHE,
    )


def cluster_type() -> Fields:
    return {
        "lb_policy": "CLUSTER_PROVIDED",
        "cluster_type": extension(
            "envoy.clusters.dynamic_forward_proxy",
            "envoy.extensions.clusters.dynamic_forward_proxy.v3.ClusterConfig",
            dns_cache_config=_CACHE,
            # whether a server's certificate is checked is the DestinationRule's word
            allow_insecure_cluster_options=True,
        ),
    }
